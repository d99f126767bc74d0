import type { KernelSettings } from '../inventory/cluster.js';
import type { Way } from './decision.js';
import { type ProfileSource, profileNamed } from './own-profile.js';
import { DEFAULT_PROFILE, PROFILES, type RebuildProfile } from './profiles.js';
import type { RunningKernel } from './running-kernel.js';
import { parseKernelVersion } from './version.js';

/** What the inventory says of a host's kernel, and the kernels of its own. */
export type RebuildSettings = Partial<KernelSettings> & ProfileSource;

/** Whether lvsctl may and can build a kernel for a host, apart from whether one is needed. */
export type RebuildVerdict =
  | { readonly possible: true; readonly profile: RebuildProfile }
  | {
      readonly possible: false;
      readonly reason: string;
      readonly hint: string;
      /** Only the operator's word is missing. */
      readonly offered: boolean;
    };

const FULL_KERNEL =
  "install the distribution's full kernel (those for clouds and small systems leave parts out), and reboot";

/** Never without the operator's word; and kernels of the 2.4 line only for systems of their era: newer ones would not run on them. */
export function rebuildVerdict(kernel: RunningKernel, settings: RebuildSettings = {}): RebuildVerdict {
  const refused = (reason: string, hint: string, offered = false) =>
    ({ possible: false, reason, hint, offered }) as const;
  if (kernel.container)
    return refused(
      'this is a container: its kernel is that of the machine it runs on',
      'see to the kernel of the machine that runs the container',
    );
  if (!kernel.version)
    return refused(kernel.description, 'see that this is a Linux, and /proc is mounted there');
  const { profile = DEFAULT_PROFILE } = settings;
  const found = profileNamed(profile, settings);
  if (kernel.version.series !== '2.4' && (!found || parseKernelVersion(found.kernel)?.series === '2.4'))
    return refused(
      `the kernels that lvsctl builds are of the 2.4 line, and a system around ${kernel.name} would not run on one`,
      FULL_KERNEL,
    );
  if (settings.rebuild !== true)
    return refused(
      'the inventory does not allow a rebuild (kernel.rebuild is not true)',
      `kernel: { rebuild: true } in the inventory, for this host, its group or all, lets lvsctl build ${PROFILES.safer.title}; ` +
        `with profile: 'tutorial', ${PROFILES.tutorial.title}`,
      true,
    );
  if (!found)
    return refused(
      `there is no kernel profile ${JSON.stringify(profile)}`,
      `name one of ${[...Object.keys(PROFILES), ...Object.keys(settings.kernelProfiles ?? {})].join(', ')}`,
    );
  return { possible: true, profile: found };
}

/** The decision to rebuild. */
export interface Rebuild {
  readonly kind: 'rebuild';
  readonly profile: RebuildProfile;
}

/**
 * All profiles as ways, the chosen one first; possible is that one alone.
 * @param needless says why a rebuild is not needed, where it is not
 * @param gains what the new kernel brings here
 * @param cautions what is open, beside the profile's drawbacks
 */
export function rebuildWays(
  verdict: RebuildVerdict,
  settings: RebuildSettings,
  needless: string | undefined,
  gains: (profile: RebuildProfile) => readonly string[],
  cautions: (profile: RebuildProfile) => readonly string[] = () => [],
): Way<Rebuild>[] {
  const wanted = settings.profile ?? DEFAULT_PROFILE;
  const names = [...Object.keys(PROFILES), ...Object.keys(settings.kernelProfiles ?? {})];
  const all = names.map((name) => profileNamed(name, settings)).filter((each) => each !== undefined);
  const inOrder = [...all.filter(({ id }) => id === wanted), ...all.filter(({ id }) => id !== wanted)];
  return inOrder.map((profile) => ({
    way: `rebuild: ${profile.title} (profile ${profile.id})`,
    possible: verdict.possible && verdict.profile.id === profile.id && needless === undefined,
    whyNot:
      needless ??
      (verdict.possible
        ? `the profile chosen is ${verdict.profile.id}${settings.profile ? '' : ', the default'}; ${remarks(profile)}`
        : verdict.offered
          ? `kernel.rebuild is not true; ${remarks(profile)}`
          : verdict.reason),
    decided: { kind: 'rebuild', profile },
    summary: `build and boot ${profile.title} (profile ${profile.id})`,
    reasons: [...gains(profile), 'kernel.rebuild is true in the inventory'],
    cautions: [...profile.drawbacks, ...cautions(profile)],
  }));
}

const remarks = ({ advantages, drawbacks }: RebuildProfile) =>
  `for it: ${advantages.join('; ')}. Against it: ${drawbacks.join('; ')}`;
