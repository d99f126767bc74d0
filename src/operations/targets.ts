import { UsageError } from '../errors.js';
import type { Cluster, Service, ServiceRealServer } from '../inventory/cluster.js';

/** The services of a real server that an operation is about, all of them unless some are named. */
export interface Subject {
  /** Name of the real server's host. */
  readonly host: string;
  readonly services?: readonly string[];
}

/** One service, and the host's entries in it: one, unless it serves under several ports. */
export interface Target {
  readonly service: Service;
  readonly realServers: readonly ServiceRealServer[];
}

/** @throws UsageError when the host is no real server of them */
export function targetsOf(cluster: Cluster, { host, services }: Subject): Target[] {
  const targets = cluster.services.flatMap((service): Target[] => {
    if (services !== undefined && !services.includes(service.name)) return [];
    const realServers = service.realServers.filter((one) => one.host === host);
    return realServers.length === 0 ? [] : [{ service, realServers }];
  });
  const missing = (services ?? []).filter((name) => !targets.some(({ service }) => service.name === name));
  if (targets.length > 0 && missing.length === 0) return targets;
  const own = cluster.services
    .filter(({ realServers }) => realServers.some((one) => one.host === host))
    .map(({ name }) => name);
  throw new UsageError(
    `${host} is no real server of ${missing.length > 0 ? missing.join(', ') : 'any service'}`,
    {
      hint: own.length > 0 ? `it is one of ${own.join(', ')}` : 'name a host of a service’s `realServers`',
    },
  );
}

/** Names of the directors of these services, in their order. */
export function directorsOf(targets: readonly Target[]): string[] {
  return [...new Set(targets.flatMap(({ service }) => service.directors))];
}
