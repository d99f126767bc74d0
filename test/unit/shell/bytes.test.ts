import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfText, hasForeignBytes, readable, textOfBytes } from '../../../src/shell/index.js';

/** Bytes that are often nearly UTF-8: pieces of it, cut anywhere, between any others. */
const nearly = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 3 }).map((text) => Buffer.from(text)),
      fc
        .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.nat(3))
        .map(([text, cut]) => Buffer.from(text).subarray(cut)),
    ),
  )
  .map((parts) => Buffer.concat(parts));

describe('bytes as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(nearly, (bytes) => {
        expect(Buffer.from(bytesOfText(textOfBytes(bytes)))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('are read as UTF-8 reads them, where they are UTF-8', () => {
    fc.assert(
      fc.property(nearly, (bytes) => {
        const utf8 = Buffer.from(bytes.toString('utf8')).equals(bytes);
        expect(hasForeignBytes(textOfBytes(bytes))).toBe(!utf8);
        if (utf8) expect(textOfBytes(bytes)).toBe(bytes.toString('utf8'));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['Latin-1', [0x63, 0xe9, 0x0a], 'c\\xe9\n'],
    ['a cut sequence', [0xe2, 0x82], '\\xe2\\x82'],
    ['an overlong form', [0xc0, 0xaf], '\\xc0\\xaf'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    ['beyond the last character', [0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80'],
    ['the replacement character itself', [0xef, 0xbf, 0xbd], '\ufffd'],
    ['UTF-8', [0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80], 'é\u{1f600}'],
  ])('%s is shown readably', (_name, bytes, shown) => {
    expect(readable(textOfBytes(Buffer.from(bytes)))).toBe(shown);
  });
});
