import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/engine/index.js';
import type { Resource } from '../../src/engine/resource.js';
import type { RoleInput } from '../../src/engine/role.js';
import { OutcomeUnknownError } from '../../src/errors.js';
import { sh } from '../../src/shell/index.js';
import { openHost } from '../../src/ssh/index.js';
import { type LocalFile, openStore } from '../../src/store/index.js';
import { type SshdOptions, startSshd, type TestSshd } from '../support/sshd.js';
import { passwords, role, runOn, stages } from './running.js';

let work: string;
let servers: TestSshd[] = [];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-files-'));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  rmSync(work, { recursive: true, force: true });
});

async function server(options: SshdOptions = {}): Promise<TestSshd> {
  // With a boot id of its own, what lvsctl keeps there stays over halt and boot.
  const started = await startSshd({ hostKeyTypes: ['ed25519'], bootId: 'first', ...options });
  servers.push(started);
  return started;
}

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** The controller's own, with nothing to fetch from. */
const storeOf =
  (local: Record<string, LocalFile> = {}) =>
  (): Promise<Store> =>
    openStore({
      artifacts: {
        catalogue: [],
        lockFile: join(work, 'lvsctl.lock.json'),
        cacheFolder: join(work, 'artifacts'),
      },
      local: new Map(Object.entries(local)),
      bundles: join(work, 'bundles'),
    });

const localFile = (name: string, content: Buffer | string): LocalFile => {
  const file = join(work, name);
  writeFileSync(file, content);
  return { file, sha256: sha256(content), saidBy: 'the test' };
};

/** Cuts a server's connections, as a link that drops does. */
const cut = (sshd: TestSshd): void => {
  const listener = readFileSync(join(sshd.folder, 'sshd.pid'), 'utf8').trim();
  const sessions = execFileSync('pgrep', ['-P', listener], { encoding: 'utf8' }).trim().split('\n');
  for (const session of sessions) process.kill(Number(session), 'SIGKILL');
};

const NAME = 'bundle 2.4.20-lvs00000000';

/** Built on the host, counted, and taken into the store. */
function bundle(stored: RoleInput<unknown>['stored'], content: Buffer): readonly Resource[] {
  const path = join(work, 'built');
  writeFileSync(join(work, 'source'), content);
  return [
    {
      id: 'build',
      probe: sh`[ -f ${path} ] && echo built; :`,
      plan: ({ stdout }) =>
        stdout.trim() === 'built'
          ? undefined
          : {
              summary: 'build',
              apply: sh`echo x >> ${`${path}.count`}; cp ${join(work, 'source')} ${path}; chmod 600 ${path}`,
            },
    },
    {
      id: NAME,
      probe: sh`:`,
      plan: () =>
        stored.has(NAME)
          ? undefined
          : { summary: 'keep the bundle', apply: sh`:`, collect: { [NAME]: path } },
    },
  ];
}

const collecting = (content: Buffer) =>
  stages({
    roles: [role('builder', ({ stored }) => bundle(stored, content), { artifacts: () => [] })],
  });

const builds = (): number => readFileSync(join(work, 'built.count'), 'utf8').trim().split('\n').length;

const kept = async (): Promise<Buffer | undefined> => {
  const file = (await storeOf()()).files.get(NAME);
  return file && readFileSync(file.path);
};

describe('what a host has made', () => {
  it.each([
    ['root', {}],
    ['a user with sudo', { user: 'lvsfree', sudo: true }],
  ])('is taken into the store, by %s; the proof and the next run find it there', async (_, login) => {
    const content = randomBytes(5_000_001);
    const sshd = await server({
      users: [{ name: 'lvsfree', password: 'x', sudoers: 'lvsfree ALL=(ALL) NOPASSWD: ALL' }],
    });
    const first = await runOn([sshd.host(login)], collecting(content), { openStore: storeOf() });
    expect(first.of('failure')).toEqual([]);
    expect(first.outcome).toEqual({ changed: 2, failed: 0, pending: 0 });
    expect((await kept())?.equals(content)).toBe(true);
    expect(first.of('host.progress').at(-1)).toMatchObject({
      host: 'rs1',
      resource: NAME,
      unit: 'fetched',
      done: content.length,
      total: content.length,
    });

    const second = await runOn([sshd.host(login)], collecting(content), { openStore: storeOf() });
    expect(second.outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
    expect([second.of('host.end')[0]?.summary.trips, builds()]).toEqual([2, 1]);
  });

  it('comes whole though the connection is cut in the middle', async () => {
    const content = randomBytes(20_000_000);
    const sshd = await server();
    let tries = 0;
    const { outcome, of } = await runOn([sshd.host()], collecting(content), {
      openStore: storeOf(),
      open: async (target) => {
        const host = await openHost(target, { passwords });
        const download = host.download.bind(host);
        host.download = async (path) => {
          const file = await download(path);
          tries += 1;
          if (tries === 1) file.content.once('readable', () => cut(sshd));
          return file;
        };
        return host;
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 2, failed: 0, pending: 0 });
    expect((await kept())?.equals(content)).toBe(true);
    expect([tries, builds()]).toEqual([2, 1]);
    expect(of('remark').map(({ text }) => text)).toEqual([
      expect.stringMatching(/^connection lost while \S+ was fetched .*; trying again$/),
    ]);
    expect(readdirSync(join(work, 'bundles')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is fetched by the next run when the host was lost for good, and not built again', async () => {
    const content = randomBytes(20_000_000);
    const sshd = await server();
    const first = await runOn([sshd.host()], collecting(content), {
      openStore: storeOf(),
      reconnectDelays: [50, 50],
      open: async (target) => {
        const host = await openHost(target, { passwords });
        const download = host.download.bind(host);
        host.download = async (path) => {
          const file = await download(path);
          file.content.once('readable', () => void sshd.halt());
          return file;
        };
        return host;
      },
    });
    expect(first.outcome).toEqual({ changed: 2, failed: 1, pending: 0 });
    expect(first.of('failure')[0]).toMatchObject({
      resource: NAME,
      message: expect.stringMatching(
        /the connection was lost while \S+ was fetched, and rs1 can't be reached again/,
      ),
    });
    expect(await kept()).toBe(undefined);

    await sshd.boot('second');
    const second = await runOn([sshd.host()], collecting(content), { openStore: storeOf() });
    expect(second.of('failure')).toEqual([]);
    expect(second.of('change.planned').map(({ resource }) => resource)).toEqual([NAME]);
    expect([(await kept())?.equals(content), builds()]).toEqual([true, 1]);
  });

  it('is not kept when its size is not what the host counted', async () => {
    const sshd = await server({ commands: { wc: 'echo 7' } });
    const { outcome, of } = await runOn([sshd.host()], collecting(Buffer.from('bundle')), {
      openStore: storeOf(),
    });
    expect(outcome).toEqual({ changed: 2, failed: 1, pending: 0 });
    expect(of('failure')[0]).toMatchObject({
      resource: NAME,
      message: expect.stringContaining('was not fetched: 6 bytes came of the 7 that the host had counted'),
    });
    expect(await kept()).toBe(undefined);
  });

  it('is not fetched from a step that failed; what came before it is', async () => {
    const sshd = await server();
    const failing: Resource = {
      id: 'other',
      probe: sh`:`,
      plan: () => ({ summary: 'fail', apply: sh`exit 3`, collect: { other: '/nowhere' } }),
    };
    const content = Buffer.from('bundle');
    const book = stages({
      roles: [
        role('builder', ({ stored }) => [...bundle(stored, content), failing], { artifacts: () => [] }),
      ],
    });
    const { outcome, of } = await runOn([sshd.host()], book, { openStore: storeOf() });
    expect(outcome).toEqual({ changed: 2, failed: 1, pending: 0 });
    expect(of('failure')[0]).toMatchObject({ resource: 'other', status: 3 });
    expect((await kept())?.toString()).toBe('bundle');
  });
});

describe('a file of the store', () => {
  /** Copied on the host to where the test looks. */
  const copied = (stored: RoleInput<unknown>['stored']): Resource => ({
    id: 'source',
    probe: sh`cksum < ${join(work, 'copy')} 2>/dev/null; :`,
    plan: ({ stdout }) =>
      stdout.trim() === stored.get('linux')?.cksum
        ? undefined
        : {
            summary: 'copy the source',
            apply: sh`mv "$LVSCTL_FILES/linux.tar" ${join(work, 'copy')}`,
            files: { 'linux.tar': { stored: 'linux' } },
          },
  });
  const sending = stages({
    roles: [role('sender', ({ stored }) => [copied(stored)], { artifacts: () => ['linux'] })],
  });

  it('is streamed to the host, and read no faster than the host takes it', async () => {
    const content = randomBytes(48 * 1024 * 1024);
    const linux = localFile('linux.tar', content);
    // The first program that reads what is sent takes nothing before it is allowed to.
    const [slept, go] = [join(work, 'slept'), join(work, 'go')];
    const slow = `[ $# -gt 0 ] || [ -e ${slept} ] || { : > ${slept}; while [ ! -e ${go} ]; do sleep 0.1; done; }
exec /bin/cat "$@"`;
    const sshd = await server({ commands: { cat: slow } });
    let read = 0;
    let ahead = Number.NaN;
    const { outcome, of } = await runOn([sshd.host()], sending, {
      openStore: async () => {
        const store = await storeOf({ linux })();
        const open = store.read.bind(store);
        store.read = async function* (file) {
          setTimeout(() => {
            ahead = read;
            writeFileSync(go, '');
          }, 1000);
          for await (const chunk of open(file)) {
            read += chunk.length;
            yield chunk;
          }
        };
        return store;
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
    expect(readFileSync(join(work, 'copy')).equals(content)).toBe(true);
    // The window of SSH, and what lies in the buffers on the way.
    expect(ahead).toBeLessThan(8 * 1024 * 1024);
    expect(of('host.progress').at(-1)).toMatchObject({
      unit: 'sent',
      done: content.length,
      total: content.length,
    });
    // The job has used it up.
    const jobs = join(sshd.folder, 'state', 'jobs');
    const [job = ''] = readdirSync(jobs).filter((name) => name !== 'current');
    expect(readdirSync(join(jobs, job, 'files'))).toEqual([]);
  });

  it('that was changed meanwhile does not arrive, and its step is not begun', async () => {
    const linux = localFile('linux.tar', 'source');
    const sshd = await server();
    const { outcome, of } = await runOn([sshd.host()], sending, {
      openStore: storeOf({ linux }),
      sink: (event) => {
        if (event.type === 'change.planned') writeFileSync(linux.file, 'ecruos');
      },
    });
    expect(outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
    expect(of('failure')[0]?.message).toContain(`its source failed: ${linux.file} has changed`);
    expect([of('change.start'), existsSync(join(work, 'copy'))]).toEqual([[], false]);
  });

  it('is sent again when the connection is cut in the middle', async () => {
    const content = randomBytes(30_000_000);
    const linux = localFile('linux.tar', content);
    const sshd = await server();
    let cuts = 0;
    const { outcome, of } = await runOn([sshd.host()], sending, {
      openStore: async () => {
        const store = await storeOf({ linux })();
        const read = store.read.bind(store);
        store.read = async function* (file) {
          for await (const chunk of read(file)) {
            yield chunk;
            cuts += 1;
            if (cuts === 1) cut(sshd);
          }
        };
        return store;
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
    expect(readFileSync(join(work, 'copy')).equals(content)).toBe(true);
    expect(cuts).toBeGreaterThan(1);
    expect(of('remark')[0]?.text).toMatch(/^connection lost while files were sent/);
  });
});

describe('artifacts that roles name', () => {
  const linux = () => localFile('linux.tar', 'source');
  const touching = (artifacts: (input: RoleInput<unknown>) => readonly string[]) =>
    stages(
      { hosts: 'rs1', roles: [role('first', () => [touch('first')])] },
      { roles: [role('needy', () => [touch('needy')], { artifacts })] },
    );
  const touch = (name: string): Resource => ({
    id: name,
    probe: sh`[ -e ${join(work, name)} ] && echo yes; :`,
    plan: ({ stdout }) =>
      stdout === 'yes\n' ? undefined : { summary: name, apply: sh`: > ${join(work, name)}` },
  });

  it.each([
    ['a wrong digest', () => ({ ...linux(), sha256: sha256('other') }), /has sha256 .*; the test says /],
    ['a missing file', () => ({ ...linux(), file: '/nowhere/linux.tar' }), /can't be read/],
  ])('end the run before any host is changed by %s', async (_, file, words) => {
    const [one, two] = [await server(), await server()];
    const { outcome, of, events } = await runOn(
      [one.host({}, 'rs1'), two.host({}, 'rs2')],
      touching(({ host }) => (host.name === 'rs2' ? ['linux'] : [])),
      { openStore: storeOf({ linux: file() }) },
    );
    expect(outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
    expect(of('failure')).toMatchObject([
      { host: '', resource: 'artifact linux', message: expect.stringMatching(words) },
    ]);
    expect(of('stage.start')).toEqual([]);
    expect([existsSync(join(work, 'first')), existsSync(join(work, 'needy'))]).toEqual([false, false]);
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 1 });
    // The locks are given back.
    const again = await runOn(
      [one.host({}, 'rs1'), two.host({}, 'rs2')],
      touching(() => []),
      {
        openStore: storeOf(),
      },
    );
    expect([again.outcome.failed, again.of('remark')]).toEqual([0, []]);
  });

  it('are named by what the facts say, and there before the first stage', async () => {
    const sshd = await server();
    const asked: string[] = [];
    const book = touching(({ facts, stored }) => {
      asked.push(facts.bootId, `${stored.size}`);
      return ['linux'];
    });
    const { outcome, of } = await runOn([sshd.host({}, 'rs1')], book, {
      openStore: storeOf({ linux: linux() }),
    });
    expect(of('failure')).toEqual([]);
    expect([outcome.changed, asked]).toEqual([2, ['first', '0']]);
  });

  it('are only looked for by a plan, which says what is not here', async () => {
    const sshd = await server();
    const { outcome, of } = await runOn(
      [sshd.host({}, 'rs1')],
      touching(() => ['linux']),
      {
        command: 'plan',
        openStore: async () => ({
          ...(await storeOf()()),
          files: new Map(),
          look: async (names) => names,
          ensure: () => Promise.reject(new Error('a plan fetches nothing')),
        }),
      },
    );
    expect(outcome).toEqual({ changed: 0, failed: 0, pending: 2 });
    expect(of('remark')).toMatchObject([
      { text: expect.stringMatching(/^not on this machine yet: linux; .*`lvsctl artifacts fetch linux`/) },
    ]);
  });

  it('of a host that cannot be reached are not asked for; its stage tells of it', async () => {
    const sshd = await server();
    const hosts = [sshd.host({ port: 1 }, 'rs1'), sshd.host({}, 'rs2')];
    const { outcome, of } = await runOn(
      hosts,
      touching(() => ['linux']),
      {
        openStore: storeOf({ linux: linux() }),
      },
    );
    expect(outcome).toMatchObject({ changed: 1, failed: 1 });
    expect(of('failure')).toMatchObject([{ host: 'rs1', resource: 'connect' }]);
  });

  it('are why a store is opened, and nothing else is', async () => {
    const sshd = await server();
    const book = stages({ roles: [role('modern', () => [touch('first')])] });
    const { outcome } = await runOn([sshd.host()], book, {
      openStore: () => Promise.reject(new OutcomeUnknownError('nobody needs it')),
    });
    expect(outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
  });
});
