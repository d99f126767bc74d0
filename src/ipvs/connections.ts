import type { UnreadLine } from './table.js';
import { readEndpoint, readHexEndpoint, wholeNumber } from './text.js';

export interface Endpoint {
  /** Canonical text, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** One entry of the director's connection table. */
export interface Connection {
  /** In lower case: `tcp`, `udp`, `sctp`; `ip` of the templates of a mark. */
  readonly protocol: string;
  readonly client: Endpoint;
  /** Of a template of a mark, the address is the mark: see {@link Connection.mark}. */
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  /** `ESTABLISHED`, `SYN_RECV` …; `NONE` and `ASSURED` of templates. */
  readonly state: string;
  readonly expiresSeconds: number;
  /**
   * No connection, but what persistence remembers of a client: its port is 0. So is that of an FTP data connection
   * that ip_vs_ftp waits for.
   */
  readonly template: boolean;
  /** Of a template of a service by mark. */
  readonly mark?: number;
  /** Persistence engine and what it goes by (the Call-ID of `sip`). */
  readonly engine?: { readonly name: string; readonly data: string };
}

export interface ReadConnections {
  readonly connections: readonly Connection[];
  readonly unread: readonly UnreadLine[];
}

type Parts = Pick<Connection, 'client' | 'virtual' | 'destination' | 'state' | 'expiresSeconds' | 'engine'>;

function connection(protocolWord: string, parts: Parts): Connection {
  const protocol = protocolWord.toLowerCase();
  const template = parts.client.port === 0;
  // The kernel keeps the mark where the address of the service would be (ip_vs_sched_persist).
  const mark = protocol === 'ip' && template ? markOf(parts.virtual.address) : undefined;
  return { protocol, ...parts, template, ...(mark !== undefined && { mark }) };
}

/** The mark is the first four bytes of the address, of either family. */
function markOf(address: string): number | undefined {
  if (!address.includes(':')) {
    const bytes = address.split('.').map(Number);
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const [high = '0', low = '0'] = [...left, ...middle, ...right];
  return Number.parseInt(high, 16) * 65536 + Number.parseInt(low, 16);
}

function engineOf(words: readonly string[]): Pick<Connection, 'engine'> {
  const [name, ...data] = words;
  return name === undefined ? {} : { engine: { name, data: data.join(' ') } };
}

function readLines(text: string, header: RegExp, read: (words: string[]) => Connection | undefined) {
  const connections: Connection[] = [];
  const unread: UnreadLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || header.test(line)) continue;
    const found = read(line.trim().split(/\s+/));
    if (found !== undefined) connections.push(found);
    else unread.push({ line: index + 1, text: line, reason: 'not a connection' });
  }
  return { connections, unread };
}

/**
 * Reads `ipvsadm -Lcn`, also with `--persistent-conn`. Total: what isn't understood is in `unread`.
 * `TCP 14:58  ESTABLISHED 192.168.7.110:35068 192.168.7.110:8080 192.168.7.1:8080`
 */
export function parseConnections(text: string): ReadConnections {
  return readLines(text, /^(IPVS connection entries|pro expire state)/, (words) => {
    const [protocol = '', expires = '', state = '', ...rest] = words;
    const [client, virtual, destination] = rest.slice(0, 3).map(readEndpoint);
    const time = /^(\d{1,7}):(\d{2})$/.exec(expires);
    if (!isProtocol(protocol) || time === null) return undefined;
    if (client === undefined || virtual === undefined || destination === undefined) return undefined;
    const expiresSeconds = Number(time[1]) * 60 + Number(time[2]);
    return connection(protocol, {
      client,
      virtual,
      destination,
      state,
      expiresSeconds,
      ...engineOf(rest.slice(3)),
    });
  });
}

/**
 * Reads /proc/net/ip_vs_conn (Linux 2.4 to 6.1). Total: what isn't understood is in `unread`.
 * `TCP C0A80700 0000 C0A8076E 1F90 C0A80701 0050 NONE            595`; IPv6 is written out in full, without brackets.
 */
export function parseProcConnections(text: string): ReadConnections {
  return readLines(text, /^Pro FromIP/, (words) => {
    const [protocol = '', ...rest] = words;
    const [client, virtual, destination] = [0, 2, 4].map((at) => readWords(rest[at], rest[at + 1]));
    const [state = '', expires, ...engine] = rest.slice(6);
    const expiresSeconds = wholeNumber(expires);
    if (!isProtocol(protocol) || state === '' || expiresSeconds === undefined) return undefined;
    if (client === undefined || virtual === undefined || destination === undefined) return undefined;
    return connection(protocol, {
      client,
      virtual,
      destination,
      state,
      expiresSeconds,
      ...engineOf(engine),
    });
  });
}

function readWords(address = '', port = ''): Endpoint | undefined {
  const text = address.includes(':') ? `[${address}]` : address;
  return readHexEndpoint(`${text}:${port}`);
}

const isProtocol = (word: string): boolean => /^[A-Z][A-Za-z0-9_]{1,9}$/.test(word);
