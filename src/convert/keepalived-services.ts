import type { Forwarding, Protocol } from '../inventory/cluster.js';
import { canonicalAddress, isIPv6, type Tunnel, wholeNumber } from '../ipvs/index.js';
import type { ImportedRealServer, ImportedService, Said } from './imported.js';
import type { Statement } from './keepalived-text.js';
import type { Ledger } from './ledger.js';

export const CHECKS = 'health checks: not carried over; the inventory has `check` for them';
export const SORRY = 'a sorry server: not carried over; the inventory has `sorry` for it';
const QUORUM = 'a quorum: not carried over; the inventory has `quorum` and `hysteresis` for it';

/** What of keepalived's own the inventory can't say. */
const LOSSES: Readonly<Record<string, string>> = {
  sorry_server: SORRY,
  sorry_server_inhibit: SORRY,
  sorry_server_lvs_method: SORRY,
  quorum: QUORUM,
  hysteresis: QUORUM,
  hashed: 'set by the kernel itself: IPVS has no use for it',
  ...Object.fromEntries(
    [
      ...[
        'delay_loop',
        'alpha',
        'omega',
        'retry',
        'delay_before_retry',
        'warmup',
        'connect_timeout',
        'nb_get_retry',
      ],
      ...['inhibit_on_failure', 'ha_suspend', 'quorum_up', 'quorum_down', 'virtualhost'],
      ...['notify_up', 'notify_down', 'smtp_alert', 'log_all_failures', 'HTTP_GET', 'SSL_GET', 'TCP_CHECK'],
      ...['SMTP_CHECK', 'DNS_CHECK', 'MISC_CHECK', 'BFD_CHECK', 'UDP_CHECK', 'PING_CHECK', 'FILE_CHECK'],
    ].map((word) => [word, CHECKS]),
  ),
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

/** Reads all that stands in the braces of a virtual_server. What it can't take is in the ledger, all else is not carried yet. */
export function readVirtualServer(statement: Statement, ledger: Ledger): VirtualServer {
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
  for (const each of statement.block ?? []) {
    const [keyword = '', value = ''] = each.words;
    const { line } = each;
    let known = true;
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
      case 'real_server':
        servers.push(each);
        break;
      default:
        if (/^(flag-[123]|[sm]h-(port|fallback))$/.test(keyword)) flags.push({ value: keyword, line });
        else known = false;
    }
    if (known) surplus(each, ledger);
    if (!known) ledger.lose(each.lines, lossOf(each.words));
    else if (keyword !== 'real_server') lines.push(...each.lines);
  }
  const [implied] = [netmask, engine].filter((each) => each !== undefined);
  seconds ??= implied && { value: DEFAULT_PERSISTENCE, line: implied.line };
  const realServers = servers.flatMap((each) => realServer(each, method, weight, ledger));
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
  };
}

/** Words after those that a setting has. */
function surplus({ words, lines }: Statement, ledger: Ledger): void {
  const [keyword = ''] = words;
  if (['real_server', 'lb_kind', 'lvs_method'].includes(keyword)) return;
  const rest = words.slice(/^(ops|flag-\d|[sm]h-(port|fallback))$/.test(keyword) ? 1 : 2);
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
  inherited: Method,
  weightOfAll: Said<number> | undefined,
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
  let method = inherited;
  let weight = weightOfAll ?? { value: 1, line: statement.line };
  let upperThreshold: Said<number> | undefined;
  let lowerThreshold: Said<number> | undefined;
  for (const each of statement.block ?? []) {
    const [keyword = '', value = ''] = each.words;
    const number = { value: wholeNumber(value) ?? Number.NaN, line: each.line };
    if (keyword === 'weight') weight = number;
    else if (keyword === 'uthreshold') upperThreshold = number;
    else if (keyword === 'lthreshold') lowerThreshold = number;
    else if (keyword === 'lvs_method') method = methodOf(each, ledger) ?? method;
    else if (keyword === 'snmp_name') {
      ledger.lose(each.lines, 'hosts get their names from you');
      continue;
    } else {
      ledger.lose(each.lines, lossOf(each.words));
      continue;
    }
    surplus(each, ledger);
    lines.push(...each.lines);
  }
  return [{ line: statement.line, lines, address, port, weight, upperThreshold, lowerThreshold, ...method }];
}
