/**
 * A kernel's IPVS table behind ipvsadm 1.31, as strict as the real ones: what they refuse, reset or silently rewrite, so does this.
 * It shares no code with src/ipvs. `kernel-cases.ts` is what keeps it true: test/lab runs the same cases on a real kernel.
 */

interface FakeDestination {
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

interface FakeService {
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

export interface FakeResult {
  readonly status: number;
  readonly output: string;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
const usage = (message: string): never => {
  throw new Refusal(2, message);
};
const kernel = (message: string): never => {
  throw new Refusal(255, message);
};

const schedulers = new Set('rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq'.split(' '));
const allowed: Readonly<Record<string, readonly string[]>> = {
  '-A': ['service', '-6', '-s', '-p', '-M', '-o', '--pe', '-b'],
  '-E': ['service', '-6', '-s', '-p', '-M', '-o', '--pe', '-b'],
  '-D': ['service', '-6'],
  '-a': ['service', '-6', '-r', 'forward', '-w', '-x', '-y', 'tunnel'],
  '-e': ['service', '-6', '-r', 'forward', '-w', '-x', '-y', 'tunnel'],
  '-d': ['service', '-6', '-r'],
};
const groups: Readonly<Record<string, string>> = {
  '-t': 'service',
  '-u': 'service',
  '--sctp-service': 'service',
  '-f': 'service',
  '-g': 'forward',
  '-m': 'forward',
  '-i': 'forward',
  '--tun-type': 'tunnel',
  '--tun-port': 'tunnel',
  '--tun-nocsum': 'tunnel',
  '--tun-csum': 'tunnel',
  '--tun-remcsum': 'tunnel',
};
const bare = new Set(['-6', '-o', '-g', '-m', '-i', '--tun-nocsum', '--tun-csum', '--tun-remcsum']);

function parse(args: readonly string[]): { command: string; options: Map<string, string> } {
  const [command = '', ...rest] = args;
  const may = allowed[command] ?? usage(`unknown command ${command}`);
  const options = new Map<string, string>();
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    if (!word.startsWith('-')) usage(`unexpected argument ${word}`);
    const group = groups[word] ?? word;
    if (!may.includes(group)) usage(`Illegal '${word}' option with the '${command}' command`);
    if (group !== 'tunnel' && [...options.keys()].some((seen) => (groups[seen] ?? seen) === group))
      usage(`multiple '${word}' options specified`);
    if (word === '-6' && !options.has('-f')) usage('-6 used before -f');
    const next = rest[at + 1];
    if (bare.has(word)) options.set(word, '');
    else if (word === '-p' && (next === undefined || next.startsWith('-'))) options.set(word, '360');
    else if (next === undefined) usage(`${word}: missing argument`);
    else {
      options.set(word, next);
      at++;
    }
  }
  if (![...options.keys()].some((word) => groups[word] === 'service'))
    usage("You need to supply the 'service' option");
  return { command, options };
}

function endpoint(text: string): { address: string; port: number | undefined } | undefined {
  const match = /^(?:\[(.*)\]:([0-9]+)|([^:]+)(?::([0-9]+))?|(.*:.*:.*))$/.exec(text);
  if (match === null) return undefined;
  const address = match[1] ?? match[3] ?? match[5] ?? '';
  const port = match[2] ?? match[4];
  return { address, port: port === undefined ? undefined : Number(port) };
}

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4);
const join = (address: string, port: number) =>
  familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;

function whole(text: string, option: string, max = 2 ** 31 - 1): number {
  if (!/^[0-9]+$/.test(text) || Number(text) > max) usage(`illegal ${option} specified`);
  return Number(text);
}

function identity(options: ReadonlyMap<string, string>) {
  const mark = options.get('-f');
  if (mark !== undefined) {
    const value = whole(mark, 'fwmark', 2 ** 32 - 1);
    if (value === 0) usage(`invalid fwmark value \`${mark}' specified`);
    const family = options.has('-6') ? (6 as const) : (4 as const);
    const words = `-f ${value | 0}${family === 6 ? ' -6' : ''}`;
    return { words, protocol: 'FWM', address: '', port: 0, mark: value, family };
  }
  const option = ['-t', '-u', '--sctp-service'].find((word) => options.has(word)) as string;
  const found = endpoint(options.get(option) as string) ?? usage('illegal virtual server address[:port]');
  const port = found.port ?? 0;
  const protocol = { '-t': 'TCP', '-u': 'UDP', '--sctp-service': 'SCTP' }[option] as string;
  const words = `${option} ${join(found.address, port)}`;
  return { words, protocol, address: found.address, port, mark: 0, family: familyOf(found.address) };
}

const flagOf: Readonly<Record<string, string>> = {
  'flag-1': '1',
  'flag-2': '2',
  'flag-3': '3',
  'sh-fallback': '1',
  'sh-port': '2',
  'mh-fallback': '1',
  'mh-port': '2',
};

function readFlags(scheduler: string, text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .filter((flag) => flag !== '')
    .map((flag) => {
      const [owner = ''] = flag.split('-');
      if (flagOf[flag] === undefined) usage(`invalid scheduler flag \`${flag}'`);
      if (owner !== 'flag' && owner !== scheduler) usage(`incompatible scheduler flag \`${flag}'`);
      return flagOf[flag] as string;
    })
    .sort();
}

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

function isUnicast(address: string): boolean {
  if (familyOf(address) === 6) return !/^(ff|::$)/i.test(address);
  const first = Number(address.split('.')[0]);
  return first !== 0 && first < 224;
}

function tunnelOf(options: ReadonlyMap<string, string>, method: string): FakeDestination['tunnel'] {
  const used = [...options.keys()].filter((word) => groups[word] === 'tunnel');
  if (used.length > 0 && method !== 'Tunnel') usage('Tunnel options conflict with forward method');
  const type = options.get('--tun-type') ?? 'ipip';
  if (!['ipip', 'gue', 'gre'].includes(type)) usage('illegal tunnel type specified');
  const sums = ['--tun-nocsum', '--tun-csum', '--tun-remcsum'].filter((word) => options.has(word));
  const port = options.get('--tun-port');
  const forbidden =
    type === 'ipip' ? [...sums, '--tun-port'] : type === 'gre' ? ['--tun-port', '--tun-remcsum'] : [];
  if (forbidden.some((word) => options.has(word))) usage(`Illegal option with the '${type}' tunnel type`);
  if (sums.length > 1) usage(`The options conflict with each other in the '${type}' tunnel type`);
  if (type === 'gue' && port === undefined)
    usage("You need to supply the 'tun-port' option for the 'gue' tunnel type");
  return {
    type,
    port: port === undefined ? 0 : whole(port, 'tunnel port', 65535),
    checksum: sums[0] ?? '--tun-nocsum',
  };
}

function hexAddress(address: string): string {
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
const hexPort = (port: number) => port.toString(16).padStart(4, '0').toUpperCase();

/** A service's name in the listings of ipvsadm. */
function listName({ mark, family, protocol, address, port }: FakeService): string {
  if (mark > 0) return `FWM  ${mark | 0}${family === 6 ? ' IPv6' : ''}`;
  return `${protocol.padEnd(4)} ${join(address, port)}`;
}

export class FakeKernel {
  readonly #services = new Map<string, FakeService>();
  /** Commands that were refused would be a defect of the planner, commands that did nothing a waste. */
  runs = 0;

  run(args: readonly string[]): FakeResult {
    this.runs++;
    try {
      this.#execute(args);
      return { status: 0, output: '' };
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, output: error.message };
      throw error;
    }
  }

  /** `ipvsadm -R`: goes on after what the kernel refuses, ends at a wrong line, and has the status of the last one. */
  restore(text: string): FakeResult {
    const said: string[] = [];
    let status = 0;
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const result = this.run(line.split(' '));
      status = result.status === 255 ? 255 : result.status;
      if (result.output !== '') said.push(result.output);
      if (status === 2) break;
    }
    return { status, output: said.join('\n') };
  }

  /** `ipvsadm -Ln`, of one service when there are words for it. */
  list(args: readonly string[]): FakeResult {
    const wanted = args.length === 0 ? undefined : identity(parse(['-D', ...args]).options).words;
    const found = [...this.#services.values()].filter(
      ({ words }) => wanted === undefined || words === wanted,
    );
    if (wanted !== undefined && found.length === 0) return { status: 1, output: 'No such service' };
    const lines = found.flatMap((service) => [
      `${listName(service)} ${service.scheduler}\n`,
      ...[...service.destinations.values()].map(
        (d) =>
          `  -> ${join(d.address, d.port).padEnd(28)} ${d.method.padEnd(7)} ${String(d.weight).padEnd(6)} ` +
          `${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`,
      ),
    ]);
    const header =
      (wanted === undefined ? 'IP Virtual Server version 1.2.1 (size=4096)\n' : '') +
      'Prot LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n';
    return { status: 0, output: header + lines.join('') };
  }

  #execute(args: readonly string[]): undefined {
    const { command, options } = parse(args);
    const id = identity(options);
    const service = this.#services.get(id.words);
    if (command === '-A' || command === '-E') {
      const made = this.#service(id, options);
      if (command === '-A' && service !== undefined) kernel('Service already exists');
      if (command === '-E' && service === undefined) kernel('No such service');
      if (!schedulers.has(made.scheduler)) kernel('Scheduler or persistence engine not found');
      if (made.engine !== '' && made.engine !== 'sip') kernel('Scheduler or persistence engine not found');
      this.#services.set(id.words, { ...made, destinations: service?.destinations ?? new Map() });
      return;
    }
    if (command === '-D') {
      if (!this.#services.delete(id.words)) kernel('No such service');
      return;
    }
    const destination = this.#destination(id, options, command);
    if (service === undefined) return kernel('Service not defined');
    const key = join(destination.address, destination.port);
    const known = service.destinations.get(key);
    if (command === '-a' && known !== undefined) kernel('Destination already exists');
    if (command !== '-a' && known === undefined) kernel('No such destination');
    if (command === '-d') {
      service.destinations.delete(key);
      return;
    }
    if (!isUnicast(destination.address))
      kernel('Invalid operation.  Possibly wrong module version, address not unicast, ...');
    if (destination.lower > destination.upper) kernel('Numerical result out of range');
    const { active = 0, inactive = 0 } = known ?? {};
    service.destinations.set(key, { ...destination, active, inactive });
  }

  #service(id: ReturnType<typeof identity>, options: ReadonlyMap<string, string>): FakeService {
    const scheduler = options.get('-s') ?? 'wlc';
    const timeout = options.get('-p');
    if (id.mark === 0 && id.port === 0 && timeout === undefined)
      usage('Zero port specified for non-persistent service');
    if (options.has('-o') && id.mark === 0 && id.protocol !== 'UDP')
      usage('One-Packet Scheduling is only for UDP virtual services');
    const mask = options.get('-M');
    if (mask !== undefined && id.family === 6 && !(whole(mask, 'ipv6 netmask', 128) >= 1))
      usage('illegal ipv6 netmask specified');
    return {
      ...id,
      scheduler,
      timeout: timeout === undefined ? undefined : whole(timeout, 'timeout', 31 * 24 * 3600),
      netmask: mask ?? (id.family === 4 ? '255.255.255.255' : '128'),
      engine: options.get('--pe') ?? '',
      onePacket: options.has('-o'),
      flags: readFlags(scheduler, options.get('-b')),
      destinations: new Map(),
    };
  }

  #destination(
    id: ReturnType<typeof identity>,
    options: ReadonlyMap<string, string>,
    command: string,
  ): FakeDestination {
    const text = options.get('-r') ?? usage("You need to supply the 'real-server' option");
    const found = endpoint(text) ?? usage('illegal real server address[:port] specified');
    const method = options.has('-m') ? 'Masq' : options.has('-i') ? 'Tunnel' : 'Route';
    let port = found.port ?? id.port;
    if (command !== '-d') {
      if (id.mark === 0 && method !== 'Masq') port = id.port;
      if (familyOf(found.address) !== id.family && method !== 'Tunnel')
        usage('Different address family is allowed only for tunneling servers');
    }
    return {
      address: found.address,
      port,
      method,
      weight: whole(options.get('-w') ?? '1', 'weight'),
      upper: whole(options.get('-x') ?? '0', 'u_threshold'),
      lower: whole(options.get('-y') ?? '0', 'l_threshold'),
      tunnel: tunnelOf(options, method),
      active: 0,
      inactive: 0,
    };
  }

  /** Puts connections on a server: `-t 10.83.33.100:21`, `10.83.33.76:21`. */
  connect(service: string, server: string, active: number, inactive = 0): void {
    const destination = this.#services.get(service)?.destinations.get(server);
    if (destination === undefined) throw new Error(`no ${server} in ${service}`);
    Object.assign(destination, { active, inactive });
  }

  /** Service words → servers with a weight above 0. */
  activeServers(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#services].map(([words, { destinations }]) => [
        words,
        [...destinations.values()].filter(({ weight }) => weight > 0).length,
      ]),
    );
  }

  /** `ipvsadm -Sn`. */
  save(): string {
    return [...this.#services.values()]
      .flatMap((service) => {
        const mask =
          service.netmask === '255.255.255.255' || (service.netmask === '128' && service.family === 6)
            ? ''
            : ` -M ${service.netmask}`;
        const settings = [
          service.timeout === undefined ? '' : ` -p ${service.timeout}${mask}`,
          service.engine === '' ? '' : ` --pe ${service.engine}`,
          service.onePacket ? ' -o' : '',
          service.flags.length === 0 ? '' : ` -b ${flagText(service)}`,
        ].join('');
        const servers = [...service.destinations.values()].map(
          ({ address, port, method, weight, tunnel }) => {
            const option = { Masq: '-m', Route: '-g', Tunnel: '-i' }[method];
            const sum = tunnel.type === 'ipip' ? '' : ` ${tunnel.checksum}`;
            const detail =
              method === 'Tunnel'
                ? ` --tun-type ${tunnel.type}${tunnel.port === 0 ? '' : ` --tun-port ${tunnel.port}`}${sum}`
                : '';
            return `-a ${service.words} -r ${join(address, port)} ${option} -w ${weight}${detail}\n`;
          },
        );
        return [`-A ${service.words} -s ${service.scheduler}${settings}\n`, ...servers];
      })
      .join('');
  }

  /** /proc/net/ip_vs of Linux 6.1 with HZ=100. */
  proc(): string {
    const header =
      'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
    const hexMask = ({ netmask, family }: FakeService) =>
      family === 4
        ? hexAddress(netmask)
        : (Number(netmask) * 2 ** 24).toString(16).padStart(8, '0').toUpperCase();
    return [...this.#services.values()].reduce((text, service) => {
      const name =
        service.mark > 0
          ? `FWM  ${service.mark.toString(16).padStart(8, '0').toUpperCase()} ${service.scheduler} `
          : service.family === 6
            ? `${service.protocol}  ${hexAddress(service.address)}:${hexPort(service.port)} ${service.scheduler} `
            : `${service.protocol}  ${hexAddress(service.address)}:${hexPort(service.port)} ${service.scheduler} ${service.onePacket ? 'ops ' : ''}`;
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
  thresholds(): string {
    const header =
      'IP Virtual Server version 1.2.1 (size=4096)\n' +
      'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n';
    return [...this.#services.values()].reduce((text, service) => {
      const servers = [...service.destinations.values()].map(
        (d) =>
          `  -> ${join(d.address, d.port).padEnd(28)} ${[d.upper, d.lower, d.active, d.inactive]
            .map((value) => String(value).padEnd(10))
            .join(' ')}\n`,
      );
      return `${text}${listName(service)} ${service.scheduler}\n${servers.join('')}`;
    }, header);
  }
}
