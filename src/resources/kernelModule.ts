import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

/**
 * A kernel module that is loaded now, or built in. What loads it at boot is {@link modulesAtBoot}. That the running kernel has none
 * of that name is told by the plan: by modules.dep, and by `modprobe -n`, which loads nothing and also knows aliases.
 * @param wayOut what the operator can do where there is none
 */
export function kernelModule(name: string, wayOut = 'boot a kernel that has it'): Resource {
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
      sh`d=/lib/modules/$release/modules.dep`,
      sh`if [ ! -r "$d" ] || grep -F -e ${`/${name}.ko`} -e ${`/${name}.o:`} "$d" >/dev/null || modprobe -n ${name} >/dev/null 2>&1; then echo absent; else echo "missing $release"; fi`,
    ),
    plan(observed): Change | undefined {
      const [state, release] = observedText(id, observed).trim().split(' ');
      if (state === 'missing')
        throw new LvsctlError(`Linux ${release} has no module ${name}`, { resource: id, hint: wayOut });
      if (state !== 'absent') return undefined;
      return { summary: `load the module ${name}`, apply: sh`modprobe ${name}` };
    },
  };
}
