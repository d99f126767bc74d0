import { type Sh, sh, shLines } from '../shell/index.js';
import { type HostInterface, interfacesScript, parseInterfaces } from './interfaces.js';

/** What one host tells when something is wrong: enough to name the cause. Absent things are absent on the host. */
export interface HostEvidence {
  readonly interfaces: readonly HostInterface[];
  /** Those of ip, systemctl, service, nft, iptables that root has. */
  readonly tools: ReadonlySet<string>;
  /** /proc/sys/net/ipv4/conf by device, then by key: arp_ignore, arp_announce, hidden, rp_filter, proxy_arp, accept_local, *_redirects. */
  readonly conf: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly ipForward: number | undefined;
  /** Listening TCP sockets and bound UDP sockets; `*` is any address. */
  readonly listeners: readonly Listener[];
  /** IPv4 and IPv6: those that are used, of several the ones with the least metric. */
  readonly defaultGateways: readonly string[];
  readonly defaultGateways6: readonly string[];
  /** Undefined: ip_vs is not loaded. */
  readonly table: readonly TableService[] | undefined;
  /** Chains of the connection table; absent where the kernel does not say. */
  readonly tableSize?: number;
  /** Connections in the director's connection table that a real server has not answered (SYN_RECV), by real server. */
  readonly states: readonly ConnectionState[];
  /** Number of packet filter rules in effect, 0 where a filter is loaded but empty; undefined where none is known. */
  readonly filterRules: number | undefined;
  /** Addresses and ports that iptables redirects to the host itself, which then need not hold the address. */
  readonly redirected: readonly Listener[];
}

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface TableService {
  /** `fwm` of a service by mark, which has no address of its own, and port 0. */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly mark?: number;
  readonly scheduler: string;
  readonly destinations: readonly TableDestination[];
}

export interface TableDestination {
  readonly address: string;
  readonly port: number;
  /** As the kernel says it: Route (DR), Masq (NAT), Tunnel, Local. */
  readonly forwarding: string;
  readonly weight: number;
}

export interface ConnectionState {
  readonly vip: string;
  readonly port: number;
  readonly destination: string;
  /** `SYN_RECV`. */
  readonly state: string;
  readonly count: number;
}

/**
 * Gathers the evidence in one trip, from /proc where it can, so that it needs no tool but ip or ifconfig and works from
 * Linux 2.4 on. (The settings by grep: read of dash and ash takes a byte at a time, and /proc/sys gives the first one only.) Nothing is changed; iptables is asked only when its table is loaded, since asking would load it.
 */
export const evidenceScript: Sh = shLines(
  sh`echo '== interfaces'`,
  interfacesScript,
  sh`echo '== conf'
cd /proc/sys/net/ipv4/conf && grep . /dev/null */arp_ignore */arp_announce */hidden */rp_filter */proxy_arp */send_redirects */accept_redirects */accept_local 2>/dev/null
echo '== tools'
for tool in ip systemctl service nft iptables; do
  if command -v $tool >/dev/null 2>&1; then echo $tool; fi
done
echo '== forward'
cat /proc/sys/net/ipv4/ip_forward
echo '== listeners'
for family in tcp tcp6 udp udp6; do
  [ -r "/proc/net/$family" ] || continue
  echo "family $family"
  case $family in tcp*) grep ' 0A ' "/proc/net/$family" ;; *) cat "/proc/net/$family" ;; esac
done
echo '== routes'
grep -w 00000000 /proc/net/route
[ ! -r /proc/net/ipv6_route ] || grep '^00000000000000000000000000000000 00 ' /proc/net/ipv6_route
echo '== table'
[ ! -r /proc/net/ip_vs ] || cat /proc/net/ip_vs
echo '== states'
[ ! -r /proc/net/ip_vs_conn ] || awk '$8 == "SYN_RECV" { n[$4 " " $5 " " $6 " " $8]++ } END { for (k in n) print n[k], k }' /proc/net/ip_vs_conn
echo '== redirects'
if grep -q '^nat$' /proc/net/ip_tables_names 2>/dev/null; then iptables -t nat -nL PREROUTING; fi
echo '== filter'
if grep -q filter /proc/net/ip_tables_names 2>/dev/null; then iptables -nL INPUT; fi
if grep -q '^nf_tables ' /proc/modules 2>/dev/null && command -v nft >/dev/null 2>&1; then
  nft list ruleset | grep -v -e '{' -e '}' -e '^[[:space:]]*$' -e 'type .* hook'
fi
echo '== end'`,
);

/** Total: any text gives evidence, at worst empty. */
export function parseEvidence(text: string): HostEvidence {
  const sections = splitSections(text);
  const section = (name: string): string[] => sections.get(name) ?? [];
  return {
    interfaces: parseInterfaces(section('interfaces').join('\n')),
    tools: new Set(section('tools').map((line) => line.trim())),
    conf: parseConf(section('conf')),
    ipForward: integer(section('forward')[0]),
    listeners: parseListeners(section('listeners')),
    defaultGateways: usedGateways(section('routes').flatMap(defaultRoute4)),
    defaultGateways6: usedGateways(section('routes').flatMap(defaultRoute6)),
    table: parseTable(section('table')),
    ...tableSizeOf(section('table')),
    states: parseStates(section('states')),
    filterRules: parseFilter(section('filter')),
    redirected: section('redirects').flatMap(parseRedirect),
  };
}

function splitSections(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const name = /^== (\w+)$/.exec(line)?.[1];
    if (name === undefined) {
      if (line.trim() !== '') lines.push(line);
      continue;
    }
    lines = [];
    sections.set(name, lines);
  }
  return sections;
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*-?\d+\s*$/.test(text) ? Number(text) : undefined;
}

function parseConf(lines: readonly string[]): Map<string, Record<string, number>> {
  const conf = new Map<string, Record<string, number>>();
  for (const line of lines) {
    const match = /^([^/\s]+)\/(\w+):(\d+)$/.exec(line.trim());
    if (!match) continue;
    const [, device = '', key = '', value = ''] = match;
    conf.set(device, { ...conf.get(device), [key]: Number(value) });
  }
  return conf;
}

/** An address as /proc/net/tcp has it: 32-bit words in the host's byte order, here little-endian (x86, ARM). */
function addressOfWords(hex: string): string {
  const swapped = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join(''));
  return addressOfHex(swapped.join(''));
}

/** An address as /proc/net/ip_vs has it: hexadecimal in network order. `*` is any address. */
function addressOfHex(hex: string): string {
  if (/^0+$/.test(hex)) return '*';
  const mapped = /^0{20}ffff([0-9a-f]{8})$/i.exec(hex);
  if (mapped?.[1]) return addressOfHex(mapped[1]);
  if (hex.length === 8) return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
  return compressIpv6((hex.match(/.{4}/g) ?? []).join(':'));
}

/** The canonical form of RFC 5952, by the URL parser, which knows it. */
function compressIpv6(address: string): string {
  try {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}

function parseListeners(lines: readonly string[]): Listener[] {
  let protocol: 'tcp' | 'udp' = 'tcp';
  return lines.flatMap((line) => {
    const family = /^family (tcp|udp)6?$/.exec(line)?.[1];
    if (family) protocol = family === 'udp' ? 'udp' : 'tcp';
    const local = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) /i.exec(line);
    if (!local?.[1] || !local[2]) return [];
    return [{ protocol, address: addressOfWords(local[1]), port: Number.parseInt(local[2], 16) }];
  });
}

interface GatewayRoute {
  readonly gateway: string;
  readonly metric: number;
}

function usedGateways(routes: readonly GatewayRoute[]): string[] {
  const least = Math.min(...routes.map(({ metric }) => metric));
  return routes.filter(({ metric }) => metric === least).map(({ gateway }) => gateway);
}

/** /proc/net/route: device, destination, gateway, flags, two counters, metric, mask. */
function defaultRoute4(line: string): GatewayRoute[] {
  const [, destination, gateway, , , , metric, mask] = line.trim().split(/\s+/);
  if (destination !== '00000000' || mask !== '00000000' || !gateway || !/^[0-9A-F]{8}$/i.test(gateway))
    return [];
  const address = addressOfWords(gateway);
  return address === '*' ? [] : [{ gateway: address, metric: Number(metric) }];
}

/** /proc/net/ipv6_route: destination and its prefix length, source and its, gateway, metric …, all in hexadecimal. */
function defaultRoute6(line: string): GatewayRoute[] {
  const [destination = '', length, , , gateway = '', metric = ''] = line.trim().split(/\s+/);
  if (!/^0{32}$/.test(destination) || length !== '00' || !/^[0-9a-f]{32}$/i.test(gateway)) return [];
  const address = addressOfHex(gateway);
  return address === '*' ? [] : [{ gateway: address, metric: Number.parseInt(metric, 16) }];
}

function endpointOf(text: string): { address: string; port: number } | undefined {
  const match = /^(?:([0-9A-F]{8})|\[([0-9a-f:]+)\]):([0-9A-F]{4})$/i.exec(text);
  if (!match?.[3]) return undefined;
  const address = match[1] ? addressOfHex(match[1]) : compressIpv6(match[2] ?? '');
  return { address, port: Number.parseInt(match[3], 16) };
}

/** /proc/net/ip_vs. */
function parseTable(lines: readonly string[]): TableService[] | undefined {
  if (!lines.some((line) => /IP Virtual Server/.test(line))) return undefined;
  const services: (TableService & { destinations: TableDestination[] })[] = [];
  for (const line of lines) {
    const [first = '', second = '', third = '', fourth = ''] = line.trim().split(/\s+/);
    const endpoint = endpointOf(second);
    if (first === 'FWM' && /^[0-9A-F]{8}$/i.test(second)) {
      const mark = Number.parseInt(second, 16);
      services.push({ protocol: 'fwm', address: '', port: 0, mark, scheduler: third, destinations: [] });
    }
    if (!endpoint) continue;
    if (/^(TCP|UDP|SCTP)$/.test(first))
      services.push({ protocol: first.toLowerCase(), ...endpoint, scheduler: third, destinations: [] });
    else if (first === '->')
      services.at(-1)?.destinations.push({ ...endpoint, forwarding: third, weight: integer(fourth) ?? 0 });
  }
  return services;
}

function tableSizeOf(lines: readonly string[]): { tableSize?: number } {
  const size = /IP Virtual Server .*size=(\d+)/.exec(lines.join('\n'))?.[1];
  return size === undefined ? {} : { tableSize: Number(size) };
}

function parseStates(lines: readonly string[]): ConnectionState[] {
  return lines.flatMap((line) => {
    const [count = '', to = '', port = '', destination = '', state = ''] = line.trim().split(/\s+/);
    if (!/^\d+$/.test(count) || !/^[0-9A-F]{4}$/i.test(port)) return [];
    return [
      {
        vip: connectionAddress(to),
        port: Number.parseInt(port, 16),
        destination: connectionAddress(destination),
        state,
        count: Number(count),
      },
    ];
  });
}

/** /proc/net/ip_vs_conn writes IPv4 in hexadecimal and IPv6 with colons, expanded. */
function connectionAddress(text: string): string {
  return /^[0-9A-F]{8}$/i.test(text) ? addressOfHex(text) : compressIpv6(text);
}

function parseFilter(lines: readonly string[]): number | undefined {
  if (lines.length === 0) return undefined;
  const policyDrops = lines.some((line) => /^Chain INPUT \(policy (DROP|REJECT)/.test(line));
  const rules = lines.filter((line) => !/^(Chain |target\s)/.test(line));
  return rules.length + (policyDrops ? 1 : 0);
}

/** `REDIRECT tcp -- 0.0.0.0/0 10.83.33.100 tcp dpt:21 redir ports 2121`; since iptables 1.8.9 the first protocol is a number. */
function parseRedirect(line: string): Listener[] {
  const [, address, protocol, port] = /^REDIRECT\s.*\s([\d.]+)\s+(tcp|udp) dpt:(\d+)\b/.exec(line) ?? [];
  if (address === undefined) return [];
  return [{ protocol: protocol === 'udp' ? 'udp' : 'tcp', address, port: Number(port) }];
}

/** As the kernel takes arp_ignore, arp_announce and rp_filter: the greater one of `all` and the device. */
export function effective(evidence: HostEvidence, device: string, key: string): number | undefined {
  const values = [conf(evidence, 'all', key), conf(evidence, device, key)].filter(
    (value): value is number => value !== undefined,
  );
  return values.length === 0 ? undefined : Math.max(...values);
}

/** A setting below /proc/sys/net/ipv4/conf; undefined where the kernel has none. */
export function conf(evidence: HostEvidence, device: string, key: string): number | undefined {
  return evidence.conf.get(device)?.[key];
}
