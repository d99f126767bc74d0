import { defineRole } from '../../src/engine/role.js';
import { persistentSysctl, sysctl } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { isIPv4, realServerVips } from '../vips.js';
import { arpPaths, arpSettings } from './settings.js';

export default defineRole({
  name: 'arp',
  description: 'keeps real servers from answering ARP for a VIP',
  params: noParams,
  wants: { paths: arpPaths },
  // IPv6 needs nothing: a neighbour solicitation is answered only for addresses of the interface it came in by.
  appliesTo: (host, cluster) => realServerVips(cluster, host).some((vip) => isIPv4(vip.address)),
  resources({ host, facts }) {
    const settings = arpSettings(host.interface, facts);
    const hint = `check that ${host.interface} is the NIC in the cluster's network, or set \`interface\` in the inventory`;
    return [
      ...settings.map((setting) => sysctl({ ...setting, hint })),
      persistentSysctl({ name: 'arp', settings, facts }),
    ];
  },
});
