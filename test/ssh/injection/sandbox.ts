import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canary, trace } from './payloads.js';

/** What is /bin/sh in a sandbox. */
export const sandboxShells = ['dash', 'bash', 'busybox'] as const;
export type SandboxShell = (typeof sandboxShells)[number];

export const systems = ['debian', 'redhat9', 'alpine'] as const;
export type System = (typeof systems)[number];

const everywhere = [
  'ipvsadm',
  'modprobe',
  'ssh-keygen',
  'rsync',
  'ssh',
  'sudo',
  'sleep',
  'uname',
  'iptables',
  'nft',
];
const network = ['ifconfig', 'route', 'arp', 'arping', 'ping'];

/** Commands of each system; with the facts that they give, roles choose their ways by them. */
const commandsOf: Readonly<Record<System, readonly string[]>> = {
  debian: [
    'ip',
    'systemctl',
    'apt-get',
    'dpkg',
    'dpkg-query',
    'useradd',
    'cron',
    'update-rc.d',
    'ping',
    'bash',
  ],
  redhat9: [...network, 'chkconfig', 'service', 'yum', 'rpm', 'useradd', 'crond', 'perl'],
  alpine: ['ip', ...network, 'rc-update', 'rc-service', 'apk', 'adduser', 'crond', 'nc', 'curl'],
};

/** What a fake does beside printing what the host's /hostile/NAME holds. */
const own: Readonly<Record<string, string>> = {
  sleep: 'usleep 20000',
  sudo: 'while :; do case $1 in -S) shift ;; -p) shift 2 ;; *) break ;; esac; done; exec "$@"',
  'ssh-keygen': `while [ $# -gt 1 ]; do case $1 in -f) echo key > "$2"; cat /hostile/ssh-keygen > "$2.pub" ;; esac; shift; done`,
};

/** The programs of all sandboxes: busybox for every command, fakes that lie for what would need a real system. */
export class Programs {
  readonly folder = mkdtempSync(join(tmpdir(), 'lvsctl-sandbox-'));
  readonly #fingerprint: string;

  constructor() {
    for (const name of ['bin', 'opt', 'proc/self', 'proc/sys', 'proc/net'])
      mkdirSync(join(this.folder, name), { recursive: true });
    const busybox = existsSync('/bin/busybox') ? '/bin/busybox' : '/usr/bin/busybox';
    copyFileSync(busybox, join(this.folder, 'bin/busybox'));
    const fakes = new Set([...everywhere, ...Object.values(commandsOf).flat()]);
    for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
      if (!fakes.has(applet) && !['busybox', 'sh', 'cksum', 'crontab', 'nc'].includes(applet))
        symlinkSync('busybox', join(this.folder, 'bin', applet));
    for (const shell of ['dash', 'bash']) this.#copyWithLibraries(`/bin/${shell}`, `opt/${shell}`);
    this.#copyWithLibraries('/usr/bin/cksum', 'bin/cksum');
    // Which shell it is, each sandbox says by a link of its own.
    symlinkSync('/shell', join(this.folder, 'bin/sh'));
    this.#script(`bin/${canary}`, `tr '\\0' ' ' < /realproc/$PPID/cmdline >> ${trace}; echo >> ${trace}`);
    for (const system of systems) {
      mkdirSync(join(this.folder, `sbin-${system}`));
      for (const name of [...everywhere, ...commandsOf[system]])
        if (name === 'bash') symlinkSync('/opt/bash', join(this.folder, `sbin-${system}`, name));
        else this.#script(`sbin-${system}/${name}`, own[name] ?? `cat /hostile/${name} 2>/dev/null`);
    }
    // A /proc of plain files, so that it can lie; only the processes in it are real.
    for (let pid = 1; pid <= 32768; pid++)
      symlinkSync(`/realproc/${pid}`, join(this.folder, 'proc', String(pid)));
    symlinkSync('/realproc/self/fd', join(this.folder, 'proc/self/fd'));
    for (const name of ['modules', 'cpuinfo', 'meminfo'])
      symlinkSync(`/.proc/${name}`, join(this.folder, 'proc', name));
    this.#fingerprint = this.#describe();
  }

  /** Whether anything wrote through to what the sandboxes share, or beside them. */
  get touched(): boolean {
    return this.#describe() !== this.#fingerprint || existsSync(trace);
  }

  /** Sandboxes that are still there, those of a test that failed too. */
  readonly open = new Set<Sandbox>();

  async remove(): Promise<void> {
    await Promise.all([...this.open].map((sandbox) => sandbox.remove()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #script(path: string, text: string): void {
    writeFileSync(join(this.folder, path), `#!/bin/sh\n${text}\nexit 0\n`);
    chmodSync(join(this.folder, path), 0o755);
  }

  #copyWithLibraries(program: string, to: string): void {
    copyFileSync(program, join(this.folder, to));
    const list = execFileSync('ldd', [program], { encoding: 'utf8' });
    for (const [library] of list.matchAll(/\/\S+/g)) {
      const copy = join(this.folder, 'libraries', library);
      mkdirSync(dirname(copy), { recursive: true });
      if (!existsSync(copy)) copyFileSync(library, copy);
    }
  }

  #describe(): string {
    const folders = ['bin', 'opt', ...systems.map((system) => `sbin-${system}`), '.'];
    return folders
      .flatMap((folder) =>
        readdirSync(join(this.folder, folder)).map((name) => join(this.folder, folder, name)),
      )
      .map((path) => [path, lstatSync(path)] as const)
      .map(([path, { size, mtimeMs, mode }]) =>
        [path, size, mode, path.includes('/bin') ? mtimeMs : ''].join(' '),
      )
      .join('\n');
  }
}

/** Runs as root in namespaces of its own (mounts, processes, network): $1 programs, $2 root, $3 system, $4 command. */
const enter = `
set -e
for d in bin opt; do mount -o bind "$1/$d" "$2/$d"; mount -o remount,ro,bind "$2/$d"; done
mount -o bind "$1/sbin-$3" "$2/sbin"; mount -o remount,ro,bind "$2/sbin"
for d in "$1"/libraries/*; do mount -o bind "$d" "$2/\${d##*/}"; mount -o remount,ro,bind "$2/\${d##*/}"; done
mount -o bind "$1/proc" "$2/proc"; mount -o remount,ro,bind "$2/proc"
mount -o bind "$2/.proc/sys" "$2/proc/sys"; mount -o bind "$2/.proc/net" "$2/proc/net"
mount -t proc -o ro proc "$2/realproc"
mount -o bind /dev/null "$2/dev/null"
exec chroot "$2" /bin/sh -c "$4"`;

/** Milliseconds after which what runs in a sandbox is ended: a script that hangs must not hang the tests. */
const hangGuard = 840_000;

/** A throw-away host: a folder that is the root of everything that runs in it, without network and other processes. */
export class Sandbox {
  readonly root: string;
  /** Commands that the hang guard had to end. */
  readonly hung: string[] = [];
  readonly #running = new Set<ChildProcess>();

  constructor(
    readonly programs: Programs,
    readonly shell: SandboxShell,
    readonly system: System,
  ) {
    this.root = mkdtempSync(join(tmpdir(), 'lvsctl-host-'));
    programs.open.add(this);
    const folders = [
      'bin',
      'sbin',
      'opt',
      'lib',
      'lib64',
      'dev',
      'proc',
      'realproc',
      'etc',
      'usr',
      'hostile',
      'tmp',
    ];
    for (const name of [...folders, '.proc/sys', '.proc/net', 'var/lib'])
      mkdirSync(join(this.root, name), { recursive: true });
    symlinkSync('/bin', join(this.root, 'usr/bin'));
    symlinkSync('/sbin', join(this.root, 'usr/sbin'));
    writeFileSync(join(this.root, 'dev/null'), '');
    symlinkSync(shell === 'busybox' ? '/bin/busybox' : `/opt/${shell}`, join(this.root, 'shell'));
  }

  /** Writes a file of the host; the folders above it are made. */
  write(path: string, text: string | Uint8Array): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  folder(path: string): void {
    mkdirSync(join(this.root, path), { recursive: true });
  }

  /** Starts a command as sshd does: by the login shell's -c, with pipes. It ends with the sandbox at the latest. */
  spawn(command: string): ChildProcess {
    const { folder } = this.programs;
    const child = spawn(
      'unshare',
      [
        ...['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child'],
        ...[join(folder, 'bin/busybox'), 'sh', '-c', enter, 'enter', folder, this.root, this.system, command],
      ],
      { stdio: 'pipe', env: { PATH: '/bin:/sbin', HOME: '/', TERM: 'dumb' } },
    );
    this.#running.add(child);
    const guard = setTimeout(() => {
      this.hung.push(command);
      child.kill('SIGKILL');
    }, hangGuard);
    child.once('close', () => {
      clearTimeout(guard);
      this.#running.delete(child);
    });
    return child;
  }

  /** Runs a command to its end. A signal in place of a status means that the hang guard ended it. */
  async run(command: string): Promise<{ status: number | string; stdout: string; stderr: string }> {
    const child = this.spawn(command);
    child.stdin?.end();
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk) => chunks[name].push(chunk));
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'lost'));
    });
    const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(chunks[name]).toString('utf8');
    return { status, stdout: text('stdout'), stderr: text('stderr') };
  }

  /** What was executed though it was a value: the command line of each shell that did; undefined when none did. */
  executed(): string | undefined {
    const file = join(this.root, trace);
    return existsSync(file) ? readFileSync(file, 'utf8') || '(opened as a redirection)' : undefined;
  }

  forget(): void {
    rmSync(join(this.root, trace), { force: true });
  }

  async remove(): Promise<void> {
    const ends = [...this.#running].map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of this.#running) child.kill('SIGKILL');
    await Promise.all(ends);
    this.programs.open.delete(this);
    rmSync(this.root, { recursive: true, force: true });
  }
}
