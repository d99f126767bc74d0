import { parseRecord, recordPath } from '../ipvs/recorded.js';
import { keepalivedMark, keepalivedPath, keptDirector } from '../keepalived/file.js';
import type { Sh } from '../shell/index.js';
import { sh, shLines, trusted } from '../shell/index.js';
import { addressesByIp } from './addresses.js';
import { awaitBootScript } from './boot.js';
import type { Facts, NetworkInterface } from './facts.js';
import type { ProbeOutput } from './resource.js';

/** What the roles of a run ask about, beside the facts that everybody gets. */
export interface FactWishes {
  readonly commands: readonly string[];
  readonly paths: readonly string[];
}

/** Looked for on every host, since resources choose their ways by them. */
const commonCommands = [
  'ip',
  'ifconfig',
  'route',
  'arp',
  'arping',
  'sysctl',
  'modprobe',
  'systemctl',
  'rc-update',
  'rc-service',
  'chkconfig',
  'service',
  'update-rc.d',
  'setsid',
  'crontab',
  'crond',
  'cron',
  'rsync',
  'ssh-keygen',
  'ipvsadm',
  'arptables',
  'iptables',
  'cksum',
  'md5sum',
  'sha256sum',
  'bash',
  'python3',
  'perl',
  'apt-get',
  'dnf',
  'yum',
  'zypper',
  'apk',
  'pacman',
  'rpm',
  'dpkg-query',
];

const commonPaths = [
  '/run/systemd/system',
  '/run/openrc',
  '/sbin/openrc-run',
  '/etc/sysctl.d',
  '/etc/sysctl.conf',
  '/etc/modules-load.d',
  '/etc/modules',
  '/etc/rc.local',
  '/etc/rc.d/rc.local',
  '/etc/rc.d',
  '/etc/local.d',
  '/etc/cron.d',
  '/proc/sys/net/ipv4/conf/all/arp_ignore',
  '/proc/sys/net/ipv4/conf/all/arp_announce',
  '/proc/sys/net/ipv4/conf/all/hidden',
  '/proc/sys/net/ipv6',
  '/proc/net/arp_tables_names',
  '/proc/modules',
  // What containers are known by: Docker, Podman, systemd's (nspawn, LXC), OpenVZ (which has vz, and bc on its own host only).
  '/.dockerenv',
  '/run/.containerenv',
  '/run/systemd/container',
  '/proc/vz',
  '/proc/bc',
];

/** Where their files lie below /lib/modules/RELEASE/kernel: in Linux 2.4 and early 2.6, and today. */
const kernelModules = [
  'net/ipv4/ipvs/ip_vs',
  'net/netfilter/ipvs/ip_vs',
  'net/ipv4/netfilter/arptable_filter',
  'net/ipv4/netfilter/arpt_mangle',
  'net/ipv4/netfilter/iptable_nat',
  'net/ipv4/netfilter/ipt_REDIRECT',
  'net/netfilter/xt_REDIRECT',
  'net/netfilter/nf_tables',
  'net/netfilter/nft_reject_inet',
];

/**
 * The facts script, as sections of the one trip. Forks are few: most of it is the shell's own `read` and `[ -e ]`,
 * since a fork costs 30 ms on the slowest hosts we know.
 */
export function factsSections(wishes: FactWishes): ReadonlyMap<string, Sh> {
  const commands = [...new Set([...commonCommands, ...wishes.commands])];
  const paths = [...new Set([...commonPaths, ...wishes.paths])];
  return new Map([
    [
      'facts:os',
      trusted(
        'cat /etc/os-release 2>/dev/null || cat /etc/redhat-release /etc/debian_version 2>/dev/null; :',
      ),
    ],
    ['facts:kernel', shLines(kernelScript, keepalivedScript)],
    ['facts:network', networkScript],
    [
      'facts:commands',
      sh`for c in ${commands}; do command -v "$c" >/dev/null 2>&1 && printf '%s\n' "$c"; done; :`,
    ],
    [
      'facts:paths',
      shLines(sh`for p in ${paths}; do [ -e "$p" ] && printf '%s\n' "$p"; done`, recordScript, modulesScript),
    ],
  ]);
}

const kernelScript = shLines(
  awaitBootScript,
  sh`say() { printf '%s %s\n' "$1" "$2"; }`,
  sh`get() { v=; [ -r "$2" ] && read -r v < "$2"; say "$1" "$v"; }`,
  sh`get release /proc/sys/kernel/osrelease; get hostname /proc/sys/kernel/hostname; get boot /proc/sys/kernel/random/boot_id`,
  sh`say machine "$(uname -m)"; say epoch "$(date +%s)"`,
  sh`n=0; while read -r key rest; do case $key in processor) n=$((n+1)) ;; esac; done < /proc/cpuinfo; say processors $n`,
  sh`while read -r key value rest; do case $key in MemTotal:) say memory "$value" ;; esac; done < /proc/meminfo`,
  sh`get sealed /proc/sys/kernel/modules_disabled`,
  sh`if [ -r /proc/net/ip_vs ]; then say ipvs loaded; get ipvsline /proc/net/ip_vs`,
  // modutils of Red Hat 9 and kmod of today both know -n.
  sh`elif modprobe -n ip_vs >/dev/null 2>&1; then say ipvs available; else say ipvs none; fi; :`,
);

/** A process number is of keepalived only where /proc says so: the file outlives a crash. ip(8) is asked on directors without keepalived alone. */
const keepalivedScript = shLines(
  sh`ours=; running=; first=`,
  sh`if [ -r ${keepalivedPath} ]; then read -r first < ${keepalivedPath}; fi`,
  sh`moves=; inside=; case $first in ${keepalivedMark}*) ours=ours`,
  // The instances of VRRP stand before the servers, of which there may be thousands.
  sh`  while read -r word rest; do case $word in`,
  sh`    virtual_server) break ;;`,
  sh`    virtual_ipaddress*) inside=yes ;;`,
  sh`    '}') inside= ;;`,
  sh`    *) [ -z "$inside" ] || moves="$moves \${word%%/*}" ;;`,
  sh`  esac; done < ${keepalivedPath} ;;`,
  sh`esac`,
  sh`for f in /run/keepalived.pid /var/run/keepalived.pid; do`,
  sh`  pid=; stat=; if [ -r $f ]; then read -r pid < $f; fi`,
  sh`  case $pid in ''|*[!0-9]*) continue ;; esac`,
  sh`  if [ -r /proc/$pid/stat ]; then read -r stat < /proc/$pid/stat; fi`,
  sh`  case $stat in *'(keepalived)'*) running=running ;; esac`,
  sh`done`,
  sh`[ -z "$ours$running" ] || say keepalived "$ours $running"`,
  sh`[ -z "$ours" ] || say keepalivedfile "$first"`,
  sh`[ -z "$moves" ] || say keepalivedmoves "$moves"`,
  sh`if [ -z "$running" ] && [ -r /proc/net/ip_vs ] && command -v ip >/dev/null 2>&1; then`,
  sh`  say held alone; ip -o addr 2>/dev/null`,
  sh`fi; :`,
);

/** `.o` until 2.4, `.ko` and compressed ones since. It rides in the section of the paths: a section costs a fork. */
const modulesScript = shLines(
  sh`read -r release < /proc/sys/kernel/osrelease`,
  sh`for m in ${kernelModules}; do for f in "/lib/modules/$release/kernel/$m.o" "/lib/modules/$release/kernel/$m".ko*`,
  sh`do [ -e "$f" ] && printf 'module %s\n' "\${m##*/}"; done; done; :`,
);

/** By the shell's own `read`, and nothing on hosts that have none. */
const recordScript = sh`[ ! -r ${recordPath} ] || while read -r line; do printf 'weight %s\n' "$line"; done < ${recordPath}`;

const networkScript = shLines(
  sh`if [ -d /sys/class/net ]; then for d in /sys/class/net/*; do [ -r "$d/address" ] || continue`,
  sh`mac=; mtu=; flags=; read -r mac < "$d/address"; read -r mtu < "$d/mtu"; read -r flags < "$d/flags"`,
  sh`printf '%s %s %s %s\n' "\${d##*/}" "\${mac:--}" "\${mtu:--}" "\${flags:--}"; done`,
  // Linux 2.4.
  sh`else echo ifconfig; LC_ALL=C ifconfig -a 2>/dev/null; fi; :`,
);

/** Total: a host that answers nonsense gets facts with nothing in them, and roles say what they miss. */
export function parseFacts(outputs: ReadonlyMap<string, ProbeOutput>): Facts {
  const text = (section: string): string => outputs.get(`facts:${section}`)?.stdout ?? '';
  const [about = '', addresses] = text('kernel').split(/^held alone\n/m);
  const kernel = pairs(about, ' ');
  const commands = new Set(lines(text('commands')));
  const paths = new Set(lines(text('paths')).filter((path) => path.startsWith('/')));
  return {
    hostname: kernel.get('hostname') ?? '',
    os: parseOs(text('os')),
    kernel: {
      release: kernel.get('release') ?? '',
      machine: kernel.get('machine') ?? '',
      sealed: kernel.get('sealed') === '1',
    },
    init: paths.has('/run/systemd/system')
      ? 'systemd'
      : paths.has('/run/openrc') || paths.has('/sbin/openrc-run')
        ? 'openrc'
        : 'sysv',
    packageManager: packageManager(commands),
    commands,
    paths,
    modules: new Set(
      lines(text('paths')).flatMap((line) =>
        line.startsWith('module ') ? [line.slice('module '.length)] : [],
      ),
    ),
    interfaces: parseInterfaces(text('network')),
    ipvs: {
      loaded: kernel.get('ipvs') === 'loaded',
      available: kernel.get('ipvs') === 'loaded' || kernel.get('ipvs') === 'available',
      version: /version (\d+\.\d+\.\d+)/.exec(kernel.get('ipvsline') ?? '')?.[1],
    },
    ...parseKeepalived(kernel, addresses),
    bootId: kernel.get('boot') ?? '',
    ...(kernel.get('booting') === 'yes' && { booting: true as const }),
    memoryKiB: Number(kernel.get('memory') ?? 0) || 0,
    processors: Number(kernel.get('processors') ?? 0) || 1,
    epochSeconds: Number(kernel.get('epoch') ?? 0) || 0,
    recorded: parseRecord(
      lines(text('paths'))
        .flatMap((line) => (line.startsWith('weight ') ? [line.slice('weight '.length)] : []))
        .join('\n'),
    ),
  };
}

function parseKeepalived(
  kernel: ReadonlyMap<string, string>,
  addresses: string | undefined,
): Pick<Facts, 'keepalived' | 'heldAlone'> {
  const said = kernel.get('keepalived');
  const words = new Set(said?.split(' '));
  const director = keptDirector(kernel.get('keepalivedfile') ?? '');
  const moves = (kernel.get('keepalivedmoves') ?? '').split(' ').filter((word) => word !== '');
  return {
    ...(said !== undefined && {
      keepalived: {
        running: words.has('running'),
        ours: words.has('ours'),
        ...(director !== undefined && { director }),
        ...(moves.length > 0 && { moves }),
      },
    }),
    ...(addresses !== undefined && { heldAlone: addressesByIp(addresses).map(({ address }) => address) }),
  };
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function pairs(text: string, separator: string): Map<string, string> {
  return new Map(
    lines(text).map((line) => {
      const at = line.indexOf(separator);
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

function packageManager(commands: ReadonlySet<string>): Facts['packageManager'] {
  if (commands.has('apt-get')) return 'apt';
  return (['dnf', 'yum', 'zypper', 'apk', 'pacman'] as const).find((name) => commands.has(name));
}

function parseInterfaces(text: string): NetworkInterface[] {
  const listed = text.startsWith('ifconfig\n') ? text.slice('ifconfig\n'.length) : undefined;
  return listed === undefined ? lines(text).map(parseInterface) : parseIfconfig(listed);
}

/** net-tools 1.60: an interface's name at the beginning of a line, the rest of it indented. Aliases (`eth0:100`) are no interfaces. */
function parseIfconfig(text: string): NetworkInterface[] {
  return text.split(/\n(?=\S)/).flatMap((paragraph) => {
    const name = /^(\S+?):?\s/.exec(paragraph)?.[1];
    if (name === undefined || name.includes(':')) return [];
    const mac = /\b(?:HWaddr|ether) ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?![:-])/i.exec(paragraph)?.[1];
    const mtu = /\b(?:MTU:|mtu )(\d+)/.exec(paragraph)?.[1];
    return [
      {
        name,
        mac: mac?.toLowerCase(),
        mtu: mtu === undefined ? undefined : Number(mtu),
        up: /(^|[\s<,])UP([\s>,]|$)/m.test(paragraph),
      },
    ];
  });
}

function parseInterface(line: string): NetworkInterface {
  const [name = '', mac = '-', mtu = '-', flags = '-'] = line.split(' ');
  return {
    name,
    mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) ? mac.toLowerCase() : undefined,
    mtu: /^\d+$/.test(mtu) ? Number(mtu) : undefined,
    // IFF_UP is bit 0 of the flags (linux/if.h); without /sys it is not known, and roles do not depend on it.
    up: flags === '-' || (Number(flags) & 1) === 1,
  };
}

function parseOs(text: string): Facts['os'] {
  const value = (raw: string | undefined): string => (raw ?? '').replace(/^(["'])(.*)\1$/, '$2');
  const release = pairs(text, '=');
  if (release.has('ID')) {
    return {
      id: value(release.get('ID')),
      version: value(release.get('VERSION_ID')),
      name: value(release.get('PRETTY_NAME') ?? release.get('NAME')),
      like: value(release.get('ID_LIKE'))
        .split(' ')
        .filter((word) => word !== ''),
    };
  }
  // `Red Hat Linux release 9 (Shrike)`, `CentOS release 5.11 (Final)`
  const name = lines(text)[0] ?? '';
  const old = /^(.*?)(?: Linux)? release ([\d.]+)/.exec(name);
  if (old)
    return {
      id: (old[1] ?? '').toLowerCase().replaceAll(' ', ''),
      version: old[2] ?? '',
      name,
      like: ['redhat'],
    };
  return { id: name === '' ? 'unknown' : 'debian', version: name, name, like: [] };
}
