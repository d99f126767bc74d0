import type { Facts } from '../../../src/engine/facts.js';
import type { Change, Resource } from '../../../src/engine/resource.js';
import { LvsctlError } from '../../../src/errors.js';
import { type PackageNames, packages } from '../../../src/resources/index.js';
import { observedLines } from '../../../src/resources/observed.js';
import { type Sh, sh, shLines } from '../../../src/shell/index.js';
import { megabytes } from '../megabytes.js';
import { type Build, prelude, unpacking } from './build.js';
import { BUNDLED, doneTest, stepId, unlessBundled } from './step.js';

const PACKAGES = 'kernel build tools';

/** What a build needs, by the package manager where there is one that lvsctl knows; else it is only looked for. */
export function buildTools(builds: readonly Build[], facts: Facts): Resource[] {
  if (facts.packageManager === undefined || builds.length === 0) return [];
  const newer = builds.some(({ bundle }) => bundle.profile.build.flavour === '2.6');
  const ofMachine = builds.some(
    ({ bundle: { profile } }) => profile.build.flavour === '2.6' && profile.build.arch !== 'um',
  );
  const packed = (ending: RegExp) => builds.some(({ parts }) => parts.some(({ file }) => ending.test(file)));
  const names: PackageNames[] = [
    { default: 'gcc' },
    { default: 'make' },
    { default: 'patch' },
    { apt: 'libc6-dev', apk: 'musl-dev', pacman: 'glibc', default: 'glibc-devel' },
    ...(packed(/bz2$/) ? [{ default: 'bzip2' }] : []),
    ...(packed(/xz$/) ? [{ apt: 'xz-utils', default: 'xz' }] : []),
    ...(newer ? ['bc', 'flex', 'bison', 'perl', 'kmod', 'cpio'].map((each) => ({ default: each })) : []),
    ...(ofMachine
      ? [
          {
            apt: 'libelf-dev',
            apk: 'elfutils-dev',
            pacman: 'libelf',
            zypper: 'libelf-devel',
            default: 'elfutils-libelf-devel',
          },
          {
            apt: 'libssl-dev',
            apk: 'openssl-dev',
            pacman: 'openssl',
            zypper: 'libopenssl-devel',
            default: 'openssl-devel',
          },
        ]
      : []),
  ];
  return [packages({ name: PACKAGES, packages: names, facts })];
}

/** Seconds by which a host's clock may differ: files made before a correction would lie in the future after it, or the other way round. */
const CLOCK = 24 * 60 * 60;

/** gcc that is known to build Linux 2.4: 2.95 is what it asks for, 3.4 the last that its later releases were mended for. */
const compilerFor24 = (version: string): boolean => /^(2\.9[5-9]|3\.[0-4])(\.|$)/.test(version);

/**
 * All that a build would fail by after an hour, looked at before it begins. Nothing to change: what is missing is the operator's.
 * @param now seconds since 1970 on this machine
 */
export function requirements(build: Build, facts: Facts, now: () => number): Resource {
  const id = stepId(build, 'requirements');
  const { bundle, parts } = build;
  const { profile } = bundle;
  const sizes = parts.map(({ stored }) => stored?.size ?? 0);
  const tools = [
    'gcc',
    'make',
    'ld',
    'tar',
    'awk',
    'find',
    'depmod',
    'gzip',
    ...(parts.some(({ kind }) => kind === 'patch' || kind === 'ipvs') ? ['patch'] : []),
    ...(parts.some(({ file }) => /bz2$/.test(file)) ? ['bzip2'] : []),
    ...(parts.some(({ file }) => /xz$/.test(file)) ? ['xz'] : []),
  ];
  const probe = shLines(
    prelude,
    unlessBundled(build),
    sh`for t in ${tools}; do command -v "$t" > /dev/null 2>&1 || echo "missing $t"; done`,
    sh`v=$(gcc -dumpversion 2>/dev/null) && echo "gcc $v"`,
    sh`d=/usr/src; [ -d "$d" ] || d=/usr; set -- $(df -kP "$d" | tail -n 1); echo "free $4"`,
    sh`if ${doneTest(build, 'unpack')}; then echo unpacked; fi; :`,
  );
  return {
    id,
    probe,
    plan(observed, { changing }): Change | undefined {
      const lines = observedLines(id, observed);
      if (lines[0] === BUNDLED) return undefined;
      const value = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
      const lacking = lines.flatMap((line) =>
        line.startsWith('missing ') ? [line.slice('missing '.length)] : [],
      );
      const room = roomProblem(
        Number(value('free') ?? 0) * 1024,
        roomFor(build, sizes, lines.includes('unpacked')),
      );
      const clock = clockProblem(facts.epochSeconds, now());
      const toolsChange = changing.has(`packages ${PACKAGES}`);
      const problems = [
        ...(toolsChange ? [] : toolProblems(lacking, value('gcc'), build)),
        ...(room ? [room] : []),
        ...(clock ? [clock] : []),
      ];
      if (problems.length === 0 && toolsChange)
        return {
          summary: 'see that the tools are such as build it',
          apply: shLines(prelude, unpacking, toolCheck(tools, profile.own === true)),
        };
      if (problems.length === 0) return undefined;
      throw new LvsctlError(
        `Linux ${profile.kernel} can't be built here: ${problems.map(({ message }) => message).join('; ')}`,
        { resource: id, hint: problems.map(({ hint }) => hint).join('; ') },
      );
    },
  };
}

/** The same judgement, once the package manager has done its part. */
function toolCheck(tools: readonly string[], own: boolean): Sh {
  return shLines(
    sh`lacking=; for t in ${tools}; do command -v "$t" > /dev/null 2>&1 || lacking="$lacking $t"; done`,
    sh`[ -z "$lacking" ] || fail "these are not there, though packages were installed:$lacking" 'way out: install them by hand'`,
    own
      ? undefined
      : sh`case $(gcc -dumpversion) in 2.9[5-9]*|3.[0-4]|3.[0-4].*) ;; *) fail "gcc is $(gcc -dumpversion), and Linux 2.4 is known to be built by gcc 2.95 to 3.4" ${`way out: ${OLD_BUILD_HOST}`} ;; esac`,
  );
}

const OLD_BUILD_HOST =
  'name a build host of its time (kernel.buildHost), a Red Hat 9 for one, which has gcc 3.2.2';

interface Problem {
  readonly message: string;
  readonly hint: string;
}

function toolProblems(
  lacking: readonly string[],
  compiler: string | undefined,
  { bundle }: Build,
): Problem[] {
  const problems: Problem[] = [];
  if (lacking.length > 0)
    problems.push({
      message: `${lacking.join(', ')} ${lacking.length > 1 ? 'are' : 'is'} not there`,
      hint: 'install what is missing (Red Hat 9: gcc, make, patch, modutils and glibc-devel from its CDs), or name another build host (kernel.buildHost)',
    });
  // What a kernel of the inventory's own takes, its owner knows.
  if (compiler !== undefined && !bundle.profile.own && !compilerFor24(compiler))
    problems.push({
      message: `gcc is ${compiler}, and Linux 2.4 is known to be built by gcc 2.95 to 3.4`,
      hint: OLD_BUILD_HOST,
    });
  return problems;
}

/** Bytes for logs, and for what else goes on there. */
const MARGIN = 1_000_000;

/** A tree of 2.4 unpacked and built is some twelve times its tarball; xz packs better, and later kernels make more of it. */
function roomFor({ parts, bundle }: Build, sizes: readonly number[], unpacked: boolean): number {
  const source = parts.find(({ kind }) => kind === 'source');
  const packed = sizes.reduce((sum, size) => sum + size, 0);
  const guess = bundle.profile.build.flavour === '2.4' ? 28_000_000 : 140_000_000;
  const tree = (source?.stored?.size ?? guess) * (/xz$/.test(source?.file ?? '') ? 15 : 12);
  return MARGIN + (unpacked ? tree / 3 : tree + packed);
}

function roomProblem(free: number, needed: number): Problem | undefined {
  if (free >= needed) return undefined;
  return {
    message: `/usr/src has ${megabytes(free)} free, and ${megabytes(needed)} are needed`,
    hint: 'make room there (trees of earlier builds are /usr/src/linux-*-lvs*), or make /usr/src a link to where there is some',
  };
}

function clockProblem(theirs: number, ours: number): Problem | undefined {
  if (Math.abs(theirs - ours) <= CLOCK) return undefined;
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  return {
    message: `its clock says ${day(theirs)}, this machine's ${day(ours)}: make goes by the times of files`,
    hint: 'set the clock there (date, ntpdate, hwclock --systohc)',
  };
}
