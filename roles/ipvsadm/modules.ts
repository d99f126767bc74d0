import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { directorVips } from '../vips.js';

const services = (cluster: Cluster, host: ClusterHost) =>
  directorVips(cluster, host).flatMap((vip) => vip.services);

/** ip_vs, and one module for each scheduler and persistence engine of the host's services. */
export function directorModules(cluster: Cluster, host: ClusterHost): string[] {
  const named = services(cluster, host).flatMap(({ scheduler, persistence }) => [
    `ip_vs_${scheduler}`,
    ...(persistence?.engine === undefined ? [] : [`ip_vs_pe_${persistence.engine}`]),
  ]);
  return ['ip_vs', ...[...new Set(named)].sort()];
}

/** What to do where the running kernel lacks one of them. */
export function withoutModule(module: string, cluster: Cluster, host: ClusterHost): string {
  const option = `CONFIG_${module.toUpperCase()}`;
  const using = services(cluster, host)
    .filter(
      ({ scheduler, persistence }) =>
        module === `ip_vs_${scheduler}` || module === `ip_vs_pe_${persistence?.engine}`,
    )
    .map(({ name }) => name);
  if (using.length === 0) return `boot a kernel that has it (${option})`;
  const change = module.startsWith('ip_vs_pe_') ? 'take `engine` out of' : 'choose another scheduler for';
  return `${change} ${using.join(', ')}, or boot a kernel that has it (${option})`;
}
