import { createRequire } from 'node:module';
import { readable } from '../shell/index.js';
import { coarseHunks } from './coarseDiff.js';

let diff: typeof import('diff') | undefined;

/** Loaded at the first difference: a run that changes nothing does not pay for it. */
function differ(): typeof import('diff') {
  diff ??= createRequire(import.meta.url)('diff') as typeof import('diff');
  return diff;
}

/** Lines that may differ before the least diff, whose time grows with their square, gives way to a coarser one. */
const MOST_EDITS = 1000;

/** Unified diff with three lines of context, bytes that are not UTF-8 as `\\xe9`; undefined `before` or `after` is a file that is not there. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  const { structuredPatch, formatPatch } = differ();
  const names = [
    before === undefined ? '/dev/null' : path,
    after === undefined ? '/dev/null' : path,
  ] as const;
  const [from, to] = [before ?? '', after ?? ''];
  const options = { context: 3, maxEditLength: MOST_EDITS };
  const patch = structuredPatch(...names, from, to, undefined, undefined, options) ?? {
    ...structuredPatch(...names, '', '', undefined, undefined),
    hunks: coarseHunks(from, to),
  };
  return readable(formatPatch(patch).replace(/^(Index: .*\n)?=+\n/, ''));
}
