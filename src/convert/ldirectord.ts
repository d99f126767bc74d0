import type { Forwarding, Protocol } from '../inventory/cluster.js';
import { canonicalAddress, isIPv6, wholeNumber } from '../ipvs/index.js';
import type {
  Imported,
  ImportedIdentity,
  ImportedRealServer,
  ImportedService,
  ImportedSorry,
  Said,
} from './imported.js';
import { type Asked, CHECK_WORDS, type CheckWords, ldirectordCheck, TEXT } from './ldirectord-checks.js';
import { Ledger } from './ledger.js';
import { portOf } from './ports.js';
import { addressesBetween } from './ranges.js';

const isContent = (line: string) => !/^\s*(#.*)?$/.test(line);

/** The lines of one `virtual`, while they are read. */
interface Virtual {
  readonly line: number;
  readonly address: string;
  readonly family: 4 | 6;
  /** Of a mark undefined. */
  readonly port: number | undefined;
  readonly lines: number[];
  readonly reals: Said<string>[];
  protocol: Protocol | undefined;
  scheduler?: Said<string>;
  seconds?: Said<number>;
  netmask?: Said<string>;
  onePacket?: Said<true>;
  flags: Said<string>[];
  /** Of checks, and `fallback`. */
  readonly words: Map<string, Said<string>>;
  name?: string;
}

/** Reads a ldirectord.cf (resource-agents 4.12). Names of hosts stay names: nothing is looked up. */
export function readLdirectord(text: string): Imported {
  const ledger = new Ledger(text, isContent);
  const services: ImportedService[] = [];
  let open: Virtual | undefined;
  const global = globalWords(text, ledger);
  const close = () => {
    if (open !== undefined) services.push(serviceOf(open, global, ledger));
    open = undefined;
  };
  // What is wrong with a virtual is wrong with all that belongs to it.
  let refused: string | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    if (!isContent(raw)) continue;
    const content = raw.replace(/\t/g, '    ').replace(/#.*/, '').trimEnd();
    if (/^ {4,}\S/.test(content)) {
      if (open !== undefined) setting(open, content.trim(), line, ledger);
      else ledger.lose(line, refused ?? 'belongs to no virtual');
      continue;
    }
    close();
    const virtual = /^virtual(6)?\s*=\s*(.*)$/.exec(content);
    refused = undefined;
    if (virtual === null) {
      const [keyword = ''] = content.trim().split(/[\s=]/);
      if (!isKept(keyword)) ledger.lose(line, LOSSES[keyword] ?? GLOBAL_LOSSES[keyword] ?? 'not understood');
      continue;
    }
    const begun = begin(virtual[2] ?? '', virtual[1] === undefined ? 4 : 6, line);
    if (typeof begun === 'string') {
      ledger.lose(line, begun);
      refused = `belongs to line ${line}, which is not carried over`;
    } else open = begun;
  }
  close();
  return { ledger, services, directors: [], vips: [] };
}

const CHECKS = 'of checks: the inventory has no place for it';
const ALERTS = 'alerts: the inventory has no place for them';
const LOSSES: Readonly<Record<string, string>> = {
  fallbackcommand: 'a command for when no real server works: the inventory has no place for it',
  ...Object.fromEntries(
    [
      ...['checkcommand', 'checkcount', 'login', 'passwd', 'database', 'secret', 'load'],
      ...['readdquiescent', 'monitorfile', 'timeout'],
    ].map((word) => [word, CHECKS]),
  ),
  ...Object.fromEntries(
    ['emailalert', 'emailalertfreq', 'emailalertstatus', 'emailalertfrom', 'smtp'].map((word) => [
      word,
      ALERTS,
    ]),
  ),
  cleanstop: 'a setting of ldirectord itself',
  comment: 'write it beside the service as a comment',
};
const GLOBAL_LOSSES: Readonly<Record<string, string>> = Object.fromEntries(
  ['autoreload', 'callback', 'logfile', 'execute', 'fork', 'supervised', 'maintenancedir'].map((word) => [
    word,
    'a setting of ldirectord itself',
  ]),
);

const isKept = (keyword: string): boolean => CHECK_WORDS.includes(keyword) || /^fallback6?$/.test(keyword);

function keep(
  words: Map<string, Said<string>>,
  keyword: string,
  value: string,
  line: number,
  ledger: Ledger,
): void {
  words.set(keyword, { value: value.replace(/^"(.*)"$/, '$1'), line });
  ledger.otherwise(
    [line],
    keyword.startsWith('fallback')
      ? 'a sorry server, and no service that is carried over takes it'
      : 'of checks, and none that is carried over takes it',
  );
}

/** What holds for each virtual that says nothing else, wherever it stands; and `fork`. */
function globalWords(text: string, ledger: Ledger): CheckWords {
  const words = new Map<string, Said<string>>();
  for (const [index, raw] of text.split('\n').entries()) {
    const [, keyword = '', value = ''] = /^ {0,3}([a-z0-9]+)\s*=\s*(.*?)\s*(?:#.*)?$/.exec(raw) ?? [];
    if (isKept(keyword)) keep(words, keyword, value, index + 1, ledger);
    else if (keyword === 'fork') words.set(keyword, { value, line: index + 1 });
  }
  return words;
}

/** `192.0.2.20:80 gate` */
function sorryOf(
  { family, words }: Virtual,
  global: CheckWords,
  ledger: Ledger,
): Said<ImportedSorry> | undefined {
  const names = family === 6 ? ['fallback6', 'fallback'] : ['fallback'];
  const said = [words, global].flatMap((each) => names.flatMap((name) => each.get(name) ?? []))[0];
  if (said === undefined) return undefined;
  const [, six, four, portText = '0', method] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([A-Za-z0-9_-]+))?(?:\s+(gate|masq|ipip))?$/.exec(
      said.value,
    ) ?? [];
  const address = addressOrName(six ?? four ?? '');
  const port = portOf(portText);
  if (address !== undefined && port !== undefined)
    return {
      value: { address, port, forwarding: FORWARDINGS[method ?? ''], lines: [] },
      line: said.line,
    };
  ledger.lose(said.line, 'is not of the form `address:port gate|masq|ipip`');
  return undefined;
}

/** `192.0.2.1:80`, `[2001:db8::1]:http`, `www.example:80` or a mark, else the reason. */
function begin(text: string, family: 4 | 6, line: number): Virtual | string {
  const common = { line, family, lines: [line], reals: [], flags: [], words: new Map() };
  const mark = /^([0-9]+)\s*$/.exec(text);
  if (mark) {
    const number = wholeNumber(mark[1]);
    if (number === undefined || number === 0) return `${text} is no firewall mark`;
    return { ...common, address: String(number), port: undefined, protocol: undefined };
  }
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._+-]+)):([0-9A-Za-z_-]+)\s*$/.exec(text);
  if (found === null) return `${text} is neither address and port nor a firewall mark`;
  const port = portOf(found[3] ?? '');
  if (port === undefined) return `${found[3]} is no port that is known here: write its number`;
  const address = addressOrName(found[1] ?? found[2] ?? '');
  if (address === undefined) return `${found[1] ?? found[2]} is not an address`;
  return { ...common, address, port, protocol: port === 53 ? 'udp' : 'tcp' };
}

/** Canonical address, or a name that can't be mistaken for one. */
function addressOrName(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address !== undefined) return address;
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) && !/^[0-9.]+$/.test(text)
    ? text
    : undefined;
}

function setting(virtual: Virtual, text: string, line: number, ledger: Ledger): void {
  const [, keyword = '', value = ''] = /^([A-Za-z0-9-]+)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
  const number = { value: wholeNumber(value) ?? Number.NaN, line };
  switch (keyword) {
    case 'real':
    case 'real6':
      virtual.reals.push({ value, line });
      return;
    case 'scheduler':
      virtual.scheduler = { value, line };
      break;
    case 'persistent':
      virtual.seconds = number;
      break;
    case 'netmask':
      virtual.netmask = { value, line };
      break;
    case 'schedflags':
      virtual.flags = value.split(',').map((flag) => ({ value: flag, line }));
      break;
    case 'servicename':
      virtual.name = value;
      break;
    case 'ops':
      if (value === 'yes') virtual.onePacket = { value: true, line };
      else if (value !== 'no') ledger.lose(line, 'neither yes nor no');
      break;
    case 'protocol':
      if (value === 'tcp' || value === 'udp') virtual.protocol = value;
      else if (value !== 'fwm') ledger.lose(line, `${value} is none of tcp, udp and fwm`);
      break;
    default:
      if (isKept(keyword)) keep(virtual.words, keyword, value, line, ledger);
      else ledger.lose(line, LOSSES[keyword] ?? 'not understood');
      return;
  }
  virtual.lines.push(line);
}

function serviceOf(virtual: Virtual, global: CheckWords, ledger: Ledger): ImportedService {
  const {
    line,
    lines,
    address,
    family,
    port,
    protocol,
    scheduler,
    seconds,
    netmask,
    onePacket,
    flags,
    name,
  } = virtual;
  const id: ImportedIdentity =
    port === undefined
      ? { kind: 'mark', mark: Number(address), family }
      : { kind: 'address', protocol: protocol ?? 'tcp', address, port };
  if (netmask !== undefined && seconds === undefined)
    ledger.lose(netmask.line, 'a netmask without `persistent` has no effect');
  return {
    line,
    lines,
    name,
    id,
    // ldirectord's default.
    scheduler: scheduler ?? { value: 'wrr', line },
    schedulerFlags: flags,
    persistence: seconds && { seconds, netmask },
    onePacket,
    realServers: virtual.reals.flatMap((each) =>
      realServers(each, { line, port, protocol, own: virtual.words, global }, ledger),
    ),
    sorry: sorryOf(virtual, global, ledger),
  };
}

const FORWARDINGS: Readonly<Record<string, Forwarding>> = { gate: 'dr', masq: 'nat', ipip: 'tun' };

/** `192.0.2.11->192.0.2.14:80 gate 3 "request", "receive" l:10 u:20` */
function realServers(
  { value, line }: Said<string>,
  asked: Omit<Asked, 'request'>,
  ledger: Ledger,
): ImportedRealServer[] {
  const parts =
    /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*?[A-Za-z0-9])(?:->(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+))?(?::([A-Za-z0-9_-]+))?\s+(\w+)(.*)$/.exec(
      value,
    );
  const [, first = '', last, portText = '0', method = '', rest = ''] = parts ?? [];
  const port = portOf(portText);
  const forwarding = FORWARDINGS[method];
  const addresses = namesBetween(first.replace(/[[\]]/g, ''), last?.replace(/[[\]]/g, ''));
  if (typeof addresses === 'string' || port === undefined || forwarding === undefined) {
    const reason =
      parts === null
        ? 'is not of the form `address:port gate|masq|ipip weight`'
        : typeof addresses === 'string'
          ? addresses
          : port === undefined
            ? `${portText} is no port that is known here: write its number`
            : `${method} is none of gate, masq and ipip`;
    ledger.lose(line, reason);
    return [];
  }
  const said =
    /^\s*(\d+)?(?:\s*"([^"]*)"\s*[, ]\s*"([^"]*)")?(?:\s+l:(\d+))?(?:\s+u:(\d+))?\s*(.*)$/.exec(rest) ?? [];
  const [, weight = '1', request, receive, lower, upper, more = ''] = said;
  if (receive !== undefined) ledger.lose(line, TEXT);
  if (more !== '') ledger.lose(line, `${more} is not understood`);
  const threshold = (text: string | undefined) =>
    text === undefined || text === '0' ? undefined : { value: wholeNumber(text) ?? Number.NaN, line };
  const own = request === undefined ? undefined : { value: request, line };
  const checks = ldirectordCheck({ ...asked, request: own }, ledger);
  return addresses.map((address) => ({
    line,
    lines: [line],
    address,
    port,
    forwarding,
    weight: { value: wholeNumber(weight) ?? Number.NaN, line },
    lowerThreshold: threshold(lower),
    upperThreshold: threshold(upper),
    checks,
  }));
}

function namesBetween(first: string, last: string | undefined): string[] | string {
  const from = addressOrName(first);
  if (from === undefined) return `${first} is not an address`;
  if (last === undefined) return [from];
  const to = canonicalAddress(last);
  if (to === undefined || canonicalAddress(from) === undefined || isIPv6(from) || isIPv6(to))
    return 'a range of names or of IPv6 addresses: write them one by one';
  return addressesBetween(from, to);
}
