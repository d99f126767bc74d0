import type { Facts } from '../../src/engine/facts.js';
import type { Before, Turn } from '../../src/engine/role.js';
import type { Cluster, ClusterHost, Service } from '../../src/inventory/cluster.js';
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

/** What a former director's keepalived moves, as far as the inventory has it; all where its file tells of nothing. */
function leaving({ services }: Cluster, { keepalived }: Facts): readonly Service[] {
  const { moves } = keepalived ?? {};
  return moves === undefined ? services : services.filter(({ vip }) => moves.includes(vip));
}

/** Runs a keepalived that takes the VIP as soon as no other says that it has it; of a file that is not lvsctl's that is taken for granted. */
const takesOver = (facts: Facts | undefined, vip: string): boolean =>
  facts?.keepalived?.running === true && (facts.keepalived.moves?.includes(vip) ?? true);

/**
 * Who is to have what the former director moves and nobody else can have yet: neither holds it alone, nor takes it over at once. Of a VIP
 * of whose directors nothing is known, all.
 */
function heirs(cluster: Cluster, former: Facts, others: ReadonlyMap<string, Facts>): readonly string[] {
  const names = leaving(cluster, former).flatMap(({ vip, directors }) => {
    const has = (name: string) =>
      takesOver(others.get(name), vip) || others.get(name)?.heldAlone?.includes(vip);
    if (directors.some(has)) return [];
    const known = directors.filter((name) => others.has(name));
    return known.length > 0 ? known : directors;
  });
  return [...new Set(names)];
}

/** Goes before the host: moves a VIP of its, and need not wait for it. */
const leavesBefore = (
  cluster: Cluster,
  { name }: Pick<ClusterHost, 'name'>,
  former: Facts,
  others: ReadonlyMap<string, Facts>,
): boolean =>
  leaving(cluster, former).some(({ directors }) => directors.includes(name)) &&
  !heirs(cluster, former, others).includes(name);

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
        .filter(([, each]) => leavesBefore(cluster, host, each, others))
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
  remarks({ cluster, host, facts, others }) {
    if (!starts(cluster, host, facts)) return [];
    const taken = (vip: string) =>
      [...others.values()].some((other) => other.heldAlone?.includes(vip) || takesOver(other, vip));
    return this.asks({ cluster, host, facts }).flatMap((name) => {
      if (others.has(name)) return [];
      const vips = shared(cluster, host)
        .filter(({ directors, vip }) => directors.includes(name) && !taken(vip))
        .map(({ vip }) => vip);
      if (vips.length === 0) return [];
      return [
        `${name} could not be asked whether it holds ${named(vips)} without keepalived: if it does, both have it once keepalived runs here, until lvsctl has changed ${name} too; ` +
          `see that ${name} is off, or within reach`,
      ];
    });
  },
};

/** The first ones by name. */
function named(addresses: readonly string[]): string {
  const all = [...new Set(addresses)];
  return all.length > 4 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(', ');
}

/**
 * Goes first where another director can take over at once each VIP that its keepalived moves, and behind those that have yet to get
 * keepalived for one: not at all without them, since it may be the only one that has it.
 */
export const formerTurn: Turn = {
  asks({ cluster, host, facts }) {
    if (!isFormer(cluster, host.name, facts) || !facts.keepalived?.running) return [];
    return [...new Set(leaving(cluster, facts).flatMap(({ directors }) => directors))];
  },
  after(input) {
    const { cluster, facts, others } = input;
    if (this.asks(input).length === 0) return [];
    return heirs(cluster, facts, others).map((name) => ({
      host: name,
      because: 'is to have the VIPs',
      needed: true,
    }));
  },
};
