/** What gets a number of its own. */
export interface Numbered {
  /** Unique; of two that want the same number, the lesser key (by code units) has it. */
  readonly key: string;
  /** What the number is made of; the key when absent. */
  readonly seed?: string;
}

/**
 * Numbers from `first` to `last`, by key: each is made of its own seed, so that it stays as it is when others come, go or change
 * places. Who finds it taken has the next free one.
 * @throws RangeError when there are fewer numbers than keys
 */
export function numbersOf(
  things: readonly Numbered[],
  {
    first,
    last,
    taken = [],
  }: { readonly first: number; readonly last: number; readonly taken?: Iterable<number> },
): ReadonlyMap<string, number> {
  const used = new Set(taken);
  const found = new Map<string, number>();
  const size = last - first + 1;
  const inOrder = [...things].sort((one, other) => (one.key < other.key ? -1 : 1));
  for (const { key, seed = key } of inOrder) {
    if (found.has(key)) continue;
    const wanted = hash(seed) % size;
    let step = 0;
    while (step < size && used.has(first + ((wanted + step) % size))) step++;
    if (step === size) throw new RangeError(`no number from ${first} to ${last} is left for ${key}`);
    const number = first + ((wanted + step) % size);
    used.add(number);
    found.set(key, number);
  }
  return found;
}

/** FNV-1a, 32 bits, with the end of MurmurHash3, without which texts that differ in their last letters have neighbouring numbers. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
