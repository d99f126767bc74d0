import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchSize, toleratedFailures } from '../../../src/engine/rolling.js';

describe('shares of a rolling stage', () => {
  it('are 1 at once and no failure unless given', () => {
    expect([batchSize({}, 7), toleratedFailures({}, 7)]).toEqual([1, 0]);
  });

  it('are never more than the share, and a batch never none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 500 }), (percent, hosts) => {
        const share = `${percent}%` as const;
        const tolerated = toleratedFailures({ maxFailures: share }, hosts);
        expect(tolerated * 100).toBeLessThanOrEqual(percent * hosts);
        expect((tolerated + 1) * 100).toBeGreaterThan(percent * hosts);
        expect(batchSize({ batch: share }, hosts)).toBe(Math.max(1, tolerated));
      }),
    );
  });
});
