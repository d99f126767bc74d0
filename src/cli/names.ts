import { UsageError } from '../errors.js';

/** @throws UsageError for a name that the inventory does not know, with the one probably meant */
export function checkNames(
  option: string,
  given: readonly string[] | undefined,
  known: readonly string[],
  kind: string,
): void {
  for (const name of given ?? []) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new UsageError(`${option}: the inventory has no ${kind} ${name}`, {
      hint: meant === undefined ? `it has ${known.join(', ')}` : `did you mean ${meant}?`,
    });
  }
}

/** The known name that was probably meant, or undefined when none is near. */
function nearest(wrong: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, distance: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.name;
}

/** Levenshtein's, row by row. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
