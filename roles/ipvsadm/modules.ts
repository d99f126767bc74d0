import type { Cluster, ClusterHost, Service } from '../../src/inventory/cluster.js';
import { FTP_PORT } from '../../src/inventory/ports.js';
import { directorVips } from '../vips.js';

const services = (cluster: Cluster, host: ClusterHost) =>
  directorVips(cluster, host).flatMap((vip) => vip.services);

/** ip_vs, and one module for each scheduler and persistence engine of the host's services. */
export function directorModules(cluster: Cluster, host: ClusterHost): string[] {
  const named = services(cluster, host).flatMap(({ scheduler, persistence }) => [
    `ip_vs_${scheduler}`,
    ...(persistence?.engine === undefined ? [] : [`ip_vs_pe_${persistence.engine}`]),
  ]);
  const helpers = services(cluster, host).some(needsFtpHelper) ? [FTP_HELPER] : [];
  return ['ip_vs', ...[...new Set([...named, ...helpers])].sort()];
}

/** Reads the addresses and ports that FTP tells of in its own words, and lets their connections through. Watches port 21 of VIPs by itself. */
const FTP_HELPER = 'ip_vs_ftp';

/** NAT changes addresses, and FTP speaks of them. */
export function needsFtpHelper({ forwarding, protocol, port, ports }: Service): boolean {
  const taken = ports ?? [{ first: port, last: port }];
  return (
    forwarding === 'nat' &&
    protocol === 'tcp' &&
    taken.some(({ first, last }) => first <= FTP_PORT && FTP_PORT <= last)
  );
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
  if (module === FTP_HELPER)
    return `boot a kernel that has it (${option}), or do FTP by another way than nat: without it no data connection comes through NAT`;
  if (using.length === 0) return `boot a kernel that has it (${option})`;
  const change = module.startsWith('ip_vs_pe_') ? 'take `engine` out of' : 'choose another scheduler for';
  return `${change} ${using.join(', ')}, or boot a kernel that has it (${option})`;
}
