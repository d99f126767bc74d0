import type { Cluster, Service, ServiceRealServer } from '../inventory/cluster.js';
import type { HeldDestination, Owned, Wanted } from './plan.js';
import {
  type Destination,
  fullNetmask,
  isIPv6,
  type ServiceIdentity,
  serviceFamily,
  serviceKey,
  type Tunnel,
  type VirtualService,
} from './table.js';

/** The identity of a service of the inventory. */
export function serviceIdentity(service: Service): ServiceIdentity {
  const { vip, fwmark, protocol, port } = service;
  if (fwmark !== undefined) return { kind: 'mark', mark: fwmark, family: isIPv6(vip) ? 6 : 4 };
  return { kind: 'address', protocol, address: vip, port };
}

/** How the table names a real server of a service: by mark it has no port, for each packet keeps its own. */
export function destinationOf(
  service: Service,
  realServer: Pick<ServiceRealServer, 'address' | 'port'>,
): { readonly address: string; readonly port: number } {
  return { address: realServer.address, port: service.fwmark === undefined ? realServer.port : 0 };
}

function tunnel({ tunnel: said }: ServiceRealServer): Tunnel {
  if (said === undefined || said.type === 'ipip')
    return { type: 'ipip', port: undefined, checksum: undefined };
  return { type: said.type, port: said.port, checksum: said.checksum ?? 'none' };
}

function destination(service: Service, realServer: ServiceRealServer): Destination {
  return {
    ...destinationOf(service, realServer),
    forwarding: service.forwarding,
    weight: realServer.weight,
    tunnel: service.forwarding === 'tun' ? tunnel(realServer) : undefined,
    upperThreshold: realServer.upperThreshold ?? 0,
    lowerThreshold: realServer.lowerThreshold ?? 0,
    activeConnections: undefined,
    inactiveConnections: undefined,
  };
}

function persistence({ persistence: said }: Service, family: 4 | 6): VirtualService['persistence'] {
  if (said === undefined) return 'none';
  const { seconds, netmask = fullNetmask(family), engine = 'none' } = said;
  return { timeoutSeconds: seconds, netmask, engine };
}

/** A service of the inventory, with those of its real servers. What the inventory doesn't say is wanted as ipvsadm's default. */
export function wantedService(service: Service, realServers: readonly ServiceRealServer[]): VirtualService {
  const id = serviceIdentity(service);
  return {
    id,
    scheduler: service.scheduler,
    schedulerFlags: service.schedulerFlags ?? [],
    persistence: persistence(service, serviceFamily(id)),
    onePacket: service.onePacket ?? false,
    destinations: realServers.map((realServer) => destination(service, realServer)),
  };
}

/**
 * The table that `director` should carry, and what is ours on it: every VIP of the cluster, so that a service that moved to
 * another director leaves this one. Real servers on hosts in `unready` (host name → reason) are held.
 */
export function wantedTable(
  cluster: Cluster,
  director: string,
  unready: ReadonlyMap<string, string>,
): Wanted & { readonly owned: Owned } {
  const services: VirtualService[] = [];
  const held: HeldDestination[] = [];
  for (const service of cluster.services) {
    if (!service.directors.includes(director)) continue;
    services.push(
      wantedService(
        service,
        service.realServers.filter(({ host }) => !unready.has(host)),
      ),
    );
    for (const realServer of service.realServers) {
      const reason = unready.get(realServer.host);
      if (reason !== undefined)
        held.push({
          service: serviceIdentity(service),
          ...destinationOf(service, realServer),
          reason: `${realServer.host} is not ready (${reason})`,
        });
    }
  }
  const marks = cluster.services.map(serviceIdentity).filter(({ kind }) => kind === 'mark');
  const owned = {
    vips: new Set(cluster.services.map(({ vip }) => vip)),
    marks: new Set(marks.map(serviceKey)),
  };
  return { services, held, owned };
}
