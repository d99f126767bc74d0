import type { Change, Resource } from '../../../src/engine/resource.js';
import { observedLines } from '../../../src/resources/observed.js';
import { sh, shLines } from '../../../src/shell/index.js';
import { megabytes } from '../megabytes.js';
import { type Build, type Part, SOURCES } from './build.js';
import { doneTest } from './step.js';

/** The files of these builds, each sent once, and only as long as a step is still to use it. */
export function uploads(builds: readonly Build[]): Resource[] {
  const users = new Map<string, { readonly part: Part; readonly builds: Build[] }>();
  for (const build of builds) {
    for (const part of build.parts) {
      const known = users.get(part.path);
      if (known) known.builds.push(build);
      else users.set(part.path, { part, builds: [build] });
    }
  }
  return [...users.values()].map((each) => upload(each.part, each.builds));
}

function upload(part: Part, builds: readonly Build[]): Resource {
  const id = `kernel source ${part.file}`;
  const needs = builds.map(
    (build) => sh`if [ ! -f ${build.path} ] && ! ${doneTest(build, part.step)}; then needed=1; fi`,
  );
  return {
    id,
    probe: shLines(
      sh`needed=`,
      ...needs,
      sh`if [ -n "$needed" ]; then echo needed; if [ -f ${part.path} ]; then cksum < ${part.path}; fi; fi; :`,
    ),
    plan(observed): Change | undefined {
      const [needed, found] = observedLines(id, observed);
      if (needed === undefined) return undefined;
      if (part.stored && found?.trim() === part.stored.cksum) return undefined;
      return {
        summary: `put ${part.file} into ${SOURCES}${part.stored ? ` (${megabytes(part.stored.size)})` : ''}`,
        files: { source: { stored: part.artifact } },
        apply: shLines(
          sh`umask 022; mkdir -p ${SOURCES}`,
          // Within a file system a rename; else a copy, which must not have the name before it is whole.
          sh`mv -f "$LVSCTL_FILES/source" ${`${part.path}.new`}; chmod 0644 ${`${part.path}.new`}`,
          sh`mv -f ${`${part.path}.new`} ${part.path}`,
        ),
      };
    },
  };
}
