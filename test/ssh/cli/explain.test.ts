import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/cli.js';
import { startSshd, type TestSshd } from '../../support/sshd.js';
import { lvsctl } from '../../unit/cli/run-cli.js';
import { Capture } from '../../unit/report/scenarios.js';

let sshd: TestSshd;
let folder: string;

beforeAll(async () => {
  sshd = await startSshd();
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-explain-'));
  const ssh = {
    user: 'root',
    port: sshd.port,
    agent: false,
    config: false,
    identityFiles: [sshd.identity],
    knownHostsFiles: [sshd.knownHosts],
  };
  await writeFile(
    join(folder, 'inventory.ts'),
    `export default {
  name: 'small',
  ssh: ${JSON.stringify(ssh)},
  kernel: { rebuild: true },
  hosts: {
    director: { address: '192.0.2.10/24', ssh: { hostName: '127.0.0.1' } },
    rs1: { address: '192.0.2.11/24', ssh: { hostName: '127.0.0.1' } },
  },
  services: { ftp: { vip: '192.0.2.100', port: 21, directors: ['director'], realServers: [{ host: 'rs1' }] } },
};
`,
  );
});

afterAll(async () => {
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();

it('decides by the facts of a host that answers', async () => {
  const { status, stdout, stderr } = await lvsctl(folder, ['explain', 'inventory.ts', 'rs1']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`rs1 Linux ${release}: `);
  expect(stdout).toContain('IPVS  not needed: not a director\n');
  expect(stdout).toContain('ARP  real server of ftp\n');
  const flags = existsSync('/proc/sys/net/ipv4/conf/all/arp_ignore');
  expect(stdout.includes('✓ set arp_ignore to 1 and arp_announce to 2')).toBe(flags);
  expect(stdout).not.toContain('✓ build and boot');
});

it('gives a part that is not needed too, with --verbose', async () => {
  const { stdout } = await lvsctl(folder, ['explain', 'inventory.ts', 'rs1', '--verbose']);
  expect(stdout).toContain('use the IPVS that runs');
});

it('is nothing but events with --json', async () => {
  const { status, stdout, stderr } = await lvsctl(folder, ['explain', 'inventory.ts', 'director', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
  expect(events.map(({ type }) => type)).toEqual([
    'run.start',
    'host.step',
    'host.step',
    'host.step',
    'explanation',
    'run.end',
  ]);
  expect(events.at(-2)).toMatchObject({
    host: 'director',
    explanation: {
      kernel: { release: `Linux ${release}` },
      ipvs: {
        needed: true,
        part: 'director of ftp',
        decision: { reasons: expect.any(Array), alternatives: expect.any(Array) },
      },
      arp: { needed: false },
    },
  });
});

it('leaves nothing but the explanation on a terminal', async () => {
  const stdout = Object.assign(new Capture(), { isTTY: true, columns: 90, rows: 30 });
  const status = await runCli(['explain', 'inventory.ts', 'rs1', '--no-color'], {
    stdout,
    stderr: new Capture(),
    env: { TERM: 'xterm' },
    cwd: folder,
    signals: new EventEmitter(),
    exit: () => undefined,
  });
  expect(status).toBe(0);
  const left = stdout.text.slice(stdout.text.lastIndexOf(`rs1 Linux ${release}`));
  expect(left).toContain('ARP  real server of ftp\n');
  expect(left).not.toContain(String.fromCharCode(27));
  expect(stdout.text).not.toContain('unfinished');
  expect(stdout.text).not.toMatch(/ok +0/);
});
