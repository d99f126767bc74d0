import type { Change, Resource } from '../engine/resource.js';
import { sh } from '../shell/index.js';
import {
  changeOf,
  dropChain,
  type FilterStep,
  fillChain,
  filterProbe,
  filterSections,
  type PresentRules,
} from './filterRules.js';
import {
  iptablesNatWords,
  type Masquerade,
  NAT_CHAIN,
  NAT_TABLE,
  type NatFamily,
  nftNatRules,
  nftNatTable,
  parseIptablesNat,
  parseNftNat,
} from './masqueradeRules.js';

export interface MasqueradeOptions {
  readonly rules: readonly Masquerade[];
  /** Who keeps them: nft(8), or iptables(8) and ip6tables(8). What the other has of ours goes. */
  readonly by: 'nft' | 'iptables';
}

const id = 'masquerading';

const probe = filterProbe(
  'nat',
  sh`  case $(nft list tables 2>/dev/null) in *${NAT_TABLE}*)
    for family in ip ip6; do echo "@@ nft $family"; nft -nn list table $family ${NAT_TABLE} 2>/dev/null; done ;;
  esac`,
);

/**
 * What leaves a director under its own address. The rules are in tables of nft(8), or a chain of iptables(8), of our own; nothing else
 * is touched. They last until the next boot, or until somebody flushes all. They act on connections that begin; others go on as they are.
 */
export function masquerade({ rules, by }: MasqueradeOptions): Resource {
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const sections = filterSections(id, observed);
      return changeOf(
        ([4, 6] as const).flatMap((family) => {
          const tool = family === 4 ? 'iptables' : 'ip6tables';
          const nft = parseNftNat(sections.get(family === 4 ? 'nft ip' : 'nft ip6') ?? '', family);
          const xtables = parseIptablesNat(sections.get(tool) ?? '');
          const byNft = nftStep(nft, by === 'nft' ? rules : [], family);
          const byIptables = iptablesStep(xtables, by === 'iptables' ? rules : [], family);
          // What comes before what goes: a connection that begins in between would keep the address that it has.
          return by === 'nft' ? [byNft, byIptables] : [byIptables, byNft];
        }),
      );
    },
  };
}

function stepText(
  tool: string,
  found: PresentRules<string>,
  wanted: readonly string[],
): Pick<FilterStep, 'summary' | 'diff'> {
  const missing = wanted.filter((rule) => !found.rules.includes(rule));
  const surplus = found.rules.filter((rule) => !wanted.includes(rule));
  const text =
    wanted.length === 0
      ? 'masquerade no more'
      : missing.length + surplus.length === 0
        ? 'put the rules that masquerade in order'
        : `masquerade: ${[...missing.map((rule) => `+ ${rule}`), ...surplus.map((rule) => `- ${rule}`)].join('; ')}`;
  return {
    summary: `${text} (by ${tool})`,
    diff: [...surplus.map((rule) => `- ${rule}\n`), ...missing.map((rule) => `+ ${rule}\n`)].join(''),
  };
}

/** The order counts: what stays inside its network is let go before. */
const isRight = (found: PresentRules<string>, wanted: readonly string[]): boolean =>
  found.whole && found.there === wanted.length > 0 && found.rules.join('\n') === wanted.join('\n');

function nftStep(
  found: PresentRules<string>,
  rules: readonly Masquerade[],
  family: NatFamily,
): FilterStep | undefined {
  const wanted = nftNatRules(rules, family);
  if (isRight(found, wanted)) return undefined;
  return {
    ...stepText('nft', found, wanted),
    apply:
      wanted.length === 0
        ? sh`nft delete table ${family === 4 ? 'ip' : 'ip6'} ${NAT_TABLE}`
        : sh`printf '%s\n' ${nftNatTable(wanted, family)} | own_table`,
  };
}

function iptablesStep(
  found: PresentRules<string>,
  rules: readonly Masquerade[],
  family: NatFamily,
): FilterStep | undefined {
  const tool = family === 4 ? 'iptables' : 'ip6tables';
  const words = iptablesNatWords(rules, family);
  const wanted = words.map((each) => each.join(' '));
  if (isRight(found, wanted)) return undefined;
  return {
    ...stepText(tool, found, wanted),
    apply: wanted.length === 0 ? dropChain(tool, NAT_CHAIN) : fillChain(tool, NAT_CHAIN, words),
  };
}
