import { expect } from 'vitest';
import {
  type ClusterRun,
  type FailureDetails,
  type Role,
  type RunEvent,
  runCluster,
} from '../../../src/engine/index.js';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';

/** What a run did, as its events told it. */
export interface Provisioned {
  /** `rs1: install vsftpd`, in order. */
  readonly changes: readonly string[];
  readonly failures: readonly FailureDetails[];
}

/** Provisions the cluster with a stage for each list of roles, over SSH, by the engine as the command line uses it. */
export function provision(cluster: Cluster, ...stages: readonly (readonly Role[])[]): Promise<Provisioned> {
  return provisionWith({}, cluster, ...stages);
}

/** The same, with what the command line brings along beside. */
export async function provisionWith(
  more: Partial<Pick<ClusterRun, 'openStore'>>,
  cluster: Cluster,
  ...stages: readonly (readonly Role[])[]
): Promise<Provisioned> {
  const events: RunEvent[] = [];
  const passwords = environmentPasswords({}, () => Promise.resolve(undefined));
  await runCluster({
    command: 'provision',
    cluster,
    playbook: {
      name: 'role test',
      stages: stages.map((roles, i) => ({ name: `stage ${i + 1}`, hosts: 'all', roles })),
      verify: false,
    },
    forks: 8,
    connections: 1,
    open: (host) => openHost(host, { passwords }),
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
    ...more,
  });
  return {
    changes: events.flatMap((event) =>
      event.type === 'change.start' ? [`${event.host}: ${event.summary}`] : [],
    ),
    failures: events.flatMap((event) => (event.type === 'failure' ? [event] : [])),
  };
}

/** The promise of every role: the first run changes something and fails nowhere, the second has nothing to do. */
export async function convergeInOneRun(
  cluster: Cluster,
  ...stages: readonly (readonly Role[])[]
): Promise<void> {
  const first = await provision(cluster, ...stages);
  expect(first.failures).toEqual([]);
  expect(first.changes).not.toEqual([]);
  expect(await provision(cluster, ...stages)).toEqual({ changes: [], failures: [] });
}
