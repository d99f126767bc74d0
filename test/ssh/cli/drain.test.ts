import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { acquireScript } from '../../../src/engine/lock.js';
import { openHost } from '../../../src/ssh/index.js';
import { freePort, startSshd, type TestSshd } from '../../support/sshd.js';
import { lvsctl } from '../../unit/cli/run-cli.js';
import { secrets } from '../opening.js';

/** This machine's kernel has no table: what is recorded there, how it is told, and what the lock does. */
let folder: string;
let sshd: TestSshd;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-drain-'));
  sshd = await startSshd();
  const ssh = {
    user: 'root',
    port: sshd.port,
    agent: false,
    config: false,
    identityFiles: [sshd.identity],
    knownHostsFiles: [sshd.knownHosts],
  };
  const closed = await freePort();
  const inventory = (directors: readonly string[]) => `export default {
  name: 'small',
  ssh: ${JSON.stringify(ssh)},
  hosts: {
    lvs: { address: '10.83.33.83/24', ssh: { hostName: '127.0.0.1' } },
    lvs2: { address: '10.83.33.84/24', ssh: { hostName: '127.0.0.1', port: ${closed} } },
    ftp1: { address: '10.83.33.76/24' },
    ftp2: { address: '10.83.33.2/24' },
  },
  services: {
    ftp: {
      vip: '10.83.33.100', port: 21, scheduler: 'wrr', directors: ${JSON.stringify(directors)},
      realServers: [{ host: 'ftp1', weight: 3 }, { host: 'ftp2' }],
    },
    web: { vip: '10.83.33.101', port: 80, directors: ['lvs'], realServers: [{ host: 'ftp1' }, { host: 'ftp2' }] },
  },
};
`;
  await writeFile(join(folder, 'inventory.ts'), inventory(['lvs']));
  await writeFile(join(folder, 'two.ts'), inventory(['lvs', 'lvs2']));
});

afterEach(() => {
  sshd.inside('rm -rf /var/lib/lvsctl/weights /var/lib/lvsctl/lock');
});

afterAll(async () => {
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const me = `${userInfo().username}@${hostname()}`;
const logins = () => sshd.log().split('Accepted publickey').length - 1;
const record = () =>
  sshd
    .inside('[ ! -e /var/lib/lvsctl/weights ] || cat /var/lib/lvsctl/weights')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, ' WHEN '));
const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('drain, undrain and weight', () => {
  it('write down who, when and why, and take it back, over one connection each', async () => {
    const before = logins();
    const drained = await lvsctl(folder, ['drain', 'ftp1', '--reason', 'new disk; `reboot`']);
    expect(drained).toMatchObject({ status: 0, stderr: '' });
    expect(drained.stdout).toContain(
      'lvs  ftp  ftp1 (10.83.33.76:21)  weight 0, recorded; not in the table\n',
    );
    expect(record()).toEqual([
      `ftp1 ftp 0 WHEN ${me} new disk; \`reboot\``,
      `ftp1 web 0 WHEN ${me} new disk; \`reboot\``,
    ]);
    expect(sshd.inside('ls /var/lib/lvsctl; stat -c %a /var/lib/lvsctl/weights')).toBe('weights\n600\n');
    expect(await lvsctl(folder, ['weight', 'inventory.ts', 'ftp1', 'ftp', '7'])).toMatchObject({ status: 0 });
    expect(record()[0]).toBe(`ftp1 ftp 7 WHEN ${me}`);
    expect(await lvsctl(folder, ['undrain', 'inventory.ts', 'ftp1', '--service', 'web'])).toMatchObject({
      status: 0,
    });
    expect(record()).toEqual([`ftp1 ftp 7 WHEN ${me}`]);
    expect(await lvsctl(folder, ['weight', 'ftp1', 'ftp', '3'])).toMatchObject({ status: 0 });
    expect(record()).toEqual([]);
    expect(logins() - before).toBe(4);
  });

  it('are events and nothing else with --json', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, [
      'drain',
      'ftp1',
      '--service',
      'web',
      '--wait',
      '60',
      '--json',
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const web = { director: 'lvs', service: 'web' };
    const held = [{ ...web, established: 0, closing: 0 }];
    const quiet = { type: 'wait.progress', host: 'ftp1', connections: 0, held };
    expect(events(stdout)).toMatchObject([
      { type: 'run.start', command: 'drain', cluster: 'small', hosts: ['lvs'] },
      { type: 'weight', ...web, host: 'ftp1', address: '10.83.33.76:80', after: 0, recorded: true },
      { type: 'remark', host: 'lvs' },
      quiet,
      quiet,
      { type: 'wait.end', host: 'ftp1', idle: true, connections: 0 },
      { type: 'run.end', exitStatus: 0, failed: 0 },
    ]);
  });

  it('say which director was not reached, and do the others', async () => {
    const { status, stdout } = await lvsctl(folder, ['drain', 'two.ts', 'ftp1', '--wait', '60']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^✗ lvs2: 127\.0\.0\.1 port \d+: nothing listens there/m);
    expect(stdout).toMatch(/^✓ ftp1 has no connections left, after \d+s$/m);
    expect(record()).toHaveLength(2);
  });

  it('leave a director alone on which another run works, and say whose it is', async () => {
    const other = await openHost(sshd.host({}, 'lvs'), { passwords: secrets() });
    const owner = { token: 'abc', name: 'bob@elsewhere pid 4711' };
    expect((await other.run(acquireScript(owner))).stdout.toString()).toBe('held\n');
    const { status, stdout } = await lvsctl(folder, ['drain', 'ftp1']);
    expect(status).toBe(1);
    expect(stdout).toContain('✗ lvs: lock: bob@elsewhere pid 4711 works on lvs since ');
    expect(record()).toEqual([]);
    await other.close();
  });

  it.each([
    [['drain', 'ftp3'], 'the inventory has no host ftp3'],
    [['drain', 'ftp1', '--service', 'wbe'], '--service: the inventory has no service wbe'],
    [['drain', 'lvs'], 'lvs is no real server of any service'],
    [['undrain'], "missing required argument 'words'"],
    [['undrain', 'a', 'b', 'c'], '3 words were given: a b c'],
    [['weight', 'ftp1', 'ftp', 'many'], 'many is no weight'],
    [['weight', 'ftp1', 'ftp', '2147483648'], '2147483648 is no weight'],
    [['weight', 'ftp1', 'sip', '2'], 'weight: the inventory has no service sip'],
    [['drain', 'ftp1', '--reason', ' rolling'], '--reason: “rolling” is what rolling runs write'],
    [['drain', 'ftp1', '--wait', 'soon'], 'It must be a duration'],
  ])('refuse %j before anything is contacted', async (args, message) => {
    const before = logins();
    const { status, stderr } = await lvsctl(folder, args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(logins()).toBe(before);
  });
});
