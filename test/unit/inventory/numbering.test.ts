import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numbersOf } from '../../../src/inventory/numbering.js';

const keys = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 });
const things = (names: readonly string[]) => names.map((key) => ({ key }));

test('a number does not depend on the order, and each has its own, in the range and not taken', () => {
  fc.assert(
    fc.property(keys, fc.infiniteStream(fc.nat()), (names, noise) => {
      const range = { first: 3, last: 60, taken: [5, 6, 59] };
      const numbers = numbersOf(things(names), range);
      const shuffled = names
        .map((name) => ({ name, at: noise.next().value }))
        .sort((one, other) => one.at - other.at)
        .map(({ name }) => name);
      expect(new Map([...numbersOf(things(shuffled), range)].sort())).toEqual(new Map([...numbers].sort()));
      const all = [...numbers.values()];
      expect(new Set(all).size).toBe(names.length);
      expect(all.every((one) => one >= 3 && one <= 60 && !range.taken.includes(one))).toBe(true);
    }),
  );
});

test('who comes leaves the others their numbers, unless it wants the same one', () => {
  const range = { first: 0x10000, last: 0x7fffffff };
  fc.assert(
    fc.property(keys, fc.string(), (names, comes) => {
      const before = numbersOf(things(names), range);
      const after = numbersOf(things([comes, ...names]), range);
      for (const name of names) expect(after.get(name)).toBe(before.get(name));
    }),
  );
});

test('who finds its number taken has the next free one, round to the first', () => {
  const [wanted = 0] = numbersOf([{ key: 'a' }], { first: 0, last: 3 }).values();
  const others = [0, 1, 2, 3].filter((one) => one !== (wanted + 3) % 4);
  expect([...numbersOf([{ key: 'a' }], { first: 0, last: 3, taken: others })]).toEqual([
    ['a', (wanted + 3) % 4],
  ]);
  expect(() => numbersOf([{ key: 'a' }], { first: 0, last: 3, taken: [0, 1, 2, 3] })).toThrow(RangeError);
});

test('of two that want the same number, by a common seed, the lesser key has it', () => {
  const numbers = numbersOf(
    [
      { key: 'b c', seed: 'same' },
      { key: 'b a', seed: 'same' },
    ],
    { first: 1, last: 255 },
  );
  const [wanted = 0] = numbersOf([{ key: 'same' }], { first: 1, last: 255 }).values();
  expect(numbers).toEqual(
    new Map([
      ['b a', wanted],
      ['b c', wanted + 1],
    ]),
  );
});
