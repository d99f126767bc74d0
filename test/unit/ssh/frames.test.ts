import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameReader } from '../../../src/ssh/frames.js';

const mark = (id: string, word: string | number) => Buffer.from(`\x01${id} ${word}\x01`);

/** Feeds the bytes in pieces that end at the given places. */
function feed(reader: FrameReader, bytes: Buffer, cuts: readonly number[]): void {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) reader.push(bytes.subarray(places[i - 1], places[i]));
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });
// Bytes of marks are frequent, so that near misses are.
const bytes = fc
  .array(fc.oneof(fc.constantFrom(1, 0x61, 0x62, 0x63, 0x20, 0x30), fc.integer({ min: 0, max: 255 })), {
    maxLength: 200,
  })
  .map((values) => Buffer.from(values));

describe('frames of an output stream', () => {
  it('give back any bytes, however they are cut, and drop what stands outside', () => {
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        cuts,
        fc.integer({ min: 0, max: 255 }),
        (before, body, after, at, status) => {
          const id = 'abc0f1e2d3';
          const reader = new FrameReader();
          const chunks: Buffer[] = [];
          let frame: Frame | undefined;
          reader.expect(
            id,
            1000,
            (chunk) => chunks.push(Buffer.from(chunk)),
            (done) => {
              frame = done;
            },
          );
          feed(reader, Buffer.concat([before, mark(id, 'b'), body, mark(id, status), after]), at);
          expect(frame).toEqual({ bytes: body, truncated: false, status });
          expect(Buffer.concat(chunks)).toEqual(body);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('follow one another', () => {
    const reader = new FrameReader();
    const frames: string[] = [];
    for (const id of ['first', 'second']) {
      reader.expect(id, 10, undefined, ({ bytes: body }) => frames.push(body.toString()));
      feed(
        reader,
        Buffer.concat([Buffer.from('stray'), mark(id, 'b'), Buffer.from(id), mark(id, 0)]),
        [3, 9, 12],
      );
    }
    expect(frames).toEqual(['first', 'second']);
    expect(reader.stray).toContain('stray');
  });

  it('keep the head up to the limit and hand on everything', () => {
    const reader = new FrameReader();
    let seen = 0;
    let frame: Frame | undefined;
    reader.expect(
      'id',
      5,
      (chunk) => {
        seen += chunk.length;
      },
      (done) => {
        frame = done;
      },
    );
    feed(reader, Buffer.concat([mark('id', 'b'), Buffer.from('0123456789'), mark('id', 7)]), [8, 11]);
    expect(frame).toEqual({ bytes: Buffer.from('01234'), truncated: true, status: 7 });
    expect(seen).toBe(10);
  });

  it('hold nothing back but what may be the beginning of a mark', () => {
    const reader = new FrameReader();
    let seen = '';
    reader.expect(
      'id',
      100,
      (chunk) => {
        seen += chunk.toString('latin1');
      },
      () => undefined,
    );
    reader.push(mark('id', 'b'));
    reader.push(Buffer.from('line\n'));
    expect(seen).toBe('line\n');
    reader.push(Buffer.from('\x01i'));
    expect(seen).toBe('line\n');
    reader.push(Buffer.from('x\x01'));
    expect(seen).toBe('line\n\x01ix');
  });
});
