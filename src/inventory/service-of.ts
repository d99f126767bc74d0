import { parseAddress } from './address.js';
import { healthOf } from './check-of.js';
import type {
  Cluster,
  ClusterHost,
  Service,
  ServicePersistence,
  ServiceRealServer,
  ServiceTunnel,
} from './cluster.js';
import type { Draft } from './draft.js';
import { addressFor } from './host-address.js';
import { labelsOfVips } from './label.js';
import { portsOf } from './ports.js';
import type { ServiceInput } from './schema.js';

/** The services with every default filled in; checks have passed. */
export function resolveServices(draft: Draft, hosts: ReadonlyMap<string, ClusterHost>): Service[] {
  const services = [...draft.services].flatMap(([name, service]) => (service ? [{ ...service, name }] : []));
  const labels = labelsOfVips(services);
  return services.map((service) => resolveService(service, draft, labels, hosts));
}

function resolveService(
  service: ServiceInput & { name: string },
  draft: Draft,
  labels: ReadonlyMap<string, string>,
  hosts: ReadonlyMap<string, ClusterHost>,
): Service {
  const vip = parseAddress(service.vip)?.address ?? service.vip;
  const ports = portsOf(service, draft);
  const servicePort = ports[0]?.first ?? 0;
  const { fwmark, schedulerFlags = [] } = service;
  return {
    name: service.name,
    vip,
    port: servicePort,
    protocol: service.protocol ?? 'tcp',
    ...(fwmark === undefined ? {} : { fwmark, ports }),
    scheduler: service.scheduler ?? 'wlc',
    ...(schedulerFlags.length > 0 && { schedulerFlags: [...new Set(schedulerFlags)].sort() }),
    forwarding: service.forwarding ?? 'dr',
    ...natOf(service),
    ...persistenceOf(service),
    ...(service.onePacket === true && { onePacket: true }),
    ...(service.mss !== undefined && { mss: service.mss }),
    directors: service.directors,
    realServers: service.realServers.map((realServer) => ({
      host: realServer.host,
      address: addressOf(hosts.get(realServer.host), vip),
      port: realServer.port ?? servicePort,
      weight: realServer.weight ?? 1,
      ...limitsOf(realServer),
      ...tunnelOf(realServer),
    })),
    ...healthOf(service, hosts, vip, servicePort),
    ...minAvailableOf(service),
    label: labels.get(vip) ?? '',
  };
}

/** Of the VIP's family; by a tunnel, and only there, it may be of the other one. */
function addressOf(host: ClusterHost | undefined, vip: string): string {
  return host === undefined ? '' : (addressFor(host, vip)?.address ?? host.address);
}

function natOf({ gateway, masquerade }: ServiceInput): Pick<Service, 'gateway' | 'masquerade'> {
  return {
    ...(gateway !== undefined && { gateway: gateway && (parseAddress(gateway)?.address ?? gateway) }),
    ...(masquerade !== undefined && { masquerade }),
  };
}

/** Of a share what it comes to, rounded up: half of three are two. */
export function minAvailableOf({
  minAvailable,
  realServers,
}: Pick<ServiceInput, 'minAvailable' | 'realServers'>): Pick<Service, 'minAvailable'> {
  if (minAvailable === undefined) return {};
  if (typeof minAvailable === 'number') return { minAvailable };
  const hosts = new Set(realServers.map(({ host }) => host)).size;
  return { minAvailable: Math.ceil((hosts * Number.parseInt(minAvailable, 10)) / 100) };
}

function persistenceOf({ persistence }: ServiceInput): { persistence?: ServicePersistence } {
  if (persistence === undefined) return {};
  if (typeof persistence === 'number') return { persistence: { seconds: persistence } };
  const { seconds, netmask, engine } = persistence;
  return {
    persistence: {
      seconds,
      ...(netmask !== undefined && { netmask: String(netmask) }),
      ...(engine !== undefined && { engine }),
    },
  };
}

type RealServerInput = ServiceInput['realServers'][number];

function limitsOf({
  upperThreshold,
  lowerThreshold,
}: RealServerInput): Pick<ServiceRealServer, 'upperThreshold' | 'lowerThreshold'> {
  return {
    ...(upperThreshold !== undefined && { upperThreshold }),
    ...(lowerThreshold !== undefined && { lowerThreshold }),
  };
}

function tunnelOf({ tunnel }: RealServerInput): { tunnel?: ServiceTunnel } {
  if (tunnel === undefined) return {};
  const { type, port, checksum } = tunnel;
  return {
    tunnel: { type, ...(port !== undefined && { port }), ...(checksum !== undefined && { checksum }) },
  };
}

/** What holds for the whole table; nothing where the inventory says nothing. */
export function ipvsSettings({ ipvs }: Draft): Pick<Cluster, 'ipvs'> {
  if (ipvs === undefined) return {};
  const { timeouts, sync } = ipvs;
  return {
    ipvs: {
      ...(timeouts !== undefined && { timeouts: said(timeouts) }),
      ...(sync !== undefined && { sync: { ...said(sync), id: sync.id ?? 1 } }),
    },
  };
}

/** What the inventory says of keepalived; nothing where it has no such key. */
export function keepalivedSettings({ keepalived }: Draft): Pick<Cluster, 'keepalived'> {
  return keepalived === undefined ? {} : { keepalived: said(keepalived) };
}

type Said<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

/** Without the fields that are undefined. */
function said<Fields extends object>(fields: Fields): Said<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Said<Fields>;
}
