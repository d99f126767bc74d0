import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/cli/duration.js';
import { share } from '../../../src/cli/option-values.js';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['1h', 3600],
    ['168h', 604800],
  ])('%s is %s seconds', (text, wanted) => expect(seconds(text)).toBe(wanted));

  it.each(['', 'm', '5 m', '5d', '-1', '1.5h', '169h', '5m30s'])('%j is none', (text) =>
    expect(() => seconds(text)).toThrow(/must be a duration such as 90, 90s, 5m or 1h/),
  );
});

describe('a share', () => {
  it.each([
    ['2', 2],
    ['0%', '0%'],
    ['100%', '100%'],
  ])('%s is %s', (text, wanted) => expect(share(1)(text)).toBe(wanted));

  it.each(['', '0', '-1', '1.5', '101%', '%', 'all'])('%j is none', (text) =>
    expect(() => share(1)(text)).toThrow(/must be a whole number from 1 on, or a share/),
  );
});
