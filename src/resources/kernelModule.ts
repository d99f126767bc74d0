import type { Change, Resource } from '../engine/resource.js';
import { sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

/** A kernel module that is loaded now, or built in. What loads it at boot is {@link modulesAtBoot}. */
export function kernelModule(name: string): Resource {
  const id = `module ${name}`;
  // /sys/module and /proc/modules write an underscore where the file's name may have a hyphen.
  const loaded = name.replaceAll('-', '_');
  return {
    id,
    probe: shLines(
      sh`if [ -d ${`/sys/module/${loaded}`} ]; then echo loaded; exit 0; fi`,
      sh`if [ -r /proc/modules ]; then while read -r m rest; do [ "$m" = ${loaded} ] && { echo loaded; exit 0; }; done < /proc/modules; fi`,
      sh`read -r release < /proc/sys/kernel/osrelease`,
      sh`b=/lib/modules/$release/modules.builtin`,
      sh`if [ -r "$b" ]; then while read -r m; do case $m in */${`${name}.ko`}) echo builtin; exit 0 ;; esac; done < "$b"; fi`,
      sh`echo absent`,
    ),
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() !== 'absent') return undefined;
      return { summary: `load the module ${name}`, apply: sh`modprobe ${name}` };
    },
  };
}
