import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import type { Drain, Share, Stage } from './playbook.js';

export const defaultWaitSeconds = 300;

/** A share of so many, in whole hosts: of a part rather fewer than more. */
function wholeOf(share: Share, all: number): number {
  return typeof share === 'number' ? share : Math.floor((all * Number(share.slice(0, -1))) / 100);
}

/** Hosts of a rolling stage of so many that are worked on at once. */
export function batchSize({ batch = 1 }: Pick<Stage, 'batch'>, hosts: number): number {
  return Math.max(1, wholeOf(batch, hosts));
}

/** Hosts of a rolling stage of so many that may fail before the rest is left alone. */
export function toleratedFailures({ maxFailures = 0 }: Pick<Stage, 'maxFailures'>, hosts: number): number {
  return wholeOf(maxFailures, hosts);
}

/** Services that send a host connections, where it may be taken out of them: one that directs itself never is. */
export function drainableServices(cluster: Cluster, { name }: Pick<ClusterHost, 'name'>): readonly Service[] {
  if (cluster.services.some(({ directors }) => directors.includes(name))) return [];
  return cluster.services.filter(({ realServers }) => realServers.some(({ host }) => host === name));
}

/** What `plan` says of a host that has something to change in a stage that drains. */
export function drainText(
  services: readonly Service[],
  { waitSeconds = defaultWaitSeconds, busy }: Drain,
): string {
  const names = services.map(({ name }) => name).join(', ');
  const then = busy === 'cut' ? 'what is left then is cut' : 'or it is left as it is';
  return `before these changes it is drained (${names}): its connections have ${waitSeconds} s to end, ${then}; after them it is checked and given back`;
}
