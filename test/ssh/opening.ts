import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, expect, vi } from 'vitest';
import { LvsctlError } from '../../src/errors.js';
import type { PasswordSource, SshSettings } from '../../src/inventory/cluster.js';
import { Secret } from '../../src/secret.js';
import { sh } from '../../src/shell/index.js';
import { type Host, openHost } from '../../src/ssh/index.js';
import { freePort, startSshd, type TestSshd } from '../support/sshd.js';

/** Hosts that are closed after each test; servers end after the last. */
export const hosts: Host[] = [];
const servers: { stop(): Promise<void> | void }[] = [];

/** Knows some secrets by name, and writes down which were asked for. */
export function secrets(values: Record<string, string> = {}): PasswordSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    get: async (name) => {
      asked.push(name);
      const value = values[name];
      return value === undefined ? undefined : new Secret(value);
    },
  };
}

export async function open(
  sshd: TestSshd,
  changes: Partial<SshSettings> = {},
  passwords = secrets(),
): Promise<Host> {
  const host = await openHost(sshd.host(changes), { passwords });
  hosts.push(host);
  return host;
}

export async function refused(opening: Promise<unknown>): Promise<LvsctlError> {
  const error = await opening.then(
    () => new Error('it was not refused'),
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(LvsctlError);
  return error as LvsctlError;
}

export async function answers(host: Host): Promise<void> {
  expect((await host.run(sh`echo fine`)).stdout.toString()).toBe('fine\n');
}

export async function sshd(options: Parameters<typeof startSshd>[0] = {}): Promise<TestSshd> {
  const started = await startSshd(options);
  servers.push(started);
  return started;
}

/** A TCP server that does with a connection what the test wants. */
export async function tcpServer(serve: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket, ++count);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  servers.push({ stop: () => void server.close() });
  return port;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});
