import type { Resource } from '../../src/engine/resource.js';
import { defineRole, type RoleInput } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import {
  buildHostOf,
  parseKernelVersion,
  type RebuildProfile,
  wantedKernel,
} from '../../src/kernel/index.js';
import { noParams } from '../noParams.js';
import { loaderWishes } from './boot-state.js';
import { kernelCheck, TOOLS } from './checks.js';
import { defaultKernel } from './default.js';
import { bootEntry, initrd } from './entry.js';
import { kernelGuard } from './guard.js';
import { type Bundle, kernelFiles } from './install.js';
import { type KernelPaths, kernelPaths } from './paths.js';
import { runningTrial, trial } from './trial.js';

/** What is asked of a host: a kernel to install, boot once and keep; or, on one that runs such a kernel, to finish what was begun. */
export default defineRole({
  name: 'kernel',
  description:
    'installs a kernel that lvsctl has built, boots it once, and makes it the default when it is proven',
  params: noParams,
  wants: {
    commands: [...TOOLS, ...loaderWishes.commands, 'ip', 'mkinitrd', 'mkinitramfs', 'dracut'],
    paths: [...loaderWishes.paths, '/etc/debian_version', '/etc/SuSE-release'],
  },
  appliesTo: ({ kernel }) => kernel?.rebuild === true,
  /** None of its own; it reads what was built from the store. */
  artifacts: () => [],
  resources(input) {
    const { host, facts } = input;
    const wanted = wantedKernel(host, input);
    if (wanted)
      return installed(input, kernelPaths(wanted.release, facts), wanted.profile, bundleOf(wanted, input));
    const { release } = facts.kernel;
    if (parseKernelVersion(release)?.origin !== 'own') return [];
    return [runningTrial(host, facts), defaultKernel(release, facts)];
  },
  remarks(input) {
    const { host, facts } = input;
    const wanted = wantedKernel(host, input);
    if (!wanted || facts.kernel.release === wanted.release) return [];
    return [
      `${facts.kernel.release} stays the default, and ${host.name} comes back to it, until ${wanted.release} (${wanted.profile.title}) was booted once and found sound`,
    ];
  },
});

function installed(
  { host, facts }: RoleInput<unknown>,
  paths: KernelPaths,
  profile: RebuildProfile,
  bundle: Bundle,
): Resource[] {
  return [
    kernelCheck(paths, bundle, facts),
    ...kernelFiles(paths, bundle),
    initrd(paths, facts),
    bootEntry(paths, facts),
    ...kernelGuard(facts),
    trial(paths, profile, host, facts),
    defaultKernel(paths.release, facts),
  ];
}

/** @throws LvsctlError where it was not built, and will not be in this run */
function bundleOf(
  { name, release }: { name: string; release: string },
  { cluster, host, stored, unready }: RoleInput<unknown>,
): Bundle {
  const buildHost = buildHostOf(cluster, host)?.name ?? host.name;
  const reason = unready.get(buildHost);
  const found = stored.get(name);
  if (!found && reason !== undefined && buildHost !== host.name)
    throw new LvsctlError(
      `${release} can't be installed: ${buildHost} was to build it, and is not ready (${reason})`,
      {
        host: host.name,
        hint: `mend ${buildHost} first, or name another host by kernel.buildHost`,
      },
    );
  return { name, stored: found, buildHost };
}
