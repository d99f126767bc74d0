import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWithInventory, lvsctl } from './run-cli.js';

let folder: string;
let empty: string;

beforeAll(async () => {
  folder = await folderWithInventory();
  empty = await mkdtemp(join(tmpdir(), 'lvsctl-cli-'));
});

afterAll(async () => {
  for (const path of [folder, empty]) await rm(path, { recursive: true });
});

const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('usage', () => {
  it('has help on stdout, with every command', async () => {
    const { status, stdout, stderr } = await lvsctl(empty, ['--help']);
    expect(status).toBe(0);
    for (const name of ['init', 'validate', 'schema', 'facts', 'plan', 'provision', 'verify', 'lab'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stderr).toBe('');
  });

  it.each([
    [
      'plan',
      [
        '--limit',
        '--roles',
        '--forks',
        '--playbook',
        '--lab',
        '--json',
        '--verbose',
        '--no-color',
        '--diff',
        '--exit-code',
      ],
    ],
    ['verify', ['-n, --connections', '--service']],
    ['status', ['--watch', '--service', '--lab', '--json', '--prometheus']],
    ['lab', ['up', 'down', 'status', 'exec', 'reboot']],
  ])('%s --help names its options', async (command, options) => {
    const { status, stdout } = await lvsctl(empty, [command, '--help']);
    expect(status).toBe(0);
    for (const option of options) expect(stdout).toContain(option);
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await lvsctl(empty, ['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [[], 'Usage: lvsctl'],
    [['plna'], "unknown command 'plna'\n(Did you mean plan?)"],
    [['lab', 'upp'], "unknown command 'upp'\n(Did you mean up?)"],
    [['plan', '--frks', '3'], "unknown option '--frks'\n(Did you mean --forks?)"],
    [['plan', '--forks', '0'], 'It must be a whole number from 1 on.'],
    [['plan', '--limit', ' , '], 'It names nothing.'],
    [['verify', '-n', 'many'], 'It must be a whole number from 1 on.'],
    [['status', '--watch', '0'], 'It must be a whole number of seconds from 1 to 86400'],
    [['status', '--watch', 'inventory.ts'], 'an inventory goes before the option.'],
    [['status', '--prometheus', '--watch'], '--watch and --prometheus: a text for Prometheus is one reading'],
    [['plan', 'a.ts', 'b.ts'], 'too many arguments'],
    [['lab', 'exec'], "missing required argument 'file'"],
  ])('%j is refused with status 2', async (args, message) => {
    const { status, stdout, stderr } = await lvsctl(empty, args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });

  it('is told as an event with --json', async () => {
    const { status, stdout, stderr } = await lvsctl(empty, ['plan', '--json', '--frks', '3']);
    expect(status).toBe(2);
    expect(stderr).toBe('');
    expect(events(stdout)).toMatchObject([
      {
        t: expect.stringMatching(/^\d{4}-/),
        type: 'failure',
        resource: 'usage',
        message: expect.stringContaining('--frks'),
      },
    ]);
  });
});

describe('status', () => {
  it('has one format at a time', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['status', '--json', '--prometheus']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(events(stdout)).toMatchObject([
      { type: 'failure', resource: 'usage', message: '--json and --prometheus: only one format at a time' },
    ]);
  });

  it('knows the services, before it contacts anything', async () => {
    const { status, stderr } = await lvsctl(folder, ['status', '--service', 'ftpp']);
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean ftp?');
  });
});

describe('init', () => {
  it('writes an inventory that is sound, and does not overwrite it', async () => {
    const first = await lvsctl(empty, ['init']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain('lvsctl lab up inventory.ts');
    const written = await readFile(join(empty, 'inventory.ts'), 'utf8');
    expect(await lvsctl(empty, ['validate'])).toMatchObject({ status: 0, stderr: '' });

    const second = await lvsctl(empty, ['init']);
    expect(second).toMatchObject({ status: 2, stdout: '' });
    expect(second.stderr).toContain('is there already, and is left as it is\n    give another name');
    expect(await readFile(join(empty, 'inventory.ts'), 'utf8')).toBe(written);
  });

  it('says where it cannot write', async () => {
    const { status, stderr } = await lvsctl(empty, ['init', 'no/such/folder.ts']);
    expect(status).toBe(2);
    expect(stderr).toContain('name a file in a folder that exists');
  });
});

describe('validate', () => {
  it('shows what was understood', async () => {
    const { status, stdout } = await lvsctl(folder, ['validate']);
    expect(status).toBe(0);
    await expect(stdout).toMatchFileSnapshot('golden/validate.txt');
  });

  it('tells it as events with --json', async () => {
    const { stdout } = await lvsctl(folder, ['validate', 'inventory.ts', '--json']);
    expect(events(stdout)).toMatchObject([
      { type: 'run.start', command: 'validate', cluster: 'small', hosts: ['director', 'rs1', 'rs2'] },
      { type: 'run.end', exitStatus: 0 },
    ]);
  });

  it('says what is wrong, with a way out and without a stack', async () => {
    await writeFile(
      join(folder, 'bad.ts'),
      (await readFile(join(folder, 'inventory.ts'), 'utf8')).replace('weight: 3', 'weight: -70000'),
    );
    const { status, stdout, stderr } = await lvsctl(folder, ['validate', 'bad.ts']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('-70000');
    expect(stderr).not.toMatch(/^ +at \w+.*\.js:\d+/m);
  });
});

describe('the inventory', () => {
  it.each(['validate', 'facts', 'plan', 'provision', 'verify'])('is wanted by %s', async (command) => {
    const bare = await mkdtemp(join(tmpdir(), 'lvsctl-cli-'));
    try {
      const { status, stderr } = await lvsctl(bare, [command]);
      expect(status).toBe(2);
      expect(stderr).toContain('there is no inventory.ts in');
      expect(stderr).toContain('lvsctl init');
      const missing = await lvsctl(bare, [command, 'other.ts']);
      expect(missing.status).toBe(2);
      expect(missing.stderr).toContain('no such inventory');
    } finally {
      await rm(bare, { recursive: true });
    }
  });

  it.each([
    [
      ['plan', '--limit', 'rs1,derector'],
      '--limit: the inventory has no host or group derector\n    did you mean director?',
    ],
    [['plan', '--limit', 'zzz'], 'it has director, rs1, rs2'],
    [['verify', '--service', 'ftpp'], 'did you mean ftp?'],
    [['plan', '--roles', 'nonesuch'], 'nonesuch'],
    [['plan', '--playbook', 'nonesuch.ts'], 'nonesuch.ts'],
    [['lab', 'reboot', 'inventory.ts', 'rs3'], 'lab reboot: the inventory has no host rs3'],
    [['lab', 'reset', 'inventory.ts', 'rs3'], 'lab reset: the inventory has no host rs3'],
    [['lab', 'exec', 'inventory.ts', 'rs9', 'true'], 'lab exec: the inventory has no host rs9'],
  ])('decides what %j may name', async (args, message) => {
    const { status, stdout, stderr } = await lvsctl(folder, args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('has a JSON schema', async () => {
    const { status, stdout } = await lvsctl(empty, ['schema']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: expect.stringContaining('json-schema.org') });
  });
});

describe('hosts that do not answer', () => {
  let unreachable: string;
  beforeAll(async () => {
    unreachable = await folderWithInventory(1);
  });
  afterAll(() => rm(unreachable, { recursive: true }));

  it.each(['facts', 'plan', 'provision'])('make %s end with status 1, each told of', async (command) => {
    const { status, stdout, stderr } = await lvsctl(unreachable, [command]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    for (const host of ['director', 'rs1', 'rs2'])
      expect(stdout).toMatch(new RegExp(`^${host} +failed `, 'm'));
    expect(stdout).toContain('nothing listens there');
    expect(stdout).not.toContain(String.fromCharCode(27));
  });

  it('are nothing but events with --json', async () => {
    const { status, stdout, stderr } = await lvsctl(unreachable, ['facts', '--json']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const told = events(stdout);
    expect(told[0]).toMatchObject({ type: 'run.start', command: 'facts' });
    expect(told.filter(({ type }) => type === 'failure')).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 1, failed: 3 });
  });

  it('are only those chosen by --limit', async () => {
    const { stdout } = await lvsctl(unreachable, ['facts', '--json', '--limit', 'rs1', '--limit', 'rs2']);
    expect(events(stdout)[0]).toMatchObject({ hosts: ['rs1', 'rs2'] });
  });

  it.each([
    [{ FORCE_COLOR: '1' }, [], true],
    [{ FORCE_COLOR: '0' }, [], false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, [], false],
    [{ FORCE_COLOR: '1' }, ['--no-color'], false],
    [{}, [], false],
  ])('are told of in colours where wanted (%j %j)', async (env, args, colored) => {
    const { stdout } = await lvsctl(unreachable, ['facts', ...args], env);
    expect(stdout.includes(String.fromCharCode(27))).toBe(colored);
  });
});
