import type { Counters, Rates } from './listing.js';

export interface Totals {
  readonly counters: Counters;
  readonly rates: Rates;
}

/** Hexadecimal. Counters above 2⁵³ lose their last digits: no director lives so long. */
function readRow(line: string | undefined): Counters | undefined {
  const words = (line ?? '').trim().split(/\s+/);
  if (words.length !== 5 || !words.every((word) => /^[0-9A-Fa-f]{1,16}$/.test(word))) return undefined;
  const [connections = 0, incomingPackets = 0, outgoingPackets = 0, incomingBytes = 0, outgoingBytes = 0] =
    words.map((word) => Number.parseInt(word, 16));
  return { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
}

/**
 * Reads /proc/net/ip_vs_stats (Linux 2.4 to 6.1), whose numbers are hexadecimal: totals of the whole table since it was zeroed,
 * and rates a second. Undefined for anything else.
 */
export function parseTotals(text: string): Totals | undefined {
  const lines = text.split('\n');
  const after = (header: RegExp) => readRow(lines[lines.findIndex((line) => header.test(line)) + 1]);
  if (!/^\s*Total Incoming Outgoing/.test(lines[0] ?? '')) return undefined;
  const counters = after(/^\s*Conns\s+Packets\s+Packets/);
  const rates = after(/^\s*Conns\/s\s/);
  return counters === undefined || rates === undefined ? undefined : { counters, rates };
}
