import type { PortRange, Protocol } from '../inventory/cluster.js';
import { NO_RULES, type PresentRules, readChain } from './filterRules.js';

/**
 * Packets that leave with the director's own address: those that an address sends out of its network, or those that are sent to an
 * address, on these ports or on all. Addresses are canonical, of either family.
 */
export type Masquerade =
  | { readonly from: string; readonly network: string }
  | { readonly to: string; readonly protocol?: Protocol; readonly ports?: PortRange };

/** Our own tables of nft(8), one a family, and our own chain in the table nat of iptables(8). Nothing else is ours. */
export const NAT_TABLE = 'lvsctl_nat';
export const NAT_CHAIN = 'LVSCTL-NAT';

export type NatFamily = 4 | 6;

/** One rule of a packet filter, in the words that are common to nft and iptables. */
interface Rule {
  readonly from?: string;
  readonly to?: string;
  readonly protocol?: Protocol;
  readonly ports?: PortRange;
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
            { from: one.from, verdict: 'masquerade' },
          ]
        : [{ ...one, verdict: 'masquerade' }],
    );
}

const portsText = ({ first, last }: PortRange, between: string): string =>
  first === last ? String(first) : `${first}${between}${last}`;

/** Rules as `nft -nn list table` shows them: what it takes, it shows. */
export function nftNatRules(wanted: readonly Masquerade[], family: NatFamily): string[] {
  const ip = family === 4 ? 'ip' : 'ip6';
  return rulesOf(wanted, family).map(({ from, to, protocol, ports, verdict }) =>
    [
      from !== undefined && `${ip} saddr ${from}`,
      to !== undefined && `${ip} daddr ${to}`,
      protocol !== undefined && ports !== undefined && `${protocol} dport ${portsText(ports, '-')}`,
      verdict,
    ]
      .filter((part) => part !== false)
      .join(' '),
  );
}

/**
 * Input of `nft -f`, taken as a whole. The table is first declared, since one that is not there can't be deleted. The empty chain is for
 * kernels before 4.18, which undo in one hook only what they did in both.
 */
export function nftNatTable(rules: readonly string[], family: NatFamily): string[] {
  const table = `table ${family === 4 ? 'ip' : 'ip6'} ${NAT_TABLE}`;
  return [
    table,
    `delete ${table}`,
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
  return rulesOf(wanted, family).map(({ from, to, protocol, ports, verdict }) => [
    ...(from === undefined ? [] : ['-s', from]),
    ...(to === undefined ? [] : ['-d', to]),
    ...(protocol === undefined || ports === undefined
      ? []
      : ['-p', protocol, '--dport', portsText(ports, ':')]),
    '-j',
    verdict.toUpperCase(),
  ]);
}

/** Reads `nft -nn list table ip lvsctl_nat`; nothing, where there is no such table. */
export function parseNftNat(text: string, family: NatFamily): PresentRules<string> {
  if (!text.includes(`table ${family === 4 ? 'ip' : 'ip6'} ${NAT_TABLE} {`)) return NO_RULES;
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[^#}].* (return|masquerade)\b/.test(line));
  return { there: true, whole: /\bhook postrouting priority (100|srcnat);/.test(text), rules };
}

/** Reads our chain, each rule as the words that write it. */
export function parseIptablesNat(text: string): PresentRules<string> {
  return readChain(text, { chain: NAT_CHAIN, hook: 'POSTROUTING' }, readRule);
}

/** `MASQUERADE  6  --  0.0.0.0/0  10.83.33.76  tcp dpt:8080`; before 1.8.9 protocols have names, and ip6tables an empty column for `--`. */
function readRule(line: string): string | undefined {
  const parts =
    /^(RETURN|MASQUERADE)\s+\w+\s+(?:--\s+)?([\da-f.:]+(?:\/\d+)?)\s+([\da-f.:]+(?:\/\d+)?)\s*(?:(tcp|udp|sctp) dpts?:([\d:]+))?\s*$/.exec(
      line,
    );
  if (parts === null) return undefined;
  const [, target = '', from = '', to = '', protocol, ports] = parts;
  const said = (option: string, address: string) =>
    /^(0\.0\.0\.0|::)\/0$/.test(address)
      ? []
      : [option, address.replace(/(?<=\..*)\/32$|(?<=:.*)\/128$/, '')];
  const port = protocol === undefined || ports === undefined ? [] : ['-p', protocol, '--dport', ports];
  return [...said('-s', from), ...said('-d', to), ...port, '-j', target].join(' ');
}
