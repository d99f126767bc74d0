import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { cksum } from './cksum.js';
import { unifiedDiff } from './diff.js';
import { octalMode, ownerMatches } from './mode.js';
import { observedText } from './observed.js';
import { replaceFile } from './replaceFile.js';

export interface FileOptions {
  /** Absolute. Missing parent folders are made. A symbolic link is followed, not replaced. */
  readonly path: string;
  readonly content: string | Buffer;
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
  const content = Buffer.from(options.content as string);
  const text = inlineText(options.content);
  const digest = text === undefined ? cksum(content) : undefined;
  return {
    id,
    probe: shLines(
      fileState(path, mode !== undefined || owner !== undefined),
      digest === undefined ? sh`exec cat ${path}` : sh`exec cksum < ${path}`,
    ),
    plan(observed): Change | undefined {
      const found = parseFileState(id, observed);
      if (found.state === 'other')
        throw new LvsctlError(`${path} is not a regular file`, {
          resource: id,
          hint: `look at it with ls -ld ${path}, and move it away`,
        });
      const present = found.state === 'present';
      const sameContent =
        present && (digest === undefined ? found.rest === text : found.rest.trim() === digest);
      const sameMode = mode === undefined || (present && found.mode === mode);
      const sameOwner = owner === undefined || (present && ownerMatches(owner, found.owner));
      if (sameContent && sameMode && sameOwner) return undefined;
      const reasons = [
        !present && 'create',
        present && !sameContent && 'content',
        present && !sameMode && `mode ${found.mode} to ${mode}`,
        present && !sameOwner && `owner ${found.owner} to ${owner}`,
      ].filter((reason) => reason !== false);
      return {
        summary: present ? `change ${path} (${reasons.join(', ')})` : `create ${path}`,
        ...diffOf(path, present ? found.rest : undefined, sameContent, text, content),
        apply: shLines(
          replaceFile({
            path,
            content: text ?? { file: 'content' },
            mode,
            owner,
            backup: options.backup,
          }),
          options.after,
        ),
        ...(text === undefined ? { files: { content } } : {}),
      };
    },
  };
}

function inlineText(content: string | Buffer): string | undefined {
  if (typeof content !== 'string' || content.includes('\0')) return undefined;
  return Buffer.byteLength(content) <= INLINE_BYTES ? content : undefined;
}

function diffOf(
  path: string,
  before: string | undefined,
  sameContent: boolean,
  text: string | undefined,
  content: Buffer,
): { diff?: string } {
  if (sameContent) return {};
  if (text !== undefined) return { diff: unifiedDiff(path, before, text) };
  return { diff: `- ${before?.trim() ?? 'absent'}\n+ ${cksum(content)} (cksum, bytes)\n` };
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

export function parseFileState(id: string, observed: ProbeOutput): FileState {
  const output = observedText(id, observed);
  const end = output.indexOf('\n');
  const [state, mode = '-', owner = '-'] = output.slice(0, end < 0 ? undefined : end).split(' ');
  if (state === 'absent' || state === 'other') return { state };
  return { state: 'present', mode: octalMode(mode), owner, rest: end < 0 ? '' : output.slice(end + 1) };
}
