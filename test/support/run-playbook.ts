import { noParams } from '../../roles/noParams.js';
import { type RunEvent, type RunOutcome, runCluster } from '../../src/engine/index.js';
import { definePlaybook } from '../../src/engine/playbook.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole, type Role } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import type { Dial } from '../../src/ssh/host.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';

export interface Provisioned {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  /** Failures and remarks, for the message of an expectation that does not hold. */
  readonly story: string;
}

/** Provisions a cluster with these roles in one stage, by the engine and over SSH, as a run of lvsctl does. */
export async function provisionRoles(
  cluster: Cluster,
  roles: readonly Role[],
  dial?: Dial,
): Promise<Provisioned> {
  const events: RunEvent[] = [];
  const outcome = await runCluster({
    command: 'provision',
    cluster,
    playbook: definePlaybook({ name: 'test', verify: false, stages: [{ name: 'all', hosts: 'all', roles }] }),
    forks: 4,
    connections: 4,
    open: (host) => openHost(host, { passwords: environmentPasswords({}), ...(dial && { dial }) }),
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  const story = events
    .filter(({ type }) => type === 'failure' || type === 'remark' || type === 'change.planned')
    .map((event) => JSON.stringify(event))
    .join('\n');
  return { outcome, events, story };
}

/** The same for one host and resources alone. */
export function provisionResources(host: ClusterHost, resources: readonly Resource[]): Promise<Provisioned> {
  const role = defineRole({
    name: 'test',
    description: 'what the test wants',
    params: noParams,
    appliesTo: () => true,
    resources: () => resources,
  });
  const cluster: Cluster = {
    name: 'test',
    file: '/tmp/inventory.ts',
    hosts: new Map([[host.name, host]]),
    services: [],
    probes: [],
    roles: {},
  };
  return provisionRoles(cluster, [role as Role]);
}
