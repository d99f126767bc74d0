import type { Cluster } from '../inventory/cluster.js';
import { recordDifferences } from '../ipvs/index.js';
import type { EventSink } from './events.js';
import type { HostSession } from './session.js';

/**
 * Tells of weights that the directors have not all on record: one that was not reached then shows nothing of it by itself. For runs
 * without a gate, which changes the records and tells of them at its begin.
 */
export function tellDifferences(
  { cluster, sink }: { readonly cluster: Cluster; readonly sink: EventSink },
  sessions: Iterable<HostSession>,
): void {
  const known = [...sessions].flatMap(({ name, knownFacts }) =>
    knownFacts ? [[name, knownFacts.recorded] as const] : [],
  );
  for (const { director, text } of recordDifferences(cluster, new Map(known)))
    sink({ type: 'remark', host: director, text });
}
