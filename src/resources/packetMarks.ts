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
  /** {@link newPacketMarks} comes before in the same plan, with the same rules: what it adds is taken as done. */
  readonly begun?: true;
}

const id = 'packet marks';
const newId = 'new packet marks';

const probe = filterProbe(
  'mangle',
  sh`  echo '@@ nft'; nft -nn list table inet ${NFT_TABLE} 2>/dev/null || :`,
);

/**
 * Rules that give packets their marks, by which IPVS takes them for one service. They are in a table of nft(8), or a chain of
 * iptables(8), of our own; nothing else is touched. They last until the next boot, or until somebody flushes all.
 */
export function packetMarks({ rules, by, begun }: PacketMarksOptions): Resource {
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const found = present(id, observed);
      const wanted = ofTools(rules, by);
      const from = (tool: Tool) => (begun ? withNew(found[tool], wanted[tool]) : found[tool]);
      const byNft = [nftStep(from('nft'), wanted.nft)];
      const byIptables = (['iptables', 'ip6tables'] as const).map((tool) =>
        iptablesStep(tool, from(tool), wanted[tool]),
      );
      // What comes before what goes: packets are marked twice for a moment, not left unmarked.
      return changeOf(by === 'nft' ? [...byNft, ...byIptables] : [...byIptables, ...byNft]);
    },
  };
}

/**
 * Only the rules for packets that none marks yet. They come before the table: while it has no service of their mark, IPVS takes the one of
 * address and port (ip_vs_service_find), so that a service changes from a port to a mark without a moment in which it has neither.
 */
export function newPacketMarks({ rules, by }: PacketMarksOptions): Resource {
  return {
    id: newId,
    probe,
    plan(observed): Change | undefined {
      const found = present(newId, observed);
      const wanted = ofTools(rules, by);
      const all = (tool: Tool) => withNew(found[tool], wanted[tool]).rules;
      const isNew = (tool: Tool) => all(tool).length > found[tool].rules.length;
      return changeOf([
        isNew('nft') ? nftStep(found.nft, all('nft')) : undefined,
        ...(['iptables', 'ip6tables'] as const).map((tool) =>
          isNew(tool) ? iptablesStep(tool, found[tool], all(tool)) : undefined,
        ),
      ]);
    },
  };
}

type Tool = 'nft' | Xtables;

/** What each of them is to keep. */
function ofTools(rules: readonly MarkRule[], by: 'nft' | 'iptables'): Record<Tool, readonly MarkRule[]> {
  const ofFamily = (six: boolean) =>
    by === 'iptables' ? rules.filter(({ vip }) => vip.includes(':') === six) : [];
  return { nft: by === 'nft' ? rules : [], iptables: ofFamily(false), ip6tables: ofFamily(true) };
}

/** Those that are there, and of `rules` those that concern no packet of theirs; what can't be read is left for later. */
function withNew(found: PresentRules<MarkRule>, rules: readonly MarkRule[]): PresentRules<MarkRule> {
  if (!found.whole) return found;
  const added = single(rules).filter((rule) => !found.rules.some((old) => overlaps(old, rule)));
  if (added.length === 0) return found;
  return { there: true, whole: true, rules: [...found.rules, ...added] };
}

function overlaps(one: MarkRule, other: MarkRule): boolean {
  if (one.vip !== other.vip || one.protocol !== other.protocol) return false;
  return one.ports.some((a) => other.ports.some((b) => a.first <= b.last && b.first <= a.last));
}

function present(id: string, observed: ProbeOutput): Record<Tool, PresentRules<MarkRule>> {
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
  return { ...stepText('nft', change), apply: sh`printf '%s\n' ${nftTable(rules)} | own_table` };
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
