import { isListingHeader, readServiceWords } from './listing.js';
import { forwardings } from './proc.js';
import {
  type Destination,
  destinationKey,
  fullNetmask,
  type Persistence,
  type ReadTable,
  type ServiceIdentity,
  serviceFamily,
  serviceKey,
  type UnreadLine,
  type VirtualService,
} from './table.js';
import { readEndpoint, wholeNumber } from './text.js';

/** `(sh-port)`; `()` is a flag that ipvsadm 1.31 has no name for. */
function readFlags(word: string | undefined): readonly string[] | undefined {
  const flags = /^\((.*)\)$/.exec(word ?? '')?.[1];
  return flags === undefined ? [] : flags === '' ? undefined : flags.split(',').sort();
}

function readService(
  id: ServiceIdentity,
  [scheduler, ...rest]: readonly string[],
): Omit<VirtualService, 'destinations'> {
  const after = (word: string) => (rest.includes(word) ? rest[rest.indexOf(word) + 1] : undefined);
  const persistence: Persistence | 'none' = rest.includes('persistent')
    ? {
        timeoutSeconds: wholeNumber(after('persistent')),
        netmask: after('mask') ?? fullNetmask(serviceFamily(id)),
        engine: after('pe') ?? 'none',
      }
    : 'none';
  return {
    id,
    scheduler,
    schedulerFlags: readFlags(rest[0]),
    persistence,
    onePacket: rest.includes('ops'),
  };
}

function readDestination(words: readonly string[]): Destination | undefined {
  const endpoint = readEndpoint(words[1] ?? '');
  const forwarding = forwardings[words[2] ?? ''];
  const [weight, activeConnections, inactiveConnections] = words.slice(3).map((word) => wholeNumber(word));
  if (
    endpoint === undefined ||
    forwarding === undefined ||
    words.length !== 6 ||
    weight === undefined ||
    activeConnections === undefined ||
    inactiveConnections === undefined
  )
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
 * Reads `ipvsadm -Ln` of 1.21 to 1.31. Total: what it can't make out is in `unread`, and servers below such a line are never
 * counted to the service above it. Thresholds and kinds of tunnel are not shown there.
 */
export function parseListing(text: string): ReadTable {
  const services: (VirtualService & { destinations: Destination[] })[] = [];
  const unread: UnreadLine[] = [];
  const seen = new Set<string>();
  let current: { readonly key: string; readonly destinations: Destination[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || isListingHeader(line)) continue;
    const complain = (reason: string) => unread.push({ line: index + 1, text: line, reason });
    const words = line.trim().split(/\s+/);
    if (words[0] === '->') {
      const destination = readDestination(words);
      const key = `${current?.key} ${destination === undefined ? '' : destinationKey(destination)}`;
      if (current === undefined) complain('a real server without its service');
      else if (destination === undefined) complain('not a real server with weight and connections');
      else if (seen.has(key)) complain(`${destinationKey(destination)} again`);
      else {
        seen.add(key);
        current.destinations.push(destination);
      }
      continue;
    }
    current = undefined;
    const service = readServiceWords(words);
    if (service === undefined || service.rest.length === 0) {
      complain('not a service with a scheduler');
      continue;
    }
    const key = serviceKey(service.id);
    if (seen.has(key)) {
      complain(`${key} again`);
      continue;
    }
    seen.add(key);
    current = { key, destinations: [] };
    services.push({ ...readService(service.id, service.rest), destinations: current.destinations });
  }
  return { table: { services }, unread };
}
