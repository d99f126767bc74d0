import { afterEach, describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../../src/inventory/cluster.js';
import { type Access, drain, undrain } from '../../../src/operations/index.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const vip = '-t 10.83.33.100:21';
const author = { who: 'alice@ops1', when: new Date('2026-11-25T16:40:00.123Z') };
const tcp: HealthCheck = { type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 };
let lvs: FakeDirector | undefined;
afterEach(async () => {
  await lvs?.close();
});

function director(weight: number): FakeDirector {
  const kernel = new FakeKernel();
  for (const line of [
    `-A ${vip} -s wrr`,
    `-a ${vip} -r 10.83.33.76:21 -g -w ${weight}`,
    `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
  ])
    expect(kernel.run(line.split(' '))).toEqual({ status: 0, output: '' });
  lvs = new FakeDirector('lvs', kernel);
  return lvs;
}

const access = (one: FakeDirector, checks: readonly HealthCheck[]): Access => ({
  cluster: { ...cluster({ checks }), keepalived: {} },
  host: async () => one,
  signal: new AbortController().signal,
});
const edits = (one: FakeDirector) => one.fake.commands.filter((command) => !/^-(Ln|Sn)/.test(command));

describe('a director with keepalived', () => {
  it('drains at once', async () => {
    const one = director(3);
    await drain(access(one, [tcp]), { host: 'ftp1', ...author });
    expect(edits(one)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 0`]);
  });

  it('is not told to give a server that it checks its weight back: it may have failed, and the file says it', async () => {
    const one = director(3);
    await drain(access(one, [tcp]), { host: 'ftp1', ...author });
    const before = edits(one).length;
    const { directors } = await undrain(access(one, [tcp]), { host: 'ftp1' });
    expect(directors[0]?.failure).toBeUndefined();
    expect(edits(one)).toHaveLength(before);
    expect(one.record).toBe('');
  });

  it('is told where nothing is checked', async () => {
    const one = director(3);
    await drain(access(one, []), { host: 'ftp1', ...author });
    await undrain(access(one, []), { host: 'ftp1' });
    expect(edits(one)).toEqual([0, 3].map((weight) => `-e ${vip} -r 10.83.33.76:21 -g -w ${weight}`));
  });
});
