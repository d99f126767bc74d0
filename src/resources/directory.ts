import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines } from '../shell/index.js';
import { octalMode, ownerMatches } from './mode.js';
import { observedText } from './observed.js';

export interface DirectoryOptions {
  readonly path: string;
  /** Four octal digits. Absent: not looked at. */
  readonly mode?: string;
  /** `user` or `user:group`. Absent: not looked at. */
  readonly owner?: string;
}

/** A folder, made with its parents; what lies in it is not looked at. */
export function directory(options: DirectoryOptions): Resource {
  const { path, mode, owner } = options;
  const id = `directory ${path}`;
  const asked = mode !== undefined || owner !== undefined;
  return {
    id,
    probe: asked
      ? // exec, since a probe has a shell of its own: no fork beside that one.
        sh`if [ -d ${path} ]; then printf 'directory '; exec ls -ldL ${path}; elif [ -e ${path} ]; then echo other; fi; :`
      : sh`if [ -d ${path} ]; then echo directory -; elif [ -e ${path} ]; then echo other; fi; :`,
    plan(observed): Change | undefined {
      const [state = '', letters = '-', , user = '-', group = '-'] = observedText(id, observed)
        .trim()
        .split(/\s+/);
      const foundOwner = `${user}:${group}`;
      if (state === 'other')
        throw new LvsctlError(`${path} is there, but is not a folder`, {
          resource: id,
          hint: `look at it with ls -ld ${path}, and move it away`,
        });
      const present = state === 'directory';
      const foundMode = octalMode(letters);
      const sameMode = mode === undefined || foundMode === mode;
      const sameOwner = owner === undefined || ownerMatches(owner, foundOwner);
      if (present && sameMode && sameOwner) return undefined;
      const reasons = [
        !sameMode && `mode ${foundMode} to ${mode}`,
        !sameOwner && `owner ${foundOwner} to ${owner}`,
      ].filter((reason) => reason !== false);
      return {
        summary: present ? `change folder ${path} (${reasons.join(', ')})` : `create folder ${path}`,
        apply: shLines(
          sh`umask 022; mkdir -p ${path}`,
          mode !== undefined && sh`chmod ${mode} ${path}`,
          owner !== undefined && sh`chown ${owner} ${path}`,
        ),
      };
    },
  };
}
