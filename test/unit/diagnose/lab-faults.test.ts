import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/diagnose/index.js';
import { DIRECTORS_FAULTS } from '../../lab/support/faults/directors.js';
import type { Fault } from '../../lab/support/faults/fault.js';
import { FORWARDING_FAULTS } from '../../lab/support/faults/forwarding.js';
import { ROUTING_ADVICE, ROUTING_FAULTS, SHUT } from '../../lab/support/faults/routing.js';

/** Checks without a fault in a lab, and why; the README says the same. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'tw-recycle': 'the setting is gone since Linux 4.12, and no kernel of the lab is older',
};

/** A lab test → the faults that it puts in. */
const RUN: Readonly<Record<string, readonly Fault[]>> = {
  'diagnose.test.ts': [...ROUTING_FAULTS.flatMap(({ faults }) => faults), SHUT],
  'diagnose-forwarding.test.ts': FORWARDING_FAULTS.flatMap(({ faults }) => faults),
  'diagnose-directors.test.ts': DIRECTORS_FAULTS.flatMap(({ faults }) => faults),
};
const faults = Object.values(RUN)
  .flat()
  .filter(({ found: of }) => of.length > 0);
const found = new Set([
  ...faults.flatMap(({ found: of }) => of.map((one) => one.slice(0, one.indexOf('@')))),
  ...ROUTING_ADVICE,
]);
const known = new Set(CATALOGUE.map(({ id }) => id));
const readme = readFileSync(new URL('../../../src/diagnose/README.md', import.meta.url), 'utf8');

describe('the faults of the labs', () => {
  it('make every check fire, but for those of which the reason is known', () => {
    expect([...known].filter((id) => !found.has(id))).toEqual(Object.keys(NOT_RUN));
  });

  it('are of checks that there are', () => {
    expect([...found].filter((id) => !known.has(id))).toEqual([]);
  });

  it('are put in by the tests that bear their names', () => {
    for (const file of Object.keys(RUN)) {
      const text = readFileSync(new URL(`../../lab/${file}`, import.meta.url), 'utf8');
      expect(text, file).toMatch(/_FAULTS\.map\(/);
    }
  });

  it('are counted in the README, and what has none is told there with its reason', () => {
    expect(readme).toContain(
      `${known.size - Object.keys(NOT_RUN).length} of the ${known.size} checks were shown to fire, by ${faults.length} faults`,
    );
    for (const [id, reason] of Object.entries(NOT_RUN)) expect(readme).toContain(`- \`${id}\`: ${reason}`);
  });
});
