import type { Service, ServiceRealServer } from '../inventory/cluster.js';

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Turns that each real server has in one cycle of the scheduler; undefined where the scheduler promises no share. */
function turns(service: Pick<Service, 'scheduler' | 'persistence' | 'realServers'>): number[] | undefined {
  if (service.persistence !== undefined) return undefined;
  const weights = service.realServers.map((server) => server.weight);
  if (service.scheduler === 'rr') return weights.map((weight) => (weight > 0 ? 1 : 0));
  if (service.scheduler !== 'wrr') return undefined;
  const divisor = weights.reduce(gcd, 0);
  return divisor === 0 ? weights : weights.map((weight) => weight / divisor);
}

/**
 * Share of the connections, 0–1, that the scheduler gives each real server, in the order of `service.realServers`.
 * rr: equal for all with a weight above 0; wrr: by weight. Every other scheduler looks at running connections or at addresses, and
 * persistence sends one client always to the same server: undefined, nothing is promised to a single probe host.
 */
export function expectedShares(
  service: Pick<Service, 'scheduler' | 'persistence' | 'realServers'>,
): (number | undefined)[] {
  const cycle = turns(service);
  const sum = cycle?.reduce((a, b) => a + b, 0) ?? 0;
  return service.realServers.map((_, i) => (cycle && sum > 0 ? (cycle[i] ?? 0) / sum : undefined));
}

export interface ShareBounds {
  readonly least: number;
  readonly most: number;
}

/**
 * Connections that a real server may get of `total`, both ends included; undefined where nothing is promised.
 *
 * rr and wrr repeat one cycle of C = sum(weights)/gcd(weights) turns, in which a server has w/gcd turns, so of `total` = q·C + r
 * successive connections it gets between q·w + max(0, r − (C − w)) and q·w + min(r, w): exact when `total` is a multiple of C.
 *
 * With `foreign` connections of other clients among ours we see an arbitrary part of that sequence: each end moves by one cycle's
 * turns or by four standard deviations of a binomial sample, whichever is more.
 */
export function shareBounds(
  service: Pick<Service, 'scheduler' | 'persistence' | 'realServers'>,
  total: number,
  foreign: boolean,
): (ShareBounds | undefined)[] {
  const cycle = turns(service);
  const length = cycle?.reduce((a, b) => a + b, 0) ?? 0;
  return service.realServers.map((_, i) => {
    if (!cycle || length === 0) return undefined;
    const own = cycle[i] ?? 0;
    const rounds = Math.floor(total / length);
    const rest = total % length;
    const least = rounds * own + Math.max(0, rest - (length - own));
    const most = rounds * own + Math.min(rest, own);
    if (!foreign || own === 0) return { least, most };
    const share = own / length;
    const slack = Math.max(own, Math.ceil(4 * Math.sqrt(total * share * (1 - share))));
    return { least: Math.max(0, least - slack), most: Math.min(total, most + slack) };
  });
}

/** One sentence for each real server whose count is out of bounds. `how` tells where the counts come from. */
export function shareProblems(
  service: Pick<Service, 'scheduler' | 'persistence' | 'realServers'>,
  counts: readonly (number | undefined)[],
  how: string,
  foreign: boolean,
): string[] {
  if (counts.some((count) => count === undefined)) return [];
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const bounds = shareBounds(service, total, foreign);
  return service.realServers.flatMap((server, i) => {
    const bound = bounds[i];
    const count = counts[i] ?? 0;
    if (total === 0 || !bound || (count >= bound.least && count <= bound.most)) return [];
    return [`${nameOf(server)} got ${count} of ${total} connections (${how}), expected ${span(bound)}`];
  });
}

function span({ least, most }: ShareBounds): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

export function nameOf(server: ServiceRealServer): string {
  return `real server ${server.host} (${server.address})`;
}

/** `director lvs`; a host that is called director needs no title. */
export function titled(director: string): string {
  return director.startsWith('director') ? director : `director ${director}`;
}
