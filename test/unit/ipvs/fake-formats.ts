/** The formats in which ipvsadm 1.31 and Linux 6.1 show a table. Shares no code with src/ipvs. */

export interface FakeDestination {
  address: string;
  port: number;
  method: 'Masq' | 'Route' | 'Tunnel';
  weight: number;
  upper: number;
  lower: number;
  tunnel: { type: string; port: number; checksum: string };
  active: number;
  inactive: number;
}

export interface FakeService {
  words: string;
  protocol: string;
  address: string;
  port: number;
  mark: number;
  family: 4 | 6;
  scheduler: string;
  timeout: number | undefined;
  netmask: string;
  engine: string;
  onePacket: boolean;
  flags: string[];
  destinations: Map<string, FakeDestination>;
}

export const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4);
export const join = (address: string, port: number) =>
  familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;

/** ipvsadm prints nothing for flag-3. */
function flagText({ scheduler, flags }: FakeService): string {
  const names =
    scheduler === 'sh' || scheduler === 'mh'
      ? { '1': `${scheduler}-fallback`, '2': `${scheduler}-port` }
      : { '1': 'flag-1', '2': 'flag-2' };
  return flags
    .map((flag) => names[flag as '1' | '2'])
    .filter((name) => name !== undefined)
    .join(',');
}

export function hexAddress(address: string): string {
  if (familyOf(address) === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
      .join('');
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const parts = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return `[${parts.map((part) => part.padStart(4, '0')).join(':')}]`;
}
export const hexPort = (port: number) => port.toString(16).padStart(4, '0').toUpperCase();

/** A service's name in the listings of ipvsadm. */
function listName({ mark, family, protocol, address, port }: FakeService): string {
  if (mark > 0) return `FWM  ${mark | 0}${family === 6 ? ' IPv6' : ''}`;
  return `${protocol.padEnd(4)} ${join(address, port)}`;
}

/** What a mask is unless given. */
const wholeMask = { 4: '255.255.255.255', 6: '128' } as const;

/** A service's line in the listings of ipvsadm. */
function listLine(service: FakeService): string {
  const { scheduler, flags, timeout, netmask, family, engine, onePacket } = service;
  return [
    `${listName(service)} ${scheduler}`,
    flags.length === 0 ? '' : ` (${flagText(service)})`,
    timeout === undefined ? '' : ` persistent ${timeout}`,
    timeout === undefined || netmask === wholeMask[family] ? '' : ` mask ${netmask}`,
    engine === '' ? '' : ` pe ${engine}`,
    onePacket ? ' ops' : '',
    '\n',
  ].join('');
}

/** `ipvsadm -Sn`. */
export function saveText(services: readonly FakeService[]): string {
  return services
    .flatMap((service) => {
      const mask = service.netmask === wholeMask[service.family] ? '' : ` -M ${service.netmask}`;
      const settings = [
        service.timeout === undefined ? '' : ` -p ${service.timeout}${mask}`,
        service.engine === '' ? '' : ` --pe ${service.engine}`,
        service.onePacket ? ' -o' : '',
        service.flags.length === 0 ? '' : ` -b ${flagText(service)}`,
      ].join('');
      const servers = [...service.destinations.values()].map(({ address, port, method, weight, tunnel }) => {
        const option = { Masq: '-m', Route: '-g', Tunnel: '-i' }[method];
        const sum = tunnel.type === 'ipip' ? '' : ` ${tunnel.checksum}`;
        const detail =
          method === 'Tunnel'
            ? ` --tun-type ${tunnel.type}${tunnel.port === 0 ? '' : ` --tun-port ${tunnel.port}`}${sum}`
            : '';
        return `-a ${service.words} -r ${join(address, port)} ${option} -w ${weight}${detail}\n`;
      });
      return [`-A ${service.words} -s ${service.scheduler}${settings}\n`, ...servers];
    })
    .join('');
}

/** /proc/net/ip_vs of Linux 6.1 with HZ=100. */
export function procText(services: readonly FakeService[]): string {
  const header =
    'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
  const hexMask = ({ netmask, family }: FakeService) =>
    family === 4
      ? hexAddress(netmask)
      : (Number(netmask) * 2 ** 24).toString(16).padStart(8, '0').toUpperCase();
  return services.reduce((text, service) => {
    const name =
      service.mark > 0
        ? `FWM  ${service.mark.toString(16).padStart(8, '0').toUpperCase()} ${service.scheduler} `
        : service.family === 6
          ? `${service.protocol}  ${hexAddress(service.address)}:${hexPort(service.port)} ${service.scheduler} `
          : `${service.protocol}  ${hexAddress(service.address)}:${hexPort(service.port)} ${service.scheduler} ${service.onePacket ? 'ops ' : ''} `;
    const sticky =
      service.timeout === undefined ? '' : `persistent ${service.timeout * 100} ${hexMask(service)}`;
    const servers = [...service.destinations.values()].map(
      (d) =>
        `  -> ${hexAddress(d.address)}:${hexPort(d.port)}      ${d.method.padEnd(7)} ${String(d.weight).padEnd(6)} ` +
        `${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`,
    );
    return `${text}${name}${sticky}\n${servers.join('')}`;
  }, header);
}

/** `ipvsadm -Ln --thresholds`. */
export function thresholdsText(services: readonly FakeService[]): string {
  const header =
    'IP Virtual Server version 1.2.1 (size=4096)\n' +
    'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n';
  return services.reduce((text, service) => {
    const servers = [...service.destinations.values()].map(
      (d) =>
        `  -> ${join(d.address, d.port).padEnd(28)} ${[d.upper, d.lower, d.active, d.inactive]
          .map((value) => String(value).padEnd(10))
          .join(' ')}\n`,
    );
    return `${text}${listLine(service)}${servers.join('')}`;
  }, header);
}

/** `ipvsadm -Ln`; of one service it has no line about the version. */
export function listText(services: readonly FakeService[], one: boolean): string {
  const lines = services.flatMap((service) => [
    listLine(service),
    ...[...service.destinations.values()].map(
      (d) =>
        `  -> ${join(d.address, d.port).padEnd(28)} ${d.method.padEnd(7)} ${String(d.weight).padEnd(6)} ` +
        `${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`,
    ),
  ]);
  const header =
    (one ? '' : 'IP Virtual Server version 1.2.1 (size=4096)\n') +
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n';
  return header + lines.join('');
}
