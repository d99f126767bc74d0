import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { directorVips } from '../vips.js';

/** ip_vs, and one module for each scheduler of the host's services. */
export function directorModules(cluster: Cluster, host: ClusterHost): string[] {
  const services = directorVips(cluster, host).flatMap((vip) => vip.services);
  const schedulers = [...new Set(services.map((service) => service.scheduler))].sort();
  return ['ip_vs', ...schedulers.map((scheduler) => `ip_vs_${scheduler}`)];
}
