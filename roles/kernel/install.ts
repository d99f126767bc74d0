import type { Change, Resource } from '../../src/engine/resource.js';
import type { StoredFile } from '../../src/engine/store.js';
import { observedText } from '../../src/resources/observed.js';
import { sh, shLines, trusted } from '../../src/shell/index.js';
import { megabytes } from './megabytes.js';
import { type KernelPaths, roomFunction } from './paths.js';

export interface Bundle {
  /** Its name in the store. */
  readonly name: string;
  /** Undefined: it is not built yet. */
  readonly stored: StoredFile | undefined;
  /** Who builds it. */
  readonly buildHost: string;
}

export const bundleId = ({ release }: KernelPaths) => `kernel ${release} bundle`;
export const modulesId = ({ release }: KernelPaths) => `kernel ${release} modules`;

/** Everything of the kernel but what makes it boot. No file of another release is touched. */
export function kernelFiles(paths: KernelPaths, bundle: Bundle): Resource[] {
  return [unpackedBundle(paths, bundle), modules(paths), bootFiles(paths), depmod(paths)];
}

/** Unpacked under another name and then renamed: half a bundle never has this name. */
function unpackedBundle(paths: KernelPaths, { name, stored, buildHost }: Bundle): Resource {
  const { release, bundle } = paths;
  const id = bundleId(paths);
  const unpacked = `${bundle}.new`;
  return {
    id,
    probe: sh`[ -d ${bundle} ] && echo unpacked; :`,
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() === 'unpacked') return undefined;
      const what = stored ? megabytes(stored.size) : `once ${buildHost} has built it`;
      return {
        summary: `send and unpack the kernel ${release} (${what})`,
        files: { bundle: { stored: name } },
        apply: shLines(
          sh`umask 022`,
          stored &&
            sh`[ "$(cksum < "$LVSCTL_FILES/bundle")" = ${stored.cksum} ] || { echo "the bundle came damaged" >&2; exit 1; }`,
          sh`rm -rf ${unpacked}; mkdir -p ${unpacked}`,
          sh`(cd ${unpacked} && tar xzf "$LVSCTL_FILES/bundle")`,
          sh`for f in boot/vmlinuz boot/System.map boot/config ${`lib/modules/${release}`}; do`,
          sh`  [ -e ${unpacked}/"$f" ] || { echo "the bundle has no $f" >&2; exit 1; }`,
          sh`done`,
          sh`chown -R 0:0 ${unpacked}`,
          sh`sync; mv ${unpacked} ${bundle}`,
        ),
      };
    },
  };
}

function modules(paths: KernelPaths): Resource {
  const { release, bundle, modules: folder, depmodStamp } = paths;
  const id = modulesId(paths);
  const source = `${bundle}/lib/modules/${release}`;
  const copy = `${folder}.lvsctl-new`;
  return {
    id,
    probe: sh`[ -d ${folder} ] && echo there; :`,
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() === 'there') return undefined;
      return {
        summary: `put the modules into ${folder}`,
        apply: shLines(
          sh`umask 022; mkdir -p /lib/modules; rm -f ${depmodStamp}; rm -rf ${copy}`,
          roomFunction,
          sh`size=$(du -sk ${source}); room /lib/modules "\${size%%[!0-9]*}" ${`the modules of ${release}`}`,
          sh`cp -a ${source} ${copy}`,
          sh`sync; mv ${copy} ${folder}`,
        ),
      };
    },
  };
}

function bootFiles(paths: KernelPaths): Resource {
  const { release, bundle, image, systemMap, config } = paths;
  const id = `kernel ${release} files`;
  const pairs = [
    [`${bundle}/boot/vmlinuz`, image],
    [`${bundle}/boot/System.map`, systemMap],
    [`${bundle}/boot/config`, config],
  ] as const;
  return {
    id,
    probe: shLines(
      ...pairs.map(([from, to]) => sh`cmp -s ${from} ${to} || printf '%s\n' ${to}`),
      trusted(':'),
    ),
    plan(observed): Change | undefined {
      const differ = observedText(id, observed)
        .split('\n')
        .filter((line) => line !== '');
      if (differ.length === 0) return undefined;
      const folder = image.slice(0, image.lastIndexOf('/'));
      return {
        summary: `put ${differ.join(', ')} in place`,
        apply: shLines(
          sh`umask 022; mkdir -p ${folder}`,
          roomFunction,
          // Each is there twice for a moment.
          sh`size=$(du -sk ${`${bundle}/boot`}); room /boot "\${size%%[!0-9]*}" ${`the kernel ${release}`}`,
          ...pairs.map(
            ([from, to]) =>
              sh`cmp -s ${from} ${to} || { cp -p ${from} ${to}.lvsctl-new; mv -f ${to}.lvsctl-new ${to}; }`,
          ),
          sh`sync`,
        ),
      };
    },
  };
}

/** modutils ends with 0 whatever it finds, so its words are read: `Unresolved symbols` (modutils), `needs unknown symbol` (kmod). */
function depmod(paths: KernelPaths): Resource {
  const { release, modules: folder, systemMap, depmodStamp } = paths;
  const id = `kernel ${release} depmod`;
  return {
    id,
    probe: sh`[ -e ${depmodStamp} ] && [ -e ${folder}/modules.dep ] && echo checked; :`,
    plan(observed, { changing }): Change | undefined {
      if (observedText(id, observed).trim() === 'checked' && !changing.has(modulesId(paths)))
        return undefined;
      return {
        summary: `list the modules of ${release} (depmod), and see that no symbol is missing`,
        apply: shLines(
          sh`said=$(depmod -ae -F ${systemMap} ${release} 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }`,
          sh`case $said in *nresolved*|*'unknown symbol'*)`,
          sh`  printf '%s\n' "$said" | sed -n '1,40p' >&2`,
          sh`  echo ${`modules of ${release} lack symbols: image and modules are not of one build`} >&2; exit 1 ;; esac`,
          sh`[ -e ${folder}/modules.dep ] || { echo ${`depmod made no ${folder}/modules.dep`} >&2; exit 1; }`,
          sh`: > ${depmodStamp}`,
        ),
      };
    },
  };
}
