import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../inventory/cluster.js';
import {
  destinationOf,
  parseRecord,
  parseStats,
  recordPath,
  serviceIdentity,
  type WeightRecord,
} from '../ipvs/index.js';
import { sh } from '../shell/index.js';
import type { Host } from '../ssh/host.js';

/** Connections that a director has scheduled since the service was made, for each real server in the service's order. */
export interface Snapshot {
  readonly counts: readonly (number | undefined)[];
  /** Weights that an operator has set there. */
  readonly record: WeightRecord;
}

/** Why there is no snapshot, in the words of ipvsadm or ours. */
export interface NoSnapshot {
  readonly why: string;
}

/** The kernel sums its counters every two seconds (kernel/ipvs: `estimation_timer`), so what is read may be that old. */
export const counterLagMilliseconds = 2200;

/** The record rides along: by its weights connections are shared. No line of ipvsadm begins with `@@ `. */
const statsScript = sh`ipvsadm -Ln --stats --exact 2>/dev/null || ipvsadm -Ln --stats || exit
[ ! -r ${recordPath} ] || { echo '@@ weights'; cat ${recordPath}; }`;

export async function readCounters(
  director: Host,
  service: Service,
  signal?: AbortSignal,
): Promise<Snapshot | NoSnapshot> {
  const result = await director.run(statsScript, signal ? { signal } : {});
  if (result.status !== 0) {
    const said = `${result.stderr.toString()}\n${result.stdout.toString()}`.trim().split('\n')[0];
    return { why: said || `ipvsadm ended with status ${result.status}` };
  }
  const [stats = '', record = ''] = result.stdout.toString().split('@@ weights\n');
  const { services, marks } = parseStats(stats);
  const id = serviceIdentity(service);
  const entry =
    id.kind === 'mark'
      ? marks.find(({ mark, family }) => mark === id.mark && family === id.family)
      : services.find(
          ({ protocol, address, port }) =>
            protocol === id.protocol && address === id.address && port === id.port,
        );
  if (!entry) return { why: 'the service is not in its table' };
  return {
    record: parseRecord(record),
    counts: service.realServers.map((server) => {
      const named = destinationOf(service, server);
      return entry.destinations.find(({ address, port }) => address === named.address && port === named.port)
        ?.connections;
    }),
  };
}

/** Connections since `before`; undefined for a real server that is not in the table, or was not. */
export function countedSince(before: Snapshot, after: Snapshot): (number | undefined)[] {
  return after.counts.map((count, i) => {
    const former = before.counts[i];
    return count === undefined || former === undefined ? undefined : count - former;
  });
}

export function totalOf(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/**
 * Reads the counters until they have `wanted` more connections than `before`, or don't move any more: at most eight seconds, and one answer.
 */
export async function settledCounters(
  director: Host,
  service: Service,
  before: Snapshot,
  wanted: number,
  signal?: AbortSignal,
): Promise<Snapshot | NoSnapshot> {
  const begun = Date.now();
  let moved = begun;
  let last = -1;
  for (;;) {
    // An answer may be long on its way: it tells of no later moment than the one in which it was asked for.
    const asked = Date.now();
    const after = await readCounters(director, service, signal);
    if ('why' in after) return after;
    const total = totalOf(countedSince(before, after));
    if (total !== last) moved = Date.now();
    last = total;
    if (total >= wanted || asked - moved > counterLagMilliseconds || asked - begun > 8000) return after;
    await sleep(500, undefined, signal ? { signal } : {});
  }
}
