import { type Sh, sh } from '../shell/index.js';
import type { Endpoint } from './connections.js';
import type { UnreadLine } from './table.js';
import { hexAddress, readHexEndpoint, wholeNumber } from './text.js';

/** Connections of one kind that a real server has on one director. */
export interface HeldConnections {
  readonly count: number;
  /** In lower case: `tcp`, `udp`, `sctp`. */
  readonly protocol: string;
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  /** `ESTABLISHED`, `SYN_RECV`, `FIN_WAIT` …; `UDP`. */
  readonly state: string;
}

/** One fork, and a line for each kind of connection, however many there are. The header's word is no address. */
const counting = `
($6 in wanted) && $3 != "0000" { found[$1 " " $4 " " $5 " " $6 " " $7 " " $8]++ }
END { for (kind in found) print found[kind], kind }`;

/**
 * Counts the connections to some real servers in the director's connection table: without the templates of persistence, whose
 * client's port is 0, and on the host, for the table may have 100,000 lines. Prints nothing where IPVS is not loaded.
 */
export function heldScript(addresses: readonly string[]): Sh {
  const words = [...new Set(addresses)].map(hexAddress).join(' ');
  const program = `BEGIN { n = split("${words}", word, " "); for (i = 1; i <= n; i++) wanted[word[i]] = 1 }${counting}`;
  return sh`[ -r /proc/net/ip_vs_conn ] || exit 0
awk ${program} /proc/net/ip_vs_conn`;
}

function readHeld(line: string): HeldConnections | undefined {
  const words = line.trim().split(/\s+/);
  const [count, protocol = '', ...rest] = words;
  const endpoint = (at: number) => {
    const [address = '', port = ''] = rest.slice(at, at + 2);
    return readHexEndpoint(`${address.includes(':') ? `[${address}]` : address}:${port}`);
  };
  const [total, virtual, destination, state] = [wholeNumber(count), endpoint(0), endpoint(2), rest[4]];
  if (total === undefined || virtual === undefined || destination === undefined) return undefined;
  if (state === undefined || words.length !== 7) return undefined;
  return { count: total, protocol: protocol.toLowerCase(), virtual, destination, state };
}

/** Reads what {@link heldScript} printed. Total: what isn't understood is in `unread`. */
export function parseHeld(text: string): {
  readonly held: readonly HeldConnections[];
  readonly unread: readonly UnreadLine[];
} {
  const held: HeldConnections[] = [];
  const unread: UnreadLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = readHeld(line);
    if (found !== undefined) held.push(found);
    else unread.push({ line: index + 1, text: line, reason: 'not a count of connections' });
  }
  return { held, unread };
}

/**
 * States in which nobody is held up when the real server goes: one side has ended the connection, or both. Names as
 * /proc/net/ip_vs_conn has them (Linux 2.4 to 6.1: ip_vs_proto_tcp.c, ip_vs_proto_sctp.c). A director of DR or TUN sees the
 * client's half alone, and keeps an ended connection in FIN_WAIT for two minutes.
 */
const ending = new Set([
  'NONE',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'S-SENT',
  'S-RECEIVED',
  'S-ACK_SENT',
  'REJECTED',
  'CLOSED',
]);

export const closes = (state: string): boolean => ending.has(state);
