import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bar,
  cut,
  duration,
  names,
  pad,
  plainLine,
  plainLines,
  width,
  wrap,
} from '../../../src/report/text.js';

const ESC = String.fromCharCode(27);

describe('text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🚀', 2],
    [`${ESC}[31mred${ESC}[0m`, 3],
    ['±·▸✗│…█', 7],
  ])('%s takes %i columns', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  it('never is wider than asked, nor narrower when padded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, columns) => {
        const line = plainLine(text);
        expect(width(cut(line, columns))).toBeLessThanOrEqual(columns);
        expect(width(pad(line, columns))).toBe(columns);
      }),
    );
  });

  it('has no control character of a host left', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x2100 })), (codes) => {
        expect(plainLine(String.fromCodePoint(...codes))).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it.each([
    [`${ESC}[2J${ESC}]0;title${String.fromCharCode(7)}hello${ESC}[0m`, 'hello'],
    ['10%\r50%\r100%\r\n', '100%'],
    ['a\tb', 'a  b'],
    ['safe\u202eexe.txt', 'safeexe.txt'],
  ])('%j is shown as %j', (line, shown) => {
    expect(plainLine(line)).toBe(shown);
  });

  it('splits a text into lines without the empty end', () => {
    expect(plainLines('one\r\ntwo  \n\n')).toEqual(['one', 'two']);
  });

  it.each([
    [0.04, '0.0s'],
    [17.44, '17.4s'],
    [99.96, '1m 40s'],
    [185, '3m 05s'],
    [7620, '2h 07m'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('draws nothing as nothing, all as all, and what lies between as neither', () => {
    expect([0, 0.001, 0.5, 0.999, 1].map((fraction) => bar(fraction, 4))).toEqual([
      '░░░░',
      '█░░░',
      '██░░',
      '███░',
      '████',
    ]);
  });

  it('is broken between words, never within one', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('see /var/lib/lvsctl/jobs now', 10)).toEqual(['see', '/var/lib/lvsctl/jobs', 'now']);
    expect(wrap('as it is', Number.POSITIVE_INFINITY)).toEqual(['as it is']);
  });

  it('names a few of many', () => {
    expect(names(['a', 'b'])).toBe('a, b');
    expect(names(['a', 'b', 'c', 'd'], 3)).toBe('a, b and 2 more');
  });
});
