import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { verifyCluster } from '../../../src/verify/index.js';
import { clusterOf, FakeCluster } from './fake-cluster.js';

const checked: Partial<Service> = {
  directors: ['lvs', 'lvs2'],
  checks: [{ type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 }],
};

async function verify(fake: FakeCluster, service: Partial<Service> = checked) {
  const events: RunEvent[] = [];
  const [report] = await verifyCluster({
    cluster: clusterOf(service),
    open: fake.open,
    connections: 40,
    sink: (event) => events.push(event),
  });
  return { report, remarks: events.flatMap((event) => (event.type === 'remark' ? [event.text] : [])) };
}

describe('several directors', () => {
  it('are sound while one of them holds the VIP, and it is asked', async () => {
    const fake = new FakeCluster();
    const { report } = await verify(fake);
    expect(report).toMatchObject({ failedConnections: 0, problems: [], arp: [{ host: 'lvs' }] });
    fake.holdsVip = new Set(['lvs2', 'rs1', 'rs2']);
    fake.answersArp = ['lvs2'];
    expect((await verify(fake)).report).toMatchObject({ problems: [], arp: [{ host: 'lvs2' }] });
  });

  it('that hold the VIP both are a split brain', async () => {
    const fake = new FakeCluster();
    fake.holdsVip.add('lvs2');
    fake.answersArp = ['lvs', 'lvs2'];
    const { report } = await verify(fake);
    expect(report?.problems).toContainEqual(
      expect.stringMatching(/^lvs and lvs2 hold 10\.83\.33\.100 \(ftp\) at the same time, a split brain/),
    );
  });

  it('may have taken a real server out: nothing is expected of it', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1'];
    fake.failed.add('rs2');
    const { report, remarks } = await verify(fake);
    expect(report).toMatchObject({ problems: [], shares: [{ answered: 40 }, { answered: 0, expected: 0 }] });
    expect(remarks).toContain(
      'ftp: real server rs2 (10.83.33.2) has weight 0 on director lvs: its check fails there, or it is drained, so no connection is expected to reach it',
    );
  });

  it('may have taken out a real server that an operator has given another weight', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1'];
    fake.failed.add('rs2');
    fake.record = '@@ weights\nrs2 ftp 5 2026-11-25T16:40:00Z alice@ops1\n';
    const { report } = await verify(fake);
    expect(report).toMatchObject({ problems: [], shares: [{ answered: 40 }, { weight: 0, expected: 0 }] });
  });

  it('a single director without keepalived takes nobody out', async () => {
    const fake = new FakeCluster();
    fake.cycle = ['rs1'];
    fake.failed.add('rs2');
    const { report } = await verify(fake, { ...checked, directors: ['lvs'] });
    expect(report?.problems).toContainEqual(expect.stringContaining('rs2 (10.83.33.2) got 0 of 40'));
  });
});
