import { connect, type Socket } from 'node:net';
import type { Dial } from '../ssh/host.js';
import type { LabLayout } from './layout.js';
import type { GuestStatus } from './supervisor.js';

/** Sends one line to the supervisor and gives the socket behind its first line of answer, and that line. */
function ask(layout: LabLayout, line: string): Promise<{ socket: Socket; answer: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: layout.socket });
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.off('error', reject);
      socket.off('close', onClose);
      socket.pause();
      const rest = head.subarray(end + 1);
      if (rest.length > 0) socket.unshift(rest);
      resolve({ socket, answer: head.subarray(0, end).toString() });
    };
    const onClose = () => reject(new Error('the lab closed the connection'));
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', onClose);
    socket.write(`${line}\n`);
  });
}

async function command(layout: LabLayout, line: string): Promise<string> {
  const { socket, answer } = await ask(layout, line);
  socket.destroy();
  if (answer.startsWith('error ')) throw new Error(answer.slice(6));
  return answer;
}

/** Opens TCP connections that begin inside the lab's network namespace. */
export function dialInto(layout: LabLayout): Dial {
  return async (address, port) => {
    const { socket, answer } = await ask(layout, `connect ${address} ${port}`);
    if (answer === 'ok') return socket;
    socket.destroy();
    throw new Error(answer.replace(/^error /, ''));
  };
}

/** What the supervisor says of its guests; undefined when there is no supervisor. */
export async function supervisorStatus(layout: LabLayout): Promise<readonly GuestStatus[] | undefined> {
  try {
    return JSON.parse(await command(layout, 'status')) as GuestStatus[];
  } catch {
    return undefined;
  }
}

export async function reloadSupervisor(layout: LabLayout): Promise<void> {
  await command(layout, 'reload');
}

export async function resetGuest(layout: LabLayout, host: string): Promise<void> {
  await command(layout, `reset ${host}`);
}

/** Whether an sshd greets at the address; a guest that doesn't answer within the patience is not there yet. */
export async function greets(layout: LabLayout, address: string, patienceSeconds: number): Promise<boolean> {
  const dial = dialInto(layout);
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(false), patienceSeconds * 1000);
    let stream: { destroy(): unknown } | undefined;
    let done = false;
    const finish = (answer: boolean) => {
      done = true;
      clearTimeout(timer);
      stream?.destroy();
      resolve(answer);
    };
    dial(address, 22).then(
      (socket) => {
        stream = socket;
        if (done) return finish(false);
        socket.once('data', (chunk: Buffer) => finish(chunk.toString('latin1').startsWith('SSH-')));
        socket.once('error', () => finish(false));
        socket.once('close', () => finish(false));
        socket.resume();
      },
      () => finish(false),
    );
  });
}
