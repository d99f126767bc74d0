import { z } from 'zod';
import type { ClusterRun, RunEvent } from '../../src/engine/index.js';
import { runCluster } from '../../src/engine/index.js';
import { definePlaybook, type Playbook, type Stage } from '../../src/engine/playbook.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole, type Role, type RoleInput } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';

export const passwords = environmentPasswords({}, async () => undefined);

export const role = (
  name: string,
  resources: (input: RoleInput<unknown>) => readonly Resource[],
  more: Partial<Role<unknown>> = {},
): Role<never> =>
  defineRole({
    name,
    description: name,
    params: z.unknown(),
    appliesTo: () => true,
    resources,
    ...more,
  }) as Role<never>;

/** Without a traffic check. */
export const stages = (...list: (Partial<Stage> & Pick<Stage, 'roles'>)[]): Playbook =>
  definePlaybook({
    name: 'test',
    verify: false,
    stages: list.map((stage, index) => ({ name: `stage ${index + 1}`, hosts: 'all', ...stage })),
  });

export function clusterOf(hosts: readonly ClusterHost[]): Cluster {
  return {
    name: 'test',
    file: '/tmp/inventory.ts',
    hosts: new Map(hosts.map((host) => [host.name, host])),
    services: [],
    probes: [],
    roles: {},
  };
}

export interface TestRun {
  readonly outcome: { readonly changed: number; readonly failed: number; readonly pending: number };
  readonly events: readonly RunEvent[];
  of<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[];
}

/** The engine on real servers, with its events. */
export async function runOn(
  hosts: readonly ClusterHost[],
  playbook: Playbook,
  { sink, ...options }: Partial<ClusterRun> = {},
): Promise<TestRun> {
  const events: RunEvent[] = [];
  const outcome = await runCluster({
    command: 'provision',
    cluster: clusterOf(hosts),
    playbook,
    forks: 10,
    connections: 40,
    open: (host) => openHost(host, { passwords }),
    sink: (event) => {
      events.push(event);
      sink?.(event);
    },
    signal: new AbortController().signal,
    reconnectDelays: [50, 200, 500, 1000],
    rebootPollMs: 100,
    ...options,
  });
  return {
    outcome,
    events,
    of: (type) =>
      events.filter((event): event is Extract<RunEvent, { type: typeof type }> => event.type === type),
  };
}
