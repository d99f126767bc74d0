import { setTimeout as sleep } from 'node:timers/promises';
import { LvsctlError, OutcomeUnknownError } from '../errors.js';
import {
  destinationKey,
  type Operation,
  type RecordedWeight,
  recordedWeight,
  recordWith,
  serviceKey,
  type VirtualService,
  type WeightRecord,
} from '../ipvs/index.js';
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
  /** What the record says while the weight is on its way; the weight is put in. */
  readonly entry: RecordedWeight;
}

type Edit = Extract<Operation, { kind: 'editDestination' }>;

const isEdit = (operation: Operation): operation is Edit => operation.kind === 'editDestination';

/** Seconds between two steps at the least. keepalived reads its file for each, and begins its checks anew then. */
const STEP = 1;
const KEEPALIVED_STEP = 10;

/**
 * Weights at even distances from one to the other, the last of them the target; one in so many seconds at the most, and none that is
 * the same as the one before.
 */
export function rampWeights(from: number, to: number, seconds: number, every = STEP): number[] {
  const steps = Math.max(1, Math.min(Math.floor(seconds / every), Math.abs(to - from)));
  return Array.from({ length: steps }, (_, i) => from + Math.round(((to - from) * (i + 1)) / steps));
}

/**
 * Carries a plan out in steps, the last of them when the time is over. Table, record and keepalived's file get each step's weight
 * together, so that they say the same whenever it is interrupted, by whatever.
 * @throws LvsctlError before anything is changed, where keepalived brings the server back; later, with the weight that it stands at
 */
export async function rampTo(
  director: Director,
  { operations, record, changes }: DirectorPlan,
  { seconds, signal, onStep, entry }: Ramp,
): Promise<readonly WeightChange[]> {
  const edits = operations.filter(isEdit);
  const checked = edits.find((edit) => director.isLeftToChecks(edit));
  if (checked !== undefined)
    throw new LvsctlError(
      `keepalived checks ${destinationKey(checked.destination)}, and gives it its whole weight when it answers`,
      { host: director.name, resource: 'weights', hint: 'leave --over out' },
    );
  const begin = director.record;
  const end = record ?? begin;
  // A host's ports in a service have one record, and so one weight on the way.
  const [first] = edits;
  const target = first?.destination.weight ?? 1;
  const every = director.hasKeepalived ? KEEPALIVED_STEP : STEP;
  const weights = first ? rampWeights(first.before.weight ?? 1, target, seconds, every) : [];
  if (weights.length === 0 && record !== undefined) await director.change([], { record, last: true });
  const begun = Date.now();
  let reached: number | undefined;
  for (const [index, weight] of weights.entries()) {
    const due = begun + (seconds * 1000 * (index + 1)) / weights.length;
    await sleep(Math.max(0, due - Date.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const last = index === weights.length - 1;
    const now = edits.map((edit): Edit => ({ ...edit, destination: { ...edit.destination, weight } }));
    // Whether an error says what is in the table, as read just now.
    let told = false;
    try {
      if (director.hasKeepalived) {
        const found = await director.table();
        told = true;
        checkStillIn(director.name, found, now);
        told = false;
      }
      const stepRecord = last ? end : recordWith(end, [{ ...entry, weight }]);
      const changed = await director.change(now, { record: stepRecord, last });
      told = true;
      checkReadBack(director.name, changed, now);
    } catch (error) {
      throw await stopped(
        director,
        error,
        reached === undefined ? begin : recordWith(end, [{ ...entry, weight: reached }]),
        {
          at: reached ?? first?.before.weight ?? 1,
          next: weight,
          target,
          entry,
          told,
          several: edits.length > 1,
        },
      );
    }
    reached = weight;
    for (const { destination } of edits)
      onStep?.({
        director: director.name,
        address: destinationKey(destination),
        weight,
        target,
        secondsLeft: Math.max(0, seconds - (Date.now() - begun) / 1000),
      });
  }
  const at = weights.length === 0 ? target : (reached ?? first?.before.weight);
  const recorded = recordedWeight(director.record, entry.host, entry.service) !== undefined;
  return changes.map((change) =>
    at === change.after || change.before === undefined || change.before === change.after
      ? change
      : { ...change, stoppedAt: reached ?? change.before, recorded },
  );
}

/**
 * keepalived takes a server out once, when its check fails: one that got a weight here meanwhile would stay in though it is dead.
 * @throws LvsctlError where one has weight 0 now
 */
function checkStillIn(
  director: string,
  services: ReadonlyMap<string, VirtualService>,
  edits: readonly Edit[],
): void {
  for (const { id, before, destination } of edits) {
    const key = destinationKey(destination);
    const found = services.get(serviceKey(id))?.destinations.find((one) => destinationKey(one) === key);
    if (before.weight === 0 || found?.weight !== 0) continue;
    throw new LvsctlError(
      `${key} in ${serviceKey(id)} has been taken out meanwhile, as keepalived does where its check fails, and comes back with the weight that it had reached`,
      {
        host: director,
        resource: 'weights',
        hint: 'see first why it was: `journalctl -u keepalived -n 50` there tells of its checks',
      },
    );
  }
}

interface Stop {
  /** Weights before and after the step that failed, and at the end of the way. */
  readonly at: number;
  readonly next: number;
  readonly target: number;
  readonly entry: RecordedWeight;
  /** The error says what the table has, which is neither. */
  readonly told: boolean;
  /** The host has several ports in the service: some may have been given the weight before one was refused. */
  readonly several: boolean;
}

/** A step that was refused is taken back from record and file; of one whose connection was lost nobody knows. */
async function stopped(
  director: Director,
  error: unknown,
  before: WeightRecord,
  { at, next, target, entry: { host, service }, told, several }: Stop,
): Promise<unknown> {
  if (!(error instanceof LvsctlError)) return error;
  const unknown = error instanceof OutcomeUnknownError;
  if (!unknown) await director.change([], { record: before, last: false }).catch(() => undefined);
  const weight = unknown || several ? `has weight ${at} or ${next}` : `has weight ${at}`;
  const goesOn = `\`lvsctl weight ${host} ${service} ${target} --over …\` goes on from it`;
  const undrains = `\`lvsctl undrain ${host} --service ${service}\` gives the inventory’s back`;
  const own = told && error.hint !== undefined ? `${error.hint}; ` : '';
  return new LvsctlError(
    `${error.message}; ${host} in ${service} ${told ? `was at weight ${at}` : `${weight} there`}, on its way to ${target}`,
    {
      host: director.name,
      resource: error.resource ?? 'weights',
      hint: `${own}\`lvsctl status\` shows the weight; ${goesOn}, ${undrains}`,
      cause: error,
    },
  );
}
