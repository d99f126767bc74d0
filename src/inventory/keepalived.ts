import type { Cluster, ClusterHost, KeepalivedSettings, Service } from './cluster.js';

/**
 * True where keepalived owns the VIPs, the weights of the table and the sync daemons: on directors of a service that has several,
 * and on every director where the inventory has the key `keepalived`.
 */
export function keepalivedRuns(
  cluster: Pick<Cluster, 'services' | 'keepalived'>,
  host: ClusterHost,
): boolean {
  const directed = cluster.services.filter(({ directors }) => directors.includes(host.name));
  return directed.some(({ directors }) => directors.length > 1 || cluster.keepalived !== undefined);
}

interface WithKeepalived {
  readonly keepalived?:
    | { readonly [Key in keyof KeepalivedSettings]?: KeepalivedSettings[Key] | undefined }
    | undefined;
}

/** The settings of VRRP with every default filled in; `interface` is the host's own when absent. */
export function vrrpOf({ keepalived = {} }: WithKeepalived) {
  return {
    id: keepalived.id ?? 51,
    interface: keepalived.interface,
    advertSeconds: keepalived.advertSeconds ?? 1,
    unicast: keepalived.unicast ?? true,
    preempt: keepalived.preempt ?? false,
    preemptDelaySeconds: keepalived.preemptDelaySeconds ?? 0,
    syncGroup: keepalived.syncGroup ?? true,
  };
}

/** VIPs that the same directors hold, in the same order, of one family: they move together. */
export interface VrrpInstance<Of extends Sharing = Service> {
  /** `VI_1` */
  readonly name: string;
  /** Those with the same directors, in the same order, have the same one: `VG_1`. */
  readonly group: string;
  /** 1 to 255. */
  readonly routerId: number;
  readonly family: 'IPv4' | 'IPv6';
  /** The first one is to hold them. */
  readonly directors: readonly string[];
  readonly services: readonly Of[];
}

type Sharing = Pick<Service, 'vip' | 'directors'>;

/** The greatest number of directors: their priorities are 250, 240, … 10. */
export const MOST_DIRECTORS = 25;

/** The instances of the whole cluster, in the order of the inventory: the same, with the same numbers, on each director. */
export function vrrpInstances<Of extends Sharing = Service>(
  cluster: WithKeepalived & { readonly services: readonly Of[] },
): VrrpInstance<Of>[] {
  const { id } = vrrpOf(cluster);
  const sets = new Map<string, Of[]>();
  for (const service of cluster.services) {
    if (service.directors.length < 2 && cluster.keepalived === undefined) continue;
    const key = `${familyOf(service)} ${service.directors.join(' ')}`;
    sets.set(key, [...(sets.get(key) ?? []), service]);
  }
  const groups = [...new Set([...sets.values()].map(([first]) => first?.directors.join(' ')))];
  return [...sets.values()].flatMap((services, index) => {
    const [first] = services;
    if (first === undefined) return [];
    return {
      name: `VI_${index + 1}`,
      group: `VG_${groups.indexOf(first.directors.join(' ')) + 1}`,
      routerId: id + index,
      family: familyOf(first),
      directors: first.directors,
      services,
    };
  });
}

function familyOf({ vip }: Sharing): 'IPv4' | 'IPv6' {
  return vip.includes(':') ? 'IPv6' : 'IPv4';
}

/** 250 for the first director of the list, 10 less for each further one: who waits for the VIPs waits less by a high priority. */
export function vrrpPriority(
  { directors }: Pick<VrrpInstance<Sharing>, 'directors'>,
  director: string,
): number {
  return Math.max(1, 250 - 10 * directors.indexOf(director));
}
