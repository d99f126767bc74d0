import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { sh, shLines, trusted } from '../shell/index.js';
import { observedLines } from './observed.js';

/** An address that the host is to keep quiet about. */
export interface QuietAddress {
  /** IPv4. */
  readonly vip: string;
  /** The host's own address, given in its ARP requests instead of the VIP; absent: something else sees to that (arp_announce). */
  readonly rip?: string | undefined;
}

interface ArpRule {
  readonly chain: 'in' | 'out';
  readonly target: string;
  /** Undefined: any. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  /** What else it asks for or does, e.g. `--mangle-ip-s 10.83.33.76`. */
  readonly rest: string;
}

/**
 * Rules of arptables(8) that drop what is asked for a VIP, and put the host's own address into its own requests. Two programs
 * have that name: Red Hat's arptables_jf (chains IN and OUT, a table of columns) and the later one (INPUT and OUTPUT, options).
 * Rules of others are left alone; ours come first.
 */
export function arpRules(addresses: readonly QuietAddress[]): Resource {
  const id = 'arptables rules';
  return {
    id,
    probe: shLines(
      // Without the table there are no rules, and listing them would load it.
      sh`case $(arptables -V 2>/dev/null) in *nf_tables*) ;; *)`,
      sh`  names=; [ -r /proc/net/arp_tables_names ] && read -r names < /proc/net/arp_tables_names`,
      sh`  [ -n "$names" ] || exit 0 ;;`,
      sh`esac`,
      sh`LC_ALL=C exec arptables -L -n`,
    ),
    plan(observed): Change | undefined {
      const rules = parseArpRules(id, observed);
      const missing = wantedRules(addresses).filter((wanted) => !rules.some((rule) => same(rule, wanted)));
      const stale = rules.filter((rule) => isStale(rule, addresses));
      if (missing.length === 0 && stale.length === 0) return undefined;
      const vips = [...new Set(missing.map(({ source, destination }) => source ?? destination))];
      return {
        summary: [
          missing.length > 0 && `drop ARP requests for ${vips.join(', ')} by arptables`,
          stale.length > 0 && `take away ${stale.length} older rules`,
        ]
          .filter((part) => part !== false)
          .join('; '),
        diff: [
          ...stale.map((rule) => `- ${show(rule)}\n`),
          ...missing.map((rule) => `+ ${show(rule)}\n`),
        ].join(''),
        apply: shLines(
          chainNames,
          ...missing.map((rule) => sh`arptables -I ${chainOf(rule)} ${words(rule)}`),
          ...stale.map((rule) => sh`arptables -D ${chainOf(rule)} ${words(rule)}`),
        ),
      };
    },
  };
}

/** Sets `$incoming` and `$outgoing`, by what this arptables calls them. */
const chainNames = trusted(`\
chains=$(LC_ALL=C arptables -L -n) || exit 1
case $chains in
*'Chain INPUT '*) incoming=INPUT outgoing=OUTPUT ;;
*'Chain IN '*) incoming=IN outgoing=OUT ;;
*) echo "arptables shows no chain that is known here: $chains" >&2; exit 1 ;;
esac`);

function wantedRules(addresses: readonly QuietAddress[]): ArpRule[] {
  return addresses.flatMap(({ vip, rip }): ArpRule[] => [
    { chain: 'in', target: 'DROP', source: undefined, destination: vip, rest: '' },
    ...(rip === undefined
      ? []
      : [
          {
            chain: 'out',
            target: 'mangle',
            source: vip,
            destination: undefined,
            rest: `--mangle-ip-s ${rip}`,
          } as const,
        ]),
  ]);
}

/** A rule for one of our VIPs that gives another address, from before the host had its present one. */
function isStale(rule: ArpRule, addresses: readonly QuietAddress[]): boolean {
  return (
    rule.chain === 'out' &&
    rule.target === 'mangle' &&
    rule.destination === undefined &&
    /^--mangle-ip-s [\d.]+$/.test(rule.rest) &&
    addresses.some(
      ({ vip, rip }) => rip !== undefined && rule.source === vip && rule.rest !== `--mangle-ip-s ${rip}`,
    )
  );
}

function chainOf({ chain }: ArpRule) {
  return trusted(chain === 'in' ? '"$incoming"' : '"$outgoing"');
}

function words({ target, source, destination, rest }: ArpRule): string[] {
  return [
    ...(source === undefined ? [] : ['-s', source]),
    ...(destination === undefined ? [] : ['-d', destination]),
    '-j',
    target,
    ...(rest === '' ? [] : rest.split(' ')),
  ];
}

function show(rule: ArpRule): string {
  return `${rule.chain === 'in' ? 'IN' : 'OUT'} ${words(rule).join(' ')}`;
}

function same(one: ArpRule, other: ArpRule): boolean {
  return show(one) === show(other);
}

/**
 * `-j DROP -d 10.83.33.100` below `Chain INPUT (policy ACCEPT)`; arptables_jf: `DROP  anywhere  10.83.33.100  …` below `Chain IN`,
 * with columns for the hardware addresses, lengths, operation and types, which are not looked at (their look is not established).
 */
export function parseArpRules(id: string, observed: ProbeOutput): ArpRule[] {
  let chain: ArpRule['chain'] | undefined;
  return observedLines(id, observed).flatMap((line) => {
    const name = /^Chain (\S+)/.exec(line)?.[1];
    if (name !== undefined)
      chain = /^IN(PUT)?$/.test(name) ? 'in' : /^OUT(PUT)?$/.test(name) ? 'out' : undefined;
    if (name !== undefined || chain === undefined) return [];
    const found = line.trim().split(/\s+/);
    const rule = found[0] === '-j' ? byOptions(found) : byColumns(found);
    return rule ? [{ chain, ...rule }] : [];
  });
}

function byOptions(found: readonly string[]): Omit<ArpRule, 'chain'> {
  const rest: string[] = [];
  let [source, destination]: (string | undefined)[] = [];
  for (let at = 2; at < found.length; at++) {
    const negated = found[at - 1] === '!' || found[at + 1] === '!';
    if (found[at] === '-s' && !negated) source = address(found[++at]);
    else if (found[at] === '-d' && !negated) destination = address(found[++at]);
    else rest.push(found[at] as string);
  }
  return { target: found[1] ?? '', source, destination, rest: rest.join(' ') };
}

const columns = 9;

function byColumns(found: readonly string[]): Omit<ArpRule, 'chain'> | undefined {
  const [target = '', source, destination] = found;
  if (target === 'target' || found.length < columns) return undefined;
  return {
    target,
    source: address(source),
    destination: address(destination),
    rest: found.slice(columns).join(' '),
  };
}

function address(shown: string | undefined): string | undefined {
  if (shown === undefined || /^(any|anywhere|\*|0\.0\.0\.0(\/0)?)$/.test(shown)) return undefined;
  return shown.replace(/\/(32|255\.255\.255\.255)$/, '');
}
