import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, startMachine } from '../../support/machine.js';
import { type Mirror, startMirror } from '../../support/mirror.js';
import { hiddenDiff } from '../../unit/artifacts/hidden-diff.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const HIDDEN = 'hidden-2.4.20pre10-1';
const diff = hiddenDiff();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

// Inside the project, so that what is built finds node_modules.
const build = join(root, '.cache', `cli-test-${process.pid}`);

beforeAll(async () => {
  const args = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(build, 'dist')];
  await promisify(execFile)(join(root, 'node_modules', '.bin', 'tsc'), args, { cwd: root });
});
afterAll(() => rmSync(build, { recursive: true, force: true }));

let folder: string;
let machine: Machine;
let mirror: Mirror;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-provision-'));
  machine = await startMachine({
    onBoot: () =>
      writeFileSync(join(folder, 'kernel'), existsSync(join(folder, 'armed')) ? 'new\n' : 'old\n'),
  });
  mirror = await startMirror();
  mirror.files.set(`${HIDDEN}.diff`, { content: Buffer.from(diff) });
  writeFileSync(join(folder, 'kernel'), 'old\n');
  writeFileSync(join(folder, 'source.tar.xz'), 'the source');
  writeFileSync(join(folder, 'playbook.ts'), playbook);
  writeInventory(sha256('the source'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await machine.stop();
  await mirror.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A kernel of the inventory's own. */
function writeInventory(digest: string): void {
  const { port, identity, knownHosts } = machine.sshd;
  const ssh = { user: 'root', port, agent: false, config: false, identityFiles: [identity] };
  const inventory = {
    name: 'rebuilt',
    ssh: { ...ssh, knownHostsFiles: [knownHosts] },
    kernelProfiles: {
      mine: {
        version: '6.1.192',
        source: { file: 'source.tar.xz', sha256: digest },
        flavour: '2.6',
        base: 'defconfig',
        options: {},
        image: { target: 'bzImage', path: 'arch/x86/boot/bzImage' },
        arp: 'arp-flags',
      },
    },
    hosts: {
      director: { address: '192.0.2.10/24' },
      rs1: { address: '192.0.2.11/24', ssh: { hostName: '127.0.0.1' } },
    },
    services: {
      ftp: { vip: '192.0.2.100', port: 21, directors: ['director'], realServers: [{ host: 'rs1' }] },
    },
  };
  writeFileSync(join(folder, 'inventory.ts'), `export default ${JSON.stringify(inventory)};\n`);
}

/** Takes both files to the host, makes a bundle of them there, and boots once. What was done is written down. */
const playbook = `import { definePlaybook, defineRole, noParams, sh, type Resource } from 'lvsctl';
import { dirname } from 'node:path';

const kernel = defineRole({
  name: 'kernel', description: 'a kernel', params: noParams,
  appliesTo: () => true,
  artifacts: () => ['mine:source', '${HIDDEN}'],
  resources({ stored, cluster }): Resource[] {
    const at = dirname(cluster.file);
    return [
      {
        id: 'bundle',
        probe: sh\`:\`,
        plan: () => stored.has('bundle test') ? undefined : {
          summary: 'build',
          apply: sh\`echo build >> \${at}/done; cat "$LVSCTL_FILES/source" "$LVSCTL_FILES/patch" > \${at}/built\`,
          files: { source: { stored: 'mine:source' }, patch: { stored: '${HIDDEN}' } },
          collect: { 'bundle test': at + '/built' },
        },
      },
      {
        id: 'booted',
        probe: sh\`cat \${at}/kernel\`,
        plan: ({ stdout }) => stdout === 'new\\n' ? undefined : {
          summary: 'boot once',
          apply: sh\`echo boot >> \${at}/done; : > \${at}/armed\`,
          reboot: { withinSeconds: 60 },
        },
      },
    ];
  },
});

export default definePlaybook({
  name: 'rebuild', verify: false,
  stages: [{ name: 'kernel', hosts: 'rs1', roles: [kernel], strategy: 'rolling', order: () => 0 }],
});
`;

interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Running {
  readonly child: ChildProcess;
  readonly events: Event[];
  readonly ended: Promise<number | string>;
}

/** lvsctl in a process of its own, with --json. No mirror of the real world can be reached. */
function lvsctl(command: string, ...args: string[]): Running {
  const given = [command, 'inventory.ts', '--playbook', 'playbook.ts', '--json', ...args];
  const child = spawn(process.execPath, [join(build, 'dist', 'src', 'cli', 'main.js'), ...given], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      http_proxy: 'http://127.0.0.1:1',
      https_proxy: 'http://127.0.0.1:1',
      no_proxy: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const events: Event[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line): Event => JSON.parse(line)));
  });
  return { child, events, ended: once(child, 'close').then(([status, signal]) => status ?? signal) };
}

const trusting = () => lvsctl('provision', '--mirror', mirror.url, '--trust-first-use', HIDDEN);
const done = (): string[] =>
  existsSync(join(folder, 'done')) ? readFileSync(join(folder, 'done'), 'utf8').trim().split('\n') : [];
const failures = ({ events }: Running): Event[] => events.filter(({ type }) => type === 'failure');
const remarks = ({ events }: Running) =>
  events.filter(({ type }) => type === 'remark').map(({ text }) => text);

describe('lvsctl provision with files of this machine', () => {
  it('fetches and pins them, takes what the host builds into the cache, reboots it; a second run changes nothing', async () => {
    const first = trusting();
    const ended = await first.ended;
    expect(failures(first)).toEqual([]);
    expect(ended).toBe(0);
    expect(done()).toEqual(['build', 'boot']);
    expect(machine.shutdowns()).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(folder, 'lvsctl.lock.json'), 'utf8')).artifacts[HIDDEN].sha256).toBe(
      sha256(diff),
    );
    const bundles = join(folder, 'cache', 'lvsctl', 'bundles');
    const built = readdirSync(bundles).find((name) => !name.endsWith('.json')) ?? '';
    expect(readFileSync(join(bundles, built), 'utf8')).toBe(`the source${diff}`);
    // The artifacts are here before the first host is touched.
    const types = first.events.map(({ type }) => type);
    expect(types.lastIndexOf('artifact.progress')).toBeLessThan(types.indexOf('stage.start'));

    const second = lvsctl('provision');
    expect(await second.ended).toBe(0);
    expect(second.events.at(-1)).toMatchObject({ type: 'run.end', changed: 0, failed: 0 });
    expect([done().length, mirror.served.length]).toEqual([2, 1]);
  });

  it('ends before any change when nobody gave the word for a file without a digest', async () => {
    const run = lvsctl('provision', '--mirror', mirror.url);
    expect(await run.ended).toBe(1);
    expect(failures(run)).toMatchObject([
      { host: '', message: expect.stringContaining(`no digest of ${HIDDEN} is known`) },
    ]);
    expect(failures(run)[0]?.hint).toContain(`--trust-first-use ${HIDDEN}`);
    expect([done(), mirror.served]).toEqual([[], []]);
  });

  it('ends before any change, and fetches nothing, when a file of the inventory’s own is another', async () => {
    writeInventory(sha256('another'));
    const run = trusting();
    expect(await run.ended).toBe(1);
    expect(failures(run)).toMatchObject([{ host: '', resource: 'artifact mine:source' }]);
    expect(failures(run)[0]?.message).toContain(
      `${join(folder, 'source.tar.xz')} has sha256 ${sha256('the source')}; kernelProfiles.mine of ${join(folder, 'inventory.ts')} says ${sha256('another')}`,
    );
    expect([done(), mirror.served]).toEqual([[], []]);
  });

  it('refuses a mirror that is none before it contacts anybody', async () => {
    const run = lvsctl('provision', '--mirror', 'ftp://example.com/');
    expect(await run.ended).toBe(2);
    expect(failures(run)[0]?.message).toContain('--mirror: ftp://example.com/ is no http or https URL');
  });

  it('plans without fetching, and says what is not here', async () => {
    const run = lvsctl('plan');
    expect(await run.ended).toBe(0);
    expect(remarks(run)).toEqual([expect.stringContaining(`not on this machine yet: ${HIDDEN};`)]);
    expect(run.events.filter(({ type }) => type === 'change.planned')).toHaveLength(2);
    expect([done(), mirror.served, existsSync(join(folder, 'cache', 'lvsctl', 'bundles'))]).toEqual([
      [],
      [],
      false,
    ]);
  });
});

it('goes on after SIGKILL in the middle of the reboot: nothing is built or booted twice', async () => {
  const killed = trusting();
  while (machine.shutdowns().length === 0 && killed.child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(failures(killed)).toEqual([]);
  killed.child.kill('SIGKILL');
  expect(await killed.ended).toBe('SIGKILL');
  let next = lvsctl('provision');
  // It may still be away.
  while ((await next.ended) !== 0 && failures(next)[0]?.resource === 'connect') next = lvsctl('provision');
  expect(failures(next)).toEqual([]);
  expect(next.events.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 0, failed: 0 });
  expect([done(), machine.shutdowns()]).toEqual([['build', 'boot'], ['-r now']]);
  expect(remarks(next)).toEqual([expect.stringContaining('took over the lock')]);
});
