import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { isIPv6 } from '../ipvs/index.js';

export const EXPORT_FORMATS = ['ipvsadm', 'keepalived'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface Exported {
  readonly text: string;
  readonly lost: readonly NotExpressed[];
}

/** What the text doesn't say of the inventory. */
export interface NotExpressed {
  /** Path in the inventory: `services.web.ports`. */
  readonly subject: string;
  readonly reason: string;
}

/** The services of one director, in the inventory's order. */
export function servicesOf(cluster: Cluster, { name }: ClusterHost): Service[] {
  return cluster.services.filter(({ directors }) => directors.includes(name));
}

/** What no table and no keepalived.conf says: which packets get a mark, as commands that say it. */
export function marksNotExpressed(services: readonly Service[]): NotExpressed[] {
  return services.flatMap((service) =>
    service.fwmark === undefined
      ? []
      : [
          {
            subject: `services.${service.name}.ports`,
            reason: `packets must get the mark beforehand:\n${markRules(service).join('\n')}`,
          },
        ],
  );
}

/** What of a service is lvsctl's to act on, whatever directs. */
const ownFields = {
  minAvailable: 'a limit of `lvsctl drain` and of rolling runs',
  masquerade: 'rules of a packet filter: `lvsctl provision` sets them',
  gateway: 'the default route of real servers: `lvsctl provision` sets it',
  mss: 'a rule on real servers, of the segments that clients send: `lvsctl provision` sets it',
} as const;

export function ownFieldsNotExpressed(services: readonly Service[]): NotExpressed[] {
  return services.flatMap((service) =>
    (Object.keys(ownFields) as (keyof typeof ownFields)[])
      .filter((field) => service[field] !== undefined)
      .map((field) => ({ subject: `services.${service.name}.${field}`, reason: ownFields[field] })),
  );
}

function markRules({ vip, protocol, fwmark, ports = [] }: Service): string[] {
  const command = isIPv6(vip) ? 'ip6tables' : 'iptables';
  return ports.map(
    ({ first, last }) =>
      `${command} -t mangle -A PREROUTING -d ${vip} -p ${protocol} --dport ${first === last ? first : `${first}:${last}`} -j MARK --set-mark ${fwmark}`,
  );
}

/** What belongs to lvsctl alone. */
export function hostsNotExpressed({ roles }: Cluster): NotExpressed[] {
  return [
    {
      subject: 'hosts',
      reason:
        'names, how they are reached, and what real servers need (VIP, ARP): `lvsctl provision` does it',
    },
    ...Object.keys(roles).map((role) => ({ subject: `roles.${role}`, reason: 'what runs on the hosts' })),
  ];
}
