import type { Protocol } from '../inventory/cluster.js';
import { destinationKey, type ServiceIdentity, serviceKey, type UnreadLine } from './table.js';
import { readEndpoint, readMark, wholeNumber } from './text.js';

/** Totals since the entry was added or zeroed. The kernel sums them up every two seconds, so they lag behind the traffic. */
export interface Counters {
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

/** As the kernel estimates them, over some seconds; each a second. */
export interface Rates {
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

export interface DestinationStats extends Counters {
  readonly address: string;
  readonly port: number;
}

export interface ServiceStats extends Counters {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly destinations: readonly DestinationStats[];
}

export interface MarkStats extends Counters {
  readonly mark: number;
  readonly family: 4 | 6;
  readonly destinations: readonly DestinationStats[];
}

export interface Stats {
  readonly services: readonly ServiceStats[];
  readonly marks: readonly MarkStats[];
  readonly unread: readonly UnreadLine[];
}

/** A service's line of a listing: who it is, and the words after its name. */
export function readServiceWords(
  words: readonly string[],
): { id: ServiceIdentity; rest: readonly string[] } | undefined {
  const [kind, name] = words;
  if (kind === undefined || name === undefined) return undefined;
  if (kind === 'FWM') {
    const mark = readMark(name);
    if (mark === undefined) return undefined;
    const family = words[2] === 'IPv6' ? 6 : 4;
    return { id: { kind: 'mark', mark, family }, rest: words.slice(family === 6 ? 3 : 2) };
  }
  if (kind !== 'TCP' && kind !== 'UDP' && kind !== 'SCTP') return undefined;
  const endpoint = readEndpoint(name);
  if (endpoint === undefined) return undefined;
  const protocol = kind.toLowerCase() as Protocol;
  return { id: { kind: 'address', protocol, ...endpoint }, rest: words.slice(2) };
}

/** The lines above the entries in every listing. */
export function isListingHeader(line: string): boolean {
  return /^(IP Virtual Server version|Prot LocalAddress:Port|\s+-> RemoteAddress:Port)/.test(line);
}

/** Above 99,999,999 a counter is in thousands (K) and so on, unless `--exact` was given. */
const multipliers: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function readCounter(word: string): number | undefined {
  const multiplier = multipliers[word.slice(-1)];
  const value = wholeNumber(multiplier === undefined ? word : word.slice(0, -1), Number.MAX_SAFE_INTEGER);
  return value === undefined ? undefined : value * (multiplier ?? 1);
}

function readCounters(words: readonly string[]): Counters | undefined {
  if (words.length !== 5) return undefined;
  const [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes] =
    words.map(readCounter);
  if (
    connections === undefined ||
    incomingPackets === undefined ||
    outgoingPackets === undefined ||
    incomingBytes === undefined ||
    outgoingBytes === undefined
  )
    return undefined;
  return { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
}

/**
 * Reads `ipvsadm -Ln --stats --exact`. Total: what it can't make out is in `unread`, and servers below such a line are never
 * counted to the service above it. The listing of one service (`-t SERVICE`), which has no version line, is read too.
 */
export function parseStats(text: string): Stats {
  const services: (ServiceStats & { destinations: DestinationStats[] })[] = [];
  const marks: (MarkStats & { destinations: DestinationStats[] })[] = [];
  const unread: UnreadLine[] = [];
  let destinations: DestinationStats[] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || isListingHeader(line)) continue;
    const complain = (reason: string) => unread.push({ line: index + 1, text: line, reason });
    const words = line.trim().split(/\s+/);
    if (words[0] === '->') {
      const endpoint = readEndpoint(words[1] ?? '');
      const counters = readCounters(words.slice(2));
      if (destinations === undefined) complain('a real server without its service');
      else if (endpoint === undefined || counters === undefined)
        complain('not a real server with five counters');
      else destinations.push({ ...endpoint, ...counters });
      continue;
    }
    destinations = undefined;
    const service = readServiceWords(words);
    const counters = readCounters(service?.rest ?? []);
    if (service === undefined || counters === undefined) {
      complain('not a service with five counters');
      continue;
    }
    destinations = [];
    if (service.id.kind === 'address') {
      const { protocol, address, port } = service.id;
      services.push({ protocol, address, port, ...counters, destinations });
    } else {
      const { mark, family } = service.id;
      marks.push({ mark, family, ...counters, destinations });
    }
  }
  return { services, marks, unread };
}

/** Service key → its rates, and destination key → those of the real server. */
export interface ReadRates {
  readonly services: ReadonlyMap<string, Rates & { readonly destinations: ReadonlyMap<string, Rates> }>;
  readonly unread: readonly UnreadLine[];
}

/** Reads `ipvsadm -Ln --rate`, whose columns are those of `--stats`, a second. Total, as {@link parseStats}. */
export function parseRates(text: string): ReadRates {
  const { services, marks, unread } = parseStats(text);
  const rates = [
    ...services.map((one) => [{ kind: 'address', ...one } as const, one] as const),
    ...marks.map((one) => [{ kind: 'mark', ...one } as const, one] as const),
  ].map(([id, { destinations, ...entry }]) => {
    const ofServers = destinations.map((one) => [destinationKey(one), ratesOf(one)] as const);
    return [serviceKey(id), { ...ratesOf(entry), destinations: new Map(ofServers) }] as const;
  });
  return { services: new Map(rates), unread };
}

function ratesOf(counters: Counters): Rates {
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = counters;
  return { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
}

/** What `-Ln --thresholds` says of one real server. */
export interface Thresholds {
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

/** Reads `ipvsadm -Ln --thresholds` into service key → destination key → thresholds. What it can't make out is left out. */
export function parseThresholds(text: string): ReadonlyMap<string, ReadonlyMap<string, Thresholds>> {
  const services = new Map<string, Map<string, Thresholds>>();
  let destinations: Map<string, Thresholds> | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || isListingHeader(line)) continue;
    const words = line.trim().split(/\s+/);
    if (words[0] !== '->') {
      const service = readServiceWords(words);
      destinations = service === undefined ? undefined : new Map();
      if (service !== undefined && destinations !== undefined)
        services.set(serviceKey(service.id), destinations);
      continue;
    }
    const endpoint = readEndpoint(words[1] ?? '');
    const [upperThreshold, lowerThreshold, activeConnections, inactiveConnections] = words
      .slice(2)
      .map((word) => wholeNumber(word));
    if (
      endpoint === undefined ||
      upperThreshold === undefined ||
      lowerThreshold === undefined ||
      activeConnections === undefined ||
      inactiveConnections === undefined ||
      words.length !== 6
    )
      continue;
    destinations?.set(destinationKey(endpoint), {
      upperThreshold,
      lowerThreshold,
      activeConnections,
      inactiveConnections,
    });
  }
  return services;
}
