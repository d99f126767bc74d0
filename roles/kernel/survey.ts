import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import {
  explainHost,
  PUBLISHED,
  parseKernelVersion,
  type RebuildProfile,
  runningKernel,
} from '../../src/kernel/index.js';
import { observedText } from '../../src/resources/observed.js';
import { type Sh, sh, shLines } from '../../src/shell/index.js';
import { noParams } from '../noParams.js';

export default defineRole({
  name: 'kernelSurvey',
  description: 'finds out which hosts need another kernel, and what its configuration begins with',
  params: noParams,
  appliesTo: ({ kernel }) => kernel?.rebuild === true,
  resources({ cluster, host, facts }) {
    const profile = rebuildProfile(cluster, host, facts);
    return profile?.build.base === 'running' ? [configuration(host, facts)] : [];
  },
  publish({ cluster, host, facts }): Readonly<Record<string, Sh>> {
    const profile = rebuildProfile(cluster, host, facts);
    if (!profile) return {};
    return {
      [PUBLISHED.profile]: sh`echo ${profile.id}`,
      ...(profile.build.base === 'running' && {
        [PUBLISHED.config]: configScript(facts, { plain: sh`cat "$f"`, packed: sh`gzip -dc < "$f"` }),
      }),
    };
  },
  artifacts: ({ cluster, host, facts }) => rebuildProfile(cluster, host, facts)?.artifacts ?? [],
  remarks({ cluster, host, facts }) {
    const { ipvs, arp } = explainHost(cluster, host, facts);
    return [ipvs, arp].flatMap(({ needed, part, decision }) => {
      if (!needed || decision.kind !== 'rebuild') return [];
      if (runningKernel(facts).version?.origin === 'own')
        return [
          `Linux ${facts.kernel.release} was built by lvsctl, and yet it will not do as ${part} (${decision.reasons[0]}): boot the distribution's kernel to have another one built`,
        ];
      return [`${part}: ${decision.summary}, since ${decision.reasons[0]}`];
    });
  },
});

/** The kernel that the host's part in the cluster asks for, where the running one will not do. Who runs one of ours wants nothing. */
function rebuildProfile(cluster: Cluster, host: ClusterHost, facts: Facts): RebuildProfile | undefined {
  if (runningKernel(facts).version?.origin === 'own') return undefined;
  const { ipvs, arp } = explainHost(cluster, host, facts);
  for (const { needed, decision } of [ipvs, arp])
    if (needed && decision.kind === 'rebuild') return decision.profile;
  return undefined;
}

/** Nothing to change: a place where the configuration must be found. */
function configuration(host: ClusterHost, facts: Facts): Resource {
  const id = 'kernel configuration';
  const { release } = facts.kernel;
  return {
    id,
    probe: configScript(facts, { plain: sh`echo "$f"`, packed: sh`echo "$f"` }),
    plan(observed) {
      if (observedText(id, observed).trim() !== '') return undefined;
      throw new LvsctlError(
        `the configuration of Linux ${release} is not on ${host.name}, and the new kernel's would begin with it: ` +
          `there is neither /boot/config-${release}, nor /proc/config.gz, nor a fitting file in /usr/src/linux-2.4*/configs`,
        {
          resource: id,
          hint:
            `put it there as /boot/config-${release} (the packages kernel and kernel-source of the distribution have it), ` +
            "or name a kernel of your own that begins elsewhere (kernelProfiles, base: 'defconfig')",
        },
      );
    },
  };
}

/**
 * Looks for the running kernel's configuration, and runs one of two scripts for the first that can be read, with its path in `$f`.
 * Red Hat's kernel-source has one for each of its builds: configs/kernel-2.4.20-i686-smp.config.
 */
function configScript(
  { kernel: { release, machine } }: Facts,
  { plain, packed }: { readonly plain: Sh; readonly packed: Sh },
): Sh {
  const version = parseKernelVersion(release);
  const flavour = version?.vendor?.flavour ? `-${version.vendor.flavour}` : '';
  const names = [...new Set([machine, 'i686', 'i386'])].map(
    (each) => `kernel-${version?.numbers.join('.') ?? release}-${each}${flavour}.config`,
  );
  return shLines(
    sh`f=${`/boot/config-${release}`}; if [ -r "$f" ]; then ${plain}; exit; fi`,
    sh`f=/proc/config.gz; if [ -s "$f" ]; then ${packed}; exit; fi`,
    sh`for n in ${names}; do for f in /usr/src/linux-2.4*/configs/"$n"; do if [ -r "$f" ]; then ${plain}; exit; fi; done; done; :`,
  );
}
