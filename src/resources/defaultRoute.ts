import type { Facts } from '../engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { expandedHex } from '../inventory/address.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { hexAddresses } from './hostRoute.js';
import { observedText } from './observed.js';
import { confirmed, isArmed, undoTimer } from './undoTimer.js';

export interface DefaultRouteOptions {
  /** Canonical IPv4 or IPv6 address, in a network of the interface. */
  readonly gateway: string;
  readonly interface: string;
  readonly facts: Facts;
  /** Seconds until the host takes it back when nobody confirms; 60 unless given. */
  readonly withinSeconds?: number;
  /** What the operator can do when the host can't be reached with it. */
  readonly hint: string;
}

/** Longer than it takes lvsctl to notice that a connection is dead and to log in again. */
const DEFAULT_SECONDS = 60;

/** IPv6 routes are told apart by their metric, too: this one wins over all that an administrator or a router gives (1024, or less seldom). */
export const METRIC_V6 = 1;

/**
 * The default route in the main table. lvsctl's own connection may depend on it: so a timer on the host puts the one before back unless
 * lvsctl logs in anew and confirms. Others with a greater metric stay. Read from /proc, which costs no fork.
 */
export function defaultRoute(options: DefaultRouteOptions): Resource {
  const { gateway, interface: device, withinSeconds = DEFAULT_SECONDS, hint } = options;
  const six = gateway.includes(':');
  const id = six ? 'default route (IPv6)' : 'default route';
  const timer = six ? 'default-route-6' : 'default-route';
  return {
    id,
    probe: shLines(
      six
        ? sh`[ ! -r /proc/net/ipv6_route ] || while read -r d p s q g m r u f i; do case $d$p in *[!0]*) ;; *) printf '%s %s %s %s\n' "$i" "$g" "$m" "$f" ;; esac; done < /proc/net/ipv6_route`
        : sh`while read -r i d g f r u m k rest; do case $d$k in *[!0]*) ;; *) printf '%s %s %s %s\n' "$i" "$g" "$m" "$f" ;; esac; done < /proc/net/route`,
      isArmed(timer),
    ),
    plan(observed): Change | undefined {
      const best = bestRoutes(id, observed, six ? 16 : 10);
      const wanted = six ? [expandedHex(gateway)] : hexAddresses(gateway);
      const isRight = ({ device: found, gateway: by }: Found) =>
        found === device && wanted.includes(by.toUpperCase());
      if (best.length > 0 && best.every(isRight)) {
        if (!/^armed$/m.test(observed.stdout)) return undefined;
        // That this run has come here is what the timer waits for.
        return {
          summary: `keep ${gateway} as the default gateway, which a run that was cut off has set`,
          apply: confirmed(timer),
        };
      }
      const before = best.map((one) => `${gatewayText(one.gateway)} on ${one.device}`);
      return {
        summary: `make ${gateway} on ${device} the default gateway (${before.length === 0 ? 'there is none' : `is ${before.join(' and ')}`}); taken back after ${withinSeconds} s unless lvsctl can log in anew`,
        diff: [
          ...before.map((one) => `- default by ${one}\n`),
          `+ default by ${gateway} on ${device}\n`,
        ].join(''),
        apply: shLines(
          sh`gateway=${gateway} device=${device}`,
          undoTimer,
          options.facts.commands.has('ip')
            ? byIp(six, timer, withinSeconds)
            : byRoute(six, timer, withinSeconds, best),
        ),
        confirm: { withinSeconds, script: confirmed(timer), hint },
      };
    },
  };
}

interface Found {
  readonly device: string;
  /** Hexadecimal, as /proc has it. */
  readonly gateway: string;
  readonly metric: number;
}

/** Default routes with the smallest metric that don't just refuse (RTF_REJECT, 0x200; linux/route.h). */
function bestRoutes(id: string, observed: ProbeOutput, metricBase: number): Found[] {
  const found = observedText(id, observed)
    .split('\n')
    .flatMap((line): Found[] => {
      const [device = '', gateway = '', metric = '', flags = ''] = line.trim().split(' ');
      const bits = Number.parseInt(flags, 16);
      if (Number.isNaN(bits) || (bits & 1) === 0 || (bits & 0x200) !== 0) return [];
      return [{ device, gateway, metric: Number.parseInt(metric, metricBase) }];
    });
  const least = Math.min(...found.map(({ metric }) => metric));
  return found.filter(({ metric }) => metric === least);
}

/** For people. IPv4 as little-endian machines have it (x86, ARM). */
function gatewayText(hex: string): string {
  if (/^0*$/.test(hex)) return 'no gateway';
  if (hex.length !== 8)
    return new URL(`http://[${hex.replace(/(.{4})(?!$)/g, '$1:')}]/`).hostname.slice(1, -1);
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

/** A parenthesis before each pattern: bash before 4.0 takes a single one for the end of `$(`. A route that stands where the new one comes is put back as ip(8) showed it; else the new one is taken away. */
function byIp(six: boolean, timer: string, seconds: number): Sh {
  const family = six ? '-6' : '-4';
  const metric = six ? ['metric', String(METRIC_V6)] : [];
  return shLines(
    sh`old=$(ip ${family} route show | while read -r line; do`,
    six
      ? sh`  case "$line " in ('default '*${` metric ${METRIC_V6} `}*) printf '%s\n' "$line"; break ;; esac`
      : sh`  case $line in ('default '*' metric '*) ;; ('default '*) printf '%s\n' "$line"; break ;; esac`,
    sh`done)`,
    trusted(`set --
for word in $old; do
  case $word in linkdown | dead) ;; *) set -- "$@" "$word" ;; esac
done
case " $* " in
'  ' | *' via '* | *' dev '*) ;;
*) echo "the default route has several ways, which could not be put back: $old" >&2; exit 1 ;;
esac`),
    sh`if [ $# -gt 0 ]; then undo_after ${timer} ${seconds} ip ${family} route replace "$@"`,
    sh`else undo_after ${timer} ${seconds} ip ${family} route del default via "$gateway" dev "$device" ${metric}; fi`,
    sh`ip ${family} route replace default via "$gateway" dev "$device" ${metric}`,
  );
}

/** route(8) adds before it takes away; a host without ip(8) has no metric to speak of. */
function byRoute(six: boolean, timer: string, seconds: number, before: readonly Found[]): Sh {
  if (six)
    return shLines(
      sh`undo_after ${timer} ${seconds} route -A inet6 del default gw "$gateway" metric ${METRIC_V6} dev "$device"`,
      sh`route -A inet6 add default gw "$gateway" metric ${METRIC_V6} dev "$device"`,
    );
  const old = before.filter(({ metric }) => metric === 0).slice(0, 1);
  const words = old.flatMap((one) => [
    ...(/^0*$/.test(one.gateway) ? [] : ['gw', gatewayText(one.gateway)]),
    'dev',
    one.device,
  ]);
  const back = `new=$1 device=$2; shift 2
[ $# -eq 0 ] || route add default "$@"
route del default gw "$new" dev "$device"`;
  return shLines(
    sh`undo_after ${timer} ${seconds} sh -c ${back} sh "$gateway" "$device" ${words}`,
    sh`route add default gw "$gateway" dev "$device"`,
    old.length > 0 && sh`route del default ${words}`,
  );
}
