import type { Facts } from '../../src/engine/facts.js';
import type { Change, Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import { runningKernel } from '../../src/kernel/index.js';
import { observedText } from '../../src/resources/observed.js';
import { type Sh, sh, shLines } from '../../src/shell/index.js';
import { kernelPaths } from '../kernel/paths.js';

/** Where the bundle of the kernel that runs keeps what was built against it; undefined for a kernel that lvsctl did not build. */
export function ownProgram(facts: Facts): string | undefined {
  if (runningKernel(facts).version?.origin !== 'own') return undefined;
  return `${kernelPaths(facts.kernel.release, facts).bundle}/sbin`;
}

const PROGRAMS = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

/** Sh that puts these programs into /sbin, each whole or not at all. */
export function installPrograms(folder: string | Sh): Sh {
  return sh`for f in ${PROGRAMS}; do [ -f ${folder}/"$f" ] || continue; cp ${folder}/"$f" /sbin/"$f.lvsctl-new"; chmod 0755 /sbin/"$f.lvsctl-new"; mv -f /sbin/"$f.lvsctl-new" /sbin/"$f"; done`;
}

/**
 * The ipvsadm that came with the kernel, in /sbin. A bundle without one leaves it to `otherwise`: that a package, or somebody, has
 * put it there.
 */
export function ipvsadmOfKernel(folder: string, facts: Facts, otherwise: Resource | undefined): Resource {
  const id = 'ipvsadm of the kernel';
  return {
    id,
    probe: shLines(
      sh`if [ -x ${folder}/ipvsadm ]; then if cmp -s ${folder}/ipvsadm /sbin/ipvsadm; then echo bundle same; else echo bundle other; fi; exit 0; fi`,
      otherwise?.probe ?? sh`command -v ipvsadm || :`,
    ),
    plan(observed, context): Change | undefined {
      const text = observedText(id, observed);
      if (text.startsWith('bundle same')) return undefined;
      if (text.startsWith('bundle other'))
        return {
          summary: `install the ipvsadm that was built with Linux ${facts.kernel.release}`,
          apply: installPrograms(folder),
        };
      if (otherwise) return otherwise.plan(observed, context);
      if (text.trim() !== '' || context.changing.size > 0) return undefined;
      throw new LvsctlError(`there is no ipvsadm, and none came with Linux ${facts.kernel.release}`, {
        resource: id,
        hint: 'name a source of ipvsadm in the profile of the kernel (kernelProfiles), or install one by hand',
      });
    },
  };
}
