/**
 * The process that keeps a lab alive: `node supervisor FILE`, started inside the lab's network namespace, FILE being its `lab.json`.
 * It starts each guest, starts it again after a reboot, and relays TCP from a unix socket into the namespace.
 * It imports nothing of ours at run time, so that it starts from source as fast as from a build.
 *
 * A guest's boot loader may hand on a kernel of its own (see {@link takeChained}): that is what the guest's next start runs, once.
 * After a panic of a kernel with panic=N the guest starts again N seconds later, by its boot loader.
 *
 * The socket speaks one line, then:
 *   `connect ADDRESS PORT`  answers `ok` or `error WORDS`, then bytes flow both ways
 *   `status`                answers {@link GuestStatus}[] as JSON
 *   `reload`                reads FILE again, stops guests that are gone from it or have changed, starts what isn't running
 *   `reset HOST`            cuts the guest's power and starts it again
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Guest, LabFile } from './layout.js';

export interface GuestStatus {
  readonly name: string;
  readonly address: string;
  /**
   * `off` after a poweroff, `failed` when the kernel ended in any other way than a reboot or a poweroff; `running` without a
   * pid for the seconds between a panic and the start that follows it.
   */
  readonly state: 'running' | 'off' | 'failed';
  readonly pid: number | null;
  /** Times that the kernel was started. */
  readonly boots: number;
  /** Milliseconds since 1970 of its last start. */
  readonly startedAt: number;
}

interface Running {
  guest: Guest;
  child: ChildProcess | undefined;
  state: GuestStatus['state'];
  boots: number;
  startedAt: number;
  wanted: 'run' | 'restart' | 'stop';
  /** The start that follows a panic. */
  revival: NodeJS.Timeout | undefined;
}

/** A kernel that the guest's boot loader has handed on. */
interface Chained {
  readonly kernel: string;
  readonly entry: string;
  readonly args: readonly string[];
}

const file = process.argv[2] ?? '';
const running = new Map<string, Running>();

function readLab(): LabFile {
  return JSON.parse(readFileSync(file, 'utf8')) as LabFile;
}

function boot(entry: Running, chained?: Chained): void {
  clearTimeout(entry.revival);
  entry.revival = undefined;
  const lab = readLab();
  const { guest } = entry;
  rmSync(join(lab.umlDirectory, String(guest.index)), { recursive: true, force: true });
  mkdirSync(lab.umlDirectory, { recursive: true });
  try {
    renameSync(guest.console, `${guest.console}.previous`);
  } catch {
    // The first boot has no earlier console.
  }
  const log = openSync(guest.console, 'w');
  // A session of its own: the kernel and the host processes that stand for the guest's form one group.
  const [command, args] = chained
    ? [chained.kernel, [...guest.args, ...chained.args, `lab.entry=${chained.entry}`]]
    : [guest.command, guest.args];
  const child = spawn(command, args, {
    cwd: guest.directory,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: '/root', TMPDIR: lab.memoryDirectory },
  });
  closeSync(log);
  Object.assign(entry, { child, state: 'running', startedAt: Date.now(), wanted: 'run' });
  entry.boots += 1;
  let ended = false;
  const onEnd = (words: string) => {
    if (ended) return;
    ended = true;
    killGroup(child);
    entry.child = undefined;
    const asked = entry.wanted;
    const last = lastWords(guest);
    entry.state = last === 'off' ? 'off' : 'failed';
    process.stdout.write(`${new Date().toISOString()} ${guest.name} ended: ${words}, ${last}\n`);
    if (asked === 'stop') running.delete(guest.name);
    else if (asked === 'restart') boot(entry);
    else if (last === 'reboot') boot(entry, takeChained(guest));
    else if (last === 'panic') revive(entry, chained?.args);
    // A program that is no kernel, or one that dies without a word: a machine would start over.
    else if (last === 'other' && chained) boot(entry);
  };
  child.on('error', (error) => onEnd(error.message));
  child.on('exit', (status, signal) => onEnd(signal ?? `status ${status}`));
}

/** With `noreboot` UML ends alike after a reboot and a poweroff; only its last message differs. After a panic it ends at once. */
function lastWords(guest: Guest): 'reboot' | 'off' | 'panic' | 'other' {
  const text = readFileSync(guest.console, 'latin1').slice(-8000);
  if (/Kernel panic - not syncing/.test(text)) return 'panic';
  if (/reboot: Restarting system/.test(text)) return 'reboot';
  return /reboot: (Power down|System halted)/.test(text) ? 'off' : 'other';
}

/**
 * Starts the guest again after a panic, as a kernel with `panic=N` would: that is one of a handed-on kernel's words, or was told by the
 * guest's loader on its console. Nobody in a lab is served by a longer wait than ten seconds.
 */
function revive(entry: Running, args: readonly string[] | undefined): void {
  const mostSeconds = 10;
  const words = args ?? readFileSync(entry.guest.console, 'latin1').split('\n');
  const seconds = Number(
    words.findLast((word) => /^(lab: )?panic=\d+\r?$/.test(word))?.replace(/\D/g, '') ?? 0,
  );
  if (seconds === 0) return;
  const wait = Math.min(seconds, mostSeconds);
  entry.state = 'running';
  process.stdout.write(`${new Date().toISOString()} ${entry.guest.name} starts again in ${wait} seconds\n`);
  entry.revival = setTimeout(() => boot(entry), wait * 1000);
}

/**
 * The second disk's first block is text: `lvsctl-chain`, then lines `entry N`, `size BYTES`, `args WORDS`, an empty line; the
 * kernel stands at 4096. It is taken away by being read: the boot after it is the loader's again.
 */
function takeChained(guest: Guest): Chained | undefined {
  if (guest.chain === undefined) return undefined;
  const disk = openSync(guest.chain, 'r+');
  try {
    const block = Buffer.alloc(4096);
    readSync(disk, block, 0, block.length, 0);
    const [mark, ...lines] = (block.toString('latin1').split('\n\n')[0] ?? '').split('\n');
    if (mark !== 'lvsctl-chain') return undefined;
    const told = new Map(lines.map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
    const size = Number(told.get('size'));
    const content = Buffer.alloc(size);
    readSync(disk, content, 0, size, block.length);
    const kernel = join(guest.directory, 'kernel');
    rmSync(kernel, { force: true });
    const file = openSync(kernel, 'w');
    writeSync(file, content);
    closeSync(file);
    chmodSync(kernel, 0o700);
    const args = (told.get('args') ?? '').split(' ').filter((word) => word !== '');
    return { kernel, entry: told.get('entry') ?? '0', args };
  } finally {
    const { size } = fstatSync(disk);
    closeSync(disk);
    truncateSync(guest.chain, 0);
    truncateSync(guest.chain, size);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of the group has ended already.
  }
}

function stop(entry: Running, wanted: 'restart' | 'stop'): void {
  entry.wanted = wanted;
  clearTimeout(entry.revival);
  entry.revival = undefined;
  if (entry.child !== undefined) killGroup(entry.child);
  else if (wanted === 'stop') running.delete(entry.guest.name);
  else boot(entry);
}

function reload(): void {
  const lab = readLab();
  const wanted = new Map(lab.guests.map((guest) => [guest.name, guest]));
  for (const entry of [...running.values()]) if (!wanted.has(entry.guest.name)) stop(entry, 'stop');
  for (const guest of lab.guests) {
    const entry = running.get(guest.name);
    if (entry === undefined) {
      const fresh: Running = {
        guest,
        child: undefined,
        state: 'off',
        boots: 0,
        startedAt: 0,
        wanted: 'run',
        revival: undefined,
      };
      running.set(guest.name, fresh);
      boot(fresh);
      continue;
    }
    const changed = entry.guest.identity !== guest.identity;
    entry.guest = guest;
    if (entry.child === undefined) boot(entry);
    else if (changed) stop(entry, 'restart');
  }
}

function status(): GuestStatus[] {
  return [...running.values()].map(({ guest, child, state, boots, startedAt }) => ({
    name: guest.name,
    address: guest.address,
    state,
    pid: child?.pid ?? null,
    boots,
    startedAt,
  }));
}

function relay(client: Socket, address: string, port: number): void {
  // The namespace remembers the MAC of a host that is off, and would try for minutes.
  const off = [...running.values()].some(({ guest, child }) => guest.address === address && !child);
  if (off) {
    client.end(`error connect EHOSTUNREACH ${address}:${port}: the host is off\n`);
    return;
  }
  const target = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  target.once('connect', () => {
    client.write('ok\n');
    client.pipe(target);
    target.pipe(client);
  });
  target.on('error', (error) => {
    if (client.bytesWritten === 0) client.end(`error ${error.message}\n`);
    else client.destroy();
  });
  client.on('close', () => target.destroy());
  target.on('close', () => client.end());
}

function answer(client: Socket, line: string): void {
  const [command = '', first = '', second = ''] = line.split(' ');
  if (command === 'connect') {
    relay(client, first, Number(second));
  } else if (command === 'status') {
    client.end(`${JSON.stringify(status())}\n`);
  } else if (command === 'reload') {
    reload();
    client.end('ok\n');
  } else if (command === 'reset') {
    const entry = running.get(first);
    if (entry !== undefined) stop(entry, 'restart');
    client.end(entry === undefined ? `error no guest ${first}\n` : 'ok\n');
  } else {
    client.end(`error unknown command ${command}\n`);
  }
}

const server = createServer({ allowHalfOpen: true }, (client) => {
  let head = Buffer.alloc(0);
  client.on('error', () => client.destroy());
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\n');
    if (end < 0 && head.length < 1000) return;
    client.off('data', onData);
    client.pause();
    const rest = head.subarray(end + 1);
    if (rest.length > 0) client.unshift(rest);
    try {
      answer(client, head.subarray(0, end).toString());
    } catch (error) {
      client.end(`error ${(error as Error).message}\n`);
    }
  };
  client.on('data', onData);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    for (const { child } of running.values()) if (child !== undefined) killGroup(child);
    process.exit(0);
  });

const { socket } = readLab();
rmSync(socket, { force: true });
reload();
server.listen(socket);
