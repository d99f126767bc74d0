import {
  type Counters,
  parseListing,
  parseProc,
  parseRates,
  parseRecord,
  parseThresholds,
  type Rates,
  recordPath,
  type Thresholds,
  type UnreadLine,
  type VirtualService,
  type WeightRecord,
} from '../ipvs/index.js';
import { sh, shLines, trusted } from '../shell/index.js';

/**
 * All that a director tells of its table, in one trip. Without ip_vs there is none, and ipvsadm would load the module to say so,
 * which a reader must not. A list that this ipvsadm refuses (1.21 has no --thresholds) leaves its section empty: the last one of
 * a name counts. --exact keeps counters above 99,999,999 from being rounded.
 */
const tableScript = trusted(`\
echo '@@ addresses'
ip -o addr show 2>/dev/null || ifconfig -a 2>/dev/null || :
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

export const statusScript = shLines(
  tableScript,
  sh`[ ! -r ${recordPath} ] || { echo '@@ weights'; cat ${recordPath}; }`,
);

/** Service key → its figures, and destination key → those of the real server. */
type Keyed<T> = ReadonlyMap<string, T & { readonly destinations: ReadonlyMap<string, T> }>;

/** One director's table as it was read. What no list carried is in none of these. */
export interface ObservedTable {
  readonly loaded: boolean;
  /** Of all interfaces but lo; undefined where the host did not tell. */
  readonly addresses: ReadonlySet<string> | undefined;
  readonly services: readonly VirtualService[];
  readonly thresholds: ReadonlyMap<string, ReadonlyMap<string, Thresholds>>;
  readonly counters: Keyed<Counters>;
  readonly rates: Keyed<Rates>;
  readonly unread: readonly UnreadLine[];
  /** Lists that this host could not give: `thresholds`, `stats`, `rate`. */
  readonly refused: readonly string[];
  /** Weights that operators have set there. */
  readonly record: WeightRecord;
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

/** By ip(8), an address a line; by ifconfig(8), which tells the interface before its addresses. */
function addressesIn(text: string): ReadonlySet<string> | undefined {
  const found = new Set<string>();
  let loopback = false;
  for (const line of text.split('\n')) {
    const device = /^(?:\d+: )?([^\s]+?):?\s/.exec(line)?.[1];
    if (device !== undefined) loopback = /^lo(:|$)/.test(device);
    const address = /inet6? (?:addr: ?)?([0-9a-f.:]+)/i.exec(line)?.[1];
    if (address !== undefined && !loopback) found.add(address);
  }
  return found.size === 0 ? undefined : found;
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
    addresses: addressesIn(parts.get('addresses') ?? ''),
    services: table.services,
    thresholds: parseThresholds(given('thresholds')),
    // Totals have the columns of rates.
    counters: parseRates(given('stats')).services,
    rates: parseRates(given('rate')).services,
    unread,
    refused,
    record: parseRecord(parts.get('weights') ?? ''),
  };
}
