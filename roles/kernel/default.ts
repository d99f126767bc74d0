import type { Facts } from '../../src/engine/facts.js';
import type { Change, Resource } from '../../src/engine/resource.js';
import { titleOf } from '../../src/kernel/boot/index.js';
import { sh, shLines } from '../../src/shell/index.js';
import { bootStateProbe } from './boot-state.js';
import { menuOf, writing } from './entry.js';
import { trialMark } from './paths.js';
import { trialId } from './trial.js';

/** A proven kernel is what boots from now on, and its trial is over. */
export function defaultKernel(release: string, facts: Facts): Resource {
  const id = `kernel ${release} is the default`;
  return {
    id,
    probe: shLines(
      sh`if [ -r ${trialMark} ]; then while read -r word rest; do [ "$word $rest" = ${`release ${release}`} ] && echo 'trial open'; done < ${trialMark}; fi`,
      bootStateProbe(facts),
    ),
    plan(observed, { changing, written: before }): Change | undefined {
      // The job ends with the reboot; what this comes to is planned anew by what the new kernel shows.
      if (changing.has(trialId(release)))
        return {
          summary: `make ${release} the default, once it has shown that it is sound`,
          apply: sh`echo 'the new kernel was to be booted first' >&2; exit 1`,
        };
      const { menu } = menuOf(id, observed, facts, before);
      const open = /^trial open$/m.test(observed.stdout);
      // Without an entry of ours it was booted in some other way, which is not ours to change.
      const entered = menu.hasEntry(release);
      const chosen = !entered || menu.isDefault(release);
      const known = !entered || !menu.stale(release);
      if (chosen && known && !open) return undefined;
      const text = menu.text ?? '';
      const written =
        chosen && known ? undefined : writing(menu, chosen ? text : menu.withDefault(text, release));
      return {
        ...written,
        summary: written
          ? `make "${titleOf(release)}" the default in ${menu.path} (${menu.loader})`
          : `end the trial of ${release}`,
        apply: shLines(
          // modprobe -n has only looked for its file.
          facts.ipvs.available && !facts.ipvs.loaded && sh`modprobe ip_vs`,
          // Before the default: a guard that strikes now brings the old kernel back, and all begins anew.
          sh`rm -f ${trialMark}`,
          written?.apply,
        ),
      };
    },
  };
}
