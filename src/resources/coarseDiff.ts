import type { StructuredPatchHunk } from 'diff';

const CONTEXT = 3;
const noNewline = '\\ No newline at end of file';

/** Lines with their ends, so that a last one without is another line. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Lines `from` to `to` (not included) of one text stand where those of the other do. */
interface Replacement {
  readonly before: readonly [from: number, to: number];
  readonly after: readonly [from: number, to: number];
}

/**
 * What differs, linear in the size of the texts but not the least: equal heads and tails are left out; of what is between, lines are compared one
 * by one where there are as many on both sides (each server of a table with another weight), else all of it is replaced.
 */
function replacements(before: readonly string[], after: readonly string[]): Replacement[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const [endBefore, endAfter] = [before.length - tail, after.length - tail];
  if (endBefore !== endAfter) return [{ before: [head, endBefore], after: [head, endAfter] }];
  const found: Replacement[] = [];
  for (let at = head; at < endBefore; at++) {
    const from = at;
    while (at < endBefore && before[at] !== after[at]) at++;
    if (at > from) found.push({ before: [from, at], after: [from, at] });
  }
  return found;
}

/** Hunks of a unified diff, with three lines of context, in linear time: for texts too different for the least diff to be worth its time. */
export function coarseHunks(beforeText: string, afterText: string): StructuredPatchHunk[] {
  const [before, after] = [linesOf(beforeText), linesOf(afterText)];
  const groups: Replacement[][] = [];
  for (const one of replacements(before, after)) {
    const last = groups.at(-1);
    const previous = last?.at(-1);
    if (last && previous && one.before[0] - previous.before[1] <= 2 * CONTEXT) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => hunk(group, before, after));
}

function hunk(
  group: readonly Replacement[],
  before: readonly string[],
  after: readonly string[],
): StructuredPatchHunk {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a hunk without a difference');
  const begin = Math.max(0, first.before[0] - CONTEXT);
  const end = Math.min(before.length, last.before[1] + CONTEXT);
  const lines: string[] = [];
  const put = (sign: string, text: readonly string[]): void => {
    for (const line of text)
      if (line.endsWith('\n')) lines.push(`${sign}${line.slice(0, -1)}`);
      else lines.push(`${sign}${line}`, noNewline);
  };
  let at = begin;
  for (const { before: removed, after: added } of group) {
    put(' ', before.slice(at, removed[0]));
    put('-', before.slice(...removed));
    put('+', after.slice(...added));
    at = removed[1];
  }
  put(' ', before.slice(at, end));
  const oldLines = end - begin;
  const newLines = oldLines + last.after[1] - last.before[1] - (first.after[0] - first.before[0]);
  const newBegin = begin + first.after[0] - first.before[0];
  return { oldStart: begin + 1, oldLines, newStart: newBegin + 1, newLines, lines };
}
