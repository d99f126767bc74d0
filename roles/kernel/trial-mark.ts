import type { Facts } from '../../src/engine/facts.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import type { RebuildProfile } from '../../src/kernel/index.js';
import { type Sh, sh, shLines, trusted } from '../../src/shell/index.js';
import { returnedNote, trialMark } from './paths.js';

/** What the host wrote down before it was told to boot a kernel once: lines `WORD REST` in /var/lib/lvsctl/kernel/trial. */
export interface TrialMark {
  readonly release: string;
  /** The kernel that ran then. */
  readonly from: string;
  /** The boot in which it was armed. */
  readonly bootId: string;
  /** Seconds since 1970. */
  readonly armed: number;
  /** `ip_vs`, `hidden`, `arp-flags`, `address`: what the new kernel must show, and what the host had before. */
  readonly expects: ReadonlySet<string>;
  /** Default routes as /proc/net/route shows them: `eth0 0153210A`. */
  readonly routes: readonly string[];
}

/** Prints `address yes` where the host has its own address on its interface, and a line `route …` for each default route. */
function networkState(host: ClusterHost, facts: Facts): Sh {
  const { address, interface: device } = host;
  return shLines(
    facts.commands.has('ip')
      ? sh`case $(ip -o addr show dev ${device} 2>/dev/null) in *" "${address}/*) echo 'address yes' ;; esac`
      : sh`case $(ifconfig ${device} 2>/dev/null) in *addr:${address}[!0-9.]*|*'inet '${address}[!0-9.]*|*' '${address}/*) echo 'address yes' ;; esac`,
    trusted(
      'if [ -r /proc/net/route ]; then while read -r dev to via rest; do [ "$to" = 00000000 ] && echo "route $dev $via"; done < /proc/net/route; fi; :',
    ),
  );
}

/** Sh that writes the mark. */
export function writeMark(
  release: string,
  profile: RebuildProfile | undefined,
  withinSeconds: number,
  host: ClusterHost,
  facts: Facts,
): Sh {
  const { IP_VS: ipvs } = profile?.build.options ?? {};
  const expects = [...(ipvs === 'm' || ipvs === 'y' ? ['ip_vs'] : []), ...(profile ? [profile.arp] : [])];
  return shLines(
    sh`umask 022; rm -f ${returnedNote}`,
    sh`boot=; read -r boot < /proc/sys/kernel/random/boot_id`,
    sh`{ printf '%s\n' ${`release ${release}`} ${`from ${facts.kernel.release}`} "boot $boot" "armed $(date +%s)" ${`seconds ${withinSeconds}`}`,
    ...expects.map((one) => sh`echo ${`expects ${one}`}`),
    networkState(host, facts),
    sh`} > ${`${trialMark}.new`}`,
    sh`sync; mv -f ${`${trialMark}.new`} ${trialMark}; sync`,
  );
}

/** Prints the mark, what there is of it now, and, where the trial is over and failed, what the new kernel left in the logs. */
export function trialProbe(host: ClusterHost, facts: Facts): Sh {
  return shLines(
    sh`[ -r ${trialMark} ] || exit 0`,
    sh`mark=${trialMark}; returned=${returnedNote}`,
    trusted(`release=; boot=
while read -r word rest; do
  printf 'mark %s %s\\n' "$word" "$rest"
  case $word in release) release=$rest ;; boot) boot=$rest ;; esac
done < "$mark"`),
    networkState(host, facts),
    trusted(`[ -r "$returned" ] && { read -r line < "$returned"; printf 'returned %s\\n' "$line"; }
now=; read -r now < /proc/sys/kernel/random/boot_id
read -r running < /proc/sys/kernel/osrelease
[ "$running" = "$release" ] && exit 0
[ "$now" = "$boot" ] && exit 0
for f in /var/log/messages /var/log/kern.log /var/log/syslog; do
  [ -r "$f" ] || continue
  awk -v mine="Linux version $release " '
    index($0, mine) { on = 1; n = 0 }
    index($0, "Linux version ") && !index($0, mine) { on = 0 }
    on { last[n++ % 4] = substr($0, 1, 300) }
    END { for (i = n > 4 ? n - 4 : 0; i < n; i++) print "log " last[i % 4] }' "$f"
done; :`),
  );
}

export interface TrialState {
  readonly mark: TrialMark | undefined;
  readonly address: boolean;
  readonly routes: readonly string[];
  /** Seconds since 1970 when the guard took the host back. */
  readonly returned: number | undefined;
  /** Last lines that the new kernel's boot left in the logs. */
  readonly lastWords: readonly string[];
}

export function parseTrial(output: string): TrialState {
  const lines = output.split('\n').map((line) => {
    const at = line.indexOf(' ');
    return at < 0 ? { word: line, rest: '' } : { word: line.slice(0, at), rest: line.slice(at + 1) };
  });
  const all = (word: string) => lines.filter((line) => line.word === word).map(({ rest }) => rest);
  const marked = all('mark');
  const inMark = (word: string) =>
    marked.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const [release] = inMark('release');
  const returned = Number(all('returned')[0]?.split(' ')[1]);
  return {
    mark:
      release === undefined
        ? undefined
        : {
            release,
            from: inMark('from')[0] ?? '',
            bootId: inMark('boot')[0] ?? '',
            armed: Number(inMark('armed')[0]) || 0,
            expects: new Set([
              ...inMark('expects'),
              ...(inMark('address').includes('yes') ? ['address'] : []),
            ]),
            routes: inMark('route'),
          },
    address: all('address').includes('yes'),
    routes: all('route'),
    returned: Number.isFinite(returned) ? returned : undefined,
    lastWords: [...new Set(all('log'))],
  };
}
