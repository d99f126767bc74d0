import type { PortRange, Protocol } from '../inventory/cluster.js';
import { NO_RULES, type OwnChain, type PresentRules, readChain } from './filterRules.js';

/**
 * Packets that leave with the director's own address: those that an address sends out of its network, or those that are sent to an
 * address, on these ports or on all. Addresses are canonical, of either family.
 */
export type Masquerade =
  | { readonly from: string; readonly network: string }
  | { readonly to: string; readonly protocol?: Protocol; readonly ports?: PortRange };

/** Our own tables of nft(8), one a family, and our own chain in the table nat of iptables(8). Nothing else is ours. */
export const NAT_TABLE = 'lvsctl_nat';
export const NAT_CHAIN: OwnChain = { table: 'nat', chain: 'LVSCTL-NAT', hook: 'POSTROUTING', jump: '-A' };

export type NatFamily = 4 | 6;

/** One rule of a packet filter, in the words that are common to nft and iptables. */
interface Rule {
  readonly from?: string;
  readonly to?: string;
  readonly protocol?: Protocol;
  readonly ports?: PortRange;
  /** Only what opens a TCP connection. */
  readonly opening?: true;
  readonly verdict: 'return' | 'masquerade';
}

const familyOf = (one: Masquerade): NatFamily => (('from' in one ? one.from : one.to).includes(':') ? 6 : 4);

function rulesOf(wanted: readonly Masquerade[], family: NatFamily): Rule[] {
  return wanted
    .filter((one) => familyOf(one) === family)
    .flatMap((one): Rule[] =>
      'from' in one
        ? [
            // Without a negation, whose place among the words has changed with iptables 1.4.
            { from: one.from, to: one.network, verdict: 'return' },
            // Not answers to who came past the director: connection tracking, which has not seen them begin, takes them for new ones.
            { from: one.from, protocol: 'tcp', opening: true, verdict: 'masquerade' },
            { from: one.from, protocol: 'udp', ports: { first: 1, last: 65535 }, verdict: 'masquerade' },
          ]
        : [{ ...one, verdict: 'masquerade' }],
    );
}

const portsText = ({ first, last }: PortRange, between: string): string =>
  first === last ? String(first) : `${first}${between}${last}`;

/** Rules as `nft -nn list table` shows them, but for flags. */
export function nftNatRules(wanted: readonly Masquerade[], family: NatFamily): string[] {
  const ip = family === 4 ? 'ip' : 'ip6';
  return rulesOf(wanted, family).map(({ from, to, protocol, ports, opening, verdict }) =>
    [
      from !== undefined && `${ip} saddr ${from}`,
      to !== undefined && `${ip} daddr ${to}`,
      protocol !== undefined && ports !== undefined && `${protocol} dport ${portsText(ports, '-')}`,
      // That of a SYN-ACK as well, which tracking takes for no beginning at all.
      opening && 'tcp flags syn',
      verdict,
    ]
      .filter((part) => part !== false && part !== undefined)
      .join(' '),
  );
}

/**
 * Input of `own_table`, taken as a whole. The table is first declared, since one that is not there can't be emptied. The empty chain is for
 * kernels before 4.18, which undo in one hook only what they did in both.
 */
export function nftNatTable(rules: readonly string[], family: NatFamily): string[] {
  const table = `table ${family === 4 ? 'ip' : 'ip6'} ${NAT_TABLE}`;
  return [
    table,
    `flush ${table}`,
    `${table} {`,
    'chain prerouting {',
    'type nat hook prerouting priority -100;',
    '}',
    'chain postrouting {',
    'type nat hook postrouting priority 100;',
    ...rules,
    '}',
    '}',
  ];
}

/** Arguments of iptables(8) or ip6tables(8) behind the chain, a list for each rule. */
export function iptablesNatWords(wanted: readonly Masquerade[], family: NatFamily): string[][] {
  return rulesOf(wanted, family).map(({ from, to, protocol, ports, opening, verdict }) => [
    ...(from === undefined ? [] : ['-s', from]),
    ...(to === undefined ? [] : ['-d', to]),
    ...(protocol === undefined || ports === undefined
      ? []
      : ['-p', protocol, '--dport', portsText(ports, ':')]),
    ...(opening ? ['-p', 'tcp', '--syn'] : []),
    '-j',
    verdict.toUpperCase(),
  ]);
}

/** Reads `nft -nn list table ip lvsctl_nat`; nothing, where there is no such table. */
export function parseNftNat(text: string, family: NatFamily): PresentRules<string> {
  if (!text.includes(`table ${family === 4 ? 'ip' : 'ip6'} ${NAT_TABLE} {`)) return NO_RULES;
  const rules = text
    .split('\n')
    // Flags as numbers; before 0.9 as what is compared.
    .map((line) => line.trim().replace(/tcp flags (?:0x0*2|& (?:syn|0x0*2) != 0(?:x0+)?)\b/, 'tcp flags syn'))
    .filter((line) => /^[^#}].* (return|masquerade)\b/.test(line));
  return { there: true, whole: /\bhook postrouting priority (100|srcnat);/.test(text), rules };
}

/** Reads our chain, each rule as the words that write it. */
export function parseIptablesNat(text: string): PresentRules<string> {
  return readChain(text, NAT_CHAIN, readRule);
}

/** `MASQUERADE  6  --  0.0.0.0/0  10.83.33.76  tcp dpt:8080`; before 1.8.9 protocols have names, and ip6tables an empty column for `--`. */
function readRule(line: string): string | undefined {
  const parts =
    /^(RETURN|MASQUERADE)\s+\w+\s+(?:--\s+)?([\da-f.:]+(?:\/\d+)?)\s+([\da-f.:]+(?:\/\d+)?)\s*(?:(tcp|udp|sctp) dpts?:([\d:]+)|(tcp flags:0x1[67]\/0x02))?\s*$/.exec(
      line,
    );
  if (parts === null) return undefined;
  const [, target = '', from = '', to = '', protocol, ports, opening] = parts;
  const said = (option: string, address: string) =>
    /^(0\.0\.0\.0|::)\/0$/.test(address)
      ? []
      : [option, address.replace(/(?<=\..*)\/32$|(?<=:.*)\/128$/, '')];
  const port = protocol === undefined || ports === undefined ? [] : ['-p', protocol, '--dport', ports];
  const syn = opening === undefined ? [] : ['-p', 'tcp', '--syn'];
  return [...said('-s', from), ...said('-d', to), ...port, ...syn, '-j', target].join(' ');
}
