import type { Service } from '../inventory/cluster.js';
import { addressFor } from '../inventory/host-address.js';
import { parseDaemons, type SyncDaemon } from '../ipvs/index.js';
import { parseRecord, type RecordedWeight, recordPath } from '../ipvs/recorded.js';
import { mssProbe, presentMss } from '../resources/index.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { type ObservedTable, readObserved, statusScript } from '../status/index.js';
import { evidenceScript, type HostEvidence, parseEvidence } from '../verify/evidence.js';
import { parseNeighbours } from '../verify/neighbours.js';
import {
  parseVipAnswers,
  type Question,
  questionsOf,
  type VipAnswers,
  vipScript,
} from '../verify/vips/index.js';
import type { Probe, Site, Unseen } from './check.js';

/** A probe whose script is the same on every host, and which may say `unseen: REASON`. */
function fixed<T>(name: string, script: Sh, read: (text: string) => T | Unseen): Probe<T> {
  return {
    name,
    script: () => script,
    read: (text) => {
      const reason = /^unseen: (.*)$/m.exec(text)?.[1];
      return reason === undefined ? read(text) : { unseen: reason };
    },
  };
}

/** What `verify` gathers too. */
export const evidence: Probe<HostEvidence> = fixed('evidence', evidenceScript, parseEvidence);

/** The table as `status` reads it. */
export const table: Probe<ObservedTable> = fixed('table', statusScript, readObserved);

/** IPv4 address → MAC address, as the host remembers them now. Nobody is asked for one. */
export const neighbours: Probe<ReadonlyMap<string, string>> = fixed(
  'neighbours',
  sh`cat /proc/net/arp`,
  parseNeighbours,
);

/** Key below a folder of /proc/sys → number, the first of several; other values are left out. */
function settings(text: string): Map<string, number> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^([\w./-]+):(-?\d+)/.exec(line) ?? [];
      return key === undefined ? [] : [[key, Number(value)] as const];
    }),
  );
}

/** /proc/sys/net/ipv4/vs. */
export const vsSettings: Probe<ReadonlyMap<string, number>> = fixed(
  'vs settings',
  trusted(`\
if [ -d /proc/sys/net/ipv4/vs ]; then
  cd /proc/sys/net/ipv4/vs && grep . /dev/null * 2>/dev/null
else
  echo 'unseen: ip_vs is not loaded'
fi; :`),
  settings,
);

/** `tcp_tw_recycle` went with Linux 4.12. */
export const tcpSettings: Probe<ReadonlyMap<string, number>> = fixed(
  'tcp settings',
  trusted('cd /proc/sys/net/ipv4 && grep . /dev/null tcp_tw_recycle tcp_timestamps 2>/dev/null; :'),
  settings,
);

export interface Conntrack {
  readonly count: number;
  readonly max: number;
}

/** nf_conntrack, or ip_conntrack of Linux 2.4. By cat: `read` of dash and ash gets the first digit alone from /proc/sys. */
export const conntrack: Probe<Conntrack> = fixed(
  'conntrack',
  trusted(`\
if [ -r /proc/sys/net/netfilter/nf_conntrack_max ]; then
  echo $(cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max)
elif [ -r /proc/sys/net/ipv4/ip_conntrack_max ]; then
  echo $(grep -c . /proc/net/ip_conntrack) $(cat /proc/sys/net/ipv4/ip_conntrack_max)
else
  echo '0 0'
fi`),
  (text) => {
    const [count = '0', max = '0'] = text.trim().split(' ');
    return { count: Number(count) || 0, max: Number(max) || 0 };
  },
);

/** Script of ours → whether it runs at boot; without scripts that are not there. */
export const bootScripts: Probe<ReadonlyMap<string, boolean>> = fixed(
  'boot scripts',
  trusted(`\
for name in director realserver; do
  [ -e /etc/lvsctl/$name.sh ] || continue
  if [ -d /run/systemd/system ]; then
    [ -h /etc/systemd/system/multi-user.target.wants/lvsctl-$name.service ] && state=1 || state=0
  elif [ -e /etc/local.d/lvsctl-$name.start ]; then
    [ -x /etc/local.d/lvsctl-$name.start ] && state=1 || state=0
  else
    state=0
    for file in /etc/rc.d/rc.local /etc/rc.local; do
      [ -x $file ] && grep "^[^#]*/etc/lvsctl/$name.sh" $file >/dev/null 2>&1 && state=1
    done
  fi
  echo "$name:$state"
done; :`),
  (text) => new Map([...settings(text)].map(([name, state]) => [name, state === 1])),
);

/** Nothing where none runs. */
export const syncDaemons: Probe<readonly SyncDaemon[]> = fixed(
  'sync daemons',
  trusted(`\
if [ -r /proc/net/ip_vs ] && command -v ipvsadm >/dev/null 2>&1; then
  ipvsadm -L --daemon 2>/dev/null || echo 'unseen: this ipvsadm does not list sync daemons'
else
  echo 'unseen: no ip_vs, or no ipvsadm'
fi`),
  parseDaemons,
);

/** Scheduler of the services here → whether its module is there. One that is loaded, or built in and in use, is. */
export const schedulers: Probe<ReadonlyMap<string, boolean>> = {
  name: 'schedulers',
  script: ({
    services,
  }: Site) => sh`for name in ${[...new Set(services.map(({ scheduler }) => scheduler))]}; do
  if grep "^ip_vs_$name " /proc/modules >/dev/null 2>&1 || grep -w " $name" /proc/net/ip_vs >/dev/null 2>&1 ||
    modprobe -n "ip_vs_$name" >/dev/null 2>&1; then echo "$name:1"; else echo "$name:0"; fi
done; :`,
  read: (text) => new Map([...settings(text)].map(([name, state]) => [name, state === 1])),
};

/** VIPs of which the host tells clients how large their segments may be. */
export const segmentSizes: Probe<ReadonlySet<string>> = fixed(
  'segment sizes',
  mssProbe,
  (text) => new Set(presentMss(text).map(({ vip }) => vip)),
);

/** Weights that operators have set, as lvsctl keeps them on a director. */
export const recordedWeights: Probe<readonly RecordedWeight[]> = fixed(
  'recorded weights',
  sh`cat ${recordPath} 2>/dev/null; :`,
  (text) => parseRecord(text).entries,
);

/** What the director hears of the real servers at the VIP, for every service here; the text of one script for each. */
export const atVip: Probe<ReadonlyMap<string, Heard>> = {
  name: 'at the VIP',
  script: (site) =>
    shLines(
      ...site.services.flatMap((service) => {
        const questions = asked(site, service);
        return questions.length === 0 ? [] : [sh`echo ${`@@ ${service.name}`}`, vipScript(questions)];
      }),
      sh`echo '@@'`,
    ),
  read: (text, site) => {
    const parts = new Map(
      text.split(/^@@ /m).map((part) => [part.split('\n')[0] ?? '', part.slice(part.indexOf('\n') + 1)]),
    );
    return new Map(
      site.services.flatMap((service) => {
        const questions = asked(site, service);
        const part = parts.get(service.name);
        if (part === undefined || questions.length === 0) return [];
        return [[service.name, { questions, ...parseVipAnswers(part, questions) }] as const];
      }),
    );
  },
};

export type Heard = VipAnswers & { readonly questions: readonly Question[] };

const asked = ({ host }: Site, service: Service): Question[] =>
  questionsOf(
    service,
    host.name,
    addressFor(host, service.vip)?.address,
    service.realServers.filter(({ weight }) => weight > 0),
  );

/** Whether ipvsadm is there, and what it and the kernel say of themselves. */
export interface Banner {
  readonly ipvsadm: string | undefined;
  readonly kernel: string | undefined;
  readonly installed: boolean;
}

/** ipvsadm would load the module to say its version, so it is asked only where that is loaded. */
export const banner: Probe<Banner> = fixed(
  'banner',
  trusted(`\
command -v ipvsadm >/dev/null 2>&1 && echo installed
if [ -r /proc/net/ip_vs ]; then
  read -r line < /proc/net/ip_vs; echo "kernel $line"
  if command -v ipvsadm >/dev/null 2>&1; then echo "ipvsadm $(ipvsadm -Ln 2>&1 | sed -n 1p)"; fi
fi; :`),
  (text) => {
    const version = (who: string) => new RegExp(`^${who} .*version (\\d+(?:\\.\\d+)+)`, 'm').exec(text)?.[1];
    return {
      installed: /^installed$/m.test(text),
      kernel: version('kernel'),
      ipvsadm: version('ipvsadm'),
    };
  },
);

/** Whether a keepalived runs. */
export const keepalivedProcess: Probe<boolean> = fixed(
  'keepalived process',
  trusted('if pidof keepalived >/dev/null 2>&1; then echo runs; else echo absent; fi'),
  (text) => text.trim() === 'runs',
);
