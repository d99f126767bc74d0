import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { bootScript } from '../../src/resources/index.js';
import { template } from '../../src/shell/index.js';
import { returnedNote, trialMark } from './paths.js';

const render = template(import.meta.url, 'templates/kernel-guard.sh.hbs');

/**
 * Takes a host back to its old kernel when the new one came up and lvsctl did not confirm it, because it can't be reached, say. It is
 * started at every boot, and does nothing without the mark of a trial; so it stays where it is.
 */
export function kernelGuard(facts: Facts): readonly Resource[] {
  return bootScript({
    name: 'kernel-guard',
    description: 'Goes back to the old kernel when a trial is not confirmed',
    text: guardScript(),
    facts,
  });
}

export function guardScript(): string {
  return render({ trialMark, returnedNote });
}
