import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

/** No file or link of this name. A folder is never removed. `before` runs in the same change, ahead of the removal. */
export function absent(path: string, before?: Sh): Resource {
  const id = `absent ${path}`;
  return {
    id,
    probe: sh`if [ -h ${path} ]; then echo link; elif [ -d ${path} ]; then echo folder; elif [ -e ${path} ]; then echo file; fi; :`,
    plan(observed): Change | undefined {
      const found = observedText(id, observed).trim();
      if (found === '') return undefined;
      if (found === 'folder')
        throw new LvsctlError(`${path} is a folder, and lvsctl removes only files`, {
          resource: id,
          hint: 'move it away by hand',
        });
      return { summary: `remove ${path}`, apply: shLines(before, sh`rm -f ${path}`) };
    },
  };
}
