import { setTimeout as sleep } from 'node:timers/promises';
import { LvsctlError } from '../errors.js';
import { destinationKey, type Operation } from '../ipvs/index.js';
import type { WeightChange } from './access.js';
import { checkReadBack, type DirectorPlan } from './change.js';
import type { Director } from './director.js';

export interface RampStep {
  readonly director: string;
  readonly address: string;
  /** Of the table now, on its way to `target`. */
  readonly weight: number;
  readonly target: number;
  readonly secondsLeft: number;
}

export interface Ramp {
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly onStep?: (step: RampStep) => void;
}

type Edit = Extract<Operation, { kind: 'editDestination' }>;

const isEdit = (operation: Operation): operation is Edit => operation.kind === 'editDestination';

/**
 * Weights at even distances from one to the other, the last of them the target; one a second at the most, and none that is the
 * same as the one before.
 */
export function rampWeights(from: number, to: number, seconds: number): number[] {
  const steps = Math.max(1, Math.min(Math.floor(seconds), Math.abs(to - from)));
  return Array.from({ length: steps }, (_, i) => from + Math.round(((to - from) * (i + 1)) / steps));
}

/**
 * Carries a plan out in steps, the last of them when the time is over; the record is written before the first.
 * @throws LvsctlError before anything is changed, where keepalived brings the server back
 */
export async function rampTo(
  director: Director,
  { operations, record, changes }: DirectorPlan,
  { seconds, signal, onStep }: Ramp,
): Promise<readonly WeightChange[]> {
  const edits = operations.filter(isEdit);
  const checked = edits.find((edit) => director.isLeftToChecks(edit));
  if (checked !== undefined)
    throw new LvsctlError(
      `keepalived checks ${destinationKey(checked.destination)}, and gives it its whole weight when it answers`,
      { host: director.name, resource: 'weights', hint: 'leave --over out' },
    );
  const weights = edits.map((edit) =>
    rampWeights(edit.before.weight ?? 1, edit.destination.weight ?? 1, seconds),
  );
  const steps = Math.max(0, ...weights.map(({ length }) => length));
  if (record !== undefined) await director.change([], { record, last: steps === 0 });
  const begun = Date.now();
  const reached = new Map(edits.map((edit) => [destinationKey(edit.destination), edit.before.weight]));
  for (let step = 1; step <= steps; step++) {
    const due = begun + (seconds * 1000 * step) / steps;
    await sleep(Math.max(0, due - Date.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const now = edits.flatMap((edit, i): Edit[] => {
      // Of several with spans of their own, each ends with the last step.
      const own = weights[i] ?? [];
      const weight = own[Math.ceil((own.length * step) / steps) - 1];
      const destination = { ...edit.destination, weight };
      return weight === reached.get(destinationKey(destination)) ? [] : [{ ...edit, destination }];
    });
    if (now.length === 0) continue;
    checkReadBack(director.name, await director.change(now, { last: step === steps }), now);
    for (const { destination } of now) reached.set(destinationKey(destination), destination.weight);
    for (const { destination } of edits) {
      const address = destinationKey(destination);
      onStep?.({
        director: director.name,
        address,
        weight: reached.get(address) ?? 0,
        target: destination.weight ?? 1,
        secondsLeft: Math.max(0, seconds - (Date.now() - begun) / 1000),
      });
    }
  }
  return changes.map((change) => {
    const weight = reached.get(change.address);
    return weight === undefined || weight === change.after ? change : { ...change, stoppedAt: weight };
  });
}
