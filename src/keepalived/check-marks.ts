import type { Cluster, ClusterHost, HealthCheck, Service } from '../inventory/cluster.js';
import { addressFor } from '../inventory/host-address.js';
import { numbersOf } from '../inventory/numbering.js';
import { type Destination, type VirtualService, wantedService } from '../ipvs/index.js';

/**
 * Marks of checks have bits of 0 to 12 and of 20 to 30 alone, and one of these at least. Those between are known to be looked at one by one
 * (`-m mark --mark 0x8000/0x8000 -j DROP`): of CNI's portmap 13, Kubernetes 14 and 15, Calico 16 and on (its rules take the lowest first),
 * Weave Net 17 and 18, Tailscale 18 and 19 (the list fwmark/registry). Calico may take all from 16 on, and Cilium takes nearly all.
 */
const LOW_BITS = 13;
const HIGH_SHIFT = 20;
const [FIRST, LAST] = [2 ** LOW_BITS, 2 ** (LOW_BITS + 31 - HIGH_SHIFT) - 1];

const markOf = (number: number): number =>
  (Math.floor(number / 2 ** LOW_BITS) << HIGH_SHIFT) | (number % 2 ** LOW_BITS);

/** Undefined for a mark that is none of a check's. */
function numberOf(mark: number): number | undefined {
  const number = Math.floor(mark / 2 ** HIGH_SHIFT) * 2 ** LOW_BITS + (mark % 2 ** LOW_BITS);
  return number >= FIRST && number <= LAST && markOf(number) === mark ? number : undefined;
}

/**
 * The way of a check to the VIP on one real server, which by its own address would answer without holding the VIP: the check's packets
 * bear `mark`, and a service by that mark has this real server alone. Measured with keepalived 2.2.7 on Linux 6.1, DR and TUN.
 */
export interface VipCheck {
  readonly mark: number;
  readonly family: 4 | 6;
  readonly destination: Destination;
}

/** Of DR and TUN; keepalived connects there itself, which a program of the operator's does not. */
export function goesToVip(service: Service, check: HealthCheck): boolean {
  return service.forwarding !== 'nat' && check.type !== 'misc';
}

const keyOf = (
  { vip, forwarding }: Service,
  destination: Pick<Destination, 'address' | 'tunnel'>,
): string => {
  const { type = '', port = '', checksum = '' } = destination.tunnel ?? {};
  return [vip.includes(':') ? 6 : 4, destination.address, forwarding, type, port ?? '', checksum ?? ''].join(
    ' ',
  );
};

/**
 * The ways of the director's checks, by address and method. Their marks are made of these, so that a real server's stays the same when
 * others come, go or change places: else a check would go the way of another one while keepalived reads its file.
 */
export function vipChecks(cluster: Cluster, director: ClusterHost): ReadonlyMap<string, VipCheck> {
  const ways = new Map<string, Omit<VipCheck, 'mark'>>();
  for (const service of cluster.services) {
    const { vip, directors, checks = [], realServers } = service;
    if (!directors.includes(director.name) || !checks.some((check) => goesToVip(service, check))) continue;
    if (addressFor(director, vip) === undefined) continue;
    for (const destination of wantedService(service, realServers).destinations) {
      const key = keyOf(service, destination);
      if (ways.has(key)) continue;
      ways.set(key, {
        family: vip.includes(':') ? 6 : 4,
        destination: { ...destination, port: 0, weight: 1, upperThreshold: 0, lowerThreshold: 0 },
      });
    }
  }
  // Those that a service of the inventory has are passed over.
  const taken = cluster.services.flatMap(({ fwmark }) => (fwmark && numberOf(fwmark)) ?? []);
  const numbers = numbersOf(
    [...ways.keys()].map((key) => ({ key })),
    { first: FIRST, last: LAST, taken },
  );
  return new Map([...ways].map(([key, way]) => [key, { ...way, mark: markOf(numbers.get(key) ?? FIRST) }]));
}

export function vipCheckOf(
  checks: ReadonlyMap<string, VipCheck>,
  service: Service,
  destination: Destination,
): VipCheck | undefined {
  return checks.get(keyOf(service, destination));
}

/** The services by mark that lead checks to their real servers. */
export function checkServices(checks: ReadonlyMap<string, VipCheck>): VirtualService[] {
  return [...checks.values()].map(({ mark, family, destination }) => ({
    id: { kind: 'mark', mark, family },
    scheduler: 'rr',
    schedulerFlags: [],
    persistence: 'none',
    onePacket: false,
    destinations: [destination],
  }));
}
