import type { Change, ProbeOutput } from '../engine/resource.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { observedText } from './observed.js';

/** What a packet filter has of ours, in its order; `whole` is false where something there is not as we write it. */
export interface PresentRules<Rule> {
  readonly there: boolean;
  readonly whole: boolean;
  readonly rules: readonly Rule[];
}

export const NO_RULES: PresentRules<never> = { there: false, whole: true, rules: [] };

/**
 * Reads a chain of our own in `iptables -t TABLE -L -n` or that of ip6tables, of 1.2.7a to 1.8. Without the jump to it from `hook`, it
 * is not whole, nor with a line that `read` does not know.
 */
export function readChain<Rule>(
  text: string,
  own: { readonly chain: string; readonly hook: string },
  read: (line: string) => Rule | undefined,
): PresentRules<Rule> {
  const rules: Rule[] = [];
  let chain: string | undefined;
  let there = false;
  let whole = true;
  let jumps = false;
  for (const line of text.split('\n')) {
    const name = /^Chain (\S+)/.exec(line)?.[1];
    if (name !== undefined) {
      chain = name;
      there ||= name === own.chain;
    } else if (chain === own.hook) jumps ||= line.startsWith(`${own.chain} `);
    else if (chain === own.chain && line.trim() !== '' && !line.startsWith('target ')) {
      const rule = read(line);
      if (rule === undefined) whole = false;
      else rules.push(rule);
    }
  }
  return there ? { there, whole: whole && jumps, rules } : NO_RULES;
}

/**
 * `xtables TOOL ARGUMENTS`. Of today's two kinds of iptables, that on top of nftables is of no use to a kernel whose nf_tables lacks the
 * families (and with them nft_reject_inet): there it is the one of old, if it has a name of its own.
 */
export const legacyPrograms = trusted(`\
read -r release < /proc/sys/kernel/osrelease
legacy=
set -- "/lib/modules/$release/kernel/net/netfilter/"nf_tables.ko* "/lib/modules/$release/kernel/net/netfilter/"nft_reject_inet.ko*
if [ -e "$1" ] && [ ! -e "$2" ] && command -v iptables-legacy >/dev/null 2>&1; then legacy=1; fi
xtables() {
  program=$1\${legacy:+-legacy}
  shift
  "$program" "$@"
}`);

/**
 * Prints `@@ iptables`, `@@ ip6tables` and their lists of one table, and before them what `nft` prints, under names of its own.
 * Asking for a table would load its module, which a probe must not; where it is not loaded, it has no rules.
 */
export function filterProbe(table: 'mangle' | 'nat', nft: Sh): Sh {
  return shLines(
    legacyPrograms,
    trusted(`\
if [ -d /sys/module/nf_tables ] || ! grep '/nf_tables\\.ko' "/lib/modules/$release/modules.dep" >/dev/null 2>&1; then
  nftables=1
else
  nftables=
fi
if [ -n "$nftables" ] && command -v nft >/dev/null 2>&1; then`),
    nft,
    sh`fi
for tool in iptables ip6tables; do
  command -v $tool >/dev/null 2>&1 || continue
  case $tool in iptables) names=/proc/net/ip_tables_names ;; *) names=/proc/net/ip6_tables_names ;; esac
  case $legacy$($tool -V 2>/dev/null) in
  1* | *legacy*) grep ${`^${table}$`} $names >/dev/null 2>&1 || continue ;;
  *nf_tables*) [ -n "$nftables" ] || continue ;;
  *) grep ${`^${table}$`} $names >/dev/null 2>&1 || continue ;;
  esac
  echo "@@ $tool"
  LC_ALL=C xtables $tool -t ${table} -L -n 2>/dev/null
done
:`,
  );
}

/** What {@link filterProbe} printed, by name. */
export function filterSections(id: string, observed: ProbeOutput): ReadonlyMap<string, string> {
  return new Map(
    observedText(id, observed)
      .split(/^@@ /m)
      .map((part) => {
        const [name = '', ...lines] = part.split('\n');
        return [name, lines.join('\n')] as const;
      }),
  );
}

/** What is to be done with one tool. */
export interface FilterStep {
  readonly summary: string;
  readonly diff: string;
  /** May call `xtables`. */
  readonly apply: Sh;
}

/** The steps as one change, in their order; undefined where there is none. */
export function changeOf(steps: readonly (FilterStep | undefined)[]): Change | undefined {
  const needed = steps.filter((step) => step !== undefined);
  if (needed.length === 0) return undefined;
  return {
    summary: needed.map(({ summary }) => summary).join('; '),
    diff: needed.map(({ diff }) => diff).join(''),
    apply: shLines(legacyPrograms, ...needed.map(({ apply }) => apply)),
  };
}
