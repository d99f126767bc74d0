import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

/** A server on loopback and its port. */
export interface Listening {
  readonly port: number;
  /** Commands that clients sent, as they came. */
  readonly heard: string[];
  close(): Promise<void>;
}

async function listen(talk: (socket: Socket, heard: string[]) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    talk(socket, heard);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Speaks FTP as vsftpd does; the n-th connection is greeted with `greetings[n % length]`. */
export function ftpServer(greetings: readonly string[], anonymous = true): Promise<Listening> {
  let turn = 0;
  return listen((socket, heard) => {
    socket.write(`${greetings[turn++ % greetings.length]}\r\n`);
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        heard.push(line);
        if (!greetings.some((line) => line.startsWith('220'))) continue;
        if (line.startsWith('USER'))
          socket.write(anonymous ? '331 Please specify the password.\r\n' : '530 No.\r\n');
        else if (line.startsWith('PASS') && anonymous) socket.write('230-Hello\r\n230 Login successful.\r\n');
        else if (line === 'QUIT') socket.end('221 Goodbye.\r\n');
      }
    });
  });
}

export function httpServer(bodies: readonly string[], status = '200 OK'): Promise<Listening> {
  let turn = 0;
  return listen((socket) => {
    socket.once('data', () => {
      socket.end(`HTTP/1.0 ${status}\r\nContent-Type: text/html\r\n\r\n${bodies[turn++ % bodies.length]}`);
    });
  });
}

/** Says one line and then waits, as sshd does; an empty line stands for a server that waits for its client. */
export function greetingServer(line: string): Promise<Listening> {
  return listen((socket) => {
    if (line !== '') socket.write(`${line}\r\n`);
  });
}

/** Accepts every other connection and never says a word on it; greets the others. */
export function halfDumbFtpServer(): Promise<Listening> {
  let turn = 0;
  return listen((socket) => {
    if (turn++ % 2 === 0) return;
    socket.write('220 alive\r\n');
    socket.on('data', (chunk) => {
      if (chunk.toString().includes('QUIT')) socket.end('221 Goodbye.\r\n');
      else socket.write('530 No.\r\n');
    });
  });
}

/** A DNS question for the name servers of the root: id `LV`, recursion desired. */
export const rootServers = 'LV\x01\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01';

/** Answers datagrams; `answer` gets each as latin1 and may keep quiet. */
export async function udpServer(
  answer: (question: string) => string | Buffer | undefined,
): Promise<Listening> {
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('message', (question, { address, port }) => {
    heard.push(question.toString('latin1'));
    const said = answer(question.toString('latin1'));
    if (said !== undefined) socket.send(said, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    heard,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
