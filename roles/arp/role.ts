import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import { arpRules, persistentSysctl, sysctl } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { isIPv4, realServerVips } from '../vips.js';
import { type Quiet, quietWay } from './quiet.js';
import { arptablesService, savedRules } from './saved.js';

export default defineRole({
  name: 'arp',
  description: 'keeps real servers from answering ARP for a VIP',
  params: noParams,
  wants: { paths: [`/etc/init.d/${arptablesService}`] },
  // IPv6 needs nothing: a neighbour solicitation is answered only for addresses of the interface it came in by.
  appliesTo: (host, cluster) => realServerVips(cluster, host).some((vip) => isIPv4(vip.address)),
  resources({ cluster, host, facts }) {
    const quiet = quietWay(cluster, host, facts);
    const hint = `check that ${host.interface} is the NIC in the cluster's network, or set \`interface\` in the inventory`;
    return [
      ...quiet.settings.map((setting) => sysctl({ ...setting, hint })),
      ...(quiet.settings.length > 0
        ? [persistentSysctl({ name: 'arp', settings: quiet.settings, facts })]
        : []),
      ...rules(quiet, facts),
    ];
  },
  remarks({ cluster, host, facts }) {
    return quietWay(cluster, host, facts).cautions.map((caution) => `ARP: ${caution}`);
  },
});

/** The boot script has them too; where the vendor's service loads what was saved, that would otherwise take them away when it is restarted. */
function rules({ arpRules: addresses }: Quiet, facts: Facts): Resource[] {
  if (addresses.length === 0) return [];
  const live = arpRules(addresses);
  return facts.paths.has(`/etc/init.d/${arptablesService}`) ? [live, savedRules(addresses, live.id)] : [live];
}
