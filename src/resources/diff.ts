import { createRequire } from 'node:module';
import { readable } from '../shell/index.js';

let diff: typeof import('diff') | undefined;

/** Loaded at the first difference: a run that changes nothing does not pay for it. */
function differ(): typeof import('diff') {
  diff ??= createRequire(import.meta.url)('diff') as typeof import('diff');
  return diff;
}

/** Unified diff with three lines of context, bytes that are not UTF-8 as `\\xe9`; undefined `before` or `after` is a file that is not there. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  const patch = differ().createTwoFilesPatch(
    before === undefined ? '/dev/null' : path,
    after === undefined ? '/dev/null' : path,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: 3 },
  );
  return readable(patch.replace(/^(Index: .*\n)?=+\n/, ''));
}
