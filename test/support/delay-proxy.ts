import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How the connections end: by RST, by FIN, or by silence. */
export type Cut = 'reset' | 'close' | 'black-hole';

/** A way to a port of loopback that takes time, and that can be cut. */
export interface DelayProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Cuts the connections of this moment; later ones are served as before. */
  cut(how: Cut): void;
  stop(): Promise<void>;
}

/** One connection through the proxy. */
class Way {
  #silent = false;

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    oneWayMs: number,
  ) {
    this.#handOn(client, server, oneWayMs);
    this.#handOn(server, client, oneWayMs);
    client.resume();
  }

  /** What comes, and the end of it, half a round trip later and in order. */
  #handOn(from: Socket, to: Socket, oneWayMs: number): void {
    const later = (step: () => void): void => {
      setTimeout(() => {
        if (!this.#silent) step();
      }, oneWayMs);
    };
    from.on('data', (chunk) => later(() => to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    // Destroying drops what was not yet written, which only a broken connection does.
    from.on('close', (broken) => later(() => (broken ? to.destroy() : to.end())));
  }

  cut(how: Cut): void {
    this.#silent = true;
    if (how === 'reset') this.client.resetAndDestroy();
    if (how === 'close') this.client.end();
    if (how !== 'black-hole') this.server.destroy();
  }
}

/**
 * Stands for a network with a round trip of `rttMs`: each direction takes half of it, a connection one whole before its
 * first byte. It acknowledges on loopback, so it hides what Nagle's algorithm would add.
 */
export async function startDelayProxy(targetPort: number, rttMs: number): Promise<DelayProxy> {
  const ways = new Set<Way>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // An error is followed by a close, which is what matters here.
    socket.on('error', () => undefined);
    return socket.setNoDelay(true);
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client);
    setTimeout(() => {
      const target = keep(connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true }));
      const way = new Way(client, target, rttMs / 2);
      ways.add(way);
      client.once('close', () => ways.delete(way));
    }, rttMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut(how) {
      for (const way of ways) way.cut(how);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
