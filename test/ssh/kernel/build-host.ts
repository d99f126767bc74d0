import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redHat9Config, twinDepmod } from '../../../src/lab/twin-sources/index.js';
import { quote } from '../../../src/shell/index.js';
import { redHat9Commands } from '../../support/red-hat-9.js';
import { type SshdOptions, startSshd, type TestSshd } from '../../support/sshd.js';

export interface BuildHostOptions {
  readonly shell?: SshdOptions['shell'];
  /** Size of /usr/src, as tmpfs takes it. */
  readonly room?: string;
  /** What `gcc -dumpversion` says. */
  readonly compiler?: string;
  /** Red Hat 9's commands and no others, each refusing what it lacked; none of them keeps a log. */
  readonly redHat9?: boolean;
  /** More shell, with the host's root in `$root`. */
  readonly more?: string;
}

/** What the tools of a build host were called for, one line each: `NAME FOLDER ARGUMENTS`. */
export const TOOL_LOG = '/var/log/tools';

/** Holds up the tool whose name and arguments match the pattern in this file, until the file is gone. */
export const GATE = '/var/log/gate';

/** An sshd that shows a host with Linux 2.4.20-8: no IPVS, no ARP flags, a compiler of its time by its word, and tools that keep a log. */
export async function startBuildHost(options: BuildHostOptions = {}): Promise<TestSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'lvsctl-build-host-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return quote(join(folder, name));
  };
  // Waits at the gate where its pattern is what is called.
  const logged = (name: string, real: string) => `#!/bin/sh
printf '%s %s %s\\n' ${name} "$PWD" "$*" >> ${TOOL_LOG}
if [ -f ${GATE} ]; then
  read -r p < ${GATE}
  case "${name} $*" in $p) : > ${GATE}.reached; while [ -f ${GATE} ]; do sleep 0.02; done ;; esac
fi
exec ${real} "$@"
`;
  const compiler = `#!/bin/sh
case $* in -dumpversion) echo ${options.compiler ?? '3.2.2'}; exit ;; esac
case " $* " in *' -c '*) printf '%s %s %s\\n' gcc "$PWD" "$*" >> ${TOOL_LOG} ;; esac
exec /usr/bin/cc.real "$@"
`;
  const uname = `#!/bin/sh
case $* in -r) echo 2.4.20-8 ;; *) exec /usr/bin/uname.real "$@" ;; esac
`;
  const put = (path: string, text: string) =>
    `rm -f "$root${path}"; cp ${file(path.replaceAll('/', '_'), text)} "$root${path}"; chmod 755 "$root${path}"`;
  const wrap = (path: string) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return `mv "$root${path}" "$root${path}.real"\n${put(path, logged(name, `${path}.real`))}`;
  };
  const commands = options.redHat9
    ? await redHat9Userland(join(folder, 'commands'), { gcc: compiler, uname, depmod: await twinDepmod() })
    : undefined;
  const machine = [
    // The machine's package manager is none of Red Hat 9's.
    'rm -f "$root"/usr/bin/apt-get "$root"/usr/bin/dpkg-query "$root"/usr/bin/rpm',
    `cp -L "$root/usr/bin/gcc" "$root/usr/bin/cc.real"\n${put('/usr/bin/gcc', compiler)}`,
    `mv "$root/usr/bin/uname" "$root/usr/bin/uname.real"\n${put('/usr/bin/uname', uname)}`,
    ...(options.redHat9 ? [] : ['tar', 'patch', 'make', 'ln']).map((name) => wrap(`/usr/bin/${name}`)),
    put('/sbin/depmod', await twinDepmod()),
    put('/sbin/modprobe', '#!/bin/sh\nexit 1\n'),
    'rm -rf "$root"/boot/* "$root"/lib/modules/* "$root"/usr/src/* "$root"/usr/src/.lvsctl*',
    `mount -t tmpfs -o size=${options.room ?? '64m'} tmpfs "$root/usr/src"`,
    `cp ${file('config', await redHat9Config())} "$root/boot/config-2.4.20-8"`,
    '[ ! -e "$root/proc/config.gz" ] || mount --bind /dev/null "$root/proc/config.gz"',
    `mount --bind ${file('osrelease', '2.4.20-8\n')} "$root/proc/sys/kernel/osrelease"`,
    'mount -t tmpfs tmpfs "$root/proc/sys/net/ipv4/conf"',
    'mkdir "$root/proc/sys/net/ipv4/conf/all" "$root/proc/sys/net/ipv4/conf/lo"',
    // The node's own things, by which it is seen that a build leaves them alone.
    'mkdir -p "$root/lib/modules/2.4.20-8"; echo stock > "$root/boot/vmlinuz-2.4.20-8"',
    options.more ?? ':',
    ...(commands === undefined
      ? []
      : [
          // The compiler looks for its parts beside itself.
          'mkdir -p "$root/real/bin" "$root/real/sbin"; ln -s ../usr/lib "$root/real/lib"',
          'mount --bind "$root/usr/bin" "$root/real/bin"; mount --bind "$root/usr/sbin" "$root/real/sbin"',
          'for d in bin sbin usr/bin usr/sbin usr/local; do',
          '  [ ! -h "$root/$d" ] || continue; mount -t tmpfs tmpfs "$root/$d"',
          `  [ $d = usr/local ] || cp -a ${quote(commands)}/. "$root/$d"`,
          'done',
        ]),
  ].join('\n');
  const shell = options.shell && { shell: options.shell };
  const sshd = await startSshd({ ...shell, hostKeyTypes: ['ed25519'], machine });
  return {
    ...sshd,
    async stop() {
      await sshd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A folder of Red Hat 9's commands, with those of its compiler, whose programs of today are in /real. */
async function redHat9Userland(at: string, scripts: Readonly<Record<string, string>>): Promise<string> {
  const real = (name: string) => `#!/bin/sh\nexec /real/bin/${name} "$@"\n`;
  await redHat9Commands(at, (path) =>
    path.replace(/^(\/usr)?\/s?bin\//, (found) => `/real/${found.includes('sbin') ? 'sbin' : 'bin'}/`),
  );
  const moved = Object.entries(scripts).map(
    ([name, text]) => [name, text.replace('/usr/bin/', '/real/bin/')] as const,
  );
  for (const [name, text] of [
    ...moved,
    ['as', real('as')] as const,
    ['ld', real('ld')] as const,
    ['modprobe', '#!/bin/sh\nexit 1\n'] as const,
  ]) {
    rmSync(join(at, name), { force: true });
    writeFileSync(join(at, name), text, { mode: 0o755 });
  }
  return at;
}

/** What the tools were called for, sorted: make does several things at once. */
export function toolCalls(sshd: TestSshd): string[] {
  const log = sshd.inside(`cat ${TOOL_LOG} 2>/dev/null || :`);
  return log
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** Ends every connection to the server, as a broken link does. */
export function cutConnections(sshd: TestSshd): void {
  const server = readFileSync(join(sshd.folder, 'sshd.pid'), 'utf8').trim();
  const sessions = execFileSync('pgrep', ['-P', server], { encoding: 'utf8' }).trim().split('\n');
  for (const session of sessions) process.kill(Number(session), 'SIGKILL');
}
