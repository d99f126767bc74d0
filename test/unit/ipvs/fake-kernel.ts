import {
  type FakeDestination,
  type FakeService,
  familyOf,
  join,
  listText,
  procText,
  saveText,
  thresholdsText,
} from './fake-formats.js';

export interface FakeResult {
  readonly status: number;
  readonly output: string;
}

class Refusal extends Error {
  /** @param ends whether ipvsadm -R ends there */
  constructor(
    readonly status: number,
    message: string,
    readonly ends: boolean,
  ) {
    super(message);
  }
}
const usage = (message: string): never => {
  throw new Refusal(2, message, true);
};
const kernel = (message: string): never => {
  throw new Refusal(255, message, false);
};
/** Of an option that it can't read: a line of -R is left out then. */
const option = kernel;
const tryHelp = (): never => {
  throw new Refusal(255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", true);
};

const absent = (): never => {
  throw new Refusal(1, 'No such service', true);
};

const noIpvs =
  "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?";
const invalid = 'Invalid operation.  Possibly wrong module version, address not unicast, ...';

const schedulers = new Set('rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq'.split(' '));
const allowed: Readonly<Record<string, readonly string[]>> = {
  '-A': ['service', '-6', '-s', '-p', '-M', '-o', '--pe', '-b'],
  '-E': ['service', '-6', '-s', '-p', '-M', '-o', '--pe', '-b'],
  '-D': ['service', '-6'],
  '-a': ['service', '-6', '-r', 'forward', '-w', '-x', '-y', 'tunnel'],
  '-e': ['service', '-6', '-r', 'forward', '-w', '-x', '-y', 'tunnel'],
  '-d': ['service', '-6', '-r'],
  '-Ln': ['service', '-6'],
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
/** Options of which it knows, where they are allowed or not. */
const known = new Set([...Object.values(allowed).flat(), ...Object.keys(groups)]);
const bare = new Set(['-6', '-o', '-g', '-m', '-i', '--tun-nocsum', '--tun-csum', '--tun-remcsum']);

function parse(args: readonly string[]): { command: string; options: Map<string, string> } {
  const [command = '', ...rest] = args;
  const may = allowed[command] ?? tryHelp();
  const options = new Map<string, string>();
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    if (!word.startsWith('-')) usage(`unexpected argument ${word}`);
    if (!known.has(word)) option(`${word}: unknown option`);
    const group = groups[word] ?? word;
    if (!may.includes(group)) usage(`Illegal '${word}' option with the '${command}' command`);
    if (group !== 'tunnel' && [...options.keys()].some((seen) => (groups[seen] ?? seen) === group))
      usage(`multiple '${word}' options specified`);
    if (word === '-6' && !options.has('-f')) usage('-6 used before -f');
    const next = rest[at + 1];
    if (bare.has(word)) options.set(word, '');
    else if (word === '-p' && (next === undefined || next.startsWith('-'))) options.set(word, '360');
    else if (next === undefined) option(`${word}: missing argument`);
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
  const match = /^(?:\[(.*)\]:([0-9]+)|([^:[]+)(?::([0-9]+))?|([^[]*:.*:.*))$/.exec(text);
  if (match === null) return undefined;
  const address = match[1] ?? match[3] ?? match[5] ?? '';
  const port = match[2] ?? match[4];
  return { address, port: port === undefined ? undefined : Number(port) };
}

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

/**
 * A kernel's IPVS table behind ipvsadm 1.31, as strict as the real ones: what they refuse, reset or silently rewrite, so does this.
 * It shares no code with src/ipvs. `kernel-cases.ts` is what keeps it true: test/lab runs the same cases on a real kernel.
 */
export class FakeKernel {
  readonly #services = new Map<string, FakeService>();
  readonly #daemons = new Set<string>();
  /** Whether it has ip_vs, or modprobe can load it. */
  loads = true;

  run(args: readonly string[]): FakeResult {
    const { status, output } = this.#answer(args);
    return { status, output };
  }

  /** `ipvsadm -R`: goes on after what the kernel refuses, ends at a wrong line, and has the status of the last one. */
  restore(text: string): FakeResult {
    const said: string[] = [];
    let status = 0;
    for (const line of text.split('\n')) {
      const words = line.split(' ').filter((word) => word !== '');
      if (words.length === 0) continue;
      const answer = this.#answer(words);
      status = answer.status;
      if (answer.output !== '') said.push(answer.output);
      if (answer.ends) break;
    }
    return { status, output: said.join('\n') };
  }

  /** `ipvsadm -Sn`. */
  save(): string {
    return saveText(this.#all());
  }

  /** /proc/net/ip_vs of Linux 6.1 with HZ=100. */
  proc(): string {
    return procText(this.#all());
  }

  /** `ipvsadm -Ln --thresholds`. */
  thresholds(): string {
    return thresholdsText(this.#all());
  }

  #all(): FakeService[] {
    return [...this.#services.values()];
  }

  #answer(args: readonly string[]): FakeResult & { readonly ends: boolean } {
    if (!this.loads) return { status: 2, output: noIpvs, ends: true };
    try {
      return { status: 0, output: this.#execute(args) ?? '', ends: false };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, output: error.message, ends: error.ends };
    }
  }

  /** Returns what it prints. */
  #execute(args: readonly string[]): string | undefined {
    if (args[0]?.endsWith('-daemon')) return this.#daemon(args);
    if (args[0] === '-Sn') return this.save();
    if (args[0] === '-Ln' && args.length === 1) return listText(this.#all(), false);
    const { command, options } = parse(args);
    const id = identity(options);
    const service = this.#services.get(id.words);
    if (command === '-Ln') return listText([service ?? absent()], true);
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
    const carried = this.#daemons.size === 0 || familyOf(destination.address) === service.family;
    if (!isUnicast(destination.address) || !carried) kernel(invalid);
    if (destination.lower > destination.upper) kernel('Numerical result out of range');
    const { active = 0, inactive = 0 } = known ?? {};
    service.destinations.set(key, { ...destination, active, inactive });
  }

  /** `--start-daemon STATE --mcast-interface NAME …`, `--stop-daemon STATE`. */
  #daemon([command, state = '', ...options]: readonly string[]): undefined {
    if (command === '--stop-daemon') {
      if (!this.#daemons.delete(state)) kernel('No daemon is running');
      return;
    }
    const mixed = this.#all().some(({ family, destinations }) =>
      [...destinations.values()].some(({ address }) => familyOf(address) !== family),
    );
    if (options[options.indexOf('--mcast-interface') + 1] !== 'eth0') kernel('No such device');
    if (mixed) kernel(invalid);
    if (this.#daemons.has(state)) kernel('Daemon has already run');
    this.#daemons.add(state);
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
}
