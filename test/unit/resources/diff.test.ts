import { applyPatch } from 'diff';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/resources/diff.js';

const numbered = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');

describe('a diff', () => {
  // The least diff of these takes minutes.
  it('of texts in which every line differs is made line by line, at once', () => {
    const [before, after] = [1, 2].map((weight) =>
      numbered(50_000, (index) => `server rs${index} ${weight}`),
    ) as [string, string];
    const diff = unifiedDiff('/etc/table', before, after);
    expect(diff.split('\n').slice(0, 4)).toEqual([
      '--- /etc/table',
      '+++ /etc/table',
      '@@ -1,50000 +1,50000 @@',
      '-server rs0 1',
    ]);
    expect(applyPatch(before, diff)).toBe(after);
  });

  it('of large texts that differ in few places is the least', () => {
    const before = numbered(20_000, (index) => `line ${index}`);
    const after = before.replace('line 77\n', '').replace('line 19000\n', 'line 19000\nanother\n');
    const changed = unifiedDiff('/f', before, after)
      .split('\n')
      .filter((line) => /^[-+](?![-+])/.test(line));
    expect(changed).toEqual(['-line 77', '+another']);
  });

  it('leads from the one text to the other, however much they differ', () => {
    const line = fc.constantFrom('a', 'b', 'c', 'd');
    const part = fc.record({ repeat: fc.integer({ min: 0, max: 1200 }), line });
    const text = fc.tuple(fc.array(part, { maxLength: 5 }), fc.boolean()).map(([parts, ended]) => {
      const lines = parts.flatMap(({ repeat, line: one }) =>
        Array.from({ length: repeat }, (_, i) => `${one}${i}`),
      );
      return lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
    });
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applyPatch(before, unifiedDiff('/f', before, after))).toBe(after);
      }),
      { numRuns: 30 },
    );
  });
});
