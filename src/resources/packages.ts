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
  readonly facts: Facts;
}

/** Installed packages: one change for all that are missing. The probe asks the local database, never the network. */
export function packages(options: PackagesOptions): Resource {
  const id = `packages ${options.name}`;
  const manager = options.facts.packageManager;
  if (manager === undefined)
    throw new LvsctlError(`no package manager that lvsctl knows (${managers.join(', ')}) is there`, {
      resource: id,
      hint: `install by hand: ${options.packages.map((one) => one.default ?? Object.values(one)[0]).join(', ')}`,
    });
  const names = options.packages.map((one) => nameFor(one, manager, id));
  return {
    id,
    probe: probes[manager](names),
    plan(observed): Change | undefined {
      const present = installed(id, manager, observed);
      const missing = names.filter((name) => !present.has(name));
      if (missing.length === 0) return undefined;
      return {
        summary: `install ${missing.join(', ')} with ${manager}`,
        diff: missing.map((name) => `+ ${name}\n`).join(''),
        apply: installers[manager](missing),
      };
    },
  };
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
