import type { Change, Resource } from '../engine/resource.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import {
  iptablesMssWords,
  MSS_CHAIN,
  MSS_TABLE,
  type MssRule,
  mssText,
  nftMssTable,
  type PresentMss,
  parseIptablesMss,
  parseNftMss,
} from './mssRules.js';
import { observedText } from './observed.js';
import { legacyPrograms } from './packetMarks.js';

export interface MssClampOptions {
  readonly rules: readonly MssRule[];
  /** Who keeps them: nft(8), or iptables(8) and ip6tables(8). What the other has of ours goes. */
  readonly by: 'nft' | 'iptables';
}

const id = 'segment sizes';

/** Asking for a table would load its module, which a probe must not; where it is not loaded, it has no rules. */
const probe = trusted(`\
${legacyPrograms.text}
if [ -d /sys/module/nf_tables ] || ! grep '/nf_tables\\.ko' "/lib/modules/$release/modules.dep" >/dev/null 2>&1; then
  nftables=1
else
  nftables=
fi
if [ -n "$nftables" ] && command -v nft >/dev/null 2>&1; then
  echo '@@ nft'
  nft -nn list table inet ${MSS_TABLE} 2>/dev/null
fi
for tool in iptables ip6tables; do
  command -v $tool >/dev/null 2>&1 || continue
  case $tool in iptables) names=/proc/net/ip_tables_names ;; *) names=/proc/net/ip6_tables_names ;; esac
  case $legacy$($tool -V 2>/dev/null) in
  1* | *legacy*) grep '^mangle$' $names >/dev/null 2>&1 || continue ;;
  *nf_tables*) [ -n "$nftables" ] || continue ;;
  *) grep '^mangle$' $names >/dev/null 2>&1 || continue ;;
  esac
  echo "@@ $tool"
  LC_ALL=C xtables $tool -t mangle -L -n 2>/dev/null
done
:
`);

/**
 * The greatest TCP segment that clients of a VIP are told to send: what fits a tunnel on the way to the host. The rules are in a table of
 * nft(8), or a chain of iptables(8), of our own; nothing else is touched. They last until the next boot, or until somebody flushes all.
 */
export function mssClamp({ rules, by }: MssClampOptions): Resource {
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const sections = new Map(
        observedText(id, observed)
          .split(/^@@ /m)
          .map((part) => {
            const [name = '', ...lines] = part.split('\n');
            return [name, lines.join('\n')] as const;
          }),
      );
      const tables = (six: boolean): Step | undefined => {
        const tool = six ? 'ip6tables' : 'iptables';
        const wanted = by === 'iptables' ? rules.filter(({ vip }) => vip.includes(':') === six) : [];
        return step(tool, parseIptablesMss(sections.get(tool) ?? ''), wanted);
      };
      const nft = step('nft', parseNftMss(sections.get('nft') ?? ''), by === 'nft' ? rules : []);
      const steps = [nft, tables(false), tables(true)].filter((one) => one !== undefined);
      if (steps.length === 0) return undefined;
      return {
        summary: steps.map(({ summary }) => summary).join('; '),
        diff: steps.map(({ diff }) => diff).join(''),
        apply: shLines(legacyPrograms, ...steps.map(({ apply }) => apply)),
      };
    },
  };
}

type Tool = 'nft' | 'iptables' | 'ip6tables';

interface Step {
  readonly summary: string;
  readonly diff: string;
  readonly apply: Sh;
}

/** All is written anew: a handshake meanwhile announces what it did before. */
function step(tool: Tool, found: PresentMss, rules: readonly MssRule[]): Step | undefined {
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
    apply: tool === 'nft' ? byNft(rules) : byIptables(tool, found, rules),
  };
}

function byNft(rules: readonly MssRule[]): Sh {
  return rules.length === 0
    ? sh`nft delete table inet ${MSS_TABLE}`
    : sh`printf '%s\n' ${nftMssTable(rules)} | nft -f -`;
}

function byIptables(tool: Tool, { there }: PresentMss, rules: readonly MssRule[]): Sh {
  const on = (command: string, words: readonly string[] = []) =>
    sh`xtables ${tool} -t mangle ${command} ${MSS_CHAIN} ${words}`;
  const unhook = sh`while xtables ${tool} -t mangle -D OUTPUT -j ${MSS_CHAIN} 2>/dev/null; do :; done`;
  return shLines(
    there && unhook,
    there ? on('-F') : on('-N'),
    ...rules.map((rule) => on('-A', iptablesMssWords(rule))),
    rules.length > 0 ? sh`xtables ${tool} -t mangle -I OUTPUT -j ${MSS_CHAIN}` : on('-X'),
  );
}
