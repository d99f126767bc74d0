import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError, OutcomeUnknownError } from '../../src/errors.js';
import { sh } from '../../src/shell/index.js';
import { openHost } from '../../src/ssh/index.js';
import { type Machine, type Reboots, startMachine } from '../support/machine.js';
import { remoteShells } from '../support/sshd.js';
import { passwords, role, runOn, stages } from './running.js';

let work: string;
let machines: Machine[] = [];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-reboot-'));
  writeFileSync(join(work, 'kernel'), 'old\n');
});
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()));
  machines = [];
  rmSync(work, { recursive: true, force: true });
});

const text = (name: string): string => {
  const path = join(work, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};

/** A boot loader that starts what was armed once, and else the default. */
function bootLoader(): void {
  writeFileSync(join(work, 'kernel'), `${text('armed') || 'old'}\n`);
  rmSync(join(work, 'armed'), { force: true });
}

async function machine(
  reboots: Reboots = {},
  options: Parameters<typeof startMachine>[1] = {},
): Promise<Machine> {
  const started = await startMachine({ onBoot: bootLoader, ...reboots }, options);
  machines.push(started);
  return started;
}

/** A line in a file, for things before and after. */
const file = (name: string, content = name): Resource => ({
  id: `file ${name}`,
  probe: sh`cat ${join(work, name)} 2>/dev/null; :`,
  plan: ({ stdout }) =>
    stdout.trim() === content
      ? undefined
      : {
          summary: `write ${name}`,
          apply: sh`echo ${content} > ${join(work, name)}; echo ${name} >> ${join(work, 'applied')}`,
        },
});

/** The new kernel, booted once. */
const booted = (withinSeconds = 20, refuse = false): Resource => ({
  id: 'booted new',
  probe: sh`cat ${join(work, 'kernel')}; cat ${join(work, 'tried')} 2>/dev/null; :`,
  plan({ stdout }) {
    const [kernel, tried] = stdout.trim().split('\n');
    if (kernel === 'new') return undefined;
    if (refuse && tried)
      throw new LvsctlError('it came back on the old kernel', { hint: 'look at its console' });
    return {
      summary: 'boot new once',
      apply: sh`echo new > ${join(work, 'armed')}; echo tried > ${join(work, 'tried')}; echo booted >> ${join(work, 'applied')}`,
      reboot: { withinSeconds },
    };
  },
});

const applied = (): string[] => text('applied').split('\n').filter(Boolean);

describe.each(remoteShells)('a host that has to be rebooted, sh = %s', (shell) => {
  it('is rebooted between two jobs, known anew, and goes on; the next run changes nothing', async () => {
    const { sshd, shutdowns } = await machine({}, { shell });
    const boots: string[] = [];
    const book = stages({
      roles: [
        role('kernel', ({ facts }) => {
          boots.push(facts.bootId);
          return [file('before'), booted(), file('after', facts.bootId)];
        }),
      ],
    });
    const { outcome, of } = await runOn([sshd.host()], book);
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 3, failed: 0, pending: 0 });
    expect(applied()).toEqual(['before', 'booted', 'after']);
    expect(shutdowns()).toEqual(['-r now']);
    // By the facts of the next boot.
    expect(new Set(boots).size).toBe(2);
    expect(text('after')).toBe(boots.at(-1));
    const steps = of('host.step').map(({ step }) => step);
    expect(steps).toEqual([
      ...['connect', 'facts', 'ready', 'probe', 'apply'],
      ...['reboot', 'back', 'facts', 'probe', 'apply', 'proof'],
    ]);
    expect(of('host.step').find(({ step }) => step === 'reboot')?.seconds).toBe(20);
    expect(of('host.step').find(({ step }) => step === 'back')?.seconds).toBeGreaterThan(1);
    expect(of('change.start').map(({ resource, index, total }) => [resource, index, total])).toEqual([
      ['file before', 0, 2],
      ['booted new', 1, 2],
      ['file after', 0, 1],
    ]);
    expect(of('host.end')[0]?.summary).toMatchObject({ changed: 3, failed: 0 });
    expect(of('remark')).toEqual([]);

    const second = await runOn([sshd.host()], book);
    expect(second.outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
    // Neither a lock nor a job is left of the first.
    expect(second.of('remark')).toEqual([]);
    expect(second.of('host.end')[0]?.summary).toEqual({
      ok: 3,
      changed: 0,
      failed: 0,
      trips: 2,
      connections: 1,
    });
    expect(shutdowns()).toHaveLength(1);
  });
});

it('tells what was proven by the probes after the reboot when nothing else is left to do', async () => {
  const { sshd } = await machine();
  const { outcome, of } = await runOn([sshd.host()], stages({ roles: [role('kernel', () => [booted()])] }));
  expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
  expect(of('host.step').at(-1)?.step).toBe('probe');
});

describe('a host that', () => {
  const book = (resource: Resource) =>
    stages({
      strategy: 'rolling',
      roles: [role('kernel', () => [resource, file('after')])],
    });

  it('does not come back in time is a failure that says what is known; nothing more is done, on it or after it', async () => {
    const first = await machine({ back: 'never' });
    const second = await machine();
    const hosts = [first.sshd.host({}, 'rs1'), second.sshd.host({}, 'rs2')];
    const { outcome, of } = await runOn(hosts, book(booted(8)));
    expect(outcome).toEqual({ changed: 1, failed: 1, pending: 0 });
    const [failure] = of('failure');
    expect(failure).toMatchObject({ host: 'rs1', resource: 'booted new' });
    expect(failure?.message).toMatch(
      /^rs1 was told to reboot and did not answer in another boot within 8 s; the last attempt: .*(refused|ECONNREFUSED)/,
    );
    expect(failure?.hint).toMatch(/tried once.*switching it off and on.*run lvsctl again/);
    expect(applied()).toEqual(['booted']);
    expect(second.shutdowns()).toEqual([]);
    expect(of('remark')).toMatchObject([
      { host: 'rs2', text: expect.stringContaining('rs1 failed before it') },
    ]);
  });

  it.each(['same', 'ignored'] as const)('answers in the same boot (%s) has not rebooted', async (back) => {
    const { sshd, shutdowns } = await machine({ back });
    const { outcome, of } = await runOn([sshd.host()], book(booted(8)));
    expect(outcome).toEqual({ changed: 1, failed: 1, pending: 0 });
    expect(of('failure')[0]?.message).toBe('rs1 was told to reboot and is still in the same boot 8 s later');
    expect(of('failure')[0]?.hint).toContain('reboot it by hand');
    // It was told once, and heard.
    expect(shutdowns()).toHaveLength(1);
    expect(applied()).toEqual(['booted']);
  });

  it('comes back unchanged fails by the resource’s own word', async () => {
    const { sshd, shutdowns } = await machine({ onBoot: () => undefined });
    const { outcome, of } = await runOn([sshd.host()], book(booted(20, true)));
    expect(outcome).toEqual({ changed: 1, failed: 1, pending: 0 });
    expect(of('failure')).toMatchObject([
      { resource: 'booted new', message: 'it came back on the old kernel', hint: 'look at its console' },
    ]);
    expect([applied(), shutdowns().length]).toEqual([['booted'], 1]);
  });

  it('comes back unchanged fails, and is not rebooted again, where the resource has no word of its own', async () => {
    const { sshd, shutdowns } = await machine({ onBoot: () => undefined });
    const { outcome, of } = await runOn([sshd.host()], book(booted()));
    expect(outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
    expect(of('failure')[0]).toMatchObject({
      resource: 'booted new',
      message: 'still not converged after the reboot that it wanted: boot new once',
    });
    expect([applied(), shutdowns().length]).toEqual([['booted'], 1]);
  });

  it('was rebooting when lvsctl ended is gone on with by the next run', async () => {
    const interrupted = new AbortController();
    const { sshd, shutdowns } = await machine({ awayMs: 1000, onHalt: () => interrupted.abort() });
    const first = await runOn([sshd.host()], book(booted()), { signal: interrupted.signal });
    expect(first.of('failure')[0]?.message).toBe('interrupted while rs1 was rebooting');
    expect(applied()).toEqual(['booted']);
    let second = await runOn([sshd.host()], book(booted()));
    while (second.of('failure')[0]?.resource === 'connect')
      second = await runOn([sshd.host()], book(booted()));
    expect(second.of('failure')).toEqual([]);
    expect(second.outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
    expect(applied()).toEqual(['booted', 'after']);
    expect(shutdowns()).toHaveLength(1);
    // Its lock is of another boot; its job had ended before.
    expect(second.of('remark').map(({ text: words }) => words)).toEqual([
      expect.stringContaining('took over the lock'),
    ]);
  });

  it('may not have heard that it shall reboot is told again, once it is known to be in the same boot', async () => {
    const { sshd, shutdowns } = await machine();
    let lost = 0;
    const { outcome, of } = await runOn([sshd.host()], book(booted()), {
      open: async (target) => {
        const host = await openHost(target, { passwords });
        const run = host.run.bind(host);
        host.run = (script, options) => {
          if (!script.text.includes('shutdown -r') || lost > 0) return run(script, options);
          lost += 1;
          return Promise.reject(new OutcomeUnknownError('rs1: the connection was lost: outcome unknown'));
        };
        return host;
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toMatchObject({ changed: 2, failed: 0 });
    expect([lost, shutdowns().length]).toEqual([1, 1]);
  });
});

describe('boot scripts that still run when the host answers', () => {
  const running: ChildProcess[] = [];
  // All that looks for boot scripts on this machine sees them.
  afterEach(() => {
    for (const { pid = 0 } of running.splice(0)) {
      try {
        process.kill(-pid);
      } catch {
        // It has ended.
      }
    }
  });
  /** A process that is called as SysV init's is, and leaves its word at its end. */
  function rc(seconds: number): void {
    const path = join(work, 'rc');
    writeFileSync(path, `#!/bin/sh\nsleep ${seconds}\necho after > ${join(work, 'after')}\n`, {
      mode: 0o755,
    });
    running.push(spawn(path, { stdio: 'ignore', detached: true }));
  }
  const onBoot = (seconds: number) => () => {
    bootLoader();
    rc(seconds);
  };
  const book = stages({ roles: [role('kernel', () => [booted(), file('after')])] });

  it.each(remoteShells)('are waited for, sh = %s: what they do is not done by lvsctl', async (shell) => {
    const { sshd } = await machine({ onBoot: onBoot(4) }, { shell });
    const { outcome, of } = await runOn([sshd.host()], book);
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
    expect(of('remark')).toEqual([]);
    expect(applied()).toEqual(['booted']);
  });

  it('are not waited for longer than the reboot might have taken', async () => {
    const { sshd } = await machine({ onBoot: onBoot(60) });
    const { outcome, of } = await runOn(
      [sshd.host()],
      stages({ roles: [role('kernel', () => [booted(10), file('after')])] }),
    );
    expect(outcome).toEqual({ changed: 2, failed: 0, pending: 0 });
    expect(of('remark').map(({ text: words }) => words)).toEqual([
      'it still ran its boot scripts 10 s after it answered; going on without them',
    ]);
  });
});

describe('plan', () => {
  it('shows what the stage would change, and leaves the host out of later ones with one word', async () => {
    const [first, second] = [await machine(), await machine()];
    const seen: string[] = [];
    const later = role('later', ({ host }) => {
      seen.push(host.name);
      return [file(`later-${host.name}`)];
    });
    const book = stages(
      { hosts: 'rs1', roles: [role('kernel', () => [booted(), file('after')])] },
      { roles: [later] },
      { hosts: 'rs1', roles: [later] },
    );
    const hosts = [first.sshd.host({}, 'rs1'), second.sshd.host({}, 'rs2')];
    const { outcome, of } = await runOn(hosts, book, { command: 'plan' });
    expect(outcome).toEqual({ changed: 0, failed: 0, pending: 3 });
    expect(of('change.planned').map(({ host, resource }) => [host, resource])).toEqual([
      ['rs1', 'booted new'],
      ['rs1', 'file after'],
      ['rs2', 'file later-rs2'],
    ]);
    expect(seen).toEqual(['rs2']);
    expect(of('remark')).toEqual([
      {
        type: 'remark',
        host: 'rs1',
        text: 'the stages after the reboot are planned once it runs the new kernel',
      },
    ]);
    expect(of('stage.start').map(({ stage }) => stage)).toEqual(['stage 1', 'stage 2']);
    expect([...first.shutdowns(), ...applied()]).toEqual([]);
  });
});

it('goes through a rolling stage in its order, one host after the other', async () => {
  const names = ['director', 'rs1', 'rs2'];
  const hosts = await Promise.all(names.map(async (name) => (await machine()).sshd.host({}, name)));
  const order = ({ name }: { name: string }) => (name === 'director' ? 1 : 0);
  const book = stages({
    strategy: 'rolling',
    order,
    roles: [role('kernel', ({ host }) => [file(host.name)])],
  });
  const { of } = await runOn(hosts, book);
  expect(of('host.end').map(({ host }) => host)).toEqual(['rs1', 'rs2', 'director']);
  expect(applied()).toEqual(['rs1', 'rs2', 'director']);
});

it('makes no trip for a stage that has nothing to ask', async () => {
  const { sshd } = await machine();
  const { of } = await runOn([sshd.host()], stages({ roles: [role('nothing', () => [])] }));
  expect(of('host.end')[0]?.summary).toMatchObject({ ok: 0, trips: 1, connections: 1 });
});
