import { type Family, parseAddress } from './address.js';
import type { PortRange } from './cluster.js';
import type { Draft } from './draft.js';
import { writtenAddresses } from './host-address.js';
import { isMarkedFtp, passivePortsOf, portsOf, rangeText } from './ports.js';
import type { Path, Report } from './problem.js';
import type { ServiceInput } from './schema.js';

/** What IPVS refuses, quietly changes or never acts on; and services that would take packets from each other. */
export function checkTable(draft: Draft, report: Report): void {
  for (const [name, service] of draft.services) {
    if (!service) continue;
    const path = ['services', name];
    checkIdentity(path, service, report);
    checkSettings(path, service, report);
    checkFtp(path, service, draft, report);
    for (const [index, realServer] of service.realServers.entries())
      checkRealServer([...path, 'realServers', index], realServer, service, report);
  }
  checkMarks(draft, report);
  checkOverlaps(draft, report);
  checkSync(draft, report);
}

/** A director has sync daemons, or tunnels of another family than their VIP (Linux: net/netfilter/ipvs/ip_vs_ctl.c; measured on 6.1: EINVAL). */
function checkSync(draft: Draft, report: Report): void {
  const sync = draft.ipvs?.sync;
  if (sync === undefined) return;
  for (const [name, service] of draft.services) {
    const family = service && parseAddress(service.vip)?.family;
    if (service?.forwarding !== 'tun' || family === undefined) continue;
    for (const { host } of service.realServers) {
      const families = writtenAddresses(draft.hosts.get(host)).map((one) => one.family);
      const [other] = families;
      if (other === undefined || families.includes(family)) continue;
      report(
        ['ipvs', 'sync'],
        sync,
        `can’t run beside service ${name}, whose VIP is ${family} while its tunnel to ${host} is ${other}: the kernel refuses the two together`,
        `take \`sync\` out, or give ${host} an ${family} address`,
      );
      return;
    }
  }
}

function checkIdentity(path: Path, service: ServiceInput, report: Report): void {
  const { port, fwmark, ports, persistence } = service;
  if (fwmark === undefined) {
    if (ports !== undefined)
      report(
        [...path, 'ports'],
        ports,
        'is for a service with fwmark',
        'add `fwmark: 1` (a number of your own) and take `port` out, or write a single `port`',
      );
    else if (port === undefined)
      report(
        [...path, 'port'],
        undefined,
        'is missing',
        'write the port that clients connect to, 1 to 65535; for several ports together `fwmark` and `ports`',
      );
  } else {
    if (port !== undefined)
      report([...path, 'port'], port, 'stands beside fwmark', 'move it to `ports`, or take `fwmark` out');
    if (ports === undefined)
      report(
        [...path, 'ports'],
        undefined,
        'is missing',
        'write the ports whose packets get the mark, for example `ports: [80, 443]`',
      );
  }
  if (port === 0 && persistence === undefined)
    report(
      [...path, 'port'],
      0,
      'is every port, which needs persistence',
      'add `persistence: 300`, so that all connections of a client reach one real server; or name a port',
    );
}

function checkSettings(path: Path, service: ServiceInput, report: Report): void {
  const { scheduler = 'wlc', schedulerFlags = [], persistence, protocol = 'tcp', onePacket } = service;
  const { mss, forwarding = 'dr' } = service;
  for (const [index, flag] of schedulerFlags.entries()) {
    const [owner = ''] = flag.split('-');
    if (owner === scheduler) continue;
    report(
      [...path, 'schedulerFlags', index],
      flag,
      `is a flag of ${owner}, and the scheduler is ${scheduler}`,
      `take it out, or use scheduler ${owner}`,
    );
  }
  if (onePacket === true && protocol !== 'udp')
    report(
      [...path, 'onePacket'],
      true,
      `is for UDP, and the protocol is ${protocol}`,
      'take it out, or set `protocol: "udp"`',
    );
  if (mss !== undefined && (forwarding !== 'tun' || protocol !== 'tcp'))
    report(
      [...path, 'mss'],
      mss,
      `is for TCP by a tunnel, and the service is ${protocol} by ${forwarding}`,
      'take it out: without a tunnel packets arrive as they are',
    );
  if (typeof persistence !== 'object') return;
  const { netmask, engine } = persistence;
  if (engine === 'sip' && protocol !== 'udp')
    report(
      [...path, 'persistence', 'engine'],
      engine,
      `reads SIP over UDP, and the protocol is ${protocol}`,
      'take it out, or set `protocol: "udp"`',
    );
  const family = parseAddress(service.vip)?.family;
  const form: Family = typeof netmask === 'number' ? 'IPv6' : 'IPv4';
  if (netmask !== undefined && family !== undefined && family !== form)
    report(
      [...path, 'persistence', 'netmask'],
      netmask,
      `is for ${form}, and the VIP is ${family}`,
      family === 'IPv4' ? 'write a netmask: "255.255.255.0"' : 'write a prefix length, as a number: 64',
    );
}

/** Logins and data are connections of their own, which only persistence or a hash of the client's address brings to one server. */
function checkFtp(path: Path, service: ServiceInput, draft: Draft, report: Report): void {
  if (!isMarkedFtp(service)) return;
  const { scheduler = 'wlc', schedulerFlags = [] } = service;
  const hashesClient =
    ['sh', 'mh'].includes(scheduler) && !schedulerFlags.some((flag) => flag.endsWith('-port'));
  if (service.persistence === undefined && !hashesClient)
    report(
      [...path, 'persistence'],
      undefined,
      'is missing, and FTP data must reach the real server of the login',
      'add `persistence: 300`, or use scheduler sh without sh-port',
    );
  const passive = passivePortsOf(service, draft);
  const ports = portsOf(service, draft);
  if (passive !== undefined && !covers(ports, passive))
    report(
      [...path, 'ports'],
      service.ports,
      `lacks passive ports of roles.ftp, ${rangeText(passive)}: data connections to them would fail`,
      `write \`ports: [21]\`, which takes them in, or [21, "${rangeText(passive)}"]`,
    );
}

function covers(ports: readonly PortRange[], wanted: PortRange): boolean {
  let next = wanted.first;
  for (const { first, last } of [...ports].sort((a, b) => a.first - b.first))
    if (first <= next && last >= next) next = last + 1;
  return next > wanted.last;
}

type RealServerInput = ServiceInput['realServers'][number];

function checkRealServer(
  path: Path,
  realServer: RealServerInput,
  service: ServiceInput,
  report: Report,
): void {
  const { upperThreshold, lowerThreshold, tunnel } = realServer;
  if (realServer.port !== undefined && (service.fwmark !== undefined || service.port === 0))
    report(
      [...path, 'port'],
      realServer.port,
      'stands in a service of several ports, each of which arrives as it is',
      'take it out',
    );
  if (lowerThreshold !== undefined && upperThreshold === undefined)
    report(
      [...path, 'lowerThreshold'],
      lowerThreshold,
      'stands there without upperThreshold',
      `add an upperThreshold of ${lowerThreshold} or more, or take it out`,
    );
  else if (lowerThreshold !== undefined && upperThreshold !== undefined && lowerThreshold > upperThreshold)
    report(
      [...path, 'lowerThreshold'],
      lowerThreshold,
      `is above upperThreshold, ${upperThreshold}`,
      'raise upperThreshold, or lower this one',
    );
  if (tunnel !== undefined) checkTunnel([...path, 'tunnel'], tunnel, service, report);
}

function checkTunnel(
  path: Path,
  tunnel: NonNullable<RealServerInput['tunnel']>,
  { forwarding = 'dr' }: ServiceInput,
  report: Report,
): void {
  const { type, port, checksum } = tunnel;
  if (forwarding !== 'tun')
    report(
      path,
      tunnel,
      `is for forwarding tun, and the service has ${forwarding}`,
      'take it out, or set `forwarding: "tun"`',
    );
  if (type === 'gue' && port === undefined)
    report(
      [...path, 'port'],
      undefined,
      'is missing, and gue travels in UDP',
      'write the UDP port that the real server opens for it, for example 6080',
    );
  if (type !== 'gue' && port !== undefined)
    report([...path, 'port'], port, `is for gue, and the tunnel is ${type}`, 'take it out, or use type gue');
  if (checksum === undefined) return;
  if (type === 'ipip')
    report(
      [...path, 'checksum'],
      checksum,
      'is for gue and gre: ipip has no checksum',
      'take it out, or use type gue or gre',
    );
  else if (type === 'gre' && checksum === 'remote')
    report([...path, 'checksum'], checksum, 'is for gue, and the tunnel is gre', 'write "full" or "none"');
}

/** A mark is all that tells such a service from another of its family. */
function checkMarks(draft: Draft, report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, service] of draft.services) {
    const family = service && parseAddress(service.vip)?.family;
    if (service?.fwmark === undefined || family === undefined) continue;
    const key = `${service.fwmark} ${family}`;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, name);
    else
      report(
        ['services', name, 'fwmark'],
        service.fwmark,
        `is the mark of service ${owner} too`,
        'give each service a mark of its own, or make one service of the two',
      );
  }
}

interface Claim extends PortRange {
  readonly name: string;
  readonly index: number | undefined;
  readonly service: ServiceInput;
}

/** Of services on one VIP and protocol, the one with a mark would take the other's packets. Two on one port are told elsewhere. */
function checkOverlaps(draft: Draft, report: Report): void {
  const claims = new Map<string, Claim[]>();
  for (const [name, service] of draft.services) {
    const vip = service && parseAddress(service.vip)?.address;
    if (!service || vip === undefined) continue;
    const key = `${vip} ${service.protocol ?? 'tcp'}`;
    const own = portsOf(service, draft).map(
      (range, index): Claim => ({
        ...range,
        name,
        index: service.fwmark === undefined ? undefined : index,
        service,
      }),
    );
    claims.set(key, [...(claims.get(key) ?? []), ...own]);
  }
  for (const each of claims.values()) {
    let widest: Claim | undefined;
    for (const claim of each.sort((a, b) => a.first - b.first)) {
      if (widest !== undefined && claim.first <= widest.last) reportOverlap(widest, claim, report);
      if (widest === undefined || claim.last > widest.last) widest = claim;
    }
  }
}

function reportOverlap(one: Claim, other: Claim, report: Report): void {
  const [at, beside] = other.index === undefined ? [one, other] : [other, one];
  if (at.index === undefined) return;
  const path = [
    'services',
    at.name,
    'ports',
    ...(at.index < (at.service.ports?.length ?? 0) ? [at.index] : []),
  ];
  const shared = rangeText({ first: other.first, last: Math.min(one.last, other.last) });
  const which = at.name === beside.name ? rangeText(beside) : `service ${beside.name}`;
  report(
    path,
    rangeText(at),
    `shares ${shared.includes('-') ? 'ports' : 'port'} ${shared} with ${which}`,
    'let each port belong to one service, once',
  );
}
