import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Cksum, cksum } from '../../../src/resources/cksum.js';

const byProgram = (content: Uint8Array): string =>
  execFileSync('cksum', { input: content, encoding: 'utf8' }).trim();

it.each([
  ['nothing', new Uint8Array()],
  ['a byte', Uint8Array.of(0)],
  ['256 bytes, whose count ends in a zero byte', new Uint8Array(256).fill(7)],
  ['3 MB', Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 7919) % 251)],
])('says what cksum(1) says of %s', (_, content) => {
  expect(cksum(content)).toBe(byProgram(content));
});

it('says the same of a stream, however it is cut, at every place of it', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const stream = new Cksum();
      const sofar: number[] = [];
      for (const chunk of chunks) {
        sofar.push(...chunk);
        expect(stream.update(chunk).value).toBe(cksum(Uint8Array.from(sofar)));
      }
    }),
  );
});
