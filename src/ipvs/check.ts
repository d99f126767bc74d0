import { LvsctlError } from '../errors.js';
import { crossesFamily } from './args.js';
import {
  type Destination,
  destinationKey,
  type ServiceIdentity,
  serviceKey,
  type VirtualService,
} from './table.js';

function refuse(what: string, why: string, hint: string): never {
  throw new LvsctlError(`${what}: ${why}`, { hint });
}

function checkDestination(id: ServiceIdentity, destination: Destination): void {
  const what = `${destinationKey(destination)} in ${serviceKey(id)}`;
  const { forwarding, weight, upperThreshold: upper, lowerThreshold: lower } = destination;
  if (forwarding === undefined || forwarding === 'local')
    refuse(what, 'no forwarding method', 'say dr, nat or tun');
  // ipvsadm writes the service's port over it without a word and says 0 (1.31).
  if (id.kind === 'address' && forwarding !== 'nat' && destination.port !== id.port)
    refuse(
      what,
      `${forwarding} cannot change the port from ${id.port} to ${destination.port}`,
      `let the real server listen on port ${id.port}, or use nat`,
    );
  if (forwarding !== 'tun' && crossesFamily(id, destination))
    refuse(
      what,
      `${forwarding} cannot cross from IPv4 to IPv6 or back`,
      'use tun, or an address of the same family',
    );
  if (weight !== undefined && (!Number.isInteger(weight) || weight < 0 || weight >= 2 ** 31))
    refuse(what, `weight ${weight} is out of range`, 'take 0 (no new connections) to 2147483647');
  // The kernel answers ERANGE.
  if ((lower ?? 0) > (upper ?? Number.POSITIVE_INFINITY))
    refuse(what, `lower threshold ${lower} is above the upper one, ${upper}`, 'raise the upper threshold');
}

function checkService(service: VirtualService): void {
  const { id } = service;
  const what = serviceKey(id);
  if (service.scheduler === undefined) refuse(what, 'no scheduler', 'name one, such as wlc');
  if (
    id.kind === 'address' &&
    id.port === 0 &&
    (service.persistence === 'none' || service.persistence === undefined)
  )
    refuse(what, 'port 0 (all ports) needs persistence', 'give the service a persistence timeout');
  if (id.kind === 'address' && id.protocol !== 'udp' && service.onePacket === true)
    refuse(what, 'one-packet scheduling is for UDP only', 'take it off');
}

/**
 * Refuses before the first change what the kernel would refuse halfway through, or silently change.
 * @throws LvsctlError naming the service and the real server
 */
export function checkWanted(services: readonly VirtualService[]): void {
  const seen = new Set<string>();
  for (const service of services) {
    const key = serviceKey(service.id);
    if (seen.has(key)) refuse(key, 'wanted twice', 'let one service remain');
    seen.add(key);
    checkService(service);
    const servers = new Set<string>();
    for (const destination of service.destinations) {
      const name = destinationKey(destination);
      if (servers.has(name)) refuse(`${name} in ${key}`, 'wanted twice', 'let one real server remain');
      servers.add(name);
      checkDestination(service.id, destination);
    }
  }
}
