import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startSshd, type TestSshd } from '../../support/sshd.js';
import { lvsctl } from '../../unit/cli/run-cli.js';

let folder: string;
let sshd: TestSshd;

/** All hosts are this machine, which holds no VIP. Nothing is sent to their addresses: NAT asks nobody at the VIP, and there is no probe host. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-diagnose-'));
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
  await writeFile(
    join(folder, 'inventory.ts'),
    `export default {
  name: 'small',
  ssh: ${JSON.stringify(ssh)},
  hosts: {
    lvs: { address: '192.0.2.83/24', ssh: { hostName: '127.0.0.1' } },
    web1: { address: '192.0.2.76/24', ssh: { hostName: '127.0.0.1' } },
    web2: { address: '192.0.2.2/24', ssh: { hostName: '127.0.0.1', port: ${closed} } },
  },
  services: {
    web: {
      vip: '192.0.2.100', port: 80, forwarding: 'nat', directors: ['lvs'],
      realServers: [{ host: 'web1' }, { host: 'web2' }],
    },
    other: { vip: '192.0.2.101', port: 81, forwarding: 'nat', directors: ['lvs'], realServers: [{ host: 'web1' }] },
  },
};
`,
  );
});

afterAll(async () => {
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const logins = () => sshd.log().split('Accepted publickey').length - 1;
const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('diagnose', () => {
  it('tells what is wrong, the gravest first, with a fix, and one line a service', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['diagnose']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(
      /^1\. lvs: director lvs does not hold 192\.0\.2\.100 on any interface\n {5}director-vip of web: stops the service\n {5}symptom {3}no route to the VIP/,
    );
    expect(stdout).toContain('     fix       on lvs: ip addr add 192.0.2.100/32 dev eth0 label eth0:100\n');
    expect(stdout).toMatch(/^\d+\. web2: real server web2 \(192\.0\.2\.2\) can't be reached over SSH/m);
    expect(stdout).toMatch(
      /^✗ web 192\.0\.2\.100:80\/tcp: \d+ checks looked, \d+ found, \d+ could not look everywhere/m,
    );
    expect(stdout).toMatch(/^✗ other 192\.0\.2\.101:81\/tcp: /m);
  });

  it('costs one connection and one script a host', async () => {
    const before = logins();
    await lvsctl(folder, ['diagnose', '--json']);
    expect(logins() - before).toBe(2);
  });

  it('is about one service, named alone or after the inventory', async () => {
    for (const args of [['other'], ['inventory.ts', 'other'], ['--service', 'other']]) {
      const { stdout } = await lvsctl(folder, ['diagnose', '--json', ...args]);
      const told = events(stdout);
      const services = told.flatMap(
        ({ examined }) => (examined as { service: string } | undefined)?.service ?? [],
      );
      expect(services, args.join(' ')).toEqual(['other']);
      expect(told.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 1 });
      expect(JSON.stringify(told)).not.toContain('web2: ');
    }
  });

  it('shows the checks that were silent and those that could not look, with --verbose', async () => {
    const { stdout } = await lvsctl(folder, ['diagnose', '--verbose']);
    expect(stdout).toMatch(/^ {4}silent: .*\bboot-director\b/m);
    expect(stdout).toMatch(/^ {4}could not look at web2 \(.*nothing listens there.*\): .*\blistener\b/m);
    expect(stdout).toMatch(
      /^ {4}could not look anywhere \(the inventory names no probe host.*\): .*\barp-answer\b/m,
    );
  });

  it('knows its services', async () => {
    const { status, stderr } = await lvsctl(folder, ['diagnose', 'othr']);
    expect(status).toBe(2);
    expect(stderr).toContain('diagnose: the inventory has no service othr\n    did you mean other?');
  });
});
