import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { noParams } from '../../../roles/noParams.js';
import { defineRole, type RunEvent, runCluster } from '../../../src/engine/index.js';
import type { Store } from '../../../src/engine/store.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';

const hosts = Array.from({ length: 20 }, (_, i) => ({
  name: `h${i}`,
  address: `10.0.0.${i + 1}`,
  groups: [],
}));
const cluster = {
  name: 'many',
  file: '/inventory.ts',
  hosts: new Map(hosts.map((host) => [host.name, host as unknown as ClusterHost])),
  services: [],
  probes: [],
  roles: {},
} as Cluster;
const idle = defineRole({
  name: 'idle',
  description: 'nothing',
  params: noParams,
  appliesTo: () => true,
  resources: () => [],
});

/** These ask the facts of all hosts: before the stages, and at the beginning of one. */
const turning = defineRole({
  ...idle,
  name: 'turning',
  turn: { asks: () => [], after: () => [] },
});
const perhaps = defineRole({ ...idle, name: 'perhaps', needed: () => true });
const fetching = defineRole({ ...idle, name: 'fetching', artifacts: () => [] });

it.each([
  { forks: 1, roles: [idle] },
  { forks: 3, roles: [idle] },
  { forks: 20, roles: [idle] },
  { forks: 3, roles: [turning] },
  { forks: 3, roles: [perhaps, idle] },
  { forks: 3, roles: [fetching] },
])(
  'works on at most $forks hosts at once, and on all of them in the end: $roles.0.name',
  async ({ forks, roles }) => {
    let open = 0;
    let most = 0;
    const events: RunEvent[] = [];
    const outcome = await runCluster({
      command: 'plan',
      cluster,
      playbook: { name: 'test', verify: false, stages: [{ name: 'all', hosts: 'all', roles }] },
      limit: hosts.map(({ name }) => name),
      forks,
      connections: 40,
      open: async (host) => {
        open += 1;
        most = Math.max(most, open);
        await sleep(5);
        open -= 1;
        throw new Error(`${host.name} is not there`);
      },
      openStore: async () =>
        ({ files: new Map(), ensure: async () => undefined, look: async () => [] }) as unknown as Store,
      sink: (event) => events.push(event),
      signal: new AbortController().signal,
    });
    expect(most).toBe(forks);
    expect(outcome.failed).toBe(20);
    expect(new Set(events.flatMap((event) => (event.type === 'failure' ? [event.host] : [])))).toEqual(
      new Set(hosts.map(({ name }) => name)),
    );
  },
);
