import type { Facts } from '../../src/engine/facts.js';
import type { Before, Turn } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { keepalivedRuns } from '../../src/inventory/keepalived.js';

/** The services that a host shares with other directors. */
const shared = (cluster: Cluster, { name }: Pick<ClusterHost, 'name'>) =>
  cluster.services.filter(({ directors }) => directors.length > 1 && directors.includes(name));

const directs = (cluster: Cluster, name: string): boolean =>
  cluster.services.some(({ directors }) => directors.includes(name));

/** Of the host's VIPs one that it holds while no keepalived does. */
function heldAlone(cluster: Cluster, host: Pick<ClusterHost, 'name'>, facts: Facts): string | undefined {
  return shared(cluster, host).find(({ vip }) => facts.heldAlone?.includes(vip))?.vip;
}

/** Will start keepalived, and has no VIP now: when it hears no other director it takes them. */
const starts = (cluster: Cluster, host: ClusterHost, facts: Facts): boolean =>
  keepalivedRuns(cluster, host) &&
  !facts.keepalived?.running &&
  heldAlone(cluster, host, facts) === undefined;

/**
 * Has the keepalived that lvsctl gave it as a director of this cluster, and directs nothing any more. One of another cluster, or another
 * name of the same machine, may well direct.
 */
export function isFormer(cluster: Cluster, name: string, { keepalived }: Facts): boolean {
  const { host, cluster: of } = keepalived?.director ?? {};
  return keepalived?.ours === true && host === name && of === cluster.name && !directs(cluster, name);
}

/**
 * A keepalived that starts takes the VIPs unless it hears another one say that it has them. So a director that has them by lvsctl's own
 * means, or by a keepalived that does not know of the new one, is changed before; and one that leaves goes before those that stay stop
 * listening to it.
 */
export const directorTurn: Turn = {
  asks({ cluster, host, facts }) {
    if (!starts(cluster, host, facts)) return [];
    const names = shared(cluster, host).flatMap(({ directors }) => directors);
    return [...new Set(names)].filter((name) => name !== host.name);
  },
  after({ cluster, host, facts, others }) {
    if (facts.keepalived?.running)
      return [...others]
        .filter(([name, each]) => isFormer(cluster, name, each) && each.keepalived?.running)
        .map(([name]) => ({
          host: name,
          because: 'has keepalived, and directs nothing any more',
          needed: false,
        }));
    if (!starts(cluster, host, facts)) return [];
    return this.asks({ cluster, host, facts }).flatMap((name): Before[] => {
      const other = others.get(name);
      const vip = other && heldAlone(cluster, { name }, other);
      if (vip !== undefined)
        return [{ host: name, because: `holds ${vip} without keepalived`, needed: true }];
      return other?.keepalived?.running ? [{ host: name, because: 'runs keepalived', needed: false }] : [];
    });
  },
};

/** Of services that nobody but the former director may hold, who is to have them; where nothing is known of any of them, all. */
function heirs(cluster: Cluster, others: ReadonlyMap<string, Facts>): readonly string[] {
  const names = cluster.services.flatMap(({ vip, directors }) => {
    if (directors.some((name) => others.get(name)?.heldAlone?.includes(vip))) return [];
    const known = directors.filter((name) => others.has(name));
    return known.length > 0 ? known : directors;
  });
  return [...new Set(names)];
}

/**
 * Goes first where another director can take the VIPs over at once, and last where all have yet to get keepalived: not at all without
 * them, since it may be the only one that has the VIPs.
 */
export const formerTurn: Turn = {
  asks({ cluster, host, facts }) {
    if (!isFormer(cluster, host.name, facts) || !facts.keepalived?.running) return [];
    return [...new Set(cluster.services.flatMap(({ directors }) => directors))];
  },
  after(input) {
    const { cluster, others } = input;
    const directors = this.asks(input);
    const taken = directors.some((name) => others.get(name)?.keepalived?.running);
    if (directors.length === 0 || taken) return [];
    return heirs(cluster, others).map((name) => ({
      host: name,
      because: 'is to have the VIPs',
      needed: true,
    }));
  },
};
