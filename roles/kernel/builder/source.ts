import type { Change, Resource } from '../../../src/engine/resource.js';
import { LvsctlError } from '../../../src/errors.js';
import { observedText } from '../../../src/resources/observed.js';
import { sh, shLines, trusted } from '../../../src/shell/index.js';
import { type Build, LINK } from './build.js';
import { BUNDLED, type Step, stepId, unlessBundled } from './step.js';

/**
 * `version` prints what the Makefile here calls itself: VERSION.PATCHLEVEL.SUBLEVEL, then EXTRAVERSION.
 * `release` is without EXTRAVERSION.
 */
export const makefileVersion = trusted(`
field() { sed -n "s/^$1[[:space:]]*:*=[[:space:]]*\\([^[:space:]]*\\).*/\\1/p" Makefile | sed -n 1p; }
release() { echo "$(field VERSION).$(field PATCHLEVEL).$(field SUBLEVEL)"; }
version() { echo "$(release)$(field EXTRAVERSION)"; }`);

/** `of_version WANTED IS`: what a tree calls itself begins the version that is wanted; 2.4.3 does not begin 2.4.37. */
export const ofVersion = trusted(`
of_version() { case $1 in "$2"[0-9]*) return 1 ;; "$2"*) ;; *) return 1 ;; esac; }`);

const VENDOR = 'a vendor has changed such a tree, and patches for mainline kernels are not made for it';

/** Under another name until it is whole and known for what it is: a tree of the right name is complete. */
export function unpackStep(build: Build): Step {
  const { bundle, release, tree } = build;
  const source = build.parts.find(({ kind }) => kind === 'source');
  if (!source) throw new Error(`profile ${bundle.profile.id} has no source`);
  const fresh = `/usr/src/.lvsctl-${release}`;
  const wanted = source.version ?? bundle.profile.kernel;
  return {
    name: 'unpack',
    summary: `unpack ${source.file} as ${tree}`,
    apply: shLines(
      makefileVersion,
      ofVersion,
      sh`mkdir -p /usr/src; rm -rf ${fresh} ${tree}; mkdir ${fresh}; cd ${fresh}`,
      sh`source=${source.file}; wanted=${wanted}`,
      sh`refuse() { cd /; rm -rf ${fresh}; fail "$@"; }`,
      sh`unpack ${source.path} || refuse "$source was not unpacked"`,
      sh`top=$(top) || refuse "$source is not the source of a kernel"`,
      sh`cd "$top"; [ -f Makefile ] || refuse "$source is not the source of a kernel: it has no Makefile"`,
      sh`is=$(version)`,
      sh`redhat=; for f in configs/kernel-*.config; do [ -f "$f" ] && redhat="; it has $f, as Red Hat's trees do"; done`,
      // Patches may bring an EXTRAVERSION, as those of stable kernels do; a vendor's tree has one of its own.
      sh`of_version "$wanted" "$is" || redhat="\${redhat:-;}"`,
      sh`[ -z "$redhat" ] || refuse "$source is Linux $is, not Linux $wanted\${redhat%;}" ${VENDOR} "way out: take the source of Linux $wanted from kernel.org"`,
      // A tarball's owners are whoever packed it.
      sh`chown -R 0:0 .; mkdir .lvsctl; cd ..`,
      sh`mv "$top" ${tree}; cd ${tree}; rm -rf ${fresh}`,
    ),
  };
}

/** `/usr/src/linux` points to the tree: ipvsadm's Makefile looks there. A folder of that name is somebody's, and stays. */
export function linkResource(build: Build, others: readonly Build[], before: readonly string[]): Resource {
  const id = stepId(build, 'link');
  const target = build.tree.slice(build.tree.lastIndexOf('/') + 1);
  const rivals = others.map((other) => stepId(other, 'link'));
  return {
    id,
    probe: shLines(
      unlessBundled(build),
      // Red Hat 9 has no readlink(1).
      sh`if [ -h ${LINK} ]; then l=$(ls -ld ${LINK}); echo "link \${l##* -> }"; elif [ -e ${LINK} ]; then echo other; fi; :`,
    ),
    plan(observed, { changing }): Change | undefined {
      const state = observedText(id, observed).trim();
      if (state === BUNDLED) return undefined;
      if (state === 'other')
        throw new LvsctlError(`${LINK} is a folder, not a link, and lvsctl does not remove it`, {
          resource: id,
          hint: `move it away: mv ${LINK} ${LINK}-old; ipvsadm is built against what ${LINK} points to`,
        });
      const points = state.replace(/^link /, '');
      const moves = [...before, ...rivals].some((each) => changing.has(each));
      if ((points === target || points === build.tree) && !moves) return undefined;
      const was = points === '' || points === target || points === build.tree ? '' : ` (is ${points})`;
      return {
        summary: `link ${LINK} to ${target}${was}`,
        apply: sh`[ ! -h ${LINK} ] || rm -f ${LINK}; ln -s ${target} ${LINK}`,
      };
    },
    remarks(observed) {
      const state = observed.stdout.trim();
      const points = /^link (.*)/.exec(state)?.[1];
      if (points === undefined || points === target || points === build.tree) return [];
      return [`${LINK} points to ${points}; for the build it is made to point to ${target}`];
    },
  };
}
