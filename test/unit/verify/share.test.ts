import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedShares, shareBounds, shareProblems } from '../../../src/verify/share.js';

function service(scheduler: string, weights: readonly number[], persistence?: number) {
  return {
    scheduler,
    ...(persistence !== undefined && { persistence: { seconds: persistence } }),
    realServers: weights.map((weight, i) => ({
      host: `rs${i + 1}`,
      address: `10.0.0.${i + 1}`,
      port: 21,
      weight,
    })),
  };
}

describe('expected shares', () => {
  it.each<[string, readonly number[], number | undefined, (number | undefined)[]]>([
    ['wrr', [3, 1], undefined, [0.75, 0.25]],
    ['wrr', [30, 10], undefined, [0.75, 0.25]],
    ['wrr', [1, 0], undefined, [1, 0]],
    ['wrr', [0, 0], undefined, [undefined, undefined]],
    ['rr', [3, 1], undefined, [0.5, 0.5]],
    ['rr', [3, 1, 0], undefined, [0.5, 0.5, 0]],
    ['wrr', [3, 1], 300, [undefined, undefined]],
    ['wlc', [3, 1], undefined, [undefined, undefined]],
    ['sh', [3, 1], undefined, [undefined, undefined]],
  ])('%s of %j, persistence %s', (scheduler, weights, persistence, expected) => {
    expect(expectedShares(service(scheduler, weights, persistence))).toEqual(expected);
  });
});

describe('bounds of what may be seen', () => {
  it.each<[readonly number[], number, boolean, [number, number][]]>([
    [
      [3, 1],
      40,
      false,
      [
        [30, 30],
        [10, 10],
      ],
    ],
    [
      [3, 1],
      41,
      false,
      [
        [30, 31],
        [10, 11],
      ],
    ],
    [
      [3, 1],
      43,
      false,
      [
        [32, 33],
        [10, 11],
      ],
    ],
    [
      [5, 0],
      7,
      false,
      [
        [7, 7],
        [0, 0],
      ],
    ],
    [
      [3, 1],
      40,
      true,
      [
        [19, 40],
        [0, 21],
      ],
    ],
  ])('weights %j, %i connections, foreign %s', (weights, total, foreign, expected) => {
    expect(
      shareBounds(service('wrr', weights), total, foreign).map((bound) => [bound?.least, bound?.most]),
    ).toEqual(expected);
  });

  it('hold for every window of any periodic sequence', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 })
          .filter((w) => w.some((x) => x > 0)),
        fc.nat(50),
        fc.nat(50),
        fc.infiniteStream(fc.nat()),
        (weights, start, total, random) => {
          const model = service('wrr', weights);
          const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
          const divisor = weights.reduce(gcd, 0);
          const cycle = weights.flatMap((weight, i) => Array<number>(weight / divisor).fill(i));
          for (let i = cycle.length - 1; i > 0; i--) {
            const j = (random.next().value as number) % (i + 1);
            [cycle[i], cycle[j]] = [cycle[j] as number, cycle[i] as number];
          }
          const counts = weights.map(() => 0);
          for (let i = start; i < start + total; i++) {
            const chosen = cycle[i % cycle.length] as number;
            counts[chosen] = (counts[chosen] as number) + 1;
          }
          expect(shareProblems(model, counts, 'counted', false)).toEqual([]);
        },
      ),
    );
  });

  it('says who got what, and what was expected', () => {
    expect(shareProblems(service('wrr', [3, 1]), [20, 20], 'by their answers', false)).toEqual([
      'real server rs1 (10.0.0.1) got 20 of 40 connections (by their answers), expected 30',
      'real server rs2 (10.0.0.2) got 20 of 40 connections (by their answers), expected 10',
    ]);
    expect(shareProblems(service('wrr', [3, 1]), [32, 9], 'counted', false)).toEqual([
      'real server rs1 (10.0.0.1) got 32 of 41 connections (counted), expected 30 to 31',
      'real server rs2 (10.0.0.2) got 9 of 41 connections (counted), expected 10 to 11',
    ]);
  });

  it('judges nothing where a count is unknown or nothing is promised', () => {
    expect(shareProblems(service('wrr', [3, 1]), [40, undefined], 'counted', false)).toEqual([]);
    expect(shareProblems(service('lc', [3, 1]), [40, 0], 'counted', false)).toEqual([]);
  });
});
