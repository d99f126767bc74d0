import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost, Service } from '../../src/inventory/cluster.js';
import { gatewayOf } from '../../src/inventory/gateway.js';
import { keepalivedRuns } from '../../src/inventory/keepalived.js';
import { withRecorded } from '../../src/ipvs/index.js';
import {
  address,
  announceAddress,
  bootScript,
  hostRoute,
  interfaceLabel,
  ipvsTimeouts,
  keepalivedLeft,
  packages,
  persistentSysctl,
  syncDaemons,
  sysctl,
} from '../../src/resources/index.js';
import type { Sh } from '../../src/shell/index.js';
import { noParams } from '../noParams.js';
import { arpingPackage } from '../probe/arping.js';
import { directorVips, isIPv4, neighbourOf, type Vip, vipPrefix } from '../vips.js';
import { checkRemarks, checkSettings, keepalivedResources, tableOf } from './keepalived.js';
import { LEGACY_IPTABLES, marks, newMarks } from './marks.js';
import { masquerading, trackingSettings } from './masquerade.js';
import { recordRemarks, recordResources } from './recorded.js';
import { reuseSettings } from './reuse.js';
import { directorScript } from './script.js';
import { directorSettings } from './settings.js';
import { directorTurn } from './turn.js';

export default defineRole({
  name: 'director',
  description: 'holds the VIPs and spreads their connections over the real servers',
  params: noParams,
  wants: {
    commands: [
      'ip',
      'ifconfig',
      'route',
      'arp',
      'arping',
      'ping',
      'ipvsadm',
      'nft',
      'iptables',
      'keepalived',
    ],
    paths: [LEGACY_IPTABLES],
  },
  appliesTo: (host, cluster) => directorVips(cluster, host).length > 0,
  turn: directorTurn,
  resources({ cluster, host, facts, unready }) {
    checkInterface(host, facts);
    const vips = directorVips(cluster, host);
    const byKeepalived = keepalivedRuns(cluster, host);
    const settings = [
      ...directorSettings(vips, host.interface),
      ...(byKeepalived ? checkSettings(cluster, host) : []),
    ];
    const tracking = trackingSettings(cluster, host);
    const reuse = reuseSettings(cluster, host, facts);
    const recorded = withRecorded(cluster, facts.recorded);
    const table = tableOf(recorded, host, unready, facts);
    return [
      ...arping(byKeepalived ? [] : vips, facts),
      ...settings.map((setting) => sysctl(setting)),
      ...newMarks(cluster, host, facts),
      // The table before the VIP: the first packet for it must find its service.
      table,
      ...recordResources(cluster, host, facts),
      marks(cluster, host, facts),
      ...tracking.map((setting) => sysctl({ ...setting, createdBy: table.id, hint: withoutTracking })),
      ...reuse.map((setting) => sysctl({ ...setting, createdBy: table.id })),
      ...masquerading(cluster, host, facts),
      ...(byKeepalived
        ? keepalivedResources({ cluster: recorded, host, facts, unready })
        : [
            ...(facts.commands.has('keepalived') ? [keepalivedLeft()] : []),
            ...tableSettings(cluster, host),
            ...vips.flatMap((vip) => vipResources(vip, cluster, host, facts)),
          ]),
      persistentSysctl({ name: 'director', settings: [...settings, ...tracking, ...reuse], facts }),
      ...bootScript({
        name: 'director',
        description: `LVS director of the cluster ${cluster.name}`,
        text: (present) => directorScript({ cluster, host, facts, unready, present }),
        // No VIP before the marks and rules of its services.
        ...(byKeepalived && { before: 'keepalived.service' }),
        facts,
      }),
    ];
  },
  remarks({ cluster, host, facts, unready }) {
    const services = directorVips(cluster, host).flatMap((vip) => vip.services);
    const held = [...unready].flatMap(([name, reason]) => {
      const of = services.filter((service) => service.realServers.some((one) => one.host === name));
      if (of.length === 0) return [];
      return [`${name} is held back from ${of.map((service) => service.name).join(', ')}: ${reason}`];
    });
    const unchecked = keepalivedRuns(cluster, host) ? [] : checkRemarks(cluster, host);
    return [
      ...held,
      ...unknownGateways(cluster, services),
      ...unchecked,
      ...recordRemarks(cluster, host, facts),
    ];
  },
});

/** NAT services whose real servers keep the routes that they have, since nobody can tell better ones. */
function unknownGateways(cluster: Cluster, services: readonly Service[]): string[] {
  const told = services.flatMap((service) =>
    service.realServers.flatMap(({ host }) => {
      const server = cluster.hosts.get(host);
      const gateway = server && gatewayOf(cluster, service, server);
      if (gateway === undefined || !('unknown' in gateway)) return [];
      return [`the default route of ${service.name}’s real servers is left alone: ${gateway.unknown}`];
    }),
  );
  return [...new Set(told)];
}

const withoutTracking =
  'boot a kernel whose IPVS knows connection tracking (CONFIG_IP_VS_NFCT, Linux 2.6.37 or later), or take `masquerade: "clients"` out';

/** What holds for the whole table, as far as the inventory says anything of it. */
function tableSettings({ ipvs }: Cluster, host: ClusterHost): Resource[] {
  return [
    ...(ipvs?.timeouts === undefined ? [] : [ipvsTimeouts(ipvs.timeouts)]),
    ...(ipvs?.sync === undefined ? [] : [syncDaemons({ interface: host.interface, ...ipvs.sync })]),
  ];
}

/** @throws LvsctlError when the NIC that is to hold the VIPs is not there */
function checkInterface(host: ClusterHost, facts: Facts): void {
  const names = facts.interfaces.map((one) => one.name);
  if (names.length === 0 || names.includes(host.interface)) return;
  throw new LvsctlError(`there is no interface ${host.interface} on ${host.name}`, {
    host: host.name,
    hint: `set \`interface\` in the inventory to one of ${names.filter((name) => name !== 'lo').join(', ')}`,
  });
}

/** A VIP that moved here must be told to the neighbours; without arping they only hear of it by a trick. */
function arping(vips: readonly Vip[], facts: Facts): Resource[] {
  const needed = vips.some((vip) => isIPv4(vip.address)) && !facts.commands.has('arping');
  if (!needed || facts.packageManager === undefined) return [];
  return [packages({ name: 'arping', packages: [arpingPackage], facts })];
}

function vipResources(vip: Vip, cluster: Cluster, host: ClusterHost, facts: Facts): Resource[] {
  const held = address({
    address: vip.address,
    prefix: vipPrefix(vip.address),
    interface: host.interface,
    label: isIPv4(vip.address) ? vip.label : undefined,
    facts,
    announce: announcement(vip, host, cluster, facts),
    neverSource: !isIPv4(vip.address),
  });
  // The tutorial's route, where its tools are; with ip(8) the kernel's local table has it.
  if (!isIPv4(vip.address) || facts.commands.has('ip') || !facts.commands.has('route')) return [held];
  const device = interfaceLabel(host.interface, vip.label) ?? host.interface;
  return [held, hostRoute({ address: vip.address, device })];
}

function announcement(vip: Vip, host: ClusterHost, cluster: Cluster, facts: Facts): Sh {
  const neighbour = neighbourOf(cluster, host);
  return announceAddress({ vip: vip.address, interface: host.interface, neighbour, facts });
}
