import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.js';
import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';
import type { ForeignSystem } from '../../../src/inventory/systems.js';
import { sh, shLines } from '../../../src/shell/index.js';
import { type VerifyReport, verifyCluster } from '../../../src/verify/index.js';
import { neighboursScript, parseNeighbours } from '../../../src/verify/neighbours.js';
import { hostShells } from '../../support/host-shells.js';
import { runIn } from '../../support/shells.js';
import { clusterOf, FakeCluster } from './fake-cluster.js';

/** The fake cluster with rs2 on another system, and nobody may log in there. */
function mixed(os: ForeignSystem = 'freebsd', service: Partial<Service> = {}): Cluster {
  const cluster = clusterOf(service);
  const rs2 = { ...(cluster.hosts.get('rs2') as ClusterHost), os };
  return { ...cluster, hosts: new Map([...cluster.hosts, ['rs2', rs2]]) };
}

async function verify(fake: FakeCluster, cluster: Cluster = mixed()) {
  const events: RunEvent[] = [];
  const opened: string[] = [];
  const reports = await verifyCluster({
    cluster,
    open: (host) => {
      opened.push(host.name);
      return fake.open(host);
    },
    connections: 40,
    sink: (event) => events.push(event),
  });
  expect(opened).not.toContain('rs2');
  const remarks = events.flatMap((event) => (event.type === 'remark' ? [event.text] : []));
  return { report: reports[0] as VerifyReport, remarks };
}

const render = '`lvsctl render /tmp/inventory.ts rs2`';

describe.concurrent('a real server that lvsctl does not log in to', () => {
  it('is proven from outside like the others: by answers, counters and one MAC address', async () => {
    const fake = new FakeCluster();
    const { report, remarks } = await verify(fake);
    expect(report.problems).toEqual([]);
    expect(report.shares.map(({ host, answered, counted }) => [host, answered, counted])).toEqual([
      ['rs1', 30, 30],
      ['rs2', 10, 10],
    ]);
    expect(remarks).toEqual([]);
    expect(fake.scripts.map(({ kind }) => kind)).not.toContain('neighbours');
  });

  it('that answers ARP is named by its MAC address, which the probe host’s ARP table has', async () => {
    const fake = new FakeCluster();
    fake.answersArp = ['lvs', 'rs2'];
    const { report } = await verify(fake);
    expect(report.arp).toEqual([
      { mac: '02:00:0a:53:21:53', host: 'lvs' },
      { mac: '02:00:0a:53:21:02', host: 'rs2' },
    ]);
    expect(report.problems[0]).toBe(
      `10.83.33.2 answers ARP for 10.83.33.100: it runs FreeBSD, where the VIP must be on the loopback interface only: ${render} shows how`,
    );
    expect(fake.scripts.filter(({ kind }) => kind === 'neighbours')).toEqual([
      { host: 'client', kind: 'neighbours' },
    ]);
  });

  it('is a suspect where its MAC address is not to be had', async () => {
    const fake = new FakeCluster();
    fake.answersArp = ['lvs', 'rs2'];
    fake.farAway.add('rs2');
    const { report } = await verify(fake, mixed('solaris'));
    expect(report.arp[1]).toEqual({ mac: '02:00:0a:53:21:02', host: undefined });
    expect(report.problems[0]).toBe(
      `02:00:0a:53:21:02 answers ARP for 10.83.33.100: no host that lvsctl logs in to has this MAC address; it is rs2 (Solaris, see ${render}), or another machine`,
    );
  });

  it('is no suspect for the MAC address of a Linux host', async () => {
    const fake = new FakeCluster();
    fake.answersArp = ['lvs', 'rs1'];
    fake.arpIgnore = { rs1: 0 };
    const { report } = await verify(fake);
    expect(report.problems[0]).toBe('10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0');
    expect(report.problems.join()).not.toContain('rs2');
  });

  it.each([
    ['dr', 'does it hold 10.83.33.100 on its loopback interface, and serve it there?'],
    [
      'tun',
      'does it take packets out of IPIP, hold 10.83.33.100 on its loopback interface, and serve it there?',
    ],
    ['nat', 'is director lvs (10.83.33.83) its default gateway?'],
  ] as const)(
    'that does not answer what it is sent is told, with what it may lack: %s',
    async (forwarding, question) => {
      const fake = new FakeCluster();
      fake.holdsVip.delete('rs2');
      const { report } = await verify(fake, mixed('freebsd', { forwarding }));
      expect(report.failedConnections).toBe(10);
      expect(report.problems).toContain(
        `real server rs2 (10.83.33.2), which runs FreeBSD, does not answer connections that director lvs sends to it (10): ${question} (lvsctl can't look there, ${render} shows what has to be done)`,
      );
      expect(report.problems.join()).not.toContain('over SSH');
    },
  );

  it('that serves nothing even when asked directly', async () => {
    const fake = new FakeCluster();
    fake.silent.add('rs2');
    const { report } = await verify(fake, mixed('windows'));
    expect(report.problems).toContain(
      `real server rs2 (10.83.33.2), which runs Windows, does not serve 10.83.33.2:21 when asked directly: Connection refused (lvsctl can't look there, ${render} shows what has to be done)`,
    );
  });

  it('is not blamed for what a Linux real server does', async () => {
    const fake = new FakeCluster();
    fake.holdsVip.delete('rs1');
    const { report } = await verify(fake);
    expect(report.failedConnections).toBe(30);
    expect(report.problems[0]).toMatch(/^real server rs1 .* does not hold 10\.83\.33\.100 on lo/);
    expect(report.problems.join()).not.toContain('rs2');
  });

  it('is to be looked at when nothing else explains a failure, and no banner tells', async () => {
    const fake = new FakeCluster();
    fake.banners = { rs1: '220 hi', rs2: '220 hi' };
    fake.holdsVip.delete('rs2');
    fake.cannotAsk = 'find perl';
    const { report, remarks } = await verify(fake);
    expect(report.problems.at(-1)).toBe(
      `no cause is to be seen on its hosts: is one of them overloaded, or a packet filter on the way?; rs2 runs FreeBSD and can't be asked: compare it with ${render}`,
    );
    expect(remarks).toEqual([
      "ftp: not every real server was asked at 10.83.33.100 from here: can't find perl",
      expect.stringContaining('can’t all be told apart'),
    ]);
  });
});

describe('the ARP table of a probe host', () => {
  it('gives the MAC addresses of complete entries', () => {
    const text = `IP address       HW type     Flags       HW address            Mask     Device
10.83.33.79      0x1         0x2         02:00:0A:53:21:4f     *        eth0
10.83.33.80      0x1         0x0         00:00:00:00:00:00     *        eth0
nonsense
`;
    expect([...parseNeighbours(text)]).toEqual([['10.83.33.79', '02:00:0a:53:21:4f']]);
  });

  it.each(hostShells)('is printed after each host was spoken to, by $name', (shell) => {
    const folder = mkdtempSync(join(tmpdir(), 'lvsctl-ping-'));
    try {
      const log = join(folder, 'log');
      const ping = sh`ping() { echo "$5" >> ${log}; return 1; }`;
      const { stdout } = runIn(shell, shLines(ping, neighboursScript(['192.0.2.1', '192.0.2.2'])));
      expect(readFileSync(log, 'utf8').trim().split('\n').sort()).toEqual(['192.0.2.1', '192.0.2.2']);
      expect(stdout).toMatch(/^IP address +HW type/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
