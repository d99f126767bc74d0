import type { ProbeOutput } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';

/**
 * What the probe printed, when it could tell.
 * @throws LvsctlError when it exited non-zero: a state that is unknown is never taken for drift
 */
export function observedText(resource: string, observed: ProbeOutput): string {
  if (observed.status === 0) return observed.stdout;
  const said = observed.stderr.trim() || observed.stdout.trim() || 'it said nothing';
  throw new LvsctlError(`${resource}: its state can't be read (exit ${observed.status}): ${said}`, {
    resource,
    hint: 'run the command by hand on the host and mend what it complains about',
  });
}

/** Lines without the empty ones. */
export function observedLines(resource: string, observed: ProbeOutput): string[] {
  return observedText(resource, observed)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
