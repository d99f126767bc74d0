import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import { parseKernelVersion } from '../../src/kernel/index.js';
import { observedText } from '../../src/resources/observed.js';
import { sh, shLines } from '../../src/shell/index.js';

/** Where an ipvsadm may be one of another time than its kernel: with packages of today the two fit. */
export function bannerMatters({ kernel, packageManager }: Facts): boolean {
  const version = parseKernelVersion(kernel.release);
  return packageManager === undefined || version?.origin === 'own' || version?.series === '2.4';
}

/**
 * That ipvsadm and the kernel are of one IPVS: `ipvsadm -L -n` begins with the version that it speaks, /proc/net/ip_vs with the kernel's.
 * Nothing to change: looked at when both are there.
 */
export function banner(facts: Facts): Resource {
  const id = 'ipvsadm banner';
  return {
    id,
    probe: shLines(
      // ipvsadm would load the module, and a probe changes nothing.
      sh`if [ ! -r /proc/net/ip_vs ] || ! command -v ipvsadm > /dev/null 2>&1; then exit 0; fi`,
      sh`read -r k < /proc/net/ip_vs; echo "$k"; ipvsadm -L -n 2>&1 | sed -n 1p; :`,
    ),
    plan(observed): undefined {
      const [kernel, program] = observedText(id, observed).split('\n');
      if (!kernel) return undefined;
      const version = (line = '') => /IP Virtual Server version (\d+(?:\.\d+)+)/.exec(line)?.[1];
      if (version(kernel) !== undefined && version(kernel) === version(program)) return undefined;
      throw new LvsctlError(
        `ipvsadm does not speak for this kernel: it says ${JSON.stringify(program ?? '')}, and Linux ${facts.kernel.release} has IPVS ${version(kernel) ?? JSON.stringify(kernel)}`,
        {
          resource: id,
          hint: 'take the old ipvsadm away (see `command -v ipvsadm`), and run lvsctl again: it builds or installs the one that fits',
        },
      );
    },
  };
}
