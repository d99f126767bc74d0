import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LvsctlError, OutcomeUnknownError } from '../../src/errors.js';
import { sh, trusted } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { type DelayProxy, startDelayProxy } from '../support/delay-proxy.js';
import { startSshd, type TestSshd } from '../support/sshd.js';

const passwords = environmentPasswords({}, async () => undefined);
let sshd: TestSshd;
let proxy: DelayProxy;
let host: Host | undefined;

beforeAll(async () => {
  sshd = await startSshd();
  proxy = await startDelayProxy(sshd.port, 5);
});
afterEach(async () => {
  await host?.close();
});
afterAll(async () => {
  await proxy?.stop();
  await sshd?.stop();
});

async function open(keepalive = { intervalMs: 5000, countMax: 3 }): Promise<Host> {
  // By way of the proxy, though known by the server's own port.
  const { connect } = await import('node:net');
  host = await openHost(sshd.host(), {
    passwords,
    keepalive,
    dial: async () => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return socket;
    },
  });
  return host;
}

async function appears(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, 'utf8') === '') await pause(20);
  return readFileSync(path, 'utf8');
}

describe('a connection that is lost in the middle of a command', () => {
  it.each(['reset', 'close', 'black-hole'] as const)('by %s: outcome unknown', async (how) => {
    const opened = await open({ intervalMs: 1000, countMax: 2 });
    const path = `${sshd.folder}/lost-${how}`;
    const going = opened.run(sh`echo begun; sleep 5; echo went on > ${path}`, {
      onStdout: () => proxy.cut(how),
    });
    const failure = await going.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutcomeUnknownError);
    expect((failure as Error).message).toMatch(/^rs1: .*outcome unknown/);
    expect(await opened.closed).toBeInstanceOf(Error);
    // It was the connection that ended, not the command: that is why nobody may call it failed.
    expect(await appears(path)).toBe('went on\n');
  });

  it('opens another connection for the next call, and one only, for uploads too', async () => {
    const opened = await open();
    proxy.cut('reset');
    await opened.closed;
    const [result] = await Promise.all([
      opened.run(sh`echo again`),
      opened.upload(`${sshd.folder}/again`, Buffer.from('x')),
    ]);
    expect(result.stdout.toString()).toBe('again\n');
    expect(opened.connections).toBe(2);
  });

  it('rejects the call that was cut and runs those behind it on a new connection', async () => {
    const opened = await open();
    const first = opened.run(sh`echo begun; sleep 30`, { onStdout: () => proxy.cut('close') });
    const second = opened.run(sh`echo second`);
    await expect(first).rejects.toThrow(OutcomeUnknownError);
    expect((await second).stdout.toString()).toBe('second\n');
  });

  it('goes on waiting for a silent command while keepalive is answered', async () => {
    // Longer than the keepalive would bear in vain, which is long enough for a busy machine to answer.
    const opened = await open({ intervalMs: 500, countMax: 10 });
    const { status } = await opened.run(sh`sleep 8`);
    expect(status).toBe(0);
    expect(opened.connections).toBe(1);
  });

  it('does not open again after close', async () => {
    const opened = await open();
    await opened.close();
    expect(await opened.closed).toBeUndefined();
    await expect(opened.run(sh`true`)).rejects.toThrow(LvsctlError);
    await expect(opened.upload('/tmp/x', Buffer.alloc(0))).rejects.toThrow(/was ended/);
  });

  it('calls the outcome of a running command unknown when close cuts it', async () => {
    const opened = await open();
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const going = opened.run(sh`echo begun; sleep 5`, { onStdout: () => begun() });
    await running;
    const failure = going.catch((error: unknown) => error);
    await opened.close();
    expect(await failure).toBeInstanceOf(OutcomeUnknownError);
  });
});

describe('close with a last script', () => {
  it.each([0, 1, 2, 3, 4])('has it run (try %i)', async (attempt) => {
    const opened = await open();
    const path = `${sshd.folder}/last-${attempt}`;
    await opened.close(sh`echo noise; echo last > ${path}`);
    expect(await appears(path)).toBe('last\n');
    expect(await opened.closed).toBeUndefined();
  });

  it('has a long one run', async () => {
    const opened = await open();
    const path = `${sshd.folder}/last-long`;
    await opened.close(trusted(`${'# a long comment\n'.repeat(20_000)}\n${sh`echo last > ${path}`.text}`));
    expect(await appears(path)).toBe('last\n');
  });

  it('has it run after the command that still runs', async () => {
    const opened = await open();
    const path = `${sshd.folder}/order`;
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const going = opened.run(sh`echo begun; sleep 0.5; echo first > ${path}`, { onStdout: () => begun() });
    going.catch(() => undefined);
    await running;
    await opened.close(sh`cat ${path} > ${`${path}.seen`}`);
    expect(await appears(`${path}.seen`)).toBe('first\n');
  });

  it.each(['direct', 'proxy'] as const)('has it run though the process exits at once (%s)', async (way) => {
    const path = `${sshd.folder}/last-exit-${way}`;
    const child = runScript('close-and-exit.mjs', [
      String(way === 'direct' ? sshd.port : proxy.port),
      path,
      JSON.stringify(sshd.host()),
    ]);
    expect(await exited(child)).toBe(0);
    expect(await appears(path)).toBe('last\n');
  });
});

function runScript(name: string, args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(`./scripts/${name}`, import.meta.url));
  return spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}

function exited(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}
