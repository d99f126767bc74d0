import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, lvsctl, onHost } from './support/program.js';

/**
 * Two real servers with Red Hat 9 as it came, whose kernel may not be replaced, behind a director of today: the VIP is on none of
 * them, and iptables takes what is sent to it. The tests build on one another, in this order.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-stock-'));
const inventory = join(folder, 'inventory.ts');
const vip = '10.83.33.100';

function shell(host: string, script: string): string {
  const { status, stdout, stderr }: Answer = onHost(
    inventory,
    host,
    `PATH=/sbin:/usr/sbin:/bin:/usr/bin; ${script}`,
  );
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
}

beforeAll(async () => {
  writeFileSync(
    inventory,
    `import { defineInventory } from 'lvsctl';
export default defineInventory({
  name: 'stock-${process.pid}',
  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
    rs2: { address: '10.83.33.2/24' },
    client: { address: '10.83.33.50/24' },
  },
  groups: { shrike: { hosts: ['rs1', 'rs2'], ssh: { algorithms: 'legacy' }, lab: { flavour: 'redhat9' } } },
  services: {
    ftp: {
      vip: '${vip}', port: 21, scheduler: 'wrr', forwarding: 'dr', directors: ['director'],
      realServers: [{ host: 'rs1', weight: 3 }, { host: 'rs2', weight: 1 }],
    },
  },
  probes: ['client'],
  roles: { ftp: { banner: 'Welcome to FTP{n} server' } },
});
`,
  );
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

const limits = [
  'ARP: no VIP is on the host, the service sees its own address, and a port serves one VIP or the host itself',
  'ARP: FTP (ftp) opens data connections to ports that no rule for port 21 takes',
];

describe('stock Red Hat 9 without a rebuild', () => {
  it('serves by REDIRECT, three to one, and says what that means', async () => {
    const outcome = await lvsctl('provision', inventory, '--lab');
    expect(outcome.status, outcome.story).toBe(0);
    const remarks = outcome.of('remark').filter(({ host }) => host === 'rs1');
    expect(remarks.map(({ text }) => text)).toEqual(expect.arrayContaining(limits));
    const [report] = outcome.of('verify.result').map((event) => event.report);
    expect(report).toMatchObject({ connections: 40, failedConnections: 0, problems: [] });
    expect(report?.shares.map(({ host, answered }) => [host, answered])).toEqual([
      ['rs1', 30],
      ['rs2', 10],
    ]);
    expect(report?.arp.map(({ host }) => host)).toEqual(['director']);
    for (const host of ['rs1', 'rs2']) {
      expect(shell(host, 'ifconfig -a')).not.toContain(vip);
      expect(shell(host, 'iptables -t nat -L PREROUTING -n')).toMatch(
        /REDIRECT +(?:tcp|6) +-- +0\.0\.0\.0\/0 +10\.83\.33\.100 +tcp dpt:21 *$/m,
      );
      expect(shell(host, 'uname -r')).toBe('2.4.20-8');
    }
  });

  it('has nothing left to do', async () => {
    const again = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(again.planned, again.story).toEqual([]);
    expect(again.status).toBe(0);
  });

  it('takes a VIP away that a former set-up holds', async () => {
    shell('rs1', `ifconfig lo:100 ${vip} netmask 255.255.255.255 up`);
    const planned = await lvsctl('plan', inventory, '--lab');
    expect(planned.planned, planned.story).toEqual([`rs1: no address ${vip}`]);
    const outcome = await lvsctl('provision', inventory, '--lab');
    // Not by its status: the client may still remember rs1's MAC for the VIP, and the traffic check rightly says so.
    expect(outcome.of('failure'), outcome.story).toEqual([]);
    shell('client', 'ip neigh flush dev eth0');
    expect(shell('rs1', 'ifconfig -a')).not.toContain(vip);
  });

  it('leaves the VIP down where the boot script of a kernel with `hidden` meets one without', () => {
    const script = readFileSync(
      new URL('../unit/roles/golden/redhat9-hidden-realserver.sh', import.meta.url),
      'utf8',
    );
    shell('rs1', `cat > /tmp/hidden.sh <<'END'\n${script}END\n`);
    const { status, stderr } = onHost(inventory, 'rs1', 'sh /tmp/hidden.sh');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('they stay down'),
    });
    expect(shell('rs1', 'ifconfig -a; ls /proc/sys/net/ipv4/conf/all')).not.toMatch(/10\.83\.33\.100|hidden/);
  });

  it('comes back by itself after a reboot', async () => {
    const reboot = await lvsctl('lab', 'reboot', inventory, 'rs1', 'rs2');
    expect(reboot.status, reboot.story).toBe(0);
    const again = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(again.planned, again.story).toEqual([]);
    const proof = await lvsctl('verify', inventory, '--lab');
    expect(proof.status, proof.story).toBe(0);
  });
});
