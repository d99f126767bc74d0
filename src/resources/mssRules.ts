import { NO_RULES, type OwnChain, type PresentRules, readChain } from './filterRules.js';

/** What a host's answers from a VIP say of the size of segments that it takes. */
export interface MssRule {
  /** Canonical text, IPv6 without brackets. */
  readonly vip: string;
  /** Bytes of a TCP segment without headers: the greatest that is announced. */
  readonly mss: number;
}

/** Our own table of nft(8), and our own chain in the table mangle of iptables(8). Nothing else is ours. */
export const MSS_TABLE = 'lvsctl_mss';
export const MSS_CHAIN: OwnChain = { table: 'mangle', chain: 'LVSCTL-MSS', hook: 'OUTPUT', jump: '-I' };

/** For people, and for comparing. */
export function mssText({ vip, mss }: MssRule): string {
  return `${vip} ${mss}`;
}

/** As nft(8) takes it, of 0.8 or later (Linux 4.14); a smaller segment stays as it is. */
function nftRule({ vip, mss }: MssRule): string {
  const family = vip.includes(':') ? 'ip6' : 'ip';
  return `${family} saddr ${vip} tcp flags & (syn | rst) == syn tcp option maxseg size set ${mss}`;
}

/** Input of `own_table`: the kernel takes it as a whole. */
export function nftMssTable(rules: readonly MssRule[]): string[] {
  return [
    // Declared first, since a table that is not there can't be emptied.
    `table inet ${MSS_TABLE}`,
    `flush table inet ${MSS_TABLE}`,
    `table inet ${MSS_TABLE} {`,
    'chain output {',
    'type filter hook output priority -150;',
    ...rules.map(nftRule),
    '}',
    '}',
  ];
}

/** Arguments of iptables(8) or ip6tables(8) behind the chain; the target only ever makes it smaller (Linux from 2.6.25). */
export function iptablesMssWords({ vip, mss }: MssRule): string[] {
  return ['-s', vip, '-p', 'tcp', '--tcp-flags', 'SYN,RST', 'SYN', '-j', 'TCPMSS', '--set-mss', String(mss)];
}

/** Reads `nft -nn list table inet lvsctl_mss`; nothing, where there is no such table. nft writes the flags in one of two ways. */
export function parseNftMss(text: string): PresentRules<MssRule> {
  if (!text.includes(`table inet ${MSS_TABLE} {`)) return NO_RULES;
  const rules: MssRule[] = [];
  let whole = /\bhook output priority (-150|mangle);/.test(text);
  for (const line of text.split('\n')) {
    if (!/ saddr | maxseg /.test(line)) continue;
    const [, vip = '', mss] =
      /^\s*ip6? saddr (\S+) tcp flags (?:& \(?(?:syn \| rst|0x6)\)? == (?:syn|0x2)|syn \/ syn,rst|0x2 \/ 0x2,0x4) tcp option maxseg size set (\d+)\s*$/.exec(
        line,
      ) ?? [];
    if (mss === undefined) whole = false;
    else rules.push({ vip, mss: Number(mss) });
  }
  return { there: true, whole, rules };
}

/** Reads our chain in `iptables -t mangle -L -n` or that of ip6tables. */
export function parseIptablesMss(text: string): PresentRules<MssRule> {
  return readChain(text, MSS_CHAIN, (line) => {
    const [, vip = '', mss] =
      /^TCPMSS\s+\w+\s+(?:--\s+)?([\da-f.:]+)(?:\/32|\/128)?\s+(?:0\.0\.0\.0\/0|::\/0|anywhere)\s+tcp flags:0x06\/0x02 TCPMSS set (\d+)\s*$/.exec(
        line,
      ) ?? [];
    return mss === undefined ? undefined : { vip, mss: Number(mss) };
  });
}
