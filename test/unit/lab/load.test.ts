import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer, failureOf } from '../../lab/support/load/answer.js';
import type { Target } from '../../lab/support/load/result.js';
import { due, dueAt, Tally } from '../../lab/support/load/tally.js';

describe('the pace', () => {
  it('is even, whenever the clock is looked at', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1 }),
        (perSecond, steps) => {
          let begun = 0;
          let elapsed = 0;
          for (const step of steps) {
            elapsed += step;
            begun += due(elapsed, perSecond, begun);
            // All that is due has begun, and nothing that is not.
            expect(dueAt(begun - 1, perSecond)).toBeLessThanOrEqual(elapsed);
            expect(dueAt(begun, perSecond)).toBeGreaterThan(elapsed - 1e-6);
          }
        },
      ),
    );
  });

  it('makes 200 a second of 200 a second', () => {
    let begun = 0;
    for (let elapsed = 0; elapsed < 60_000; elapsed += 7) begun += due(elapsed, 200, begun);
    expect(begun).toBe(12_000);
  });
});

describe('the tally', () => {
  it('counts answers, failures, servers and times', () => {
    const tally = new Tally(1000);
    for (const [at, server, took] of [
      [1010, 'rs2', 10],
      [1020, 'rs1', 1500],
      [1030, 'rs1', 20],
    ] as const) {
      tally.begin();
      tally.answer(at, server, took);
    }
    tally.begin();
    tally.failure({ kind: 'refused', detail: '' });
    tally.begin();
    expect(tally.result(1031)).toEqual({
      begun: 5,
      ok: 3,
      failed: 1,
      failures: { refused: 1 },
      servers: { rs1: 2, rs2: 1 },
      longestGap: 10,
      longestGapAt: 1000,
      median: 20,
      slowest: 1500,
      slow: 1,
    });
  });

  it.each([
    ['between the begin and the first answer', [1900, 2000, 2100], 2200, 900, 1000],
    ['between two answers', [1100, 1900, 2000], 2200, 800, 1100],
    ['between the last answer and now', [1100, 1200, 1300], 2200, 900, 1300],
    ['without any answer', [], 2200, 1200, 1000],
  ])('finds the longest gap: %s', (_, answers, now, longestGap, longestGapAt) => {
    const tally = new Tally(1000);
    for (const at of answers) tally.answer(at, 'rs1', 1);
    expect(tally.result(now)).toMatchObject({ longestGap, longestGapAt });
  });

  it('finds no gap after its end, and counts what ends later', () => {
    const tally = new Tally(1000);
    tally.answer(1100, 'rs1', 1);
    tally.end(1300);
    tally.answer(3000, 'rs1', 1900);
    tally.end(5000);
    expect(tally.result(9000)).toMatchObject({ ok: 2, slow: 1, longestGap: 200, longestGapAt: 1100 });
  });
});

const body = 'hello';
const target: Target = {
  path: '/',
  body: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') },
};
const head = (lines: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`;
const sound = `${head('Content-Length: 5\r\nX-Server: rs1')}${body}`;

/** What is made of a text that comes in pieces. */
function read(text: string, size: number) {
  const answer = new Answer(target);
  let said: ReturnType<Answer['take']>;
  for (let at = 0; at < text.length && said === undefined; at += size)
    said = answer.take(Buffer.from(text.slice(at, at + size)));
  return { answer, said };
}

describe('an answer', () => {
  it('is read whole from pieces of any size', () => {
    for (let size = 1; size <= sound.length; size++) {
      const { answer, said } = read(sound, size);
      expect(said).toBe(true);
      expect(answer).toMatchObject({ server: 'rs1', bytes: 5 });
    }
  });

  it.each([
    ['another status', sound.replace('200 OK', '502 Bad Gateway'), 'HTTP/1.1 502 Bad Gateway'],
    ['no name', sound.replace('X-Server', 'X-Other'), 'no X-Server'],
    ['another length', sound.replace('Length: 5', 'Length: 6'), '6 bytes of 5'],
    ['other bytes', sound.replace(body, 'hallo'), 'other bytes'],
    ['more than its length', `${sound}!`, '6 bytes of 5'],
    ['a head without end', 'x'.repeat(20_000), 'a head of'],
  ])('is wrong with %s', (_, text, detail) => {
    expect(read(text, 64 << 10).said).toEqual({ kind: 'wrong', detail: expect.stringContaining(detail) });
  });

  it('is short when the connection ends before it is whole', () => {
    expect(read(sound.slice(0, -2), 1000).answer.early()).toEqual({
      kind: 'short',
      detail: 'ended after 3 of 5 bytes',
    });
    expect(read('HTTP/1.1 200', 1000).answer.early()).toMatchObject({ kind: 'short' });
  });

  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EADDRNOTAVAIL', 'local'],
    ['EMFILE', 'local'],
  ])('of %s is %s', (code, kind) => {
    expect(failureOf(Object.assign(new Error(code), { code }))).toEqual({ kind, detail: code });
  });
});
