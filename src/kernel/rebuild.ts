import type { KernelSettings } from '../inventory/cluster.js';
import type { Way } from './decision.js';
import { DEFAULT_PROFILE, PROFILES, type RebuildProfile } from './profiles.js';
import type { RunningKernel } from './running-kernel.js';

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

/** Never without the operator's word, and only for systems of the 2.4 era: newer ones would not run on these kernels. */
export function rebuildVerdict(
  kernel: RunningKernel,
  settings: Partial<KernelSettings> = {},
): RebuildVerdict {
  const refused = (reason: string, hint: string, offered = false) =>
    ({ possible: false, reason, hint, offered }) as const;
  if (kernel.container)
    return refused(
      'this is a container: its kernel is that of the machine it runs on',
      'see to the kernel of the machine that runs the container',
    );
  if (!kernel.version)
    return refused(kernel.description, 'see that this is a Linux, and /proc is mounted there');
  if (kernel.version.series !== '2.4')
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
  const { profile = DEFAULT_PROFILE } = settings;
  const found = Object.values(PROFILES).find(({ id }) => id === profile);
  if (!found)
    return refused(
      `there is no kernel profile ${JSON.stringify(profile)}`,
      `name one of ${Object.keys(PROFILES).join(', ')}`,
    );
  return { possible: true, profile: found };
}

/** The decision to rebuild. */
export interface Rebuild {
  readonly kind: 'rebuild';
  readonly profile: RebuildProfile;
}

/**
 * Both profiles as ways; possible is the chosen one alone.
 * @param needless says why a rebuild is not needed, where it is not
 * @param gains what the new kernel brings here
 * @param cautions what is open, beside the profile's drawbacks
 */
export function rebuildWays(
  verdict: RebuildVerdict,
  settings: Partial<KernelSettings>,
  needless: string | undefined,
  gains: (profile: RebuildProfile) => readonly string[],
  cautions: (profile: RebuildProfile) => readonly string[] = () => [],
): Way<Rebuild>[] {
  const wanted = settings.profile ?? DEFAULT_PROFILE;
  const inOrder =
    wanted === 'safer' ? [PROFILES.safer, PROFILES.tutorial] : [PROFILES.tutorial, PROFILES.safer];
  return inOrder.map((profile) => ({
    way: `rebuild: ${profile.title} (profile ${profile.id})`,
    possible: verdict.possible && verdict.profile === profile && needless === undefined,
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
