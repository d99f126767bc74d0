import type { Cluster, Service, ServiceRealServer } from '../inventory/cluster.js';
import type { HeldDestination, Owned, Wanted } from './plan.js';
import {
  type AddressIdentity,
  type Destination,
  fullNetmask,
  serviceFamily,
  type VirtualService,
} from './table.js';

/** The identity of a service of the inventory. */
export function serviceIdentity(service: Service): AddressIdentity {
  return { kind: 'address', protocol: service.protocol, address: service.vip, port: service.port };
}

function destination(service: Service, realServer: ServiceRealServer): Destination {
  return {
    address: realServer.address,
    port: realServer.port,
    forwarding: service.forwarding,
    weight: realServer.weight,
    tunnel: service.forwarding === 'tun' ? { type: 'ipip', port: undefined, checksum: undefined } : undefined,
    upperThreshold: 0,
    lowerThreshold: 0,
    activeConnections: undefined,
    inactiveConnections: undefined,
  };
}

/** A service of the inventory, with those of its real servers. What the inventory doesn't say is wanted as ipvsadm's default. */
export function wantedService(service: Service, realServers: readonly ServiceRealServer[]): VirtualService {
  const id = serviceIdentity(service);
  return {
    id,
    scheduler: service.scheduler,
    schedulerFlags: [],
    persistence:
      service.persistence === undefined
        ? 'none'
        : { timeoutSeconds: service.persistence, netmask: fullNetmask(serviceFamily(id)), engine: 'none' },
    onePacket: false,
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
    for (const { host, address, port } of service.realServers) {
      const reason = unready.get(host);
      if (reason !== undefined)
        held.push({
          service: serviceIdentity(service),
          address,
          port,
          reason: `${host} is not ready (${reason})`,
        });
    }
  }
  const owned = { vips: new Set(cluster.services.map(({ vip }) => vip)), marks: new Set<number>() };
  return { services, held, owned };
}
