import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import { addressFor } from '../inventory/host-address.js';
import { type VrrpInstance, vrrpInstances, vrrpOf, vrrpPriority } from '../inventory/keepalived.js';
import { isIPv6 } from '../ipvs/index.js';
import type { Part } from './parts.js';

/** The sync groups and instances that a host is in. */
export function vrrpParts(cluster: Cluster, host: ClusterHost): Part[] {
  const instances = vrrpInstances(cluster).filter(({ directors }) => directors.includes(host.name));
  return [
    ...(vrrpOf(cluster).syncGroup ? groupParts(instances) : []),
    ...instances.flatMap((instance) => ['', instancePart(instance, cluster, host)]),
  ];
}

function groupParts(instances: readonly VrrpInstance[]): Part[] {
  const names = new Set(instances.map(({ group }) => group));
  return [...names].flatMap((group): Part[] => {
    const members = instances.filter((one) => one.group === group);
    return members.length < 2
      ? []
      : [
          '',
          {
            head: `vrrp_sync_group ${group}`,
            parts: [{ head: 'group', parts: members.map(({ name }) => name) }],
          },
        ];
  });
}

function instancePart(instance: VrrpInstance, cluster: Cluster, host: ClusterHost): Part {
  const {
    interface: nic = host.interface,
    advertSeconds,
    unicast,
    preempt,
    preemptDelaySeconds,
  } = vrrpOf(cluster);
  const [first] = instance.services;
  const of = (director: ClusterHost): string | undefined => addressFor(director, first?.vip ?? '')?.address;
  const peers = instance.directors
    .filter((name) => name !== host.name)
    .flatMap((name) => {
      const director = cluster.hosts.get(name);
      return (director && of(director)) ?? [];
    });
  const own = of(host);
  const alone = peers.length === 0;
  const held = addresses(instance, cluster, host);
  const told = MOST_TOLD[instance.family];
  return {
    head: `vrrp_instance ${instance.name}`,
    parts: [
      'state BACKUP',
      `interface ${nic}`,
      `virtual_router_id ${instance.routerId}`,
      `priority ${vrrpPriority(instance, host.name)}`,
      `advert_int ${advertSeconds}`,
      ...(preempt
        ? preemptDelaySeconds > 0
          ? [`preempt_delay ${preemptDelaySeconds}`]
          : []
        : ['nopreempt']),
      // Without peers keepalived speaks to the group, or not at all.
      ...(unicast && !alone && own !== undefined
        ? [`unicast_src_ip ${own}`, { head: 'unicast_peer', parts: peers }]
        : []),
      { head: 'virtual_ipaddress', parts: held.slice(0, told) },
      // They move with the others.
      ...(held.length > told ? [{ head: 'virtual_ipaddress_excluded', parts: held.slice(told) }] : []),
    ],
  };
}

/** Addresses that a sign of life may name: it is one packet. keepalived -t (2.2.7) takes 255 and 83 with an MTU of 1500. */
const MOST_TOLD = { IPv4: 200, IPv6: 60 } as const;

/** The VIPs, and the gateway of NAT's real servers where it moves with them. */
function addresses({ services }: VrrpInstance, { hosts }: Cluster, host: ClusterHost): string[] {
  const nic = host.interface;
  const own = new Set([...hosts.values()].flatMap(({ address, address6 }) => [address, address6 ?? '']));
  const vips = new Map(
    services.map(({ vip, label }) => [
      vip,
      isIPv6(vip) ? `${vip}/128 dev ${nic}` : `${vip}/32 dev ${nic} label ${nic}:${label}`,
    ]),
  );
  for (const { gateway } of services)
    if (typeof gateway === 'string' && !own.has(gateway) && !vips.has(gateway))
      vips.set(gateway, `${gateway}/${isIPv6(gateway) ? 128 : 32} dev ${nic}`);
  return [...vips.values()];
}
