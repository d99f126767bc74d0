import { LvsctlError } from '../errors.js';
import { crossesFamily } from './args.js';
import {
  type Destination,
  destinationKey,
  isIPv6,
  type ServiceIdentity,
  serviceFamily,
  serviceKey,
  type VirtualService,
} from './table.js';

function refuse(what: string, why: string, hint: string): never {
  throw new LvsctlError(`${what}: ${why}`, { hint });
}

/** ipvsadm takes no more for weights and thresholds. */
const most = 2 ** 31 - 1;

function isWhole(value: number | undefined, max: number, min = 0): boolean {
  return value === undefined || (Number.isInteger(value) && value >= min && value <= max);
}

/** The kernel refuses what is no single host's address (`EINVAL`, "address not unicast"). */
function isUnicast(address: string): boolean {
  if (isIPv6(address)) return address !== '::' && !/^ff/i.test(address);
  const first = Number(address.split('.')[0]);
  return first > 0 && first < 224;
}

function checkTunnel(what: string, { forwarding, tunnel }: Destination): void {
  if (tunnel === undefined) return;
  const { type, port, checksum } = tunnel;
  if (forwarding !== 'tun') refuse(what, `${forwarding} has no tunnel`, 'take the tunnel out, or use tun');
  if (type === 'gue' && (port === undefined || !isWhole(port, 65535, 1)))
    refuse(what, 'a gue tunnel needs its UDP port', 'give the port on which the real server takes it');
  if (type !== 'gue' && port !== undefined)
    refuse(what, `a tunnel of ${type} has no port`, 'take the port out, or use gue');
  if (type === 'ipip' && checksum !== undefined)
    refuse(what, 'ipip has no checksum', 'take it out, or use gue or gre');
  if (type === 'gre' && checksum === 'remote')
    refuse(what, 'remote checksum offload is for gue', 'take full or none for gre');
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
  if (!isUnicast(destination.address))
    refuse(what, 'its address is not that of one host', 'write the address of the real server');
  if (!isWhole(weight, most))
    refuse(what, `weight ${weight} is out of range`, 'take 0 (no new connections) to 2147483647');
  for (const threshold of [lower, upper])
    if (!isWhole(threshold, most))
      refuse(what, `threshold ${threshold} is out of range`, 'take 0 (none) to 2147483647');
  // The kernel answers ERANGE.
  if ((lower ?? 0) > (upper ?? Number.POSITIVE_INFINITY))
    refuse(what, `lower threshold ${lower} is above the upper one, ${upper}`, 'raise the upper threshold');
  checkTunnel(what, destination);
}

function checkPersistence(what: string, persistence: VirtualService['persistence'], family: 4 | 6): void {
  if (persistence === undefined || persistence === 'none') return;
  const { timeoutSeconds, netmask } = persistence;
  if (!isWhole(timeoutSeconds, 2678400, 1))
    refuse(
      what,
      `a persistence of ${timeoutSeconds} s is out of range`,
      'take 1 to 2678400 seconds (31 days)',
    );
  const fits =
    netmask === undefined ||
    (family === 4 ? netmask.includes('.') : /^\d+$/.test(netmask) && isWhole(Number(netmask), 128, 1));
  if (!fits)
    refuse(
      what,
      `${netmask} is no netmask of IPv${family}`,
      family === 4 ? 'write it as 255.255.255.0' : 'write a prefix length, 1 to 128',
    );
}

/** ipvsadm knows which flags are whose; the kernel would take a number that the scheduler never reads. */
function checkFlags(what: string, { scheduler, schedulerFlags = [] }: VirtualService): void {
  for (const flag of schedulerFlags) {
    const [owner] = flag.split('-');
    if (owner !== 'flag' && owner !== scheduler)
      refuse(what, `${flag} is no flag of ${scheduler}`, `take it out, or use ${owner}`);
  }
}

function checkService(service: VirtualService): void {
  const { id } = service;
  const what = serviceKey(id);
  if (service.scheduler === undefined) refuse(what, 'no scheduler', 'name one, such as wlc');
  if (id.kind === 'mark' && !isWhole(id.mark, 2 ** 32 - 1, 1))
    refuse(what, 'the mark is out of range', 'take 1 to 4294967295');
  checkFlags(what, service);
  checkPersistence(what, service.persistence, serviceFamily(id));
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
