import type { PortRange, Protocol } from '../inventory/cluster.js';
import { NO_RULES, type OwnChain, type PresentRules, readChain } from './filterRules.js';

/** Packets to one VIP and protocol, and these ports, get the mark. */
export interface MarkRule {
  /** 1 to 2³²−1. */
  readonly mark: number;
  /** Canonical text, IPv6 without brackets. */
  readonly vip: string;
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[];
}

/** Our own table of nft(8), and our own chain in the table mangle of iptables(8). Nothing else is ours. */
export const NFT_TABLE = 'lvsctl_marks';
export const MARKS_CHAIN: OwnChain = {
  table: 'mangle',
  chain: 'LVSCTL-MARKS',
  hook: 'PREROUTING',
  jump: '-I',
};

/** In ascending order, without overlap; neighbours are one range, as nft(8) shows them. */
export function mergedPorts(ports: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const { first, last } of [...ports].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || first > before.last + 1) merged.push({ first, last });
    else merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, last) };
  }
  return merged;
}

/** One rule a range of ports. */
export function single(rules: readonly MarkRule[]): MarkRule[] {
  return rules.flatMap((rule) => mergedPorts(rule.ports).map((range) => ({ ...rule, ports: [range] })));
}

const portsText = (ports: readonly PortRange[], between: string): string[] =>
  ports.map(({ first, last }) => (first === last ? String(first) : `${first}${between}${last}`));

/** For people, and for comparing: `tcp 10.83.33.100 50000-50100 → 256`. */
export function ruleText({ mark, vip, protocol, ports }: MarkRule): string {
  return `${protocol} ${vip} ${portsText(ports, '-').join(', ')} → ${mark}`;
}

/**
 * As nft(8) takes it, for a rule of one range ({@link single}): several would be a set, whose elements the kernel lets packets see a moment
 * after the rule.
 */
function nftRule({ mark, vip, protocol, ports }: MarkRule): string {
  const range = portsText(ports, '-').join();
  return `${vip.includes(':') ? 'ip6' : 'ip'} daddr ${vip} ${protocol} dport ${range} meta mark set ${mark}`;
}

/** Input of `own_table`: the kernel takes it as a whole, so that there is no moment without rules. */
export function nftTable(rules: readonly MarkRule[]): string[] {
  return [
    // Declared first, since a table that is not there can't be emptied.
    `table inet ${NFT_TABLE}`,
    `flush table inet ${NFT_TABLE}`,
    `table inet ${NFT_TABLE} {`,
    'chain prerouting {',
    'type filter hook prerouting priority -150;',
    ...single(rules).map(nftRule),
    '}',
    '}',
  ];
}

/** Arguments of iptables(8) or ip6tables(8) behind the chain, for a rule of one range ({@link single}). */
export function iptablesWords({ mark, vip, protocol, ports }: MarkRule): string[] {
  const target = ['-j', 'MARK', '--set-mark', String(mark)];
  return ['-d', vip, '-p', protocol, '--dport', portsText(ports, ':').join(), ...target];
}

function readRange(text: string): PortRange[] {
  const parts = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(text.trim());
  if (parts === null) return [];
  return [{ first: Number(parts[1]), last: Number(parts[2] ?? parts[1]) }];
}

/** Reads `nft -nn list table inet lvsctl_marks`; nothing, where there is no such table. */
export function parseNft(text: string): PresentRules<MarkRule> {
  if (!text.includes(`table inet ${NFT_TABLE} {`)) return NO_RULES;
  const rules: MarkRule[] = [];
  let whole = /\bhook prerouting priority (-150|mangle);/.test(text);
  for (const line of text.split('\n')) {
    if (!line.includes(' daddr ') && !line.includes(' mark ')) continue;
    const parts =
      /^\s*ip6? daddr (\S+) (tcp|udp|sctp) dport (?:\{ ([\d, -]+) \}|([\d-]+)) meta mark set (0x[0-9a-f]{1,8}|\d{1,10})\s*$/.exec(
        line,
      );
    if (parts === null) {
      whole = false;
      continue;
    }
    const [, vip = '', protocol = '', several, one = '', mark] = parts;
    const ports = (several ?? one).split(',').flatMap(readRange);
    rules.push({ mark: Number(mark), vip, protocol: protocol as Protocol, ports });
  }
  return { there: true, whole, rules: single(rules) };
}

/** Reads our chain, a rule for each range: since iptables 1.8.9 protocols are numbers, and a mark of all ones is an `or`. */
export function parseIptables(text: string): PresentRules<MarkRule> {
  return readChain(text, MARKS_CHAIN, readIptablesRule);
}

function readIptablesRule(line: string): MarkRule | undefined {
  const parts =
    /^MARK\s+\w+\s+(?:--\s+)?(?:0\.0\.0\.0\/0|::\/0|anywhere)\s+([\da-f.:]+)(?:\/32|\/128)?\s+(tcp|udp|sctp) dpts?:([\d:]+) MARK (set|or) 0x([\da-f]{1,8})\s*$/.exec(
      line,
    );
  if (parts === null) return undefined;
  const [, vip = '', protocol, range = '', verb, hex = ''] = parts;
  const mark = Number.parseInt(hex, 16);
  if (verb === 'or' && mark !== 0xffffffff) return undefined;
  return { mark, vip, protocol: protocol as Protocol, ports: readRange(range) };
}
