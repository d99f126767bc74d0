import { afterEach, expect, it } from 'vitest';
import { noParams } from '../../../roles/noParams.js';
import { defineRole, type RunEvent, runCluster } from '../../../src/engine/index.js';
import { sh } from '../../../src/shell/index.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const opened: FakeDirector[] = [];
afterEach(async () => {
  for (const director of opened.splice(0)) await director.close();
});

const idle = defineRole({
  name: 'idle',
  description: 'nothing',
  params: noParams,
  appliesTo: () => true,
  resources: () => [{ id: 'nothing', probe: sh`:`, plan: () => undefined }],
});

it('a plan tells of a drained server of which one director has no record', async () => {
  const site = cluster({ directors: ['lvs', 'lvs2'] });
  const events: RunEvent[] = [];
  await runCluster({
    command: 'plan',
    cluster: site,
    playbook: { name: 'test', verify: false, stages: [{ name: 'all', hosts: 'all', roles: [idle] }] },
    forks: 10,
    connections: 40,
    open: async ({ name }) => {
      const host = new FakeDirector(name, new FakeKernel());
      const entry = 'ftp1 ftp 0 2026-11-25T16:40:00Z alice@ops1 new disk';
      if (name === 'lvs')
        await host.run(sh`mkdir -p /var/lib/lvsctl; echo ${entry} >/var/lib/lvsctl/weights`);
      // Ended after the test: the engine closes it too.
      const open = new Proxy(host, {
        get: (target, key) => (key === 'close' ? async () => undefined : Reflect.get(target, key, target)),
      });
      opened.push(host);
      return open;
    },
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  expect(events.filter(({ type }) => type === 'failure')).toEqual([]);
  const remarks = events.flatMap((event) =>
    event.type === 'remark' ? [`${event.host}: ${event.text}`] : [],
  );
  expect(remarks).toContainEqual(
    expect.stringMatching(
      /^lvs2: ftp1 in ftp is drained since .*: new disk: so says the record of lvs, and that of lvs2 says nothing of it; `lvsctl drain/,
    ),
  );
});
