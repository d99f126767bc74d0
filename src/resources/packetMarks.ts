import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { sh } from '../shell/index.js';
import {
  changeOf,
  dropChain,
  type FilterStep,
  fillChain,
  filterProbe,
  filterSections,
  type PresentRules,
  type Xtables,
} from './filterRules.js';
import {
  iptablesWords,
  MARKS_CHAIN,
  type MarkRule,
  NFT_TABLE,
  nftTable,
  parseIptables,
  parseNft,
  ruleText,
  single,
} from './markRules.js';

export interface PacketMarksOptions {
  readonly rules: readonly MarkRule[];
  /** Who keeps them: nft(8), or iptables(8) and ip6tables(8). What the other has of ours goes. */
  readonly by: 'nft' | 'iptables';
}

const id = 'packet marks';

const probe = filterProbe(
  'mangle',
  sh`  echo '@@ nft'; nft -nn list table inet ${NFT_TABLE} 2>/dev/null || :`,
);

/**
 * Rules that give packets their marks, by which IPVS takes them for one service. They are in a table of nft(8), or a chain of
 * iptables(8), of our own; nothing else is touched. They last until the next boot, or until somebody flushes all.
 */
export function packetMarks({ rules, by }: PacketMarksOptions): Resource {
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const found = present(observed);
      const ofFamily = (six: boolean) => rules.filter(({ vip }) => vip.includes(':') === six);
      const byNft = [nftStep(found.nft, by === 'nft' ? rules : [])];
      const byIptables = [
        iptablesStep('iptables', found.iptables, by === 'iptables' ? ofFamily(false) : []),
        iptablesStep('ip6tables', found.ip6tables, by === 'iptables' ? ofFamily(true) : []),
      ];
      // What comes before what goes: packets are marked twice for a moment, not left unmarked.
      return changeOf(by === 'nft' ? [...byNft, ...byIptables] : [...byIptables, ...byNft]);
    },
  };
}

function present(observed: ProbeOutput): Record<'nft' | Xtables, PresentRules<MarkRule>> {
  const sections = filterSections(id, observed);
  return {
    nft: parseNft(sections.get('nft') ?? ''),
    iptables: parseIptables(sections.get('iptables') ?? ''),
    ip6tables: parseIptables(sections.get('ip6tables') ?? ''),
  };
}

interface Difference {
  readonly missing: readonly MarkRule[];
  readonly surplus: readonly MarkRule[];
}

function difference(found: PresentRules<MarkRule>, rules: readonly MarkRule[]): Difference {
  const wanted = single(rules);
  const have = new Set(found.rules.map(ruleText));
  const want = new Set(wanted.map(ruleText));
  return {
    missing: wanted.filter((rule) => !have.has(ruleText(rule))),
    surplus: found.rules.filter((rule) => !want.has(ruleText(rule))),
  };
}

function stepText(tool: string, { missing, surplus }: Difference): Pick<FilterStep, 'summary' | 'diff'> {
  const parts = [
    missing.length > 0 && `mark packets: ${missing.map(ruleText).join('; ')}`,
    surplus.length > 0 && `mark no more: ${surplus.map(ruleText).join('; ')}`,
  ].filter((part) => part !== false);
  const text = parts.length > 0 ? parts.join('; ') : 'put the rules that mark packets in order';
  return {
    summary: `${text} (by ${tool})`,
    diff:
      surplus.map((rule) => `- ${ruleText(rule)}\n`).join('') +
      missing.map((rule) => `+ ${ruleText(rule)}\n`).join(''),
  };
}

function isRight(found: PresentRules<MarkRule>, { missing, surplus }: Difference): boolean {
  return missing.length === 0 && surplus.length === 0 && found.whole;
}

function nftStep(found: PresentRules<MarkRule>, rules: readonly MarkRule[]): FilterStep | undefined {
  const change = difference(found, rules);
  if (rules.length === 0)
    return found.there
      ? { ...stepText('nft', change), apply: sh`nft delete table inet ${NFT_TABLE}` }
      : undefined;
  if (isRight(found, change)) return undefined;
  return { ...stepText('nft', change), apply: sh`printf '%s\n' ${nftTable(rules)} | nft -f -` };
}

function iptablesStep(
  tool: Xtables,
  found: PresentRules<MarkRule>,
  rules: readonly MarkRule[],
): FilterStep | undefined {
  const change = difference(found, rules);
  if (rules.length === 0)
    return found.there ? { ...stepText(tool, change), apply: dropChain(tool, MARKS_CHAIN) } : undefined;
  if (isRight(found, change)) return undefined;
  return { ...stepText(tool, change), apply: fillChain(tool, MARKS_CHAIN, single(rules).map(iptablesWords)) };
}
