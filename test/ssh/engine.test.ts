import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Playbook } from '../../src/engine/playbook.js';
import type { Resource } from '../../src/engine/resource.js';
import type { Role } from '../../src/engine/role.js';
import { sh } from '../../src/shell/index.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';
import { role, runOn, stages } from './running.js';

let work: string;

/** A wanted line in a file; every application is counted in `FILE.applied`, so that doing a thing twice shows. */
function line(name: string, content: string, options: { before?: string } = {}): Resource {
  const path = join(work, name);
  return {
    id: `line ${name}`,
    probe: sh`[ -r ${path} ] && cat ${path}; :`,
    plan: ({ stdout }) =>
      stdout.trim() === content
        ? undefined
        : {
            summary: `write ${name}`,
            apply: sh`echo x >> ${`${path}.applied`}
echo applying
sh -c ${options.before ?? ':'}
echo ${content} > ${path}`,
          },
  };
}

const playbook = (...roles: Role<never>[]): Playbook => stages({ name: 'all', roles });

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-engine-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const applied = (name: string): number =>
  existsSync(join(work, `${name}.applied`))
    ? readFileSync(join(work, `${name}.applied`), 'utf8')
        .trim()
        .split('\n').length
    : 0;

describe.each(remoteShells)('engine on a host whose sh is %s', (shell) => {
  let sshd: TestSshd;
  let other: TestSshd;
  beforeEach(async () => {
    [sshd, other] = await Promise.all([
      startSshd({ shell, hostKeyTypes: ['ed25519'] }),
      startSshd({ shell, hostKeyTypes: ['ed25519'] }),
    ]);
  });
  afterEach(() => Promise.all([sshd.stop(), other.stop()]));

  it.each([1, 300])(
    'converges %i resources; the second run changes nothing in two script trips',
    async (count) => {
      const book = playbook(
        role('lines', () => Array.from({ length: count }, (_, i) => line(`f${i}`, `content ${i}`))),
      );
      const first = await runOn([sshd.host()], book);
      expect(first.of('failure')).toEqual([]);
      expect(first.outcome).toEqual({ changed: count, failed: 0, pending: 0 });
      expect(first.of('host.end')[0]?.summary).toMatchObject({ connections: 1, trips: 4 });

      const second = await runOn([sshd.host()], book);
      expect(second.outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
      expect(second.of('host.end')[0]?.summary).toEqual({
        ok: count,
        changed: 0,
        failed: 0,
        connections: 1,
        trips: 2,
      });
      expect(applied('f0')).toBe(1);
    },
  );

  it('plans what it would do, and does none of it', async () => {
    const { outcome, of } = await runOn([sshd.host()], playbook(role('lines', () => [line('f', 'x')])), {
      command: 'plan',
    });
    expect(outcome).toEqual({ changed: 0, failed: 0, pending: 1 });
    expect(of('change.planned')).toMatchObject([
      { host: 'rs1', role: 'lines', resource: 'line f', summary: 'write f', position: 0 },
    ]);
    expect(existsSync(join(work, 'f'))).toBe(false);
  });

  it('stops a host at its first failure and tells command, status and stderr; other hosts go on', async () => {
    const book = playbook(
      role(
        'lines',
        () => [line('a', '1'), line('b', '2', { before: 'echo oops >&2; exit 7' }), line('c', '3')],
        {
          appliesTo: (host) => host.name === 'rs1',
        },
      ),
      role('other', () => [line('d', '4')], { appliesTo: (host) => host.name === 'rs2' }),
    );
    const { outcome, of } = await runOn([sshd.host({}, 'rs1'), other.host({}, 'rs2')], book);
    expect(outcome).toMatchObject({ changed: 2, failed: 1 });
    expect(of('failure')).toMatchObject([{ host: 'rs1', resource: 'line b', status: 7, stderr: 'oops' }]);
    expect(of('failure')[0]?.command).toContain('exit 7');
    expect([applied('a'), applied('b'), applied('c'), applied('d')]).toEqual([1, 1, 0, 1]);
  });

  it('calls what does not stay a failure, not a success', async () => {
    const stubborn: Resource = { ...line('f', 'x'), probe: sh`echo never` };
    const { outcome, of } = await runOn([sshd.host()], playbook(role('lines', () => [stubborn])));
    expect(outcome).toMatchObject({ changed: 0, failed: 1 });
    expect(of('failure')[0]?.message).toMatch(/still not converged/);
  });

  it('comes back to its job when the connection is cut in the middle, and does nothing twice', async () => {
    const gate = join(work, 'gate');
    const book = playbook(
      role('lines', () => [
        line('a', '1'),
        line('b', '2', { before: `while [ ! -e ${gate} ] && [ -d ${work} ]; do sleep 0.05; done` }),
        line('c', '3'),
      ]),
    );
    const { outcome, of, events } = await runOn([sshd.host()], book, {
      sink: (event) => {
        if (event.type !== 'change.start' || event.resource !== 'line b') return;
        cutConnections(sshd);
        setTimeout(() => writeFileSync(gate, ''), 300);
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 3, failed: 0, pending: 0 });
    expect([applied('a'), applied('b'), applied('c')]).toEqual([1, 1, 1]);
    expect(
      of('remark')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/connection lost while a job ran/);
    expect(of('change.start').map(({ resource }) => resource)).toEqual(['line a', 'line b', 'line c']);
    expect(events.filter((event) => event.type === 'host.step' && event.step === 'attach')).toHaveLength(1);
    expect(of('host.end')[0]?.summary.connections).toBe(2);
  });

  it('re-attaches to the job of an interrupted run', async () => {
    const gate = join(work, 'gate');
    const book = playbook(
      role('lines', () => [
        line('a', '1', { before: `while [ ! -e ${gate} ] && [ -d ${work} ]; do sleep 0.05; done` }),
        line('b', '2'),
      ]),
    );
    const interrupted = new AbortController();
    await runOn([sshd.host()], book, {
      signal: interrupted.signal,
      sink: (event) => {
        if (event.type === 'host.output') interrupted.abort();
      },
    });
    expect(existsSync(join(work, 'a'))).toBe(false);
    const { outcome, of } = await runOn([sshd.host()], book, {
      sink: (event) => {
        if (event.type === 'remark') writeFileSync(gate, '');
      },
    });
    expect(of('failure')).toEqual([]);
    expect(
      of('remark')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/re-attached to the job that .* began at/);
    expect(outcome).toMatchObject({ changed: 2, failed: 0 });
    expect(of('host.end')[0]?.summary).toMatchObject({ ok: 2, changed: 2, failed: 0 });
    expect([applied('a'), applied('b')]).toEqual([1, 1]);

    const third = await runOn([sshd.host()], book);
    expect(third.of('remark')).toEqual([]);
    expect(third.outcome.changed).toBe(0);
  });

  it('comes back to the job of an interrupted run once more when that connection is cut too', async () => {
    const gate = join(work, 'gate');
    const book = playbook(
      role('lines', () => [
        line('a', '1', { before: `while [ ! -e ${gate} ] && [ -d ${work} ]; do sleep 0.05; done` }),
        line('b', '2'),
      ]),
    );
    const interrupted = new AbortController();
    await runOn([sshd.host()], book, {
      signal: interrupted.signal,
      sink: (event) => {
        if (event.type === 'host.output') interrupted.abort();
      },
    });
    const { outcome, of } = await runOn([sshd.host()], book, {
      sink: (event) => {
        if (event.type !== 'change.start' || event.resource !== 'line a') return;
        cutConnections(sshd);
        setTimeout(() => writeFileSync(gate, ''), 300);
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toMatchObject({ changed: 2, failed: 0 });
    expect(of('remark').map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/connection lost while a job ran/),
    );
    expect([applied('a'), applied('b')]).toEqual([1, 1]);
  });

  it('refuses a host that another run works on, and says who and since when', async () => {
    const gate = join(work, 'gate');
    const slow = playbook(
      role('lines', () => [
        line('a', '1', { before: `while [ ! -e ${gate} ] && [ -d ${work} ]; do sleep 0.05; done` }),
      ]),
    );
    let second: Awaited<ReturnType<typeof runOn>> | undefined;
    const first = await runOn([sshd.host()], slow, {
      sink: (event) => {
        if (event.type === 'host.output')
          void runOn([sshd.host()], slow).then((result) => {
            second = result;
            writeFileSync(gate, '');
          });
      },
    });
    expect(first.outcome).toMatchObject({ changed: 1, failed: 0 });
    expect(second?.outcome.failed).toBe(1);
    expect(second?.of('failure')[0]).toMatchObject({ resource: 'lock' });
    expect(second?.of('failure')[0]?.message).toMatch(
      new RegExp(`pid ${process.pid} works on rs1 since \\d{4}-\\d\\d-\\d\\d`),
    );
  });

  it('sends files ahead, binary-safe', async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
    const path = join(work, 'binary');
    const binary: Resource = {
      id: 'binary',
      probe: sh`cksum < ${path} 2>/dev/null; :`,
      plan: ({ stdout }) =>
        stdout === ''
          ? { summary: 'copy', apply: sh`cp "$LVSCTL_FILES/b" ${path}`, files: { b: bytes } }
          : undefined,
    };
    expect((await runOn([sshd.host()], playbook(role('binary', () => [binary])))).outcome).toMatchObject({
      changed: 1,
      failed: 0,
    });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('holds back what depends on a host that failed', async () => {
    const seen: string[] = [];
    const book: Playbook = {
      name: 'two',
      verify: false,
      stages: [
        { name: 'first', hosts: 'rs1', roles: [role('bad', () => [line('a', '1', { before: 'exit 3' })])] },
        {
          name: 'second',
          hosts: 'rs2',
          roles: [
            role('uses', () => [line('b', '2')], {
              remarks({ unready }) {
                seen.push(...unready.keys());
                return [`held back: ${[...unready]}`];
              },
            }),
          ],
        },
      ],
    };
    const { outcome, of } = await runOn([sshd.host({}, 'rs1'), other.host({}, 'rs2')], book);
    expect(outcome).toMatchObject({ changed: 1, failed: 1 });
    expect(seen).toEqual(['rs1']);
    expect(of('remark')).toMatchObject([{ host: 'rs2', text: expect.stringContaining('line a') }]);
  });

  it('stops a rolling stage at the first failure', async () => {
    const book: Playbook = {
      name: 'rolling',
      verify: false,
      stages: [
        {
          name: 'rolling',
          hosts: 'all',
          strategy: 'rolling',
          roles: [role('bad', () => [line('a', '1', { before: 'exit 3' })])],
        },
      ],
    };
    const { outcome, of } = await runOn([sshd.host({}, 'rs1'), other.host({}, 'rs2')], book);
    expect(outcome.failed).toBe(1);
    expect(applied('a')).toBe(1);
    expect(of('remark').map(({ host }) => host)).toEqual(['rs2']);
  });
});

it('tells of hosts that cannot be reached, and works on the others', async () => {
  const sshd = await startSshd();
  const nowhere = sshd.host({ port: 1 }, 'rs2');
  const { outcome, of } = await runOn(
    [sshd.host(), nowhere],
    playbook(role('lines', () => [line('a', '1')])),
  );
  await sshd.stop();
  expect(outcome).toMatchObject({ changed: 1, failed: 1 });
  expect(of('failure')).toMatchObject([{ host: 'rs2', resource: 'connect' }]);
});

describe('a cluster whose director depends on its real servers', () => {
  /** Tells which real servers it would leave out. */
  const watching = (seen: Map<string, string>): Role<never> =>
    role('director', () => [line('table', 'x')], {
      remarks({ unready }) {
        for (const [name, reason] of unready) seen.set(name, reason);
        return [];
      },
    });
  const book = (seen: Map<string, string>): Playbook => ({
    name: 'site',
    verify: true,
    stages: [
      {
        name: 'real servers',
        hosts: ({ name }) => name !== 'director',
        roles: [role('lines', () => [line('a', '1')])],
      },
      { name: 'directors', hosts: 'director', roles: [watching(seen)] },
    ],
  });
  let sshd: TestSshd;
  beforeEach(async () => {
    sshd = await startSshd();
  });
  afterEach(() => sshd.stop());

  it('is planned though a real server cannot be reached: it is held back, and the plan fails', async () => {
    const seen = new Map<string, string>();
    const hosts = [sshd.host({ port: 1 }, 'rs1'), sshd.host({}, 'director')];
    const { outcome, of } = await runOn(hosts, book(seen), { command: 'plan' });
    expect(outcome).toEqual({ changed: 0, failed: 1, pending: 1 });
    expect(of('failure')).toMatchObject([{ host: 'rs1', resource: 'connect' }]);
    expect(of('change.planned')).toMatchObject([{ host: 'director', resource: 'line table' }]);
    expect([...seen.keys()]).toEqual(['rs1']);
  });

  it('takes real servers that --limit leaves out for ready, and leaves the traffic check out', async () => {
    const seen = new Map<string, string>();
    const hosts = [sshd.host({ port: 1 }, 'rs1'), sshd.host({}, 'director')];
    const { outcome, of } = await runOn(hosts, book(seen), { limit: ['director'] });
    expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
    expect(of('run.start')[0]?.hosts).toEqual(['director']);
    expect([...seen]).toEqual([]);
    expect(of('remark')).toMatchObject([{ text: expect.stringContaining('traffic check left out') }]);
  });
});

/** Ends the server's processes of all connections, as a cut cable would for the client; jobs are not among them. */
function cutConnections(sshd: TestSshd): void {
  const server = readFileSync(join(sshd.folder, 'sshd.pid'), 'utf8').trim();
  const sessions = execFileSync('pgrep', ['-P', server], { encoding: 'utf8' }).trim().split('\n');
  for (const session of sessions) process.kill(Number(session), 'SIGKILL');
}
