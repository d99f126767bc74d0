import {
  type Counters,
  parseListing,
  parseProc,
  parseRates,
  parseThresholds,
  type Rates,
  type Thresholds,
  type UnreadLine,
  type VirtualService,
} from '../ipvs/index.js';
import { trusted } from '../shell/index.js';

/**
 * All that a director tells of its table, in one trip. Without ip_vs there is none, and ipvsadm would load the module to say so,
 * which a reader must not. A list that this ipvsadm refuses (1.21 has no --thresholds) leaves its section empty: the last one of
 * a name counts. --exact keeps counters above 99,999,999 from being rounded.
 */
export const statusScript = trusted(`\
if ! head -n 1 /proc/net/ip_vs >/dev/null 2>&1; then
  echo '@@ not loaded'
elif ! command -v ipvsadm >/dev/null 2>&1; then
  echo '@@ proc'
  cat /proc/net/ip_vs
else
  echo '@@ list'
  ipvsadm -Ln || exit
  echo '@@ thresholds'
  ipvsadm -Ln --thresholds 2>/dev/null || echo '@@ thresholds'
  for kind in stats rate; do
    echo "@@ $kind"
    ipvsadm -Ln --$kind --exact 2>/dev/null ||
      { echo "@@ $kind"; ipvsadm -Ln --$kind 2>/dev/null; } ||
      echo "@@ $kind"
  done
fi`);

/** Service key → its figures, and destination key → those of the real server. */
type Keyed<T> = ReadonlyMap<string, T & { readonly destinations: ReadonlyMap<string, T> }>;

/** One director's table as it was read. What no list carried is in none of these. */
export interface ObservedTable {
  readonly loaded: boolean;
  readonly services: readonly VirtualService[];
  readonly thresholds: ReadonlyMap<string, ReadonlyMap<string, Thresholds>>;
  readonly counters: Keyed<Counters>;
  readonly rates: Keyed<Rates>;
  readonly unread: readonly UnreadLine[];
  /** Lists that this host could not give: `thresholds`, `stats`, `rate`. */
  readonly refused: readonly string[];
}

/** Section name → text. No line of ipvsadm or /proc begins with `@@ `. */
function sections(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(/^@@ /m).slice(1)) {
    const end = part.indexOf('\n');
    found.set(end < 0 ? part : part.slice(0, end), end < 0 ? '' : part.slice(end + 1));
  }
  return found;
}

/** Reads what {@link statusScript} printed. Total. */
export function readObserved(output: string): ObservedTable {
  const parts = sections(output);
  const proc = parts.get('proc');
  const { table, unread } = proc === undefined ? parseListing(parts.get('list') ?? '') : parseProc(proc);
  const loaded = !parts.has('not loaded');
  const lists = ['thresholds', 'stats', 'rate'];
  // Every list that works has its header at least.
  const refused = loaded ? lists.filter((name) => !/^IP Virtual Server/m.test(parts.get(name) ?? '')) : [];
  const given = (name: string) => (refused.includes(name) ? '' : (parts.get(name) ?? ''));
  return {
    loaded,
    services: table.services,
    thresholds: parseThresholds(given('thresholds')),
    // Totals have the columns of rates.
    counters: parseRates(given('stats')).services,
    rates: parseRates(given('rate')).services,
    unread,
    refused,
  };
}
