import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cmd, quoteForCmd } from '../../../src/shell/index.js';
import { wordsOf } from './cmd-words.js';

describe('a word for cmd', () => {
  it.each([
    ['Ethernet', 'Ethernet'],
    ['10.83.33.100', '10.83.33.100'],
    ['Local Area Connection', '"Local Area Connection"'],
    ['a & shutdown', '"a & shutdown"'],
    ['a^b|c>d', '"a^b|c>d"'],
    ['(x)', '"(x)"'],
    ['ends in \\', '"ends in \\\\"'],
    ['', '""'],
    ["it's", '"it\'s"'],
    ['name=x,y;z', '"name=x,y;z"'],
  ])('%j is written %s', (value, written) => expect(quoteForCmd(value)).toBe(written));

  it.each(['a"b', '%PATH%', '50%', 'a!b', 'a\nb', 'a\rb', 'a\0b', 'a\tb', 'a\u202eb', 'a\u2028b'])(
    '%j is refused',
    (value) => expect(() => quoteForCmd(value)).toThrow(RangeError),
  );

  it('comes out of cmd and of the program’s own splitting as it went in, or is refused', () => {
    const hostile = fc.string({
      unit: fc.oneof(fc.constantFrom(...'\\"%!&|<>()^= ,;\n'), fc.string({ minLength: 1, maxLength: 1 })),
      maxLength: 12,
    });
    let quoted = 0;
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        let line: string;
        try {
          line = cmd`netsh set name=${one} ${other} end`;
        } catch (error) {
          return error instanceof RangeError;
        }
        quoted += 1;
        expect(wordsOf(line)).toEqual(['netsh', 'set', `name=${one}`, other, 'end']);
        return true;
      }),
      { numRuns: 500 },
    );
    expect(quoted).toBeGreaterThan(20);
  });

  it('would not pass this test without its quotes', () => {
    expect(wordsOf('netsh a & shutdown')).toEqual(['netsh', 'a']);
    expect(wordsOf('netsh "%PATH%"')).toEqual(['netsh', 'REPLACED']);
    expect(wordsOf('netsh "a\\" end')).toEqual(['netsh', 'a" end']);
  });
});
