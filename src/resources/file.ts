import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { cksum } from './cksum.js';
import { unifiedDiff } from './diff.js';
import { octalMode, ownerMatches } from './mode.js';
import { observedText } from './observed.js';
import { carried, replaceFile } from './replaceFile.js';

export interface FileOptions {
  /** Absolute. Missing parent folders are made. A symbolic link is followed, not replaced. */
  readonly path: string;
  /** A function gets the present text (undefined: no file) and returns the wanted one: for lines that stay as they are. */
  readonly content: string | Uint8Array | ((present: string | undefined) => string);
  /** Four octal digits, `0644`. Absent: not looked at, and 0644 for a new file. */
  readonly mode?: string;
  /** `user` or `user:group`, names or numbers as ls -l prints them. Absent: not looked at. */
  readonly owner?: string;
  /** Keep the first version found as PATH.lvsctl-orig. */
  readonly backup?: boolean;
  /** Sh that follows the new content in the same change, e.g. a reload of what reads it. */
  readonly after?: Sh;
}

/** Beyond this, drift is found by cksum and size instead of by the content itself. */
const INLINE_BYTES = 32 * 1024;

/** A regular file with exactly this content. */
export function file(options: FileOptions): Resource {
  const { path, mode, owner } = options;
  const id = `file ${path}`;
  const digest = bulk(options.content) ? cksum(Buffer.from(options.content as string)) : undefined;
  return {
    id,
    probe: shLines(
      fileState(path, mode !== undefined || owner !== undefined),
      digest === undefined ? sh`exec cat ${path}` : sh`exec cksum < ${path}`,
    ),
    plan(observed): Change | undefined {
      const found = regularFile(id, path, observed);
      const before = found?.rest;
      const content = typeof options.content === 'function' ? options.content(before) : options.content;
      const text = digest === undefined ? String(content) : undefined;
      const sameContent = before !== undefined && (before === text || before.trim() === digest);
      const wrongMode = mode !== undefined && found?.mode !== mode;
      const wrongOwner = owner !== undefined && !(found && ownerMatches(owner, found.owner));
      if (sameContent && !wrongMode && !wrongOwner) return undefined;
      const sent =
        text === undefined
          ? { content: { file: 'content' }, files: { content: Buffer.from(content as string) } }
          : carried(text);
      const reasons = [
        !sameContent && 'content',
        wrongMode && `mode ${found?.mode} to ${mode}`,
        wrongOwner && `owner ${found?.owner} to ${owner}`,
      ].filter((reason) => reason !== false);
      return {
        summary: found ? `change ${path} (${reasons.join(', ')})` : `create ${path}`,
        ...(sameContent ? {} : { diff: diffOf(path, before, text, digest) }),
        apply: shLines(
          replaceFile({ path, content: sent.content, mode, owner, backup: options.backup }),
          options.after,
        ),
        ...(sent.files && { files: sent.files }),
      };
    },
  };
}

/** What no shell word can hold, or no probe should print. */
function bulk(content: FileOptions['content']): boolean {
  if (typeof content === 'function') return false;
  return typeof content !== 'string' || content.includes('\0') || Buffer.byteLength(content) > INLINE_BYTES;
}

function diffOf(path: string, before: string | undefined, text: string | undefined, digest = ''): string {
  if (text !== undefined) return unifiedDiff(path, before, text);
  return `${before === undefined ? '' : `- ${before.trim()} (cksum, bytes)\n`}+ ${digest} (cksum, bytes)\n`;
}

export type FileState =
  | { readonly state: 'absent' | 'other' }
  | {
      readonly state: 'present';
      /** Four octal digits, or `-` when not asked for. */
      readonly mode: string;
      /** `user:group`, or `-`. */
      readonly owner: string;
      /** What the rest of the probe printed. */
      readonly rest: string;
    };

/** Prints `absent` or `other` and ends the probe, or `present MODE OWNER` on a line of its own. */
export function fileState(path: string, withMode: boolean): Sh {
  return shLines(
    sh`if [ ! -f ${path} ]; then if [ -e ${path} ] || [ -h ${path} ]; then echo other; else echo absent; fi; exit 0; fi`,
    withMode
      ? sh`set -- $(ls -ldL ${path}); printf 'present %s %s:%s\n' "$1" "$3" "$4"`
      : sh`echo present - -`,
  );
}

function parseFileState(id: string, observed: ProbeOutput): FileState {
  const output = observedText(id, observed);
  const end = output.indexOf('\n');
  const [state, mode = '-', owner = '-'] = output.slice(0, end < 0 ? undefined : end).split(' ');
  if (state === 'absent' || state === 'other') return { state };
  return { state: 'present', mode: octalMode(mode), owner, rest: end < 0 ? '' : output.slice(end + 1) };
}

/**
 * The file's state, undefined when there is none.
 * @throws LvsctlError when something else has its name
 */
export function regularFile(
  id: string,
  path: string,
  observed: ProbeOutput,
): Extract<FileState, { state: 'present' }> | undefined {
  const found = parseFileState(id, observed);
  if (found.state === 'other')
    throw new LvsctlError(`${path} is not a regular file`, {
      resource: id,
      hint: `look at it with ls -ld ${path}, and move it away`,
    });
  return found.state === 'present' ? found : undefined;
}
