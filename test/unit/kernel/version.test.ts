import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareKernelVersions,
  inRange,
  type KernelVersion,
  parseKernelVersion,
} from '../../../src/kernel/index.js';

function version(text: string): KernelVersion {
  const parsed = parseKernelVersion(text);
  if (!parsed) throw new Error(`${text} is none`);
  return parsed;
}

const compare = (one: string, other: string) =>
  Math.sign(compareKernelVersions(version(one), version(other)));

describe('parseKernelVersion', () => {
  test.each([
    ['2.4.20', '2.4', undefined, '', 'mainline', undefined],
    ['2.4.37.11', '2.4', undefined, '', 'mainline', undefined],
    ['2.4.19-pre5', '2.4', 'pre 5', '', 'mainline', undefined],
    ['2.4.20pre10', '2.4', 'pre 10', '', 'mainline', undefined],
    ['2.6.4-rc1', '2.6', 'rc 1', '', 'mainline', undefined],
    ['2.6.0-test11', '2.6', 'test 11', '', 'mainline', undefined],
    ['6.12', '6.12', undefined, '', 'mainline', undefined],
    [' 6.1.158\n', '6.1', undefined, '', 'mainline', undefined],
    ['2.4.20-lvs1', '2.4', undefined, '-lvs1', 'own', undefined],
    ['2.4.20-8', '2.4', undefined, '-8', 'vendor', 'red-hat-linux 8 '],
    ['2.4.20-8smp', '2.4', undefined, '-8smp', 'vendor', 'red-hat-linux 8 smp'],
    ['2.4.20-20.9bigmem', '2.4', undefined, '-20.9bigmem', 'vendor', 'red-hat-linux 20.9 bigmem'],
    ['2.4.18-14custom', '2.4', undefined, '-14custom', 'vendor', 'red-hat-linux 14 custom'],
    ['2.4.21-40.EL', '2.4', undefined, '-40.EL', 'vendor', 'rhel 40.EL '],
    ['2.4.21-27.0.2.ELsmp', '2.4', undefined, '-27.0.2.ELsmp', 'vendor', 'rhel 27.0.2.EL smp'],
    ['6.1.0-18-amd64', '6.1', undefined, '-18-amd64', 'vendor', 'debian-like 18 amd64'],
    ['5.10.0-28-cloud-amd64', '5.10', undefined, '-28-cloud-amd64', 'vendor', 'debian-like 28 cloud-amd64'],
    ['5.14.0-427.13.1.el9_4.x86_64', '5.14', undefined, '-427.13.1.el9_4.x86_64', 'vendor', undefined],
    ['6.6.58-0-lts', '6.6', undefined, '-0-lts', 'vendor', 'debian-like 0 lts'],
    ['2.4.20-pre10-ac2', '2.4', 'pre 10', '-ac2', 'vendor', undefined],
    ['6.1.0-rc3-amd64', '6.1', 'rc 3', '-amd64', 'vendor', undefined],
    ['6.6.0-0.rc1.14.fc40', '6.6', undefined, '-0.rc1.14.fc40', 'vendor', undefined],
    ['5.15.0+', '5.15', undefined, '+', 'vendor', undefined],
  ])('%j', (text, series, prerelease, extra, origin, vendor) => {
    const found = version(text);
    expect(found).toMatchObject({ text: text.trim(), series, extra, origin });
    expect(found.prerelease && `${found.prerelease.stage} ${found.prerelease.number}`).toBe(prerelease);
    const { vendor: maker } = found;
    expect(maker && `${maker.name} ${maker.release} ${maker.flavour}`).toBe(vendor);
  });

  test.each(['', '2', 'linux', '2.4.', '2.4.20pre', '2.4.20prefix', '2.4 .20', '2.4.20x', 'v2.4.20', '-8'])(
    '%j is none',
    (text) => expect(parseKernelVersion(text)).toBeUndefined(),
  );
});

describe('compareKernelVersions', () => {
  test('an order that is known', () => {
    const inOrder = [
      '2.2.26',
      '2.4.0-test12',
      '2.4.18-14',
      '2.4.19-pre4',
      '2.4.19-pre5',
      '2.4.19-rc1',
      '2.4.19',
      '2.4.20-pre8',
      '2.4.20-pre9',
      '2.4.20pre10',
      '2.4.20-pre10-ac2',
      '2.4.20-pre11',
      '2.4.20-rc1',
      '2.4.20-rc2',
      '2.4.20',
      '2.4.20-8',
      '2.4.20-8smp',
      '2.4.20-20.9',
      '2.4.21',
      '2.4.21-9.EL',
      '2.4.21-40.EL',
      '2.4.37',
      '2.4.37.9',
      '2.4.37.11',
      '2.5.67',
      '2.6.0-test1',
      '2.6.0-test11',
      '2.6.0',
      '2.6.4-rc1',
      '2.6.4',
      '6.1.0-18-amd64',
      '6.1.158',
      '6.12',
    ];
    const shuffled = [...inOrder].reverse();
    expect(shuffled.sort((one, other) => compare(one, other))).toEqual(inOrder);
  });

  test('names of the same release', () => {
    expect(compare('2.4.20pre10', '2.4.20-pre10')).toBe(0);
    expect(compare('6.12', '6.12.0')).toBe(0);
    expect(compare('2.4.20-8', '2.4.20-08')).toBe(0);
  });

  const small = fc.integer({ min: 0, max: 12 });
  const anyVersion = fc
    .record({
      numbers: fc.array(small, { minLength: 2, maxLength: 4 }),
      stage: fc.constantFrom('', 'pre', '-pre', '-rc', '-test'),
      count: small,
      extra: fc.oneof(
        fc.constantFrom('', '', '-8', '-20.9smp', '-40.EL', '-18-amd64', '-lvs1', '-lvs10', '+'),
        fc.stringMatching(/^[-+._][a-z0-9.]{0,5}$/),
      ),
    })
    .map(({ numbers, stage, count, extra }) => numbers.join('.') + (stage && `${stage}${count}`) + extra)
    // `2.4` with `.5` behind it is another number; the text decides what it is, and must be one.
    .map((text) => parseKernelVersion(text))
    .filter((parsed) => parsed !== undefined);

  const sign = (one: KernelVersion, other: KernelVersion) => Math.sign(compareKernelVersions(one, other));

  test('turns round with its arguments, and knows each version as itself', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (one, other) => {
        expect(sign(one, other) + sign(other, one)).toBe(0);
        expect(sign(one, one)).toBe(0);
        expect(sign(one, { ...one })).toBe(0);
      }),
    );
  });

  test('is transitive, equality too', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        const [first, second, third] = [a, b, c].sort(sign) as [KernelVersion, KernelVersion, KernelVersion];
        expect(sign(first, second)).toBeLessThanOrEqual(0);
        expect(sign(second, third)).toBeLessThanOrEqual(0);
        expect(sign(first, third)).toBeLessThanOrEqual(0);
        if (sign(a, b) === 0) expect(sign(a, c)).toBe(sign(b, c));
      }),
      { numRuns: 1000 },
    );
  });

  test('a pre-release comes before its release, by stage and then by number', () => {
    const numbers = fc.array(small, { minLength: 3, maxLength: 4 });
    fc.assert(
      fc.property(numbers, small, small, (parts, n, m) => {
        const base = parts.join('.');
        const next = [...parts.slice(0, -1), (parts.at(-1) ?? 0) + 1].join('.');
        const inOrder = [`${base}-test${n}`, `${base}-pre${n}`, `${base}-rc${m}`, base, next];
        for (const [i, earlier] of inOrder.entries())
          for (const later of inOrder.slice(i + 1)) expect(compare(earlier, later)).toBe(-1);
        expect(compare(`${base}-pre${n}`, `${base}pre${m}`)).toBe(Math.sign(n - m));
      }),
    );
  });
});

test('a vendor release is in no range, whatever its numbers', () => {
  const range = { first: '2.4.0', last: '6.99' };
  expect(inRange(version('2.4.20'), range)).toBe(true);
  expect(inRange(version('2.4.20-lvs2'), range)).toBe(true);
  fc.assert(
    fc.property(
      fc.constantFrom('-8', '-20.9', '-40.EL', '-8smp', '-8bigmem', '-18-amd64', '-ac2'),
      (extra) => {
        expect(inRange(version(`2.4.20${extra}`), range)).toBe(false);
      },
    ),
  );
});
