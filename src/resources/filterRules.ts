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
  own: Pick<OwnChain, 'chain' | 'hook'>,
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
 * `patiently TOOL ARGUMENTS`: as `xtables`, and again for some seconds while another program holds the tables. From 1.4.20 on, iptables
 * exits with 4 then (1.8.9 waits, without an end); what waits by itself, -w, is not in older ones.
 */
const patience = trusted(`\
patiently() {
  for pause in 1 1 2 4 0; do
    xtables "$@" && return
    status=$?
    [ $status = 4 ] || return $status
    sleep $pause
  done
  return 4
}`);

/** `drop_chain TOOL TABLE CHAIN HOOK`: nothing jumps to the chain any more, and it is gone. Calls `patiently`. */
const dropped = trusted(`\
drop_chain() {
  while patiently "$1" -t "$2" -D "$4" -j "$3" 2>/dev/null; do :; done
  if [ $status != 4 ] && patiently "$1" -t "$2" -F "$3" && patiently "$1" -t "$2" -X "$3"; then return; fi
  [ $status != 4 ] || echo "another program holds the tables of $1: the chain $3 could not be taken away" >&2
  return 1
}`);

/**
 * `own_chain TOOL TABLE CHAIN HOOK -A|-I`, with rules on standard input, a line each: CHAIN has these and no others, and HOOK jumps to it.
 * All is one commit, so that no packet meets half of it. Calls `xtables`. iptables-restore knows --noflush and commands beside rules from
 * 1.2.1; what `:CHAIN` does to one that is there has changed since, and -w came later. Where another holds the tables it exits with 4, and so
 * may `iptables -L` from 1.4.20 on: then nothing is known of the chain.
 */
export const ownChain = trusted(`\
own_chain() {
  rules=$(cat)
  for pause in 1 1 2 4 0; do
    first=-F hook=0 jump="$5 $4 -j $3"
    xtables "$1" -t "$2" -L "$3" -n >/dev/null 2>&1 || case $? in 4) first= ;; *) first=-N ;; esac
    listed=$(xtables "$1" -t "$2" -L "$4" -n 2>/dev/null) || hook=$?
    case $listed in *"$3 "*) jump= ;; esac
    if [ -n "$first" ] && [ $hook != 4 ]; then
      printf '%s\\n' "*$2" "$first $3" \${rules:+"$rules"} \${jump:+"$jump"} COMMIT | "$1\${legacy:+-legacy}-restore" --noflush && return
      [ $? = 4 ] || return 1
    fi
    sleep $pause
  done
  echo "another program holds the tables of $1: the chain $3 stays as it was" >&2
  return 1
}`);

/**
 * `own_table`, with input of nft(8) on stdin that empties tables of our own and fills them, in one transaction. A chain that stays is one
 * or the other to a packet; of one deleted and made anew, a packet on its way may meet neither. So that is only for a chain that is in
 * another place than ours.
 */
export const ownTable = trusted(`\
own_table() {
  rules=$(cat)
  printf '%s\\n' "$rules" | nft -f - 2>/dev/null && return
  printf '%s\\n' "$rules" | sed 's/^flush table/delete table/' | nft -f -
}`);

export type Xtables = 'iptables' | 'ip6tables';

/** A chain of our own, and what jumps to it: from the end of its hook, or from its start. */
export interface OwnChain {
  readonly table: 'mangle' | 'nat';
  readonly chain: string;
  readonly hook: string;
  readonly jump: '-A' | '-I';
}

/** What {@link ownChain} is told, for a template. */
export interface ChainContent extends OwnChain {
  readonly tool: Xtables;
  readonly rules: readonly string[];
}

/** @param rules each as the arguments of iptables(8) behind the chain */
export function chainContent(
  tool: Xtables,
  place: OwnChain,
  rules: readonly (readonly string[])[],
): ChainContent {
  return { tool, ...place, rules: rules.map((words) => ['-A', place.chain, ...words].join(' ')) };
}

/** @param rules as for {@link chainContent} */
export function fillChain(tool: Xtables, place: OwnChain, rules: readonly (readonly string[])[]): Sh {
  const { table, chain, hook, jump, rules: lines } = chainContent(tool, place, rules);
  return sh`printf '%s\n' ${lines} | own_chain ${tool} ${table} ${chain} ${hook} ${jump}`;
}

/** Nothing jumps to the chain any more, and it is gone. */
export function dropChain(tool: Xtables, { table, chain, hook }: OwnChain): Sh {
  return sh`drop_chain ${tool} ${table} ${chain} ${hook}`;
}

/**
 * Prints `@@ iptables`, `@@ ip6tables` and their lists of one table, and before them what `nft` prints, under names of its own.
 * Asking for a table would load its module, which a probe must not; where it is not loaded, it has no rules. Where another program holds
 * the tables for long it fails: what they have is not known.
 */
export function filterProbe(table: 'mangle' | 'nat', nft: Sh): Sh {
  return shLines(
    legacyPrograms,
    patience,
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
  LC_ALL=C patiently $tool -t ${table} -L -n 2>/dev/null
  [ $? != 4 ] || { echo "another program holds the tables of $tool, which can't be read" >&2; exit 4; }
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
  /** May call `xtables`, `own_chain`, `drop_chain` and `own_table`. */
  readonly apply: Sh;
}

/** The steps as one change, in their order; undefined where there is none. */
export function changeOf(steps: readonly (FilterStep | undefined)[]): Change | undefined {
  const needed = steps.filter((step) => step !== undefined);
  if (needed.length === 0) return undefined;
  return {
    summary: needed.map(({ summary }) => summary).join('; '),
    diff: needed.map(({ diff }) => diff).join(''),
    apply: shLines(
      legacyPrograms,
      ownChain,
      patience,
      dropped,
      ownTable,
      ...needed.map(({ apply }) => apply),
    ),
  };
}
