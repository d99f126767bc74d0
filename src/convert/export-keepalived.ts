import type { Cluster, ClusterHost, Service, ServiceRealServer } from '../inventory/cluster.js';
import { isIPv6 } from '../ipvs/index.js';
import {
  type Exported,
  hostsNotExpressed,
  marksNotExpressed,
  type NotExpressed,
  servicesOf,
} from './export.js';

/** A block of keepalived.conf: a line, or a head with lines in braces. */
type Part = string | { readonly head: string; readonly parts: readonly Part[] };

const INDENT = '    ';

function rendered(parts: readonly Part[], depth = 0): string[] {
  const indent = INDENT.repeat(depth);
  return parts.flatMap((part) =>
    typeof part === 'string'
      ? [part === '' ? '' : `${indent}${part}`]
      : [`${indent}${part.head} {`, ...rendered(part.parts, depth + 1), `${indent}}`],
  );
}

/** The directors that share VIPs, with the services that they share. */
interface Sharing {
  readonly instance: string;
  readonly routerId: number;
  readonly directors: readonly ClusterHost[];
  readonly services: readonly Service[];
}

/**
 * A keepalived.conf (2.x) for one director: its virtual servers with a TCP check each, and where other directors share its VIPs,
 * a skeleton of VRRP: instances whose numbers and priorities are of our making, for the inventory has none.
 */
export function exportKeepalived(cluster: Cluster, director: ClusterHost): Exported {
  const services = servicesOf(cluster, director);
  const sharings = sharingsOf(cluster).filter(({ directors }) => directors.includes(director));
  const parts: Part[] = [
    `# Cluster ${cluster.name}, for its director ${director.name}, by \`lvsctl export\`.`,
    globals(cluster, director, sharings),
    ...sharings.flatMap((sharing) => ['', ...instance(sharing, director)]),
    ...services.flatMap((service) => ['', `# ${service.name}`, virtualServer(service)]),
  ];
  return {
    text: `${rendered(parts).join('\n')}\n`,
    lost: [
      ...alone(services, sharings),
      ...marksNotExpressed(services),
      ...unchecked(services),
      ...drained(services),
      ...hostsNotExpressed(cluster),
    ],
  };
}

/** Each set of several directors, in the order of the inventory: the same on all of them, and so are the numbers. */
function sharingsOf(cluster: Cluster): Sharing[] {
  const sets = new Map<string, { names: readonly string[]; services: Service[] }>();
  for (const service of cluster.services) {
    if (service.directors.length < 2) continue;
    const key = `${isIPv6(service.vip) ? 6 : 4} ${[...service.directors].sort().join(' ')}`;
    const set = sets.get(key) ?? { names: service.directors, services: [] };
    set.services.push(service);
    sets.set(key, set);
  }
  return [...sets.values()].map(({ names, services }, index) => ({
    instance: `VI_${index + 1}`,
    routerId: 51 + index,
    directors: names.flatMap((name) => cluster.hosts.get(name) ?? []),
    services,
  }));
}

function globals(cluster: Cluster, director: ClusterHost, sharings: readonly Sharing[]): Part {
  const { timeouts, sync } = cluster.ipvs ?? {};
  const parts: string[] = [`router_id ${director.name}`];
  if (sharings.length > 0) parts.push('vrrp_version 3');
  if (timeouts !== undefined) {
    const { tcp, tcpFin, udp } = timeouts;
    const said = [
      ...(tcp === undefined ? [] : ['tcp', tcp]),
      ...(tcpFin === undefined ? [] : ['tcpfin', tcpFin]),
      ...(udp === undefined ? [] : ['udp', udp]),
    ];
    if (said.length > 0) parts.push(`lvs_timeouts ${said.join(' ')}`);
  }
  if (sync !== undefined) {
    const { interface: nic = director.interface, id, group, port, ttl } = sync;
    const [first] = sharings;
    const said = [
      nic,
      ...(first === undefined ? [] : [first.instance]),
      'id',
      id,
      ...(port === undefined ? [] : ['port', port]),
      ...(ttl === undefined ? [] : ['ttl', ttl]),
      ...(group === undefined ? [] : ['group', group]),
    ];
    parts.push(`lvs_sync_daemon ${said.join(' ')}`);
  }
  return { head: 'global_defs', parts };
}

function instance({ instance: name, routerId, directors, services }: Sharing, own: ClusterHost): Part[] {
  const vips = new Map(services.map(({ vip, label }) => [vip, label]));
  const nic = own.interface;
  const peers = directors.filter((director) => director !== own);
  return [
    '# A skeleton: the number must be free in this network, and priorities are in the order of the inventory.',
    {
      head: `vrrp_instance ${name}`,
      parts: [
        'state BACKUP',
        `interface ${nic}`,
        `virtual_router_id ${routerId}`,
        `priority ${Math.max(1, 150 - 10 * directors.indexOf(own))}`,
        'advert_int 1',
        `unicast_src_ip ${own.address}`,
        { head: 'unicast_peer', parts: peers.map(({ address }) => address) },
        {
          head: 'virtual_ipaddress',
          parts: [...vips].map(([vip, label]) =>
            isIPv6(vip) ? `${vip}/128 dev ${nic}` : `${vip}/32 dev ${nic} label ${nic}:${label}`,
          ),
        },
      ],
    },
  ];
}

const METHODS = { dr: 'DR', nat: 'NAT', tun: 'TUN' } as const;
const CHECKSUMS = { none: 'nocsum', full: 'csum', remote: 'remcsum' } as const;

function virtualServer(service: Service): Part {
  const { vip, port, fwmark, scheduler, schedulerFlags = [], forwarding, persistence, onePacket } = service;
  return {
    head: `virtual_server ${fwmark === undefined ? `${vip} ${port}` : `fwmark ${fwmark}`}`,
    parts: [
      ...(isChecked(service) ? ['delay_loop 10'] : []),
      ...(fwmark === undefined ? [] : [`ip_family ${isIPv6(vip) ? 'inet6' : 'inet'}`]),
      `lb_algo ${scheduler}`,
      ...schedulerFlags,
      ...(onePacket === true ? ['ops'] : []),
      `lb_kind ${METHODS[forwarding]}`,
      ...(persistence === undefined
        ? []
        : [
            `persistence_timeout ${persistence.seconds}`,
            ...(persistence.netmask === undefined ? [] : [`persistence_granularity ${persistence.netmask}`]),
            ...(persistence.engine === undefined ? [] : [`persistence_engine ${persistence.engine}`]),
          ]),
      // A mark has none, says keepalived -t (2.2.7).
      ...(fwmark === undefined ? [`protocol ${service.protocol.toUpperCase()}`] : []),
      ...service.realServers.flatMap((server): Part[] => [
        '',
        `# ${server.host}`,
        {
          head: `real_server ${server.address} ${fwmark === undefined ? server.port : 0}`,
          parts: realServer(server, service),
        },
      ]),
    ],
  };
}

function realServer(server: ServiceRealServer, service: Service): Part[] {
  const { weight, upperThreshold, lowerThreshold, tunnel } = server;
  const method = [
    ...(tunnel === undefined || tunnel.type === 'ipip' ? [] : ['lvs_method TUN type', tunnel.type]),
    ...(tunnel?.type === 'gue' && tunnel.port !== undefined ? ['port', tunnel.port] : []),
    ...(tunnel?.checksum === undefined || tunnel.type === 'ipip' ? [] : [CHECKSUMS[tunnel.checksum]]),
  ];
  return [
    `weight ${weight}`,
    ...(upperThreshold === undefined ? [] : [`uthreshold ${upperThreshold}`]),
    ...(lowerThreshold === undefined ? [] : [`lthreshold ${lowerThreshold}`]),
    ...(method.length > 0 ? [method.join(' ')] : []),
    ...(isChecked(service)
      ? [{ head: 'TCP_CHECK', parts: [...connectPort(server, service), 'connect_timeout 3'] }]
      : []),
  ];
}

/** A TCP check needs a port to connect to. */
function isChecked({ protocol, port }: Service): boolean {
  return protocol === 'tcp' && port !== 0;
}

/** Where the real server itself has no port. */
function connectPort({ port }: ServiceRealServer, { fwmark }: Service): string[] {
  return fwmark === undefined ? [] : [`connect_port ${port}`];
}

function unchecked(services: readonly Service[]): NotExpressed[] {
  return services
    .filter((service) => !isChecked(service))
    .map(({ name, protocol, port }) => ({
      subject: `services.${name}`,
      reason: `no check was written for it: ${
        protocol === 'tcp' && port === 0
          ? 'of all ports, none is known to answer'
          : `a TCP check says nothing of ${protocol}`
      }; write a MISC_CHECK, or a server that is down stays in it`,
    }));
}

function drained(services: readonly Service[]): NotExpressed[] {
  return services
    .filter(({ realServers }) => realServers.every(({ weight }) => weight === 0))
    .map(({ name }) => ({
      subject: `services.${name}.realServers`,
      reason: 'all are drained: keepalived wants a weight of 1 in all (its quorum), and its -t complains',
    }));
}

/** VIPs that no VRRP instance holds. */
function alone(services: readonly Service[], sharings: readonly Sharing[]): NotExpressed[] {
  const shared = new Set(sharings.flatMap((sharing) => sharing.services.map(({ vip }) => vip)));
  const seen = new Set<string>();
  return services.flatMap(({ name, vip }) => {
    if (shared.has(vip) || seen.has(vip)) return [];
    seen.add(vip);
    return [
      {
        subject: `services.${name}.vip`,
        reason: `${vip} has one director: without VRRP keepalived does not hold it, so the system must`,
      },
    ];
  });
}
