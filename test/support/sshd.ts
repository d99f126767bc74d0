import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterHost, SshSettings } from '../../src/inventory/cluster.js';

/** Which program is `sh` for the logins of a test server. */
export type RemoteShell = 'dash' | 'bash' | 'busybox';
export const remoteShells: readonly RemoteShell[] = ['dash', 'bash', 'busybox'];

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface SshdOptions {
  /** Lines of sshd_config; they come first, and OpenSSH takes the first value of a keyword. */
  readonly config?: readonly string[];
  /** The system's own unless given. */
  readonly shell?: RemoteShell;
  /** ed25519 and rsa unless given. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** Made on a copy of /etc that only this server's logins see; the fixture's key opens them as well. */
  readonly users?: readonly TestUser[];
  /**
   * The logins see a copy of the whole machine, on which nothing that they write lasts: shell that makes it what the test wants, with
   * its root in `$root`. /proc, /dev, /run and /tmp are the machine's.
   */
  readonly machine?: string;
  /** The server's logins see this in place of the machine's boot id, and what lvsctl keeps outlives {@link TestSshd.halt}. */
  readonly bootId?: string;
  /** Scripts by name that its logins find before the system's programs. */
  readonly commands?: Readonly<Record<string, string>>;
}

export interface TestUser {
  readonly name: string;
  readonly password: string;
  /** Line of a sudoers file. */
  readonly sudoers?: string;
}

/** A real sshd on loopback with keys of its own in a temporary folder. */
export interface TestSshd {
  readonly port: number;
  readonly folder: string;
  /** Private key that root may log in with. */
  readonly identity: string;
  /** known_hosts file with this server's keys. */
  readonly knownHosts: string;
  /** Public host key line (`type base64`) of a type. */
  hostKey(type: KeyType): string;
  settings(changes?: Partial<SshSettings>): SshSettings;
  host(changes?: Partial<SshSettings>, name?: string): ClusterHost;
  /** Runs sh where the logins are; throws when it fails. */
  inside(script: string): string;
  log(): string;
  /** Ends the server and all that its connections run, as a machine that goes down does; jobs of lvsctl are not among it. */
  halt(): Promise<void>;
  /** Starts it again, with another boot id where it has one of its own. */
  boot(bootId?: string): Promise<void>;
  stop(): Promise<void>;
}

/** Runs ssh-keygen for a new key pair. */
export function makeKey(path: string, type: KeyType, passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'lvsctl-test', '-f', path]);
}

/** What lvsctl keeps on a host must not stay on the machine that runs the tests: the logins see a folder of their own. */
function privateState(folder: string, { bootId }: SshdOptions): string {
  if (bootId === undefined) return 'mkdir -p /var/lib/lvsctl && mount -t tmpfs tmpfs /var/lib/lvsctl';
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'boot_id'), `${bootId}\n`);
  return `mkdir -p /var/lib/lvsctl && mount --bind '${folder}/state' /var/lib/lvsctl &&
mount --bind '${folder}/boot_id' /proc/sys/kernel/random/boot_id`;
}

/** Shell that makes the users on a private copy of /etc. */
function privateUsers(folder: string, users: readonly TestUser[]): string {
  if (users.length === 0) return ':';
  const lines = users.flatMap(({ name, password, sudoers }) => [
    `useradd -M -d / -s /bin/sh ${name}`,
    `echo '${name}:${password}' | chpasswd`,
    ...(sudoers ? [`echo '${sudoers}' > /etc/sudoers.d/${name}`, `chmod 440 /etc/sudoers.d/${name}`] : []),
  ]);
  const bind = `mount --bind '${folder}/etc' /etc`;
  const make = [`cp -a /etc '${folder}/etc'`, bind, ...lines].join(' && ');
  return `if [ -d '${folder}/etc' ]; then ${bind}; else ${make}; fi`;
}

/** Shell that goes on, as a copy of this machine, with what it is given as arguments. The copy is in memory. */
function copyOfMachine(folder: string, changes: string): string {
  const at = `${folder}/machine`;
  return [
    `mkdir '${at}' && mount -t tmpfs tmpfs '${at}' && mkdir '${at}/upper' '${at}/work' '${at}/root'`,
    `mount -t overlay overlay -o 'lowerdir=/,upperdir=${at}/upper,workdir=${at}/work' '${at}/root'`,
    `root='${at}/root'; rm -rf "$root/.dockerenv" "$root/var/lib/lvsctl"; mkdir -p "$root/var/lib/lvsctl"`,
    `for d in proc dev run tmp; do mount --rbind "/$d" "$root/$d" || exit 1; done`,
    changes,
    `exec chroot "$root" "$@"`,
  ].join('\n');
}

export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-sshd-'));
  // sshd refuses an authorized_keys file below a folder that others may write to.
  chmodSync(folder, 0o755);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const types = options.hostKeyTypes ?? ['ed25519', 'rsa'];
  for (const type of types) makeKey(join(folder, `host_${type}`), type);
  const identity = join(folder, 'identity');
  makeKey(identity, 'ed25519');
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${identity}.pub`));
  const port = await freePort();
  const config = [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...types.map((type) => `HostKey ${folder}/host_${type}`),
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `PidFile ${folder}/sshd.pid`,
    'PermitRootLogin yes',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'UseDNS no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    // bash under sshd reads ~/.bashrc unless it is a shell's shell; the files of whoever runs the tests must not matter.
    `SetEnv SHLVL=2 ${pathSetting(folder, options)}`,
  ];
  const configFile = join(folder, 'sshd_config');
  writeFileSync(configFile, `${config.join('\n')}\n`);
  const logFile = join(folder, 'log');
  const preparation =
    options.machine === undefined
      ? `${privateState(folder, options)} && ${privateUsers(folder, options.users ?? [])} && exec "$@"`
      : `set -e\n${copyOfMachine(folder, options.machine)}`;
  const start = (): ChildProcess =>
    spawn(
      'unshare',
      [
        '-m',
        '--propagation',
        'private',
        'sh',
        '-c',
        preparation,
        'sh',
        '/usr/sbin/sshd',
        '-D',
        '-f',
        configFile,
        '-E',
        logFile,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  const log = () => readFileSync(logFile, 'utf8');
  let sshd = start();
  await listening(sshd, log, 1);
  let boots = 1;
  const hostKey = (type: KeyType) =>
    readFileSync(join(folder, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, types.map((type) => `[127.0.0.1]:${port} ${hostKey(type)}\n`).join(''));
  const settings = (changes: Partial<SshSettings> = {}): SshSettings => ({
    hostName: '127.0.0.1',
    port,
    user: 'root',
    identityFiles: [identity],
    agent: false,
    hostKeys: 'strict',
    knownHostsFiles: [knownHosts],
    algorithms: 'modern',
    sudo: false,
    passwordEnv: 'TEST_PASSWORD',
    sudoPasswordEnv: 'TEST_SUDO_PASSWORD',
    passphraseEnv: 'TEST_PASSPHRASE',
    connectTimeoutSeconds: 30,
    ...changes,
  });
  return {
    port,
    folder,
    identity,
    knownHosts,
    hostKey,
    settings,
    host: (changes, name = 'rs1') => ({
      name,
      address: '127.0.0.1',
      prefix: 8,
      interface: 'lo',
      groups: [],
      vars: {},
      ssh: settings(changes),
    }),
    inside: (script) =>
      execFileSync('nsenter', [`--target=${sshd.pid}`, '--mount', '--root', '--wd', 'sh', '-c', script], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      }),
    log,
    async halt() {
      const machine = mountsOf(sshd.pid);
      await end(sshd);
      for (const session of sshdsOf(machine)) kill(session);
    },
    async boot(bootId) {
      if (bootId !== undefined) writeFileSync(join(folder, 'boot_id'), `${bootId}\n`);
      sshd = start();
      boots += 1;
      await listening(sshd, log, boots);
    },
    async stop() {
      await end(sshd);
      await removed(folder);
    },
  };
}

/** Logins find the test's commands first, then its shell. */
function pathSetting(folder: string, { shell, commands = {} }: SshdOptions): string {
  const first = shell ? [shellFolder(folder, shell)] : [];
  if (Object.keys(commands).length > 0) {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const [name, script] of Object.entries(commands))
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    first.unshift(bin);
  }
  return first.length > 0 ? `PATH=${[...first, '/usr/sbin:/usr/bin:/sbin:/bin'].join(':')}` : '';
}

/** Which mount namespace a process is in: each server has its own. Empty for one that has ended. */
function mountsOf(pid: number | string | undefined): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return '';
  }
}

/**
 * What a server has left for its connections, also for one that it took in the moment of its end. The session's shells end with them:
 * what they read ends.
 */
function sshdsOf(machine: string): number[] {
  if (machine === '') return [];
  const name = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && name(pid).startsWith('sshd') && mountsOf(pid) === machine)
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

/** A folder in which `sh` is the wanted shell. */
export function shellFolder(folder: string, shell: RemoteShell): string {
  const bin = join(folder, `bin-${shell}`);
  mkdirSync(bin, { recursive: true });
  symlinkSync(execFileSync('which', [shell], { encoding: 'utf8' }).trim(), join(bin, 'sh'));
  return bin;
}

/**
 * A port of loopback that nothing listens on. It is below those that the kernel deals out to clients and to `listen(0)`, so that nobody gets
 * it by chance before it is used, or while its server is away.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** @param times how often the log has said it by then */
async function listening(sshd: ChildProcess, log: () => string, times: number): Promise<void> {
  let exited: string | undefined;
  sshd.once('exit', (status) => {
    exited = `sshd ended with status ${status}`;
  });
  for (;;) {
    let text = '';
    try {
      text = log();
    } catch {}
    if (text.split('Server listening').length > times) return;
    if (exited !== undefined) throw new Error(`${exited}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sessions end a moment later than the listener, and may have written one more file; rm itself lists a folder only once. */
async function removed(folder: string, attempts = 300): Promise<void> {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (attempts === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await removed(folder, attempts - 1);
  }
}

/** Ends the listener; the sessions end with their connections. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}
