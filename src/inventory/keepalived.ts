import type { Cluster, ClusterHost, KeepalivedSettings, Service } from './cluster.js';
import { numbersOf } from './numbering.js';

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
    /** Of the only list of directors, or by service; what it does not say is made of the directors. */
    id: keepalived.id,
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
  /** `VI_lvs1`, of IPv6 `VI6_lvs1`: by the first director; where lists share it, by all directors of the later ones. */
  readonly name: string;
  /** Those with the same directors, in the same order, have the same one: `VG_lvs1`. */
  readonly group: string;
  /** 1 to 255; the same for both families, which VRRP keeps apart. */
  readonly routerId: number;
  readonly family: 'IPv4' | 'IPv6';
  /** The first one is to hold them. */
  readonly directors: readonly string[];
  readonly services: readonly Of[];
}

type Sharing = Pick<Service, 'vip' | 'directors'>;

/** The greatest number of directors: their priorities are 250, 240, … 10. */
export const MOST_DIRECTORS = 25;

/** VRRP's numbers are 1 to 255. */
export const MOST_LISTS = 255;

/** Lists of directors that VRRP runs for, as one text each, with their services; in the order of the inventory. */
export function directorLists<Of extends Pick<Service, 'directors'>>(
  cluster: WithKeepalived & { readonly services: readonly Of[] },
): ReadonlyMap<string, readonly Of[]> {
  const lists = new Map<string, Of[]>();
  for (const service of cluster.services) {
    if (service.directors.length < 2 && cluster.keepalived === undefined) continue;
    const key = service.directors.join(' ');
    lists.set(key, [...(lists.get(key) ?? []), service]);
  }
  return lists;
}

type Instances = WithKeepalived & {
  readonly services: readonly Service[];
  readonly hosts: ReadonlyMap<string, Pick<ClusterHost, 'address'>>;
};

/**
 * The instances of the whole cluster: the same, with the same names and numbers, on each director. Both are made of the first director
 * of the list alone, so that they stay as they are whatever happens to services, VIPs, other lists and the other directors: on a live
 * pair one director is always changed before the other, and with differing numbers both would hold the VIPs meanwhile.
 */
export function vrrpInstances(cluster: Instances): VrrpInstance[] {
  const lists = directorLists(cluster);
  const names = listNames([...lists.keys()]);
  const numbers = routerIds(cluster, lists);
  return [...lists].flatMap(([list, services]) =>
    (['IPv4', 'IPv6'] as const).flatMap((family) => {
      const own = services.filter((service) => familyOf(service) === family);
      const [first] = own;
      const name = names.get(list) ?? '';
      if (first === undefined) return [];
      return {
        name: `${family === 'IPv6' ? 'VI6' : 'VI'}_${name}`,
        group: `VG_${name}`,
        routerId: numbers.get(list) ?? 0,
        family,
        directors: first.directors,
        services: own,
      };
    }),
  );
}

function listNames(lists: readonly string[]): ReadonlyMap<string, string> {
  const firsts = new Set<string>();
  return new Map(
    [...lists].sort().map((list) => {
      const [first = ''] = list.split(' ');
      const name = firsts.has(first) ? list.replaceAll(' ', '_') : first;
      firsts.add(first);
      return [list, name];
    }),
  );
}

function routerIds(
  cluster: Instances,
  lists: ReadonlyMap<string, readonly Service[]>,
): ReadonlyMap<string, number> {
  const { id } = vrrpOf(cluster);
  const byService = new Map(typeof id === 'object' ? Object.entries(id) : []);
  const pinned = new Map(
    [...lists].flatMap(([list, services]) => {
      const [named] = services.flatMap(({ name }) => byService.get(name) ?? []);
      const number = typeof id === 'number' ? id : named;
      return number === undefined ? [] : [[list, number] as const];
    }),
  );
  const others = [...lists.keys()].filter((list) => !pinned.has(list));
  const made = numbersOf(
    others.map((list) => {
      const [first = ''] = list.split(' ');
      // Of its address: other clusters of the network have directors of the same name, but not of the same address.
      return { key: list, seed: cluster.hosts.get(first)?.address ?? first };
    }),
    { first: 1, last: MOST_LISTS, taken: pinned.values() },
  );
  return new Map([...pinned, ...made]);
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
