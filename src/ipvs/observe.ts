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
  /** Of /proc/net/ip_vs: connections, SCTP, the director itself as a server; not the family of a mark. */
  readonly proc: Table;
  /** Of `ipvsadm -Ln --thresholds`, where ipvsadm has it: connections too. */
  readonly thresholds: ReadonlyMap<string, ReadonlyMap<string, Thresholds>>;
}

/** ipvsadm 1.26 prints SCTP services as `-u`. */
function trueIdentity(id: ServiceIdentity, proc: ReadonlyMap<string, VirtualService>): ServiceIdentity {
  if (id.kind !== 'address' || id.protocol !== 'udp' || proc.has(serviceKey(id))) return id;
  const sctp: ServiceIdentity = { ...id, protocol: 'sctp' };
  return proc.has(serviceKey(sctp)) ? sctp : id;
}

/**
 * Services of /proc/net/ip_vs by key. Of two services for one mark (IPv4 and IPv6) it can't be told which is which: neither is given.
 */
function procServices({ services }: Table): ReadonlyMap<string, VirtualService> {
  const byKey = new Map<string, VirtualService>();
  const marks = new Map<number, VirtualService[]>();
  for (const service of services) {
    const { id } = service;
    if (id.kind === 'address') byKey.set(serviceKey(id), service);
    else marks.set(id.mark, [...(marks.get(id.mark) ?? []), service]);
  }
  for (const [mark, found] of marks) {
    const [only] = found;
    if (only === undefined || found.length > 1) continue;
    for (const family of [4, 6] as const) byKey.set(serviceKey({ kind: 'mark', mark, family }), only);
  }
  return byKey;
}

/** The table as far as the three views together tell it. What none of them shows stays unknown. */
export function observe({ save, proc, thresholds }: Views): Table {
  const byKey = procServices(proc);
  const services = save.services.map((service): VirtualService => {
    const id = trueIdentity(service.id, byKey);
    const shown = new Map(byKey.get(serviceKey(id))?.destinations.map((d) => [destinationKey(d), d]));
    const limits = thresholds.get(serviceKey(id)) ?? thresholds.get(serviceKey(service.id));
    const destinations = service.destinations.map((destination): Destination => {
      const inProc = shown.get(destinationKey(destination));
      const limit = limits?.get(destinationKey(destination));
      const counted = limit ?? inProc;
      return {
        ...destination,
        forwarding: inProc?.forwarding === 'local' ? 'local' : destination.forwarding,
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
