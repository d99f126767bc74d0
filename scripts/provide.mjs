// What `npm run demo`, `npm test` and `npm run bench` need is put in place here, named before it is installed.
// Runs before `npm ci`, so only Node's own modules are used. Everything can be repeated; what is there is left alone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian packages by what they are for. */
export const PACKAGES = {
  lab: [
    'user-mode-linux',
    'mmdebstrap',
    'debian-archive-keyring',
    'e2fsprogs',
    'iproute2',
    'openssh-client',
    'bzip2',
  ],
  tests: [
    ...['openssh-server', 'sudo', 'busybox-static', 'rsync', 'procps', 'kmod', 'mount', 'passwd'],
    ...['apt-utils', 'curl', 'netcat-openbsd', 'python3', 'perl', 'openssl', 'bzip2', 'xz-utils'],
    ...['make', 'gcc', 'libc6-dev', 'patch', 'util-linux', 'keepalived'],
  ],
  docker: ['docker.io', 'iptables'],
  kernel: ['linux-source-6.1'],
  bench: ['ansible-core', 'openssh-server', 'openssh-client'],
};

/** What the packages give, for systems that name them otherwise. */
const ELSEWHERE = `On another system you need: Linux for User-Mode (linux.uml, with its modules in /usr/lib/uml), mmdebstrap with
Debian's archive key, busybox (static), e2fsprogs, iproute2, OpenSSH, and for the tests also sudo, rsync and Docker.
The surest way is a virtual machine with Debian 12: it needs 2 GB of memory, 8 GB of disk and no nested virtualisation.`;

const say = (text) => process.stderr.write(`lvsctl: ${text}\n`);

/** Ends the program as a wrong machine does: exit status 2, with the way out. */
function refuse(problem, wayOut) {
  say(problem);
  process.stderr.write(`${wayOut}\n`);
  process.exit(2);
}

/** Runs a command in the terminal of ours, without stdin. Returns the exit status. */
export function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) say(`${command}: ${error.message}`);
  return status ?? 1;
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  refuse(`Node ${process.versions.node} is too old.`, 'Install Node 20.19 or newer; 22 and 24 are fine.');
}

function must(command, args) {
  const status = run(command, args);
  if (status === 0) return;
  say(`${command} ${args.join(' ')} ended with ${status}`);
  process.exit(1);
}

const found = (command) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((dir) =>
    existsSync(join(dir, command)),
  );

const isRoot = () => process.getuid?.() === 0;

const announced = new Set();

/** The same command as root: itself, or through sudo, which is said once. Keeps our PATH, for Node, and adds root's folders. */
export function asRoot(command, args, why) {
  if (isRoot()) return [command, args];
  if (!found('sudo'))
    refuse(
      `${why} needs root, and there is no sudo here.`,
      'Run the same command as root (su -), or install sudo.',
    );
  if (!announced.has(why)) say(`${why} needs root: through sudo`);
  announced.add(why);
  return ['sudo', ['env', `PATH=${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`, command, ...args]];
}

function debianLike() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && found('apt-get');
}

function missingPackages(names) {
  const { stdout } = spawnSync('dpkg-query', ['-W', `-f=\${db:Status-Abbrev}\${Package}\n`, ...names], {
    encoding: 'utf8',
  });
  return names.filter((name) => !stdout.split('\n').includes(`ii ${name}`));
}

/** Installs the Debian packages that are missing, after naming them. */
export function providePackages(...groups) {
  const names = [...new Set(groups.flatMap((group) => PACKAGES[group]))];
  if (process.platform !== 'linux' || !debianLike()) {
    refuse('this is neither Debian nor Ubuntu: nothing is installed here by itself.', ELSEWHERE);
  }
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  say(`installing Debian packages: ${missing.join(' ')}`);
  if (missing.includes('openssh-server'))
    say('(the tests start an sshd of their own on loopback; your own is not used)');
  const apt = (...args) =>
    must(...asRoot('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args], 'apt-get'));
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...missing);
}

/** True when a Docker engine answers: the one of DOCKER_HOST, or on the default socket. */
function engineAnswers() {
  if (process.env.DOCKER_HOST) return Promise.resolve(true);
  return new Promise((resolve) => {
    const ping = request({ socketPath: '/var/run/docker.sock', path: '/_ping' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

/** Installs Debian's Docker engine unless one runs or is installed; the role tests start a daemon of their own if none runs. */
export async function provideDocker() {
  if ((await engineAnswers()) || found('dockerd')) return;
  say('no Docker engine answers, and none is installed: the role tests need one');
  providePackages('docker');
}

const newest = (dir) =>
  readdirSync(join(root, dir), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (time, entry) => Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
      0,
    );

const timeOf = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0);

/** Whether node_modules has what the lock file says, as npm noted it there. */
function npmPackagesAreThere() {
  const note = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(note)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const present = packagesOf(note);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  );
}

/** Installs the npm packages that the lock file wants, and builds when a source is newer than dist. */
export function provideBuild() {
  if (!npmPackagesAreThere()) {
    say('installing npm packages: npm ci');
    must('npm', ['ci', '--no-audit', '--no-fund']);
  }
  const sources = ['src', 'roles', 'playbooks'].filter((dir) => existsSync(join(root, dir)));
  const built = timeOf('dist/src/cli/main.js');
  if (built > 0 && sources.every((dir) => newest(dir) <= newest('dist'))) return;
  say('building: npm run build');
  must('npm', ['run', '--silent', 'build']);
}
