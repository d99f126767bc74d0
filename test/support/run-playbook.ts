import { noParams } from '../../roles/noParams.js';
import { type RunEvent, type RunOutcome, runCluster } from '../../src/engine/index.js';
import { definePlaybook } from '../../src/engine/playbook.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';

/** Provisions one host with these resources, by the engine and over SSH, as a run of lvsctl does. */
export async function provisionResources(
  host: ClusterHost,
  resources: readonly Resource[],
): Promise<{ readonly outcome: RunOutcome; readonly events: readonly RunEvent[] }> {
  const events: RunEvent[] = [];
  const role = defineRole({
    name: 'test',
    description: 'what the test wants',
    params: noParams,
    appliesTo: () => true,
    resources: () => resources,
  });
  const outcome = await runCluster({
    command: 'provision',
    cluster: {
      name: 'test',
      file: '/tmp/inventory.ts',
      hosts: new Map([[host.name, host]]),
      services: [],
      probes: [],
      roles: {},
    },
    playbook: definePlaybook({
      name: 'test',
      verify: false,
      stages: [{ name: 'all', hosts: 'all', roles: [role] }],
    }),
    forks: 1,
    connections: 1,
    open: (one) => openHost(one, { passwords: environmentPasswords({}) }),
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  return { outcome, events };
}
