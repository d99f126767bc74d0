import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Host } from '../../../src/ssh/host.js';
import { settledCounters } from '../../../src/verify/counters.js';
import { ftpService } from './fake-cluster.js';

const stats = (count: number): string => `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.83.33.100:21   ${count} 2 0 3 0
  -> 10.83.33.76:21   ${count}  9 0 360 0
  -> 10.83.33.2:21   0  9 0 360 0
`;

it('waits for what the kernel sums up every two seconds, though an answer from before is long on its way', async () => {
  const begun = Date.now();
  const asked: number[] = [];
  const director = {
    run: async () => {
      const at = Date.now() - begun;
      asked.push(at);
      const text = stats(at < 2000 ? 30 : 40);
      if (at >= 1400 && at < 2000) await sleep(1000);
      return { stdout: Buffer.from(text), stderr: Buffer.alloc(0), status: 0, truncated: false };
    },
  } as unknown as Host;
  const before = { counts: [0, 0], record: { entries: [], unread: [] } };
  const after = await settledCounters(director, ftpService, before, 40);
  expect(after, `asked after ${asked.join(', ')} ms`).toMatchObject({ counts: [40, 0] });
});
