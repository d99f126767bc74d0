import { structuredPatch } from 'diff';
import type { Tree } from './tree.js';

/** Names of the two folders in the heads of a diff, and the dates behind them, which are part of the bytes. */
export interface DiffHeads {
  readonly before: string;
  readonly after: string;
  readonly dates: readonly [string, string];
}

/** What `diff -u -r` says of two trees with the same files; no file is added or removed. */
export function unified(before: Tree, after: Tree, heads: DiffHeads): string {
  const parts: string[] = [];
  for (const [path, text] of before) {
    const changed = after.get(path) ?? '';
    if (changed === text) continue;
    const [from, to] = [`${heads.before}/${path}`, `${heads.after}/${path}`];
    const { hunks } = structuredPatch(from, to, text, changed, undefined, undefined, { context: 3 });
    parts.push(
      `diff -u -r ${from} ${to}`,
      `--- ${from}\t${heads.dates[0]}`,
      `+++ ${to}\t${heads.dates[1]}`,
      ...hunks.flatMap((hunk) => [
        `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
        ...hunk.lines,
      ]),
    );
  }
  return parts.map((line) => `${line}\n`).join('');
}
