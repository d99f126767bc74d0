import type { PortRange, Service, ServiceRealServer } from './cluster.js';
import type { Draft } from './draft.js';
import type { ServiceInput } from './schema.js';

/** Of vsftpd, where `roles.ftp` names no others. */
export const PASSIVE_PORTS = '50000-50100';

/** Where FTP clients log in. */
export const FTP_PORT = 21;

/** `21` and `50000-50100` as ranges. */
export function rangeOf(port: number | string): PortRange {
  const [first = 0, last = first] = String(port).split('-').map(Number);
  return { first, last };
}

export function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** The ports as the inventory says them: one, or those of a mark. Port 0 is no range but every port: none. */
function saidPorts({ port, ports }: ServiceInput): PortRange[] {
  if (ports !== undefined) return ports.map(rangeOf);
  return port === undefined || port === 0 ? [] : [rangeOf(port)];
}

/** True for FTP by mark: clients log in at port 21, and data come through the same service. */
export function isMarkedFtp({ fwmark, ports = [], protocol = 'tcp' }: ServiceInput): boolean {
  return (
    fwmark !== undefined &&
    protocol === 'tcp' &&
    ports.map(rangeOf).some(({ first, last }) => first <= FTP_PORT && FTP_PORT <= last)
  );
}

/** The passive ports of lvsctl's own FTP servers, where this is FTP by mark and they serve it. */
export function passivePortsOf(service: ServiceInput, { roles }: Draft): PortRange | undefined {
  if (roles?.ftp === undefined || !isMarkedFtp(service)) return undefined;
  return rangeOf(roles.ftp.passivePorts ?? PASSIVE_PORTS);
}

/** All ports of a service: those of the inventory, and where it names only the login of FTP by mark, the passive ones. */
export function portsOf(service: ServiceInput, draft: Draft): PortRange[] {
  const said = saidPorts(service);
  const passive = passivePortsOf(service, draft);
  const loginOnly = said.every(({ first, last }) => first === FTP_PORT && last === FTP_PORT);
  return passive !== undefined && loginOnly ? [...said, passive] : said;
}

/** Ports that a real server of a service listens on; none stands for every port. */
export function listeningPorts(
  { ports, port }: Pick<Service, 'ports' | 'port'>,
  realServer: Pick<ServiceRealServer, 'port'>,
): readonly PortRange[] {
  if (ports !== undefined) return ports;
  return port === 0 ? [] : [{ first: realServer.port, last: realServer.port }];
}

/** True where clients reach a port of a real server through the service, as it stands there. */
export function serves(
  service: Pick<Service, 'ports' | 'port'>,
  realServer: Pick<ServiceRealServer, 'port'>,
  port: number,
): boolean {
  return listeningPorts(service, realServer).some(({ first, last }) => first <= port && port <= last);
}

/** `21`, `80, 443`, `50000-50100`, or `all ports`. */
export function portsText(ranges: readonly PortRange[]): string {
  return ranges.length === 0 ? 'all ports' : ranges.map(rangeText).join(', ');
}
