import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/cli.js';
import { DirectorReader } from '../../../src/cli/status/read.js';
import { loadInventory } from '../../../src/inventory/index.js';
import { type Host, openHost } from '../../../src/ssh/index.js';
import { freePort, startSshd, type TestSshd } from '../../support/sshd.js';
import { lvsctl } from '../../unit/cli/run-cli.js';
import { Capture } from '../../unit/report/scenarios.js';
import { readExposition } from '../../unit/status/exposition.js';
import { secrets } from '../opening.js';

const captures = new URL('../../unit/ipvs/captures/', import.meta.url).pathname;
let folder: string;
let sshd: TestSshd;

/** The captured table behind a command that writes down what it is called with; `$folder/MODE` makes it another one. */
const fakes = (at: string) => ({
  // This machine's kernel may be without ip_vs.
  head: `#!/bin/sh\ncase "$*" in
*/proc/net/ip_vs) [ ! -e '${at}/unloaded' ];;
*) exec /usr/bin/head "$@";;
esac\n`,
  ipvsadm: `#!/bin/sh\necho "$*" >>'${at}/calls'
[ ! -e '${at}/broken' ] || { echo 'Memory allocation problem' >&2; exit 255; }
case "$*" in *--thresholds*|*--exact*|*--rate*) [ ! -e '${at}/old' ] || { echo 'usage: ipvsadm'; exit 2; };; esac
case "$*" in
-Ln) cat '${captures}list-1.31.txt';;
*--thresholds) cat '${captures}thresholds-1.31.txt';;
*--stats*) cat '${captures}stats-1.31.txt';;
*--rate*) cat '${captures}rate-1.31.txt';;
*) echo "not a reader: $*" >&2; exit 2;;
esac\n`,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-status-'));
  sshd = await startSshd({ commands: fakes(folder) });
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
      vip: '10.83.33.100', port: 21, scheduler: 'wrr', forwarding: 'dr', directors: ${JSON.stringify(directors)},
      realServers: [{ host: 'ftp1', weight: 3 }, { host: 'ftp2', weight: 2 }],
    },
    web: { vip: '10.83.33.101', port: 80, directors: ['lvs'], realServers: [{ host: 'ftp1' }] },
  },
};
`;
  await writeFile(join(folder, 'inventory.ts'), inventory(['lvs']));
  await writeFile(join(folder, 'two.ts'), inventory(['lvs', 'lvs2']));
});

afterEach(async () => {
  for (const name of ['old', 'broken', 'unloaded', 'calls']) await rm(join(folder, name), { force: true });
});

afterAll(async () => {
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const logins = () => sshd.log().split('Accepted publickey').length - 1;
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('one reading', () => {
  it('is a text with names and what is known', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['status']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^lvs {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d\n\nftp {2}tcp 10\.83\.33\.100:21 {2}wrr\n/,
    );
    expect(stdout).toMatch(/^ {2}ftp2 +10\.83\.33\.2:21 +in rotation +1 +2 +1 +0 +0 +4 +0 +1$/m);
    expect(stdout).toContain('\nweb  tcp 10.83.33.101:80  not in the table\n');
    expect(stdout).toContain('\ntcp 192.168.7.110:81  mh (mh-fallback,mh-port)');
  });

  it('only reads, over one connection', async () => {
    const before = logins();
    await lvsctl(folder, ['status', '--json']);
    expect(logins() - before).toBe(1);
    expect(await calls()).toEqual(['-Ln', '-Ln --thresholds', '-Ln --stats --exact', '-Ln --rate --exact']);
  });

  it('is events and nothing else with --json', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['status', '--json', '--service', 'ftp']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const told = events(stdout);
    expect(told).toMatchObject([
      { type: 'run.start', command: 'status', cluster: 'small', hosts: ['lvs'] },
      {
        t: expect.stringMatching(/^\d{4}-/),
        type: 'status',
        director: 'lvs',
        status: {
          loaded: true,
          services: [
            {
              name: 'ftp',
              realServers: [
                {
                  host: 'ftp1',
                  state: 'serving',
                  weight: 3,
                  upperThreshold: 500,
                  rates: { incomingBytes: 13 },
                },
                { host: 'ftp2', weight: 1, weightWanted: 2 },
              ],
            },
          ],
          remarks: [],
        },
      },
      { type: 'run.end', exitStatus: 0, failed: 0 },
    ]);
  });

  it('is a text for Prometheus and nothing else with --prometheus; what failed is on stderr', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['status', 'two.ts', '--prometheus']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^✗ lvs2: 127\.0\.0\.1 port \d+: nothing listens there/);
    const up = readExposition(stdout).filter(({ name }) => name === 'lvsctl_ipvs_director_up');
    expect(up.map(({ labels, value }) => [labels.director, value])).toEqual([
      ['lvs', 1],
      ['lvs2', 0],
    ]);
  });

  it('shows the directors that answer, and says which does not', async () => {
    const { status, stdout } = await lvsctl(folder, ['status', 'two.ts']);
    expect(status).toBe(1);
    expect(stdout).toContain('in rotation');
    expect(stdout).toMatch(/\nlvs2 .*\n✗ not read: 127\.0\.0\.1 port \d+: nothing listens there/);
    const json = await lvsctl(folder, ['status', 'two.ts', '--json']);
    expect(json.status).toBe(1);
    expect(events(json.stdout).map(({ type }) => type)).toEqual([
      'run.start',
      'status',
      'failure',
      'run.end',
    ]);
    expect(events(json.stdout).at(-1)).toMatchObject({ exitStatus: 1, failed: 1 });
  });

  it('leaves out what an old ipvsadm does not tell', async () => {
    await writeFile(join(folder, 'old'), '');
    const { status, stdout } = await lvsctl(folder, ['status', '--service', 'ftp']);
    expect(status).toBe(0);
    expect(stdout).toContain('not known, for this host’s ipvsadm does not tell: thresholds, rates\n');
    expect(stdout).toMatch(/^ {2}ftp1 .* in rotation +3 +3 +3 +0 +\? +\? +\? +3$/m);
  });

  it('does not load ip_vs: ipvsadm is not even called', async () => {
    await writeFile(join(folder, 'unloaded'), '');
    const { status, stdout } = await lvsctl(folder, ['status']);
    expect(status).toBe(0);
    expect(stdout).toContain('IPVS is not loaded: the table is empty\n');
    await expect(calls()).rejects.toThrow('ENOENT');
  });

  it('is a failure where ipvsadm fails', async () => {
    await writeFile(join(folder, 'broken'), '');
    const { status, stdout } = await lvsctl(folder, ['status']);
    expect(status).toBe(1);
    expect(stdout).toContain("✗ not read: the table can't be read (exit 255): Memory allocation problem\n");
  });
});

it('takes one trip a reading', async () => {
  const cluster = await loadInventory(join(folder, 'inventory.ts'));
  const opened: Host[] = [];
  const open = async (target: Parameters<typeof openHost>[0]) => {
    const host = await openHost(target, { passwords: secrets() });
    opened.push(host);
    return host;
  };
  const reader = new DirectorReader({ cluster, open }, undefined, new AbortController().signal);
  for (const reading of [1, 2, 3]) {
    expect(await reader.read(['lvs'])).toMatchObject([{ director: 'lvs', status: { loaded: true } }]);
    expect(opened.map(({ trips, connections }) => [trips, connections])).toEqual([[reading, 1]]);
  }
  await reader.close();
});

describe('--watch', () => {
  /** Runs a watch until its output has so many of each, then presses Ctrl-C, or does what is given. */
  async function watched(
    args: readonly string[],
    stdout: Capture,
    count: number,
    all: readonly RegExp[],
    finish: (signals: EventEmitter) => void = (signals) => signals.emit('SIGINT', 'SIGINT'),
  ) {
    const signals = new EventEmitter();
    const ended = runCli(['status', ...args], {
      stdout,
      stderr: new Capture(),
      env: { TERM: 'xterm' },
      cwd: folder,
      signals,
      exit: (code) => {
        throw new Error(`the process would end with ${code}`);
      },
    });
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over && all.some((one) => (stdout.text.match(one) ?? []).length < count))
      await new Promise((resolve) => setTimeout(resolve, 20));
    finish(signals);
    return ended;
  }

  it('reads again over the same connection, and ends with status 0 on Ctrl-C', async () => {
    const [before, stdout] = [logins(), new Capture()];
    expect(await watched(['--watch', '4', '--json'], stdout, 3, [/"type":"status"/g])).toBe(0);
    expect(logins() - before).toBe(1);
    const told = events(stdout.text);
    expect(told.map(({ type }) => type)).toEqual(['run.start', 'status', 'status', 'status', 'run.end']);
    expect(told.at(-1)).toMatchObject({ exitStatus: 0 });
    // The third begins eight seconds after the first at the soonest, however long each takes.
    const [begun = 0, third = 0] = [told[0], told[3]].map((one) => Date.parse(String(one?.t)));
    expect(third - begun).toBeGreaterThan(7900);
  });

  it('ends when nobody reads it any more', async () => {
    const stdout = new Capture();
    const gone = () => void stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await watched(['--watch', '86400'], stdout, 1, [/in rotation/g], gone)).toBe(0);
  });

  it('goes on where a director does not answer', async () => {
    const stdout = new Capture();
    const both = [/✗ not read: 127/g, /ftp1 .* in rotation/g];
    expect(await watched(['two.ts', '--watch', '1', '--service', 'ftp'], stdout, 2, both)).toBe(0);
    expect(stdout.text).not.toContain(String.fromCharCode(27));
  });

  it('does not keep the others waiting for one that is silent', async () => {
    // An sshd that accepts and never says a word.
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const text = await readFile(join(folder, 'two.ts'), 'utf8');
    const { port } = silent.address() as AddressInfo;
    await writeFile(
      join(folder, 'silent.ts'),
      text.replace(/port: \d+ \} \},\n {4}ftp1/, `port: ${port} } },\n    ftp1`),
    );
    const stdout = new Capture();
    const args = ['silent.ts', '--watch', '1', '--service', 'ftp'];
    const both = [
      /\nlvs2 .*\n✗ not read: no answer within 1 s; it is still waited for/g,
      /ftp1 .* in rotation/g,
    ];
    expect(await watched(args, stdout, 2, both)).toBe(0);
    silent.close();
  });

  it('paints over the last reading on a terminal, which fits, and leaves the last one there', async () => {
    const stdout = Object.assign(new Capture(), { isTTY: true, columns: 60, rows: 12 });
    const args = ['--service', 'ftp', '--no-color', '--watch', '4'];
    expect(await watched(args, stdout, 2, [/\d:\d\d:\d\d/g])).toBe(0);
    const esc = String.fromCharCode(27);
    const hidden = stdout.text.indexOf(`${esc}[?25l`);
    const shown = stdout.text.lastIndexOf(`${esc}[?25h`);
    expect(hidden).toBe(0);
    const painted = stdout.text
      .slice(0, shown)
      .replaceAll(new RegExp(`${esc}\\[[?0-9]*[A-Za-z]|\\r`, 'g'), '');
    expect(Math.max(...painted.split('\n').map((line) => line.length))).toBeLessThan(60);
    expect(painted).toContain('… 4 more lines: --service shows less');
    const left = stdout.text.slice(shown + `${esc}[?25h`.length);
    expect(left).toMatch(/^lvs .*\n\nftp .*\n {2}real server .*\n {2}ftp1 .*3\n/);
    expect(left).not.toContain(esc);
  });
});
