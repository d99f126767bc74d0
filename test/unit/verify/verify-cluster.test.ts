import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.js';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { type VerifyReport, verifyCluster } from '../../../src/verify/index.js';
import { clusterOf, FakeCluster, ftpService } from './fake-cluster.js';

async function verify(
  fake: FakeCluster,
  cluster: Cluster = clusterOf(),
  connections = 40,
): Promise<{ report: VerifyReport; reports: VerifyReport[]; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const reports = await verifyCluster({
    cluster,
    open: fake.open,
    connections,
    sink: (event) => events.push(event),
  });
  return { report: reports[0] as VerifyReport, reports, events };
}

const remarks = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'remark' ? [event.text] : []));

describe.concurrent('the tutorial’s cluster', () => {
  it('is proven by 30:10 of 40 logins, the counters, and one MAC address', async () => {
    const fake = new FakeCluster();
    const { report, events } = await verify(fake);
    expect(report).toEqual({
      service: 'ftp',
      endpoint: '10.83.33.100:21/tcp',
      from: 'client',
      connections: 40,
      failedConnections: 0,
      shares: [
        { host: 'rs1', address: '10.83.33.76', weight: 3, expected: 0.75, answered: 30, counted: 30 },
        { host: 'rs2', address: '10.83.33.2', weight: 1, expected: 0.25, answered: 10, counted: 10 },
      ],
      arp: [{ mac: '02:00:0a:53:21:53', host: 'lvs' }],
      problems: [],
    });
    expect(events.at(-1)).toEqual({ type: 'verify.result', report });
    expect(events.filter(({ type }) => type === 'verify.progress').at(-1)).toMatchObject({
      done: 40,
      total: 40,
    });
    expect(remarks(events)).toEqual([]);
  });

  it('expects shares by the weights that an operator has recorded', async () => {
    const fake = new FakeCluster();
    fake.record = '@@ weights\n# comment\nrs1 ftp 0 2026-11-25T16:40:00Z alice@ops1 new disk\n';
    fake.cycle = ['rs2'];
    const { report } = await verify(fake);
    expect(report.problems).toEqual([]);
    expect(report.shares).toMatchObject([
      { host: 'rs1', weight: 0, expected: 0, counted: 0 },
      { host: 'rs2', weight: 1, expected: 1, counted: 40 },
    ]);
    fake.record = '';
    expect((await verify(fake)).report.problems).toContainEqual(
      expect.stringContaining('rs1 (10.83.33.76) got 0 of 40'),
    );
  });

  it('takes few trips, and none for evidence, when all is well', async () => {
    const fake = new FakeCluster();
    await verify(fake);
    expect(fake.scripts.map(({ host, kind }) => `${host} ${kind}`).sort()).toEqual([
      'client traffic',
      'client traffic',
      'lvs counters',
      'lvs counters',
      'lvs interfaces',
      'lvs vips',
      'rs1 interfaces',
      'rs2 interfaces',
    ]);
  });

  it('fails when a real server answers ARP, with the cause', async () => {
    const fake = new FakeCluster();
    fake.answersArp = ['lvs', 'rs1'];
    fake.arpIgnore = { rs1: 0, rs2: 1 };
    const { report } = await verify(fake);
    expect(report.problems).toEqual([
      '10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0',
      "2 MAC addresses answer ARP for 10.83.33.100: 02:00:0a:53:21:53 (lvs), 02:00:0a:53:21:4c (rs1); it must be director lvs's only",
    ]);
  });

  it('misses no datagrams that IPVS took for those of an earlier flow, from the same port, as long as they are few', async () => {
    const short = async (protocol: 'tcp' | 'udp', missing: number) => {
      const fake = new FakeCluster();
      fake.protocol = protocol;
      fake.uncounted = missing;
      const { report } = await verify(fake, clusterOf({ protocol }));
      return report.problems;
    };
    const [few, many, ofTcp] = await Promise.all([short('udp', 2), short('udp', 9), short('tcp', 2)]);
    // They went where the earlier flow did, and the other 38 by turns: 31 and 9 answers.
    expect(few).toEqual([]);
    for (const told of [many, ofTcp])
      expect(told).toContainEqual(expect.stringContaining('did not pass director'));
  });

  it('sees connections that pass the director by', async () => {
    const fake = new FakeCluster();
    fake.answersArp = ['rs1'];
    fake.arpIgnore = { rs1: 0 };
    fake.stealer = 'rs1';
    const { report } = await verify(fake);
    expect(report.problems).toContain(
      '40 of 40 connections did not pass director lvs, which counted 0: someone else has the VIP',
    );
    expect(report.problems).toContain('10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0');
    expect(report.shares.map(({ answered, counted }) => [answered, counted])).toEqual([
      [40, 0],
      [0, 0],
    ]);
  });

  it('names the real server without the VIP when connections hang', async () => {
    const fake = new FakeCluster();
    fake.holdsVip.delete('rs2');
    const { report } = await verify(fake);
    expect(report.failedConnections).toBe(10);
    expect(report.problems).toEqual([
      'real server rs2 (10.83.33.2) does not hold 10.83.33.100 on lo: connections sent to it hang',
      'real server rs2 (10.83.33.2) gives director lvs no answer at 10.83.33.100:21, but one at 10.83.33.2: it does not hold 10.83.33.100 on lo; mend it with `lvsctl provision /tmp/inventory.ts --limit rs2`',
      '10 connections from client to 10.83.33.100:21/tcp failed: 10 × no answer within 4 s',
    ]);
  });

  it('names the real server without the VIP to which no connection came', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1'];
    fake.holdsVip.delete('rs2');
    const { report } = await verify(fake, clusterOf({ persistence: { seconds: 300 } }), 4);
    expect(report.failedConnections).toBe(0);
    expect(report.problems).toEqual([
      'real server rs2 (10.83.33.2) does not hold 10.83.33.100 on lo: connections sent to it hang',
      expect.stringMatching(/^real server rs2 .* no answer at 10\.83\.33\.100:21, but one at 10\.83\.33\.2:/),
    ]);
  });

  it('names it also where no probe host is, and where it is drained only in a remark', async () => {
    const fake = new FakeCluster();
    fake.holdsVip.delete('rs2');
    const alone = await verify(fake, clusterOf({}, []));
    expect(alone.report.problems).toEqual([
      expect.stringContaining('names no probe host'),
      expect.stringMatching(/^real server rs2 .* no answer at/),
    ]);
    fake.cycle = ['rs1'];
    const realServers = ftpService.realServers.map((server) =>
      server.host === 'rs2' ? { ...server, weight: 0 } : server,
    );
    const drained = await verify(fake, clusterOf({ realServers }), 4);
    expect(drained.report.problems.join()).not.toContain('no answer at');
    expect(remarks(drained.events)).toContainEqual(
      expect.stringMatching(/^ftp: real server rs2 .* no answer at/),
    );
  });

  it('believes the host itself where a ping alone was asked', async () => {
    const fake = new FakeCluster();
    fake.holdsVip.delete('rs2');
    const udp = await verify(fake, clusterOf({ protocol: 'udp' }), 4);
    expect(udp.report.problems.join()).toMatch(
      /real server rs2 \S+ gives director lvs no answer at 10\.83\.33\.100, but/,
    );
    fake.deaf.add('rs2');
    fake.holdsVip.add('rs2');
    const deaf = await verify(fake, clusterOf({ protocol: 'udp' }), 4);
    expect(deaf.report.problems.join()).not.toContain('no answer at');
    expect(remarks(deaf.events)).toContainEqual(
      expect.stringMatching(/^ftp: real server rs2 .* no answer at/),
    );
  });

  it('remarks a real server that answers clients and not the director; one that is down is a problem', async () => {
    const fake = new FakeCluster();
    fake.shy.add('rs2');
    const shy = await verify(fake, clusterOf(), 4);
    expect(shy.report.problems).toEqual([]);
    expect(remarks(shy.events)).toEqual([
      expect.stringMatching(
        /^ftp: real server rs2 .* no answer, neither at 10\.83\.33\.100:21 nor at 10\.83\.33\.2; is rs2 up/,
      ),
    ]);
    fake.unreachable.add('rs2');
    const down = await verify(fake, clusterOf({ persistence: { seconds: 300 } }), 1);
    expect(down.report.problems.join()).toMatch(/real server rs2 .* no answer, neither at/);
  });

  it('says that the director can ask nobody', async () => {
    const fake = new FakeCluster();
    fake.cannotAsk = 'find perl';
    const { report, events } = await verify(fake, clusterOf(), 4);
    expect(report.problems).toEqual([]);
    expect(remarks(events)).toEqual([
      "ftp: not every real server was asked at 10.83.33.100 from here: can't find perl",
    ]);
  });

  it('fails on another share than the weights’', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1', 'rs2'];
    const { report } = await verify(fake);
    expect(report.problems.slice(0, 2)).toEqual([
      'real server rs1 (10.83.33.76) got 20 of 40 connections (by their answers), expected 30',
      'real server rs2 (10.83.33.2) got 20 of 40 connections (by their answers), expected 10',
    ]);
  });

  it('allows for the connections of others', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1', 'rs1', 'rs1', 'rs2'];
    fake.foreign = 5;
    const { report } = await verify(fake, clusterOf(), 41);
    expect(report.problems).toEqual([]);
    expect(report.shares.reduce((sum, { counted }) => sum + (counted ?? 0), 0)).toBe(46);
  });

  it('says that the service is not in the table', async () => {
    const fake = new FakeCluster();
    fake.inTable = false;
    const { report } = await verify(fake);
    expect(report.problems).toEqual([
      '10.83.33.100:21/tcp is not in the table of director lvs',
      '40 connections from client to 10.83.33.100:21/tcp failed: 40 × Connection refused',
      "the counters of director lvs can't be read: the service is not in its table",
    ]);
    expect(report.shares.map(({ counted }) => counted)).toEqual([undefined, undefined]);
  });

  it('relies on the counters alone where the servers say the same', async () => {
    const fake = new FakeCluster();
    fake.banners = { rs1: '220 hi', rs2: '220 hi' };
    const { report, events } = await verify(fake);
    expect(report.problems).toEqual([]);
    expect(report.shares.map(({ answered, counted }) => [answered, counted])).toEqual([
      [undefined, 30],
      [undefined, 10],
    ]);
    expect(remarks(events)).toEqual([
      'ftp: the real servers can’t all be told apart by what they say, so the director’s counters decide',
    ]);
  });

  it.each(['client', 'lvs', 'rs1'])('makes a problem of %s when it can’t be reached', async (name) => {
    const fake = new FakeCluster();
    fake.unreachable.add(name);
    if (name === 'rs1') fake.answersArp = ['lvs', 'rs1'];
    const { report } = await verify(fake);
    expect(report.problems.join('\n')).toContain(`${name}: connect ECONNREFUSED`);
  });

  it('says what a probe host needs that has no client', async () => {
    const fake = new FakeCluster();
    fake.client = 'none';
    const { report } = await verify(fake);
    expect(report.problems).toEqual([
      'probe host client has no client to connect with: it needs bash with /dev/tcp, python3, perl, nc, or curl for HTTP',
    ]);
  });

  it('says how to name a probe host', async () => {
    const { report } = await verify(new FakeCluster(), clusterOf({}, []));
    expect(report.problems).toEqual([
      'the inventory names no probe host: add one, as in `probes: ["client"]`',
    ]);
  });

  it('does not let a real server talk to itself', async () => {
    const fake = new FakeCluster();
    const { report } = await verify(fake, clusterOf({}, ['rs1']));
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]).toContain('rs1 is a real server of ftp');
    expect(fake.scripts.map(({ host }) => host)).not.toContain('rs1');
  });

  it('does not guess which of all ports serves', async () => {
    const fake = new FakeCluster();
    const { report } = await verify(fake, clusterOf({ port: 0, persistence: { seconds: 300 } }));
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]).toContain('ftp is not proven: it takes every port of 10.83.33.100');
    expect(fake.scripts.map(({ host }) => host)).not.toContain('client');
  });

  it('counts the connections of a service by mark, whose first port it connects to', async () => {
    const fake = new FakeCluster();
    fake.mark = 7;
    const ports = [
      { first: 21, last: 21 },
      { first: 50000, last: 50100 },
    ];
    const { report } = await verify(fake, clusterOf({ fwmark: 7, ports }));
    expect(report.problems).toEqual([]);
    expect(report.shares.map(({ counted }) => counted)).toEqual([30, 10]);
  });

  it('promises nothing with persistence', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1'];
    const { report, events } = await verify(fake, clusterOf({ persistence: { seconds: 300 } }));
    expect(report.problems).toEqual([]);
    expect(remarks(events)).toEqual([
      'ftp: persistence sends one client always to the same server, so no share is expected',
    ]);
  });

  it('counts the second probe host’s connections apart', async () => {
    const fake = new FakeCluster();
    const { reports } = await verify(fake, clusterOf({}, ['client', 'lvs']));
    expect(reports.map(({ from, shares }) => [from, ...shares.map(({ counted }) => counted)])).toEqual([
      ['client', 30, 10],
      ['lvs', 30, 10],
    ]);
  });

  it('refuses a service that the inventory does not have', async () => {
    await expect(
      verifyCluster({
        cluster: clusterOf(),
        open: new FakeCluster().open,
        connections: 4,
        services: ['http'],
        sink: () => {},
      }),
    ).rejects.toMatchObject({ message: 'no service "http" in /tmp/inventory.ts', hint: 'Name one of: ftp.' });
  });
});
