import type { Change, Resource } from '../engine/resource.js';
import { type Sh, sh } from '../shell/index.js';
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
  iptablesMssWords,
  MSS_CHAIN,
  MSS_TABLE,
  type MssRule,
  mssText,
  nftMssTable,
  parseIptablesMss,
  parseNftMss,
} from './mssRules.js';

export interface MssClampOptions {
  readonly rules: readonly MssRule[];
  /** Who keeps them: nft(8), or iptables(8) and ip6tables(8). What the other has of ours goes. */
  readonly by: 'nft' | 'iptables';
}

const id = 'segment sizes';

const probe = filterProbe(
  'mangle',
  sh`  echo '@@ nft'
  nft -nn list table inet ${MSS_TABLE} 2>/dev/null`,
);

/**
 * The greatest TCP segment that clients of a VIP are told to send: what fits a tunnel on the way to the host. The rules are in a table of
 * nft(8), or a chain of iptables(8), of our own; nothing else is touched. They last until the next boot, or until somebody flushes all.
 */
export function mssClamp({ rules, by }: MssClampOptions): Resource {
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const sections = filterSections(id, observed);
      const tables = (six: boolean) => {
        const tool = six ? 'ip6tables' : 'iptables';
        const wanted = by === 'iptables' ? rules.filter(({ vip }) => vip.includes(':') === six) : [];
        return step(tool, parseIptablesMss(sections.get(tool) ?? ''), wanted);
      };
      const nft = step('nft', parseNftMss(sections.get('nft') ?? ''), by === 'nft' ? rules : []);
      const byIptables = [tables(false), tables(true)];
      // What comes before what goes: a handshake in between would announce too much.
      return changeOf(by === 'nft' ? [nft, ...byIptables] : [...byIptables, nft]);
    },
  };
}

/** Looks at all that is ours, by either. */
export const mssProbe = probe;

/** The rules that there are, by whichever; of what {@link mssProbe} printed. */
export function presentMss(stdout: string): readonly MssRule[] {
  const sections = filterSections(id, { stdout, stderr: '', status: 0 });
  const of = (tool: Tool) => (tool === 'nft' ? parseNftMss : parseIptablesMss)(sections.get(tool) ?? '');
  return (['nft', 'iptables', 'ip6tables'] as const).flatMap((tool) => of(tool).rules);
}

type Tool = 'nft' | Xtables;

function step(tool: Tool, found: PresentRules<MssRule>, rules: readonly MssRule[]): FilterStep | undefined {
  const have = found.rules.map(mssText);
  const want = rules.map(mssText);
  const missing = want.filter((text) => !have.includes(text));
  const surplus = have.filter((text) => !want.includes(text));
  const right = missing.length === 0 && surplus.length === 0 && have.length === want.length;
  if (right && (found.whole || !found.there) && found.there === rules.length > 0) return undefined;
  const told = [
    missing.length > 0 && `announce TCP segments of at most (VIP and bytes): ${missing.join(', ')}`,
    surplus.length > 0 && `no longer: ${surplus.join(', ')}`,
  ].filter((part) => part !== false);
  return {
    summary: `${told.length > 0 ? told.join('; ') : 'put the rules of segment sizes in order'} (by ${tool})`,
    diff:
      surplus.map((text) => `- mss ${text}\n`).join('') + missing.map((text) => `+ mss ${text}\n`).join(''),
    apply: tool === 'nft' ? byNft(rules) : byIptables(tool, rules),
  };
}

function byNft(rules: readonly MssRule[]): Sh {
  return rules.length === 0
    ? sh`nft delete table inet ${MSS_TABLE}`
    : sh`printf '%s\n' ${nftMssTable(rules)} | own_table`;
}

function byIptables(tool: Xtables, rules: readonly MssRule[]): Sh {
  return rules.length === 0
    ? dropChain(tool, MSS_CHAIN)
    : fillChain(tool, MSS_CHAIN, rules.map(iptablesMssWords));
}
