import type { Change, Resource } from '../../../src/engine/resource.js';
import type { StoredFile } from '../../../src/engine/store.js';
import { observedText } from '../../../src/resources/observed.js';
import { sh, shLines } from '../../../src/shell/index.js';
import { type Build, prelude, unpacking } from './build.js';
import { bundleScript } from './compile.js';
import { stepId } from './step.js';

/** The end of a build: one file for all nodes, which comes to this machine. One that lies on the build host already is only fetched. */
export function bundleResource(build: Build, stored: ReadonlyMap<string, StoredFile>): Resource {
  const id = stepId(build, 'bundle');
  const { bundle, path } = build;
  return {
    id,
    probe: sh`if [ -f ${path} ]; then echo there; fi; :`,
    plan(observed): Change | undefined {
      if (stored.has(bundle.name)) return undefined;
      const there = observedText(id, observed).trim() === 'there';
      return {
        summary: there ? `fetch ${path}, which was built before` : `pack ${path}, and fetch it`,
        apply: there ? sh`[ -f ${path} ]` : shLines(prelude, unpacking, bundleScript(build)),
        collect: { [bundle.name]: path },
      };
    },
  };
}
