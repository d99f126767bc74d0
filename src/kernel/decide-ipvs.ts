import type { Facts } from '../engine/facts.js';
import { alternatives, type Explained, firstPossible, type Way } from './decision.js';
import { ipvsReleaseFor, schedulersOf } from './ipvs-releases.js';
import type { RebuildProfile } from './profiles.js';
import {
  type Rebuild,
  type RebuildSettings,
  type RebuildVerdict,
  rebuildVerdict,
  rebuildWays,
} from './rebuild.js';
import { type RunningKernel, runningKernel } from './running-kernel.js';
import { madeFrom } from './version.js';

export interface IpvsOptions extends RebuildSettings {
  /** Schedulers of the services that the host is to direct; those that its IPVS lacks count against it. */
  readonly schedulers?: readonly string[];
}

/** What a director's kernel needs. `nothing`: IPVS runs already. */
export type IpvsDecision = Explained &
  (
    | { readonly kind: 'nothing' }
    | { readonly kind: 'load'; readonly modules: readonly string[] }
    | Rebuild
    | { readonly kind: 'impossible'; readonly hint: string }
  );

type Decided = { kind: 'nothing' } | { kind: 'load'; modules: readonly string[] } | Rebuild;

/**
 * What IPVS needs on a host, from what its kernel shows and then from its version.
 * A rebuild is chosen only where the running kernel will not do, and `rebuild` is true.
 */
export function decideIpvs(facts: Facts, options: IpvsOptions = {}): IpvsDecision {
  const kernel = runningKernel(facts);
  const verdict = rebuildVerdict(kernel, options);
  const lacks = lackingSchedulers(facts, kernel, options.schedulers ?? []);
  const obstacle = loadingObstacle(facts, kernel);
  const ways: Way<Decided>[] = [running(facts, lacks), loading(facts, kernel, lacks, obstacle)];
  const will = ways.some(({ possible }) => possible);
  const needless = will
    ? 'not needed: the running kernel will do'
    : obstacle && 'the running kernel will do, once it is mended';
  const { schedulers = [] } = options;
  ways.push(
    ...rebuildWays(
      verdict,
      options,
      needless,
      (profile) => [...shown(facts, kernel, lacks), brings(profile)],
      (profile) => open(profile, schedulers),
    ),
  );
  return (
    firstPossible(ways) ?? {
      kind: 'impossible',
      ...impossible(facts, kernel, lacks, obstacle, verdict),
      cautions: [],
      alternatives: alternatives(ways),
    }
  );
}

function running(facts: Facts, lacks: Lacking | undefined): Way<Decided> {
  const banner = facts.ipvs.version === undefined ? 'IPVS' : `IPVS ${facts.ipvs.version}`;
  return {
    way: 'use the IPVS that runs',
    possible: facts.ipvs.loaded && !lacks,
    whyNot: facts.ipvs.loaded && lacks ? lacks.reason : 'it is not loaded: there is no /proc/net/ip_vs',
    decided: { kind: 'nothing' },
    summary: `nothing is needed: ${banner} runs`,
    reasons: [`/proc/net/ip_vs is there: ${banner} is built in or loaded`],
  };
}

function loading(
  facts: Facts,
  kernel: RunningKernel,
  lacks: Lacking | undefined,
  obstacle: Obstacle | undefined,
): Way<Decided> {
  const { loaded, available } = facts.ipvs;
  return {
    way: 'load the module ip_vs',
    possible: !loaded && available && !lacks && !obstacle,
    whyNot: loaded
      ? 'it is loaded'
      : (obstacle?.reason ?? (available && lacks ? lacks.reason : 'modprobe finds no module ip_vs')),
    decided: { kind: 'load', modules: ['ip_vs'] },
    summary: 'load the module ip_vs',
    reasons: [`modprobe finds the module ip_vs for ${facts.kernel.release}`, ...versionReasons(kernel)],
    cautions: kernel.container
      ? ['this is a container: where it may not load modules, load ip_vs on the machine that runs it']
      : [],
  };
}

interface Obstacle {
  readonly reason: string;
  readonly hint: string;
}

/** What keeps an IPVS that belongs to the running kernel from being loaded: to be mended, not to be rebuilt for. */
function loadingObstacle(facts: Facts, { name, vendor, container }: RunningKernel): Obstacle | undefined {
  if (facts.ipvs.loaded) return undefined;
  if (facts.kernel.sealed && (facts.ipvs.available || facts.modules.has('ip_vs')))
    return {
      reason: 'the kernel takes no more modules until it boots again (kernel.modules_disabled is 1)',
      hint: 'have ip_vs and its schedulers loaded at boot, before kernel.modules_disabled is set, and reboot',
    };
  if (facts.ipvs.available || container) return undefined;
  if (facts.modules.has('ip_vs'))
    return facts.commands.has('modprobe')
      ? {
          reason: `the module's file is in /lib/modules/${facts.kernel.release}, but modprobe does not find it`,
          hint: 'run `depmod -a` there',
        }
      : {
          reason: `the module's file is in /lib/modules/${facts.kernel.release}, but there is no modprobe`,
          hint: 'install kmod (Red Hat 9 and its time: modutils) there',
        };
  if (vendor && vendor.ipvs !== 'none')
    return {
      reason: `${vendor.name}'s kernel comes with IPVS ${vendor.ipvs.version} as a module, but the file is not there`,
      hint: `install the vendor's package of ${name} again; its modules are not complete`,
    };
  return undefined;
}

interface Lacking {
  readonly names: readonly string[];
  readonly reason: string;
}

/** Schedulers that are known to be absent; those of which nothing is known are left to modprobe. */
function lackingSchedulers(
  facts: Facts,
  kernel: RunningKernel,
  wanted: readonly string[],
): Lacking | undefined {
  const version = ipvsVersion(facts, kernel);
  const known = version === undefined ? undefined : schedulersOf(version);
  if (version === undefined || known === undefined) return undefined;
  const names = wanted.filter((name) => !known.has.includes(name) && !known.unsure.includes(name));
  if (names.length === 0) return undefined;
  return { names, reason: `its IPVS ${version} has no scheduler ${names.join(', ')}` };
}

/** The banner; else, for the module that is there, what the tables say. */
function ipvsVersion(facts: Facts, { version, vendor }: RunningKernel): string | undefined {
  if (facts.ipvs.version !== undefined) return facts.ipvs.version;
  if (!facts.ipvs.available) return undefined;
  if (vendor) return vendor.ipvs === 'none' ? undefined : vendor.ipvs.version;
  const known = version && ipvsReleaseFor(version);
  // Later kernels of the 2.6 line have the same number and more schedulers.
  return known?.from === 'source' && known.last !== undefined ? known.versions[0] : undefined;
}

function brings({ own, ipvs, kernel }: RebuildProfile): string {
  if (own) return `Linux ${kernel} is configured by the inventory`;
  return ipvs === undefined
    ? `Linux ${kernel} has IPVS in its source`
    : `ipvs-${ipvs} is made for Linux ${kernel}`;
}

/** Schedulers that the new kernel may turn out not to have. */
function open({ ipvs }: RebuildProfile, schedulers: readonly string[]): string[] {
  const unsure = ipvs === undefined ? [] : (schedulersOf(ipvs)?.unsure ?? []);
  const names = schedulers.filter((name) => unsure.includes(name));
  if (names.length === 0) return [];
  return [
    `whether ipvs-${ipvs} has the scheduler ${names.join(', ')} is not established: it is looked for in the unpacked source`,
  ];
}

/** Why the running kernel will not do. */
function shown(facts: Facts, kernel: RunningKernel, lacks: Lacking | undefined): string[] {
  const seen = lacks
    ? lacks.reason
    : `the kernel shows no IPVS: there is no /proc/net/ip_vs, and ${facts.commands.has('modprobe') ? 'modprobe finds no module ip_vs' : 'there is no modprobe'}`;
  return [seen, ...versionReasons(kernel)];
}

function versionReasons({ name, version, vendor }: RunningKernel): string[] {
  if (!version) return [];
  if (vendor)
    return [
      vendor.ipvs === 'none'
        ? `${vendor.name}'s kernel comes without IPVS, and the ipvs patches are made for mainline kernels, not for it`
        : `${vendor.name}'s kernel comes with IPVS ${vendor.ipvs.version}`,
    ];
  if (version.origin === 'vendor')
    return madeFrom(version, { first: '2.6.0' })
      ? [
          `IPVS is in the source of Linux since 2.6.0, on which ${name} stands; its maker decides whether to build it`,
        ]
      : [`what the maker of ${name} built is not in lvsctl's tables`];
  const known = ipvsReleaseFor(version);
  if (!known) return [`no IPVS is known for ${name}`];
  if (known.from === 'source')
    return [
      `IPVS is in the source of ${name} (since 2.4.23 and 2.6.0); who built it decides whether it is in the kernel`,
    ];
  const tarballs = known.versions.map((each) => `ipvs-${each}`).join(', ');
  return [
    `IPVS is not in the source of ${name} (it is since 2.4.23); ${tarballs} ${known.versions.length > 1 ? 'are patches' : 'is a patch'} for it`,
  ];
}

function impossible(
  facts: Facts,
  kernel: RunningKernel,
  lacks: Lacking | undefined,
  obstacle: Obstacle | undefined,
  verdict: RebuildVerdict,
): { summary: string; reasons: readonly string[]; hint: string } {
  const reasons = obstacle
    ? [obstacle.reason, ...(kernel.vendor ? [] : versionReasons(kernel))]
    : shown(facts, kernel, lacks);
  const refused = verdict.possible ? undefined : verdict;
  const hints = [];
  if (lacks) hints.push(`choose a scheduler other than ${lacks.names.join(', ')} in the inventory`);
  if (obstacle) hints.push(obstacle.hint);
  else if (kernel.container) hints.push('run `modprobe ip_vs` on the machine that runs the container');
  else if (refused) hints.push(refused.hint);
  return {
    summary: `${kernel.name} can't direct: ${obstacle ? 'its IPVS can not be loaded' : lacks ? lacks.reason : 'it has no IPVS'}`,
    reasons: obstacle || !refused ? reasons : [...reasons, refused.reason],
    hint: hints.join('; or '),
  };
}
