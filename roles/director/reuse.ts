import type { Facts } from '../../src/engine/facts.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { compareReleases, parseKernelVersion, release } from '../../src/kernel/version.js';
import type { SysctlSetting } from '../../src/resources/index.js';

/**
 * Settings without which a server with weight 0 still gets connections (Linux, Documentation/networking/ipvs-sysctl.rst):
 *
 * - `expire_quiescent_template`: of clients that persistence has bound to it. Not in Linux 2.6.0; surely in 2.6.32, the oldest that is in use.
 * - `conn_reuse_mode` 2 (Linux 4.1): of clients that take a source port again whose last connection is still remembered; with DR and TUN that is
 *   two minutes after its end, and a busy proxy comes back to a port sooner.
 *
 * `expire_nodest_conn` stays as it is, 0: with 1, connections would not survive a table that someone else takes away and puts back (as keepalived does
 * when it is started again).
 */
export function reuseSettings(cluster: Cluster, host: ClusterHost, facts: Facts): SysctlSetting[] {
  const services = cluster.services.filter(({ directors }) => directors.includes(host.name));
  const running = parseKernelVersion(facts.kernel.release);
  const since = (first: string): boolean =>
    running !== undefined && compareReleases(running, release(first)) >= 0;
  const settings: SysctlSetting[] = [];
  if (services.some(({ persistence }) => persistence !== undefined) && since('2.6.32'))
    settings.push({ key: 'net/ipv4/vs/expire_quiescent_template', value: 1, optional: true });
  if (services.some(({ forwarding }) => forwarding !== 'nat') && since('4.1'))
    settings.push({ key: 'net/ipv4/vs/conn_reuse_mode', value: 2, optional: true });
  return settings;
}
