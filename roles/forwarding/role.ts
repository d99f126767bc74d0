import { defineRole } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { sysctl } from '../../src/resources/index.js';
import { directorSettings } from '../director/settings.js';
import { noParams } from '../noParams.js';
import { directorVips, type Vip } from '../vips.js';

/** VIPs of the host that have NAT services, with these alone. */
function natVips(cluster: Cluster, host: ClusterHost): Vip[] {
  return directorVips(cluster, host).flatMap((vip) => {
    const services = vip.services.filter(({ forwarding }) => forwarding === 'nat');
    return services.length > 0 ? [{ ...vip, services }] : [];
  });
}

/** Ahead of the real servers, which begin to route through the director, lvsctl's own connection to them perhaps included. */
export default defineRole({
  name: 'forwarding',
  description: 'has the director of NAT services forward packets, before real servers route through it',
  params: noParams,
  appliesTo: (host, cluster) => natVips(cluster, host).length > 0,
  resources: ({ cluster, host }) =>
    directorSettings(natVips(cluster, host), host.interface)
      // What IPVS brings is the director's, and comes later.
      .filter(({ key }) => !key.startsWith('net/ipv4/vs/'))
      .map((setting) => sysctl(setting)),
});
