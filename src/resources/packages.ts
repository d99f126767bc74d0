import type { Facts } from '../engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

export type PackageManager = NonNullable<Facts['packageManager']>;

/** Names of one package by package manager; `default` where it has the same name everywhere else. */
export type PackageNames = Partial<Record<PackageManager, string>> & { readonly default?: string };

export interface PackagesOptions {
  /** What for, one word: names the resource. */
  readonly name: string;
  readonly packages: readonly PackageNames[];
  /**
   * What they are for: where all of these commands are there, whoever put them there, packages that the database does not know at all
   * are not installed; those that stopped half-way are.
   */
  readonly commands?: readonly string[];
  readonly facts: Facts;
}

/**
 * Installed packages: one change for all that are missing. The probe asks the local database, never the network. A host without a
 * package manager (Red Hat 9) must have the commands already.
 */
export function packages(options: PackagesOptions): Resource {
  const { commands = [], facts } = options;
  const id = `packages ${options.name}`;
  const manager = facts.packageManager;
  if (manager === undefined) return installedByHand(id, options);
  const names = options.packages.map((one) => nameFor(one, manager, id));
  return {
    id,
    probe: shLines(commands.length > 0 && commandsProbe(commands), probes[manager](names)),
    plan(observed): Change | undefined {
      const present = installed(id, manager, observed);
      const missing = names.filter((name) => !present.has(name));
      if (missing.length === 0) return undefined;
      const served = commands.length > 0 && missingCommands(id, observed).length === 0;
      if (served && !stoppedHalfWay(observed)) return undefined;
      return {
        summary: `install ${missing.join(', ')} with ${manager}`,
        diff: missing.map((name) => `+ ${name}\n`).join(''),
        apply: installers[manager](missing),
      };
    },
  };
}

function installedByHand(id: string, options: PackagesOptions): Resource {
  const { commands = [] } = options;
  const names = options.packages.map((one) => one.default ?? Object.values(one)[0]).join(', ');
  const refuse = (what: string): LvsctlError =>
    new LvsctlError(`${what}, and no package manager that lvsctl knows (${managers.join(', ')}) is there`, {
      resource: id,
      hint: `install by hand: ${names}${options.facts.commands.has('rpm') ? ' (by rpm -i, from the CDs of the system)' : ''}`,
    });
  if (commands.length === 0) throw refuse(`${names} is wanted`);
  return {
    id,
    probe: commandsProbe(commands),
    plan(observed): undefined {
      const missing = missingCommands(id, observed);
      if (missing.length > 0) throw refuse(`the command ${missing.join(', ')} is missing`);
    },
  };
}

const missingMark = 'missing: ';

function commandsProbe(commands: readonly string[]): Sh {
  return shLines(
    sh`missing=; for c in ${commands}; do command -v "$c" >/dev/null 2>&1 || missing="$missing $c"; done`,
    sh`echo ${missingMark}"$missing"`,
  );
}

function missingCommands(id: string, observed: ProbeOutput): string[] {
  const [first = ''] = observedText(id, observed).split('\n');
  return first
    .slice(missingMark.length)
    .trim()
    .split(' ')
    .filter((name) => name !== '');
}

const managers = ['apt', 'dnf', 'yum', 'zypper', 'apk', 'pacman'] as const;

function nameFor(one: PackageNames, manager: PackageManager, id: string): string {
  const name = one[manager] ?? one.default;
  if (name === undefined)
    throw new LvsctlError(`${id}: not known under which name ${manager} has it`, {
      resource: id,
      hint: 'install it by hand, or teach the role its name',
    });
  return name;
}

/** dpkg's words for a package whose files are there, in part or whole, but which is not installed. */
function stoppedHalfWay(observed: ProbeOutput): boolean {
  return /^\S+ \S+ (half-installed|unpacked|half-configured|triggers-\w+) /m.test(observed.stdout);
}

const rpmProbe = (names: readonly string[]): Sh =>
  sh`LC_ALL=C rpm -q --qf ${'%{NAME}\\n'} ${names} 2>/dev/null; :`;

const probes: Record<PackageManager, (names: readonly string[]) => Sh> = {
  apt: (names) => sh`dpkg-query -W -f ${`\${Status} \${Package}\\n`} ${names} 2>/dev/null; :`,
  dnf: rpmProbe,
  yum: rpmProbe,
  zypper: rpmProbe,
  apk: (names) => sh`apk info -e ${names} 2>/dev/null; :`,
  pacman: (names) => sh`pacman -Q ${names} 2>/dev/null; :`,
};

function installed(id: string, manager: PackageManager, observed: ProbeOutput): Set<string> {
  const lines = observedText(id, observed).split('\n');
  return new Set(
    lines.flatMap((line) => {
      if (manager === 'apt') return /^\S+ ok installed (\S+)$/.exec(line)?.[1] ?? [];
      if (manager === 'pacman') return line.split(' ')[0] ?? [];
      return line.includes(' ') ? [] : line;
    }),
  );
}

const aptOptions = [
  // Waits for unattended-upgrades and the like; ignored by apt before 1.9.11, for which the loop below waits.
  '-o',
  'DPkg::Lock::Timeout=600',
  '-o',
  'Dpkg::Options::=--force-confdef',
  // A configuration that lvsctl wrote before the package came stays.
  '-o',
  'Dpkg::Options::=--force-confold',
];

const installers: Record<PackageManager, (names: readonly string[]) => Sh> = {
  apt: (names) =>
    shLines(
      sh`DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND`,
      sh`n=0; while command -v fuser >/dev/null 2>&1 && fuser /var/lib/dpkg/lock >/dev/null 2>&1 && [ $n -lt 300 ]; do n=$((n+1)); sleep 2; done`,
      sh`get() { apt-get -y ${aptOptions} "$@"; }`,
      // The present lists first: most of the time they know the package, and the network is spared.
      sh`if ! get install --no-install-recommends ${names}; then`,
      sh`  echo 'not with the present package lists: fetching new ones' >&2`,
      // An install that was cut off blocks every other; where that is not it, this does nothing.
      sh`  dpkg --configure -a --force-confdef --force-confold || :`,
      sh`  n=0; until get update; do n=$((n+1)); [ $n -lt 5 ] || exit 1; sleep 3; done`,
      sh`  get install --no-install-recommends ${names}`,
      sh`fi`,
    ),
  dnf: (names) => sh`dnf -y install ${names}`,
  yum: (names) => sh`yum -y install ${names}`,
  zypper: (names) => sh`zypper --non-interactive install --no-recommends ${names}`,
  apk: (names) => sh`apk add ${names} || { apk update && apk add ${names}; }`,
  pacman: (names) => sh`pacman -S --noconfirm --needed ${names} || pacman -Sy --noconfirm --needed ${names}`,
};
