import type { Protocol } from '../inventory/cluster.js';
import { destinationSettings, destinationWords, serviceSettings, serviceWords } from './args.js';
import {
  type Destination,
  destinationKey,
  fullNetmask,
  type Persistence,
  type ReadTable,
  type ServiceIdentity,
  serviceFamily,
  serviceKey,
  type Table,
  type Tunnel,
  type UnreadLine,
  type VirtualService,
} from './table.js';
import { canonicalAddress, readEndpoint, readMark, wholeNumber } from './text.js';

/** One service and its servers, a line each, as `ipvsadm -Sn` of version 1.31 prints them. */
export function renderService(service: VirtualService): string[] {
  const name = serviceWords(service.id);
  return [
    ['-A', ...name, ...serviceSettings(service)].join(' '),
    ...service.destinations.map((destination) =>
      [
        '-a',
        ...name,
        ...destinationWords(destination),
        ...destinationSettings(destination, { thresholds: false, verbose: true }),
      ].join(' '),
    ),
  ];
}

/** A table as `ipvsadm -Sn` of version 1.31 prints it, which leaves out thresholds, in the table's own order. */
export function renderSave(table: Table): string {
  return table.services
    .flatMap(renderService)
    .map((line) => `${line}\n`)
    .join('');
}

const protocols: Readonly<Record<string, Protocol>> = {
  '-t': 'tcp',
  '--tcp-service': 'tcp',
  '-u': 'udp',
  '--udp-service': 'udp',
  '--sctp-service': 'sctp',
};

/** The words of one line, taken one after the other. */
class Words {
  #at = 0;
  constructor(private readonly words: readonly string[]) {}
  next(): string | undefined {
    return this.words[this.#at++];
  }
  peek(): string | undefined {
    return this.words[this.#at];
  }
}

function readIdentity(words: Words): ServiceIdentity | undefined {
  const option = words.next() ?? '';
  const name = words.next() ?? '';
  const protocol = protocols[option];
  if (protocol !== undefined) {
    const endpoint = readEndpoint(name);
    return endpoint === undefined ? undefined : { kind: 'address', protocol, ...endpoint };
  }
  const mark = option === '-f' || option === '--fwmark-service' ? readMark(name) : undefined;
  if (mark === undefined) return undefined;
  if (words.peek() !== '-6') return { kind: 'mark', mark, family: 4 };
  words.next();
  return { kind: 'mark', mark, family: 6 };
}

function readNetmask(text: string | undefined, family: 4 | 6): string | undefined {
  if (text === undefined) return undefined;
  if (family === 4) return text.includes('.') ? canonicalAddress(text) : undefined;
  const prefix = wholeNumber(text, 128);
  return prefix === undefined ? undefined : String(prefix);
}

type Complain = (reason: string) => void;

/** What is neither an option nor its value comes back as complaints; the rest of the line still counts. */
function readService(id: ServiceIdentity, words: Words, complain: Complain): VirtualService {
  const family = serviceFamily(id);
  let scheduler: string | undefined;
  let schedulerFlags: readonly string[] | undefined = [];
  let persistence: Persistence | 'none' = 'none';
  let netmask: string | undefined = fullNetmask(family);
  let engine = 'none';
  let onePacket = false;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    switch (word) {
      case '-s':
        scheduler = words.next();
        break;
      case '-p': {
        const timeoutSeconds = wholeNumber(words.next());
        if (timeoutSeconds === undefined) complain('no timeout after -p');
        persistence = { timeoutSeconds, netmask, engine };
        break;
      }
      case '-M': {
        netmask = readNetmask(words.next(), family);
        if (netmask === undefined) complain('no netmask after -M');
        break;
      }
      // 1.26 prints what it does not accept: `pe` and `ops`, without dashes.
      case '--pe':
      case 'pe':
        engine = words.next() ?? engine;
        break;
      case '-o':
      case 'ops':
        onePacket = true;
        break;
      case '-b': {
        // 1.31 prints nothing after -b for a service whose only flag is flag-3.
        const flags = words.next();
        schedulerFlags = flags === undefined ? undefined : flags.split(',').sort();
        break;
      }
      default:
        complain(`unknown word ${word}`);
    }
  }
  if (scheduler === undefined) complain('no scheduler');
  if (persistence !== 'none') persistence = { ...persistence, netmask, engine };
  return { id, scheduler, schedulerFlags, persistence, onePacket, destinations: [] };
}

const forwardings = { '-g': 'dr', '-m': 'nat', '-i': 'tun' } as const;
const tunnelTypes: readonly string[] = ['ipip', 'gue', 'gre'];
const checksums = { '--tun-nocsum': 'none', '--tun-csum': 'full', '--tun-remcsum': 'remote' } as const;

function readDestination(
  endpoint: { address: string; port: number },
  words: Words,
  complain: Complain,
): Destination {
  let forwarding: Destination['forwarding'];
  let weight: number | undefined;
  let type: Tunnel['type'] = 'ipip';
  let port: number | undefined;
  let checksum: Tunnel['checksum'];
  let upperThreshold: number | undefined;
  let lowerThreshold: number | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word in forwardings) forwarding = forwardings[word as keyof typeof forwardings];
    else if (word === '-w') {
      weight = wholeNumber(words.next());
      if (weight === undefined) complain('no weight after -w');
    } else if (word === '-x' || word === '-y') {
      const threshold = wholeNumber(words.next());
      if (threshold === undefined) complain(`no threshold after ${word}`);
      else if (word === '-x') upperThreshold = threshold;
      else lowerThreshold = threshold;
    } else if (word === '--tun-type') {
      const name = words.next() ?? '';
      if (tunnelTypes.includes(name)) type = name as Tunnel['type'];
      else complain(`unknown tunnel type ${name}`);
    } else if (word === '--tun-port') port = wholeNumber(words.next(), 65535);
    else if (word in checksums) checksum = checksums[word as keyof typeof checksums];
    else complain(`unknown word ${word}`);
  }
  if (forwarding === undefined) complain('no forwarding method');
  return {
    ...endpoint,
    forwarding,
    weight,
    tunnel: forwarding === 'tun' ? { type, port, checksum } : undefined,
    upperThreshold,
    lowerThreshold,
    activeConnections: undefined,
    inactiveConnections: undefined,
  };
}

/** A service, or a real server of it, that a line is about. */
export interface PlacedEntry {
  readonly service: ServiceIdentity;
  readonly destination?: { readonly address: string; readonly port: number };
}

/**
 * Reads `ipvsadm -Sn` of 1.21 to 1.31. Total: a line that isn't understood, in whole or in one of its words, is in `unread`,
 * and what could be read of it is in the table. Thresholds and connections stay unknown: no ipvsadm prints them there, though
 * `ipvsadm -R` takes thresholds, and so they are read where somebody wrote them.
 * ipvsadm 1.26 prints SCTP services as `-u`; {@link observe} mends that from /proc/net/ip_vs.
 * @param place told of each entry of the table and its line, from 1
 */
export function parseSave(text: string, place?: (line: number, entry: PlacedEntry) => void): ReadTable {
  const services = new Map<string, { service: VirtualService; destinations: Map<string, Destination> }>();
  const unread: UnreadLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const complain = (reason: string) => unread.push({ line: index + 1, text: line, reason });
    const words = new Words(line.trim().split(/\s+/));
    const command = words.next();
    const id = command === '-A' || command === '-a' ? readIdentity(words) : undefined;
    if (id === undefined) {
      complain('not a service or real server');
      continue;
    }
    const key = serviceKey(id);
    const entry = services.get(key);
    if (command === '-A') {
      if (entry !== undefined) complain(`${key} again`);
      else {
        services.set(key, { service: readService(id, words, complain), destinations: new Map() });
        place?.(index + 1, { service: id });
      }
      continue;
    }
    const endpoint = words.next() === '-r' ? readEndpoint(words.next() ?? '') : undefined;
    if (endpoint === undefined) complain('no real server after -r');
    else if (entry === undefined) complain(`no service ${key} above`);
    else if (entry.destinations.has(destinationKey(endpoint))) complain(`${destinationKey(endpoint)} again`);
    else {
      entry.destinations.set(destinationKey(endpoint), readDestination(endpoint, words, complain));
      place?.(index + 1, { service: id, destination: endpoint });
    }
  }
  const table = {
    services: [...services.values()].map(({ service, destinations }) => ({
      ...service,
      destinations: [...destinations.values()],
    })),
  };
  return { table, unread };
}
