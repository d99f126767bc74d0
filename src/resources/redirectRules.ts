import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { sh, shLines } from '../shell/index.js';
import { observedLines } from './observed.js';

/** What is sent to this address and port is taken by the host itself, without its holding the address. */
export interface Redirection {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4. */
  readonly vip: string;
  readonly port: number;
  /** Port of the host's own that takes it; absent: the same. */
  readonly to?: number | undefined;
}

/**
 * Rules of iptables(8) with the target REDIRECT. Only options and words that iptables 1.2.7a has: no -C, no -w. Rules of others are left
 * alone; ours come first. They last until the next boot, or until somebody flushes the table.
 */
export function redirectRules(redirections: readonly Redirection[]): Resource {
  const id = 'iptables redirect rules';
  return {
    id,
    probe: shLines(
      // Without the table there are no rules, and listing them would load it.
      sh`case $(iptables -V 2>/dev/null) in *nf_tables*) ;; *)`,
      sh`  loaded=; while read -r name; do [ "$name" = nat ] && loaded=1; done 2>/dev/null < /proc/net/ip_tables_names`,
      sh`  [ -n "$loaded" ] || exit 0 ;;`,
      sh`esac`,
      sh`LC_ALL=C exec iptables -t nat -L PREROUTING -n -v`,
    ),
    plan(observed): Change | undefined {
      const present = new Set(parseRedirections(id, observed).map(text));
      const missing = redirections.filter((one) => !present.has(text(one)));
      if (missing.length === 0) return undefined;
      return {
        summary: `redirect ${missing.map(({ protocol, vip, port }) => `${protocol} ${vip}:${port}`).join(', ')} to the host itself by iptables`,
        diff: missing.map((one) => `+ ${text(one)}\n`).join(''),
        // The last one is put in first, so that they stand in the order of the inventory.
        apply: shLines(
          ...[...missing].reverse().map((one) => sh`iptables -t nat -I PREROUTING ${words(one)}`),
        ),
      };
    },
  };
}

/** Arguments of iptables behind the chain. */
function words({ protocol, vip, port, to }: Redirection): string[] {
  const target = ['-j', 'REDIRECT', ...(to === undefined || to === port ? [] : ['--to-ports', String(to)])];
  return ['-p', protocol, '-d', vip, '--dport', String(port), ...target];
}

function text(one: Redirection): string {
  return words(one).join(' ');
}

/**
 * `0 0 REDIRECT tcp -- * * 0.0.0.0/0 10.83.33.100 tcp dpt:21 redir ports 2121`; since iptables 1.8.9 protocols are numbers. A rule with
 * an interface, a source or anything else is none of ours.
 */
export function parseRedirections(id: string, observed: ProbeOutput): Redirection[] {
  return observedLines(id, observed).flatMap((line) => {
    const parts =
      /^\s*\S+\s+\S+\s+REDIRECT\s+(?:tcp|udp|6|17)\s+--\s+\*\s+\*\s+0\.0\.0\.0\/0\s+([\d.]+)(?:\/32)?\s+(tcp|udp) dpt:(\d+)(?: redir ports (\d+))?\s*$/.exec(
        line,
      );
    if (!parts) return [];
    const [, vip = '', protocol, port, to] = parts;
    return [
      {
        protocol: protocol === 'udp' ? 'udp' : 'tcp',
        vip,
        port: Number(port),
        ...(to === undefined ? {} : { to: Number(to) }),
      } as const,
    ];
  });
}
