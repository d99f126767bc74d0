import { LvsctlError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import { type ForeignHost, isForeign, managedHosts, titleOf } from '../inventory/systems.js';

/** What a lab of a cluster is a twin of. */
export interface Twin {
  /** The cluster with Linux hosts only, and its services without the others; a service that none of them serves is not there. */
  readonly cluster: Cluster;
  /** The hosts that the lab can't boot, since they don't run Linux. */
  readonly leftOut: readonly ForeignHost[];
}

export function twinOf(cluster: Cluster): Twin {
  const leftOut = [...cluster.hosts.values()].filter(isForeign);
  if (leftOut.length === 0) return { cluster, leftOut };
  const hosts = new Map(managedHosts(cluster.hosts.values()).map((host) => [host.name, host]));
  const services = cluster.services
    .map((service) => ({
      ...service,
      realServers: service.realServers.filter(({ host }) => hosts.has(host)),
    }))
    .filter(({ realServers }) => realServers.length > 0);
  return { cluster: { ...cluster, hosts, services }, leftOut };
}

/** `bsd1 (FreeBSD): …`, or nothing where all hosts are in the lab. */
export function leftOutRemark({ leftOut }: Pick<Twin, 'leftOut'>): string | undefined {
  if (leftOut.length === 0) return undefined;
  const told = leftOut.map((host) => `${host.name} (${titleOf(host)})`).join(', ');
  return `the lab boots Linux only: it does without ${told}, and its services are served by the others alone`;
}

/** @throws LvsctlError for a host that the lab can't have */
export function requireInLab(cluster: Cluster, names: readonly string[]): void {
  for (const host of twinOf(cluster).leftOut)
    if (names.includes(host.name))
      throw new LvsctlError(`the lab has no twin of ${host.name}, which runs ${titleOf(host)}`, {
        hint: `It has ${[...twinOf(cluster).cluster.hosts.keys()].join(', ')}.`,
      });
}
