import type { Forwarding, Protocol } from '../inventory/cluster.js';
import { canonicalAddress, isIPv6, type Tunnel, wholeNumber } from '../ipvs/index.js';
import type { ImportedCheck, ImportedRealServer, ImportedService, ImportedSorry, Said } from './imported.js';
import { type Inherited, inheritedBy, isCheck, isInherited, readChecks } from './keepalived-checks.js';
import type { Statement } from './keepalived-text.js';
import type { Ledger } from './ledger.js';

const CHECKS = 'a check of a kind that the inventory has not';
const PLACE = 'the inventory has no place for it';

/** What of keepalived's own the inventory can't say. */
const LOSSES: Readonly<Record<string, string>> = {
  sorry_server_lvs_method: 'the sorry server gets the service’s method',
  hashed: 'set by the kernel itself: IPVS has no use for it',
  virtualhost: 'of HTTP_GET and SSL_GET, and none that is carried over takes it',
  ...Object.fromEntries(
    [
      ...['alpha', 'omega', 'warmup', 'ha_suspend', 'quorum_up', 'quorum_down'],
      ...['notify_up', 'notify_down', 'smtp_alert', 'log_all_failures'],
    ].map((word) => [word, `${word}: ${PLACE}`]),
  ),
  ...Object.fromEntries(['BFD_CHECK', 'UDP_CHECK', 'PING_CHECK', 'FILE_CHECK'].map((word) => [word, CHECKS])),
};

/** Why words that stand in a virtual_server or real_server are lost. */
export function lossOf(words: readonly string[]): string {
  return LOSSES[words[0] ?? ''] ?? `${words.join(' ')} is not understood`;
}

/** A virtual_server without its address: a group gives it several. */
export type VirtualServer = Omit<ImportedService, 'id'> & {
  readonly protocol: Protocol | undefined;
  /** Of a mark. */
  readonly family: 4 | 6 | undefined;
};

/** Seconds, of keepalived's persistence_timeout without a number, and of what implies it. */
const DEFAULT_PERSISTENCE = 360;

interface Method {
  readonly forwarding: Forwarding;
  readonly tunnel?: Said<Tunnel>;
}

/**
 * Reads all that stands in the braces of a virtual_server. What it can't take is in the ledger, all else is not carried yet.
 * @param user that the file's programs run as
 */
export function readVirtualServer(
  statement: Statement,
  user: Said<string> | undefined,
  ledger: Ledger,
): VirtualServer {
  const lines: number[] = [...statement.ownLines];
  const flags: Said<string>[] = [];
  const servers: Statement[] = [];
  let name: string | undefined;
  let scheduler: Said<string> | undefined;
  // keepalived's default.
  let method: Method = { forwarding: 'nat' };
  let seconds: Said<number> | undefined;
  let netmask: Said<string> | undefined;
  let engine: Said<string> | undefined;
  let onePacket: Said<true> | undefined;
  let weight: Said<number> | undefined;
  let protocol: Protocol | undefined;
  let family: 4 | 6 | undefined;
  let sorry: Said<ImportedSorry> | undefined;
  let quorum: Said<number> | undefined;
  let hysteresis: Said<number> | undefined;
  const inherited = inheritedBy(statement.block ?? [], new Map(), ledger);
  for (const each of statement.block ?? []) {
    const [keyword = '', value = ''] = each.words;
    const { line } = each;
    let known = true;
    if (isInherited(keyword)) continue;
    switch (keyword) {
      case 'lb_algo':
      case 'lvs_sched':
        scheduler = { value, line };
        break;
      case 'lb_kind':
      case 'lvs_method':
        method = methodOf(each, ledger) ?? method;
        break;
      case 'persistence_timeout':
        seconds = { value: value === '' ? DEFAULT_PERSISTENCE : Number(value), line };
        break;
      case 'persistence_granularity':
        netmask = { value: canonicalAddress(value) ?? value, line };
        family = value.includes('.') ? 4 : 6;
        break;
      case 'persistence_engine':
        engine = { value, line };
        break;
      case 'protocol':
        protocol = PROTOCOLS[value.toLowerCase()];
        known = protocol !== undefined;
        break;
      case 'ip_family':
        family = value === 'inet6' ? 6 : 4;
        known = /^inet6?$/.test(value);
        break;
      case 'ops':
        onePacket = { value: true, line };
        break;
      case 'weight':
        weight = { value: Number(value), line };
        break;
      case 'snmp_name':
        name = value;
        break;
      case 'quorum':
        quorum = { value: wholeNumber(value) ?? Number.NaN, line };
        break;
      case 'hysteresis':
        hysteresis = { value: wholeNumber(value) ?? Number.NaN, line };
        break;
      case 'sorry_server':
        sorry = sorryServer(each, ledger) ?? sorry;
        break;
      case 'sorry_server_inhibit':
      case 'inhibit_on_failure':
        break;
      case 'real_server':
        servers.push(each);
        break;
      default:
        if (/^(flag-[123]|[sm]h-(port|fallback))$/.test(keyword)) flags.push({ value: keyword, line });
        else known = false;
    }
    if (known) surplus(each, ledger);
    if (!known) ledger.lose(each.lines, lossOf(each.words));
    else if (!LATER.includes(keyword)) lines.push(...each.lines);
  }
  const [implied] = [netmask, engine].filter((each) => each !== undefined);
  seconds ??= implied && { value: DEFAULT_PERSISTENCE, line: implied.line };
  const inhibit = (statement.block ?? []).filter(({ words }) => words[0] === 'sorry_server_inhibit');
  if (sorry === undefined)
    for (const { lines } of inhibit) ledger.lose(lines, 'there is no sorry server that is understood');
  const realServers = servers.flatMap((each) =>
    realServer(each, { method, weight, inherited, user }, ledger),
  );
  const [first] = realServers;
  return {
    line: statement.line,
    lines,
    name,
    scheduler,
    schedulerFlags: flags,
    persistence: seconds && { seconds, netmask, engine },
    onePacket,
    protocol,
    family: family ?? (first && isIPv6(first.address) ? 6 : undefined),
    realServers,
    sorry: sorry && {
      ...sorry,
      value: { ...sorry.value, lines: inhibit.flatMap(({ lines }) => lines) },
    },
    quorum,
    hysteresis,
  };
}

/** Carried by themselves, or not. */
const LATER = ['real_server', 'quorum', 'hysteresis', 'sorry_server', 'sorry_server_inhibit'];

function sorryServer({ words, line, lines }: Statement, ledger: Ledger): Said<ImportedSorry> | undefined {
  const [, text = '', portText = '0'] = words;
  const address = canonicalAddress(text);
  const port = wholeNumber(portText, 65535);
  if (address !== undefined && port !== undefined) return { value: { address, port, lines: [] }, line };
  ledger.lose(lines, `${words.slice(1).join(' ')} is not an address and a port`);
  return undefined;
}

/** Words after those that a setting has. */
function surplus({ words, lines }: Statement, ledger: Ledger): void {
  const [keyword = ''] = words;
  if (['real_server', 'lb_kind', 'lvs_method'].includes(keyword)) return;
  if (keyword === 'sorry_server' && words.length < 4) return;
  const rest = words.slice(
    /^(ops|\w+_inhibit|inhibit_on_failure|flag-\d|[sm]h-(port|fallback))$/.test(keyword) ? 1 : 2,
  );
  if (rest.length > 0) ledger.lose(lines, `${rest.join(' ')} is not understood`);
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { tcp: 'tcp', udp: 'udp', sctp: 'sctp' };
const METHODS: Readonly<Record<string, Forwarding>> = { NAT: 'nat', DR: 'dr', TUN: 'tun' };
const CHECKSUMS = { nocsum: 'none', csum: 'full', remcsum: 'remote' } as const;

/** `DR`, `TUN type gue port 6080 csum` */
function methodOf({ words, line, lines }: Statement, ledger: Ledger): Method | undefined {
  const forwarding = METHODS[words[1] ?? ''];
  if (forwarding === undefined) {
    ledger.lose(lines, `${words[1] ?? 'nothing'} is no forwarding method: NAT, DR or TUN`);
    return undefined;
  }
  let type: Tunnel['type'] = 'ipip';
  let port: number | undefined;
  let checksum: Tunnel['checksum'];
  for (let at = 2; at < words.length; at++) {
    const [word = '', next = ''] = [words[at], words[at + 1]];
    if (word === 'type' && (next === 'ipip' || next === 'gue' || next === 'gre')) type = next;
    else if (word === 'port' && wholeNumber(next, 65535) !== undefined) port = Number(next);
    else {
      if (word in CHECKSUMS) checksum = CHECKSUMS[word as keyof typeof CHECKSUMS];
      else ledger.lose(lines, `${word} is not understood`);
      continue;
    }
    at++;
  }
  if (forwarding !== 'tun') return { forwarding };
  return { forwarding, tunnel: { value: { type, port, checksum }, line } };
}

function realServer(
  statement: Statement,
  outer: {
    readonly method: Method;
    readonly weight: Said<number> | undefined;
    readonly inherited: Inherited;
    readonly user: Said<string> | undefined;
  },
  ledger: Ledger,
): ImportedRealServer[] {
  const [, text = '', portText = '0', ...rest] = statement.words;
  const address = canonicalAddress(text);
  const port = wholeNumber(portText, 65535);
  if (address === undefined || port === undefined || rest.length > 0) {
    ledger.lose(statement.lines, `${statement.words.slice(1).join(' ')} is not an address and a port`);
    return [];
  }
  const lines: number[] = [...statement.ownLines];
  const inherited = inheritedBy(statement.block ?? [], outer.inherited, ledger);
  const checks: ImportedCheck[] = [];
  let { method } = outer;
  let weight = outer.weight ?? { value: 1, line: statement.line };
  let upperThreshold: Said<number> | undefined;
  let lowerThreshold: Said<number> | undefined;
  for (const each of statement.block ?? []) {
    const [keyword = '', value = ''] = each.words;
    const number = { value: wholeNumber(value) ?? Number.NaN, line: each.line };
    if (isInherited(keyword)) continue;
    if (isCheck(keyword)) {
      checks.push(...readChecks(each, inherited, outer.user, ledger));
      continue;
    }
    if (keyword === 'weight') weight = number;
    else if (keyword === 'uthreshold') upperThreshold = number;
    else if (keyword === 'lthreshold') lowerThreshold = number;
    else if (keyword === 'lvs_method') method = methodOf(each, ledger) ?? method;
    else if (keyword === 'snmp_name') {
      ledger.lose(each.lines, 'hosts get their names from you');
      continue;
    } else if (keyword !== 'inhibit_on_failure') {
      ledger.lose(each.lines, lossOf(each.words));
      continue;
    }
    surplus(each, ledger);
    lines.push(...each.lines);
  }
  return [
    {
      line: statement.line,
      lines,
      address,
      port,
      weight,
      upperThreshold,
      lowerThreshold,
      ...method,
      checks,
    },
  ];
}
