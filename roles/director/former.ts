import { defineRole } from '../../src/engine/role.js';
import { keepalivedGone } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { directorVips } from '../vips.js';
import { formerTurn, isFormer } from './turn.js';

export default defineRole({
  name: 'former-director',
  description: 'takes away the keepalived of a host that directs nothing any more',
  params: noParams,
  appliesTo: (host, cluster) => directorVips(cluster, host).length === 0,
  needed: ({ cluster, host, facts }) => isFormer(cluster, host.name, facts),
  turn: formerTurn,
  resources({ cluster, host, facts }) {
    if (!isFormer(cluster, host.name, facts)) return [];
    // Its file also has VIPs that the inventory has no more, and gateways of NAT: two hosts must not have the address that real servers route by.
    const moved = new Set([...cluster.services.map(({ vip }) => vip), ...(facts.keepalived?.moves ?? [])]);
    const addresses = [...moved].filter((one) => one !== host.address && one !== host.address6);
    return [keepalivedGone({ addresses, interface: host.interface, facts })];
  },
});
