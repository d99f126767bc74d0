import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines } from '../shell/index.js';
import { unifiedDiff } from './diff.js';
import { fileState, regularFile } from './file.js';
import { oneLine } from './oneLine.js';
import { carried, replaceFile } from './replaceFile.js';

export interface BlockOptions {
  /** Absolute; a symbolic link is followed. */
  readonly path: string;
  /** Names the marks `# BEGIN lvsctl NAME` and `# END lvsctl NAME`. */
  readonly name: string;
  /** Lines between the marks, each ended by a newline. */
  readonly body: string;
  /** First line(s) of the file when it has to be made, e.g. `#!/bin/sh\n`. */
  readonly heading?: string;
  /** The file must be executable: rc.local is run only then. */
  readonly executable?: boolean;
}

/** A marked block in a file that belongs to somebody else: every byte around it stays as it is. */
export function block(options: BlockOptions): Resource {
  const { path, name, body, heading = '', executable = false } = options;
  const id = `block ${path} ${name}`;
  return {
    id,
    probe: shLines(
      sh`x=; [ -x ${path} ] && x=x`,
      fileState(path, false),
      sh`printf '%s\n' "$x"; exec cat ${path}`,
    ),
    plan(observed, { written }): Change | undefined {
      const found = regularFile(id, path, observed);
      // Another block in the same file may come first.
      const before = written?.get(path) ?? found?.rest.slice(found.rest.indexOf('\n') + 1);
      const runnable = !executable || found?.rest.startsWith('x') === true;
      const after = withBlock(before ?? heading, name, body, path);
      if (before === after && runnable) return undefined;
      const { content, files } = carried(after);
      return {
        summary: before === after ? `make ${path} executable` : `put the block "${name}" into ${path}`,
        ...(before === after ? {} : { diff: unifiedDiff(path, before, after) }),
        apply: shLines(
          before !== after && replaceFile({ path, content }),
          executable && sh`chmod a+x ${path}`,
        ),
        ...(files && before !== after && { files }),
        ...(before !== after && { writes: { [path]: after } }),
      };
    },
  };
}

/**
 * The text with the block in it: in its old place, else before a last `exit 0` (Debian's rc.local), else at the end.
 * @throws LvsctlError when a block begins and does not end: what belongs to whom is then anybody's guess
 */
export function withBlock(text: string, name: string, body: string, path: string): string {
  const { before, after, found } = splitAtBlock(text, name, path);
  const { begin, end } = marksOf(name);
  const marked = `${begin}${body}${end}`;
  if (found) return before + marked + after;
  const exit = /(?:^|\n)(exit 0[ \t]*\n(?:[ \t]*(?:#.*)?\n)*)$/.exec(text);
  const at = exit?.[1] === undefined ? text.length : text.length - exit[1].length;
  const head = text.slice(0, at);
  return head + (head === '' || head.endsWith('\n') ? '' : '\n') + marked + text.slice(at);
}

/** The lines around a block: a name's own line break would make a line of the file, perhaps a command, of the rest. */
export function marksOf(name: string): { readonly begin: string; readonly end: string } {
  return { begin: `# BEGIN lvsctl ${oneLine(name)}\n`, end: `# END lvsctl ${oneLine(name)}\n` };
}

/** The text without the block; the same text when there is none. */
export function withoutBlock(text: string, name: string, path: string): string {
  const { before, after } = splitAtBlock(text, name, path);
  return before + after;
}

function splitAtBlock(
  text: string,
  name: string,
  path: string,
): { before: string; after: string; found: boolean } {
  const { begin, end } = marksOf(name);
  const closed = text.endsWith('\n') ? text : `${text}\n`;
  const from = `\n${closed}`.indexOf(`\n${begin}`);
  if (from < 0) return { before: text, after: '', found: false };
  const to = `\n${closed}`.indexOf(`\n${end}`, from);
  if (to < 0)
    throw new LvsctlError(`${path}: "# BEGIN lvsctl ${name}" has no "# END lvsctl ${name}"`, {
      resource: `block ${path} ${name}`,
      hint: 'put the END line back, or remove the BEGIN line and what lvsctl wrote below it',
    });
  return { before: text.slice(0, from), after: text.slice(to + end.length), found: true };
}
