import type { Change, Resource } from '../../../src/engine/resource.js';
import { observedLines } from '../../../src/resources/observed.js';
import { type Sh, sh, shLines } from '../../../src/shell/index.js';
import { type Build, prelude, unpacking } from './build.js';

/** One step of a build in its tree. Its stamp, `TREE/.lvsctl/STEP`, holds the release, and with it the hash of all inputs. */
export interface Step {
  /** Names the stamp: `unpack`, `patch-1`, … */
  readonly name: string;
  readonly summary: string;
  /** Runs in the tree; exits non-zero with the reason on stderr. The stamp comes after it. */
  readonly apply: Sh;
  readonly files?: Change['files'];
}

export const stepId = ({ release }: Build, name: string): string => `kernel ${release}: ${name}`;

/** Why a probe of a build says nothing else: the bundle is on the host already. */
export const BUNDLED = 'bundled';

/** Ends a probe where the bundle is there: nothing that led to it is looked at any more. */
export function unlessBundled({ path }: Build): Sh {
  return sh`[ -f ${path} ] && { echo ${BUNDLED}; exit 0; }`;
}

/** True in a shell where a step has been done, and no patch was cut off in the middle since. */
export function doneTest({ notes, release }: Build, name: string): Sh {
  return sh`{ k=; [ ! -f ${`${notes}/begun`} ] && [ -f ${`${notes}/${name}`} ] && read -r k < ${`${notes}/${name}`}; [ "$k" = ${release} ]; }`;
}

/**
 * A step as a resource: done when its stamp is there, and no step before it is to be done again.
 * @param before ids of the build's steps before this one
 */
export function stepResource(build: Build, step: Step, before: readonly string[]): Resource {
  const { notes, release, tree } = build;
  const id = stepId(build, step.name);
  const stamp = `${notes}/${step.name}`;
  return {
    id,
    probe: shLines(unlessBundled(build), sh`if ${doneTest(build, step.name)}; then echo done; fi; :`),
    plan(observed, { changing }): Change | undefined {
      const [state] = observedLines(id, observed);
      if (state === BUNDLED || (state === 'done' && !before.some((each) => changing.has(each))))
        return undefined;
      return {
        summary: step.summary,
        apply: shLines(
          prelude,
          unpacking,
          sayingFull,
          step.name === 'unpack' ? undefined : sh`cd ${tree}`,
          step.apply,
          sh`cd ${tree}; echo ${release} > ${`${stamp}.new`}; mv -f ${`${stamp}.new`} ${stamp}; rm -f ${`${notes}/begun`}`,
        ),
        ...(step.files && { files: step.files }),
      };
    },
  };
}

/** A full disk shows in odd ways ("I/O error", half a file): a step that fails says how much room there is, where there is none. */
const sayingFull: Sh = shLines(
  sh`full() { set -- $(df -kP /usr/src | tail -n 1); [ "$4" -ge 1000 ] || echo "/usr/src has only $4 KB free: the disk is full; make room there, and run lvsctl again" >&2; }`,
  sh`trap 's=$?; [ $s = 0 ] || full; exit $s' 0`,
);

/** Before the tree's files are changed in a way that can't be repeated: cut off from here on, the tree is unpacked anew. */
export function markBegun({ notes }: Build, name: string): Sh {
  return sh`echo ${name} > ${`${notes}/begun`}`;
}
