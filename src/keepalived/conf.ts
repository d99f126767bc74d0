import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { addressFor } from '../inventory/host-address.js';
import { vrrpInstances, vrrpOf } from '../inventory/keepalived.js';
import {
  type Destination,
  destinationKey,
  destinationOf,
  fullNetmask,
  serviceFamily,
  serviceIdentity,
  serviceKey,
  type VirtualService,
} from '../ipvs/index.js';
import { type VipCheck, vipCheckOf, vipChecks } from './check-marks.js';
import { checkParts, type Target } from './checks.js';
import { keepalivedHead } from './file.js';
import { type Part, renderParts } from './parts.js';
import { vrrpParts } from './vrrp.js';

export interface KeepalivedConf {
  readonly cluster: Cluster;
  readonly host: ClusterHost;
  /** What the table is to hold, in this order: wantedTable's services, and what leaves it. */
  readonly services: readonly VirtualService[];
}

/** keepalived.conf (2.x) of one director: VRRP, virtual servers, checks. Pure: the same for the same cluster. */
export function keepalivedConf({ cluster, host, services }: KeepalivedConf): string {
  const byKey = new Map(cluster.services.map((service) => [serviceKey(serviceIdentity(service)), service]));
  const ways = vipChecks(cluster, host);
  const parts: Part[] = [
    keepalivedHead(host.name, cluster.name),
    globals(cluster, host),
    ...vrrpParts(cluster, host),
    ...services.flatMap((each) => {
      const service = byKey.get(serviceKey(each.id));
      return ['', `# ${service?.name ?? 'leaves'}`, virtualServer(each, service, host, ways)];
    }),
    ...(ways.size === 0 ? [] : ['', '# The ways of checks to the VIP on each real server.']),
    ...[...ways.values()].map(wayPart),
  ];
  return `${renderParts(parts).join('\n')}\n`;
}

function globals(cluster: Cluster, host: ClusterHost): Part {
  const { timeouts: { tcp, tcpFin, udp } = {} } = cluster.ipvs ?? {};
  const timeouts = Object.entries({ tcp, tcpfin: tcpFin, udp }).flatMap(([name, seconds]) =>
    seconds === undefined ? [] : [name, seconds],
  );
  const runsPrograms = cluster.services.some(({ checks = [] }) => checks.some(({ type }) => type === 'misc'));
  const instances = vrrpInstances(cluster).filter(({ directors }) => directors.includes(host.name));
  return {
    head: 'global_defs',
    parts: [
      `router_id ${host.name}`,
      ...(instances.length === 0
        ? []
        : [
            'vrrp_version 3',
            // Two directors that were cut off from each other both told their MAC: the one that goes on tells it again, at once.
            'vrrp_garp_master_delay 1',
            'vrrp_garp_lower_prio_delay 1',
            'vrrp_higher_prio_send_advert true',
          ]),
      ...(timeouts.length > 0 ? [`lvs_timeouts ${timeouts.join(' ')}`] : []),
      ...syncDaemon(cluster, host),
      ...(runsPrograms ? ['enable_script_security', 'script_user nobody'] : []),
    ],
  };
}

/** All VIPs of the host move together, by one instance or by a sync group. */
export function movesTogether(cluster: Cluster, host: ClusterHost): boolean {
  const instances = vrrpInstances(cluster).filter(({ directors }) => directors.includes(host.name));
  const groups = new Set(instances.map(({ group, name }) => (vrrpOf(cluster).syncGroup ? group : name)));
  return groups.size === 1;
}

/** Follows the VRRP instance where all VIPs of the host move together; else both daemons run. */
function syncDaemon(cluster: Cluster, host: ClusterHost): string[] {
  const sync = cluster.ipvs?.sync;
  if (sync === undefined) return [];
  const [first] = vrrpInstances(cluster).filter(({ directors }) => directors.includes(host.name));
  const together = movesTogether(cluster, host);
  const { interface: nic = host.interface, id, group, port, ttl } = sync;
  const words = [
    nic,
    ...(first !== undefined && together ? [first.name] : []),
    `id ${id}`,
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(ttl === undefined ? [] : [`ttl ${ttl}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ];
  return [`lvs_sync_daemon ${words.join(' ')}`];
}

const METHODS = { dr: 'DR', nat: 'NAT', tun: 'TUN' } as const;
const CHECKSUMS = { none: 'nocsum', full: 'csum', remote: 'remcsum' } as const;

/** A service has one method; what the kernel calls local is the director itself, by any. */
function methodOf({ destinations }: VirtualService, service: Service | undefined): string {
  const found = destinations.flatMap(({ forwarding }) => (forwarding === 'local' ? [] : (forwarding ?? [])));
  return METHODS[service?.forwarding ?? found[0] ?? 'dr'];
}

function virtualServer(
  table: VirtualService,
  service: Service | undefined,
  host: ClusterHost,
  ways: ReadonlyMap<string, VipCheck>,
): Part {
  const { id, scheduler = 'wlc', schedulerFlags = [], persistence, onePacket, destinations } = table;
  const { sorry, quorum, hysteresis, realServers = [] } = service ?? {};
  const names = new Map(
    service === undefined
      ? []
      : realServers.map((one) => [destinationKey(destinationOf(service, one)), one.host]),
  );
  return {
    head: `virtual_server ${id.kind === 'mark' ? `fwmark ${id.mark}` : `${id.address} ${id.port}`}`,
    parts: [
      ...(id.kind === 'mark' ? [`ip_family ${id.family === 6 ? 'inet6' : 'inet'}`] : []),
      `lb_algo ${scheduler}`,
      ...schedulerFlags,
      ...(onePacket === true ? ['ops'] : []),
      `lb_kind ${methodOf(table, service)}`,
      ...persistenceParts(table, persistence),
      // A mark has none, says keepalived -t (2.2.7).
      ...(id.kind === 'address' ? [`protocol ${id.protocol.toUpperCase()}`] : []),
      ...(quorum === undefined ? [] : [`quorum ${quorum}`]),
      ...(hysteresis === undefined ? [] : [`hysteresis ${hysteresis}`]),
      ...(sorry === undefined
        ? []
        : [`sorry_server ${sorry.address} ${id.kind === 'mark' ? 0 : sorry.port}`, 'sorry_server_inhibit']),
      ...destinations.flatMap((destination): Part[] => [
        '',
        `# ${names.get(destinationKey(destination)) ?? 'leaves, when its connections have ended'}`,
        {
          head: `real_server ${destination.address} ${destination.port}`,
          parts: realServerParts(destination, service, host, ways),
        },
      ]),
    ],
  };
}

function persistenceParts({ id }: VirtualService, persistence: VirtualService['persistence']): string[] {
  if (persistence === undefined || persistence === 'none') return [];
  const { timeoutSeconds = 360, netmask, engine } = persistence;
  return [
    `persistence_timeout ${timeoutSeconds}`,
    ...(netmask === undefined || netmask === fullNetmask(serviceFamily(id))
      ? []
      : [`persistence_granularity ${netmask}`]),
    ...(engine === undefined || engine === 'none' ? [] : [`persistence_engine ${engine}`]),
  ];
}

function settings({ weight = 0, upperThreshold = 0, lowerThreshold = 0, tunnel }: Destination): string[] {
  const method =
    tunnel === undefined || tunnel.type === 'ipip'
      ? []
      : [
          'lvs_method TUN type',
          tunnel.type,
          ...(tunnel.port === undefined ? [] : ['port', tunnel.port]),
          ...(tunnel.checksum === undefined || tunnel.checksum === 'none'
            ? []
            : [CHECKSUMS[tunnel.checksum]]),
        ];
  return [
    `weight ${weight}`,
    ...(upperThreshold === 0 ? [] : [`uthreshold ${upperThreshold}`]),
    ...(lowerThreshold === 0 ? [] : [`lthreshold ${lowerThreshold}`]),
    ...(method.length > 0 ? [method.join(' ')] : []),
  ];
}

function realServerParts(
  destination: Destination,
  service: Service | undefined,
  host: ClusterHost,
  ways: ReadonlyMap<string, VipCheck>,
): Part[] {
  const known = service?.realServers.find(
    (one) => destinationKey(destinationOf(service, one)) === destinationKey(destination),
  );
  if (service === undefined || known === undefined) return [...settings(destination), 'inhibit_on_failure'];
  const target: Target = {
    service,
    realServer: known,
    way: vipCheckOf(ways, service, destination),
    from: addressFor(host, service.vip)?.address,
  };
  return [
    ...settings(destination),
    // A server that fails keeps its place with weight 0, and its connections.
    'inhibit_on_failure',
    ...(service.checks ?? []).map((check) => checkParts(check, target)),
  ];
}

function wayPart({ mark, family, destination }: VipCheck): Part {
  const { address, forwarding } = destination;
  return {
    head: `virtual_server fwmark ${mark}`,
    parts: [
      // Of what is marked: a tunnel may be of the other one.
      `ip_family ${family === 6 ? 'inet6' : 'inet'}`,
      'lb_algo rr',
      `lb_kind ${forwarding === 'tun' ? 'TUN' : 'DR'}`,
      { head: `real_server ${address} 0`, parts: settings(destination) },
    ],
  };
}
