import type { Forwarding } from '../inventory/cluster.js';
import { isListingHeader } from './listing.js';
import {
  type Destination,
  isIPv6,
  type Persistence,
  type ReadTable,
  type ServiceIdentity,
  serviceFamily,
  type UnreadLine,
  type VirtualService,
} from './table.js';
import { dottedQuad, readHex, readHexEndpoint, wholeNumber } from './text.js';

/** Method as the kernel and ipvsadm print it. */
export const forwardings: Readonly<Record<string, Forwarding | 'local'>> = {
  Route: 'dr',
  Masq: 'nat',
  Tunnel: 'tun',
  Local: 'local',
};

/** A prefix length is printed with its bytes swapped: `40000000` is 64. */
function readNetmask(value: number, family: 4 | 6): string {
  return family === 4 ? dottedQuad(value) : String(value >>> 24);
}

const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

/**
 * Mark services show no family. It is that of the servers, which only tunnels can cross; else the netmask tells (an IPv6 one is at
 * most 128, swapped). With neither, IPv4 is taken.
 */
function familyOfMark(netmask: number | undefined, destinations: readonly Destination[]): 4 | 6 {
  const direct = destinations.find((destination) => destination.forwarding !== 'tun');
  if (direct !== undefined) return isIPv6(direct.address) ? 6 : 4;
  if (netmask !== undefined) return (netmask & 0xffffff) === 0 && netmask >>> 24 <= 128 ? 6 : 4;
  return destinations[0] !== undefined && isIPv6(destinations[0].address) ? 6 : 4;
}

interface Draft {
  readonly words: readonly string[];
  readonly destinations: Destination[];
}

function readPersistence(
  words: readonly string[],
  hz: number | undefined,
): { mask: number | undefined; seconds: number | undefined } | undefined {
  const at = words.indexOf('persistent');
  if (at < 0) return undefined;
  const ticks = wholeNumber(words[at + 1]);
  const seconds = ticks === undefined || hz === undefined ? undefined : Math.round(ticks / hz);
  return { mask: readHex(words[at + 2], 8), seconds };
}

function finish({ words, destinations }: Draft, hz: number | undefined): VirtualService | undefined {
  const [kind = '', name = '', scheduler, ...flags] = words;
  const observed = readPersistence(flags, hz);
  let id: ServiceIdentity;
  if (kind === 'FWM') {
    const mark = readHex(name, 8);
    if (mark === undefined || mark === 0) return undefined;
    id = { kind: 'mark', mark, family: familyOfMark(observed?.mask, destinations) };
  } else {
    const endpoint = readHexEndpoint(name);
    if (endpoint === undefined || !(kind in protocols)) return undefined;
    id = { kind: 'address', protocol: protocols[kind as keyof typeof protocols], ...endpoint };
  }
  if (scheduler === undefined) return undefined;
  const family = serviceFamily(id);
  const persistence: Persistence | 'none' =
    observed === undefined
      ? 'none'
      : {
          timeoutSeconds: observed.seconds,
          netmask: observed.mask === undefined ? undefined : readNetmask(observed.mask, family),
          engine: undefined,
        };
  return {
    id,
    scheduler,
    schedulerFlags: undefined,
    persistence,
    onePacket: flags.includes('ops'),
    destinations,
  };
}

function readDestination(words: readonly string[]): Destination | undefined {
  const [, name = '', method = '', ...numbers] = words;
  const endpoint = readHexEndpoint(name);
  const forwarding = forwardings[method];
  const [weight, activeConnections, inactiveConnections] = numbers.map((word) => wholeNumber(word));
  if (endpoint === undefined || forwarding === undefined || numbers.length !== 3) return undefined;
  if (weight === undefined || activeConnections === undefined || inactiveConnections === undefined)
    return undefined;
  return {
    ...endpoint,
    forwarding,
    weight,
    tunnel: undefined,
    upperThreshold: undefined,
    lowerThreshold: undefined,
    activeConnections,
    inactiveConnections,
  };
}

/**
 * Reads /proc/net/ip_vs (Linux 2.4 to 6.1). Total: what it can't make out is in `unread`. Timeouts of persistence are in ticks
 * of the kernel, and unknown unless `hz` is given; scheduler flags, tunnels, thresholds and engines are not shown there.
 */
export function parseProc(text: string, hz?: number): ReadTable {
  const drafts: (Draft & { line: number; text: string })[] = [];
  const unread: UnreadLine[] = [];
  let known = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || isListingHeader(line)) continue;
    const words = line.trim().split(/\s+/);
    if (words[0] !== '->') {
      known = words[0] === 'FWM' || (words[0] ?? '') in protocols;
      if (known) drafts.push({ words, destinations: [], line: index + 1, text: line });
      else unread.push({ line: index + 1, text: line, reason: 'not a service' });
      continue;
    }
    const destination = readDestination(words);
    if (destination === undefined || !known)
      unread.push({ line: index + 1, text: line, reason: 'not a real server of a known service' });
    else drafts.at(-1)?.destinations.push(destination);
  }
  const services: VirtualService[] = [];
  for (const draft of drafts) {
    const service = finish(draft, hz);
    if (service !== undefined) services.push(service);
    else unread.push({ line: draft.line, text: draft.text, reason: 'not a service' });
  }
  return { table: { services }, unread };
}
