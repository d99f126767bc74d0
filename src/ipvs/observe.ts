import type { Thresholds } from './listing.js';
import {
  type Destination,
  destinationKey,
  type ServiceIdentity,
  serviceKey,
  type Table,
  type VirtualService,
} from './table.js';

/** Three views of one kernel's table, each knowing what the others don't. */
export interface Views {
  /** Of `ipvsadm -Sn`. */
  readonly save: Table;
  /** Of /proc/net/ip_vs: connection counts, SCTP, the director itself as a server. */
  readonly proc: Table;
  /** Of `ipvsadm -Ln --thresholds`, where ipvsadm has it. */
  readonly thresholds: ReadonlyMap<string, ReadonlyMap<string, Thresholds>>;
}

/** ipvsadm 1.26 prints SCTP services as `-u`. */
function trueIdentity(id: ServiceIdentity, proc: ReadonlyMap<string, VirtualService>): ServiceIdentity {
  if (id.kind !== 'address' || id.protocol !== 'udp' || proc.has(serviceKey(id))) return id;
  const sctp: ServiceIdentity = { ...id, protocol: 'sctp' };
  return proc.has(serviceKey(sctp)) ? sctp : id;
}

/** The table as far as the three views together tell it. What none of them shows stays unknown. */
export function observe({ save, proc, thresholds }: Views): Table {
  const byKey = new Map(proc.services.map((service) => [serviceKey(service.id), service]));
  const services = save.services.map((service): VirtualService => {
    const id = trueIdentity(service.id, byKey);
    const key = serviceKey(id);
    const counts = new Map(byKey.get(key)?.destinations.map((d) => [destinationKey(d), d]));
    const limits = thresholds.get(key) ?? thresholds.get(serviceKey(service.id));
    const destinations = service.destinations.map((destination): Destination => {
      const counted = counts.get(destinationKey(destination));
      const limit = limits?.get(destinationKey(destination));
      return {
        ...destination,
        forwarding: counted?.forwarding === 'local' ? 'local' : destination.forwarding,
        upperThreshold: limit?.upperThreshold,
        lowerThreshold: limit?.lowerThreshold,
        activeConnections: counted?.activeConnections,
        inactiveConnections: counted?.inactiveConnections,
      };
    });
    return { ...service, id, destinations };
  });
  return { services };
}
