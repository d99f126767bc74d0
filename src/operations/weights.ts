import { LvsctlError, UsageError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import {
  describeRecorded,
  destinationKey,
  type RecordedWeight,
  recordDifferences,
  recordedWeight,
  serviceKey,
} from '../ipvs/index.js';
import type { Access, Author, DirectorOutcome, OperationFailure, Outcome, WeightChange } from './access.js';
import { type Guard, keepsEnough } from './availability.js';
import {
  checkReadBack,
  type DirectorPlan,
  type Intent,
  objections,
  planChange,
  recordEntry,
} from './change.js';
import { Director, type DirectorState } from './director.js';
import { type Ramp, type RampStep, rampTo } from './ramp.js';
import { directorsOf, type Subject, type Target, targetsOf } from './targets.js';

export interface DrainOptions extends Subject, Author {
  /** Takes a real server out even where the guard speaks against it. */
  readonly force?: boolean;
  /** What speaks against taking a real server out; {@link keepsEnough} unless given. */
  readonly guard?: Guard;
  /** Entries of the record that stay as they are, and their weights with them: told as `kept`. */
  readonly keeps?: (entry: RecordedWeight) => boolean;
}

/**
 * Gives a real server weight 0 in its services, on all their directors, and records it: connections that it has go on, new ones
 * go to the others, and neither a reboot nor `provision` brings it back.
 * @throws LvsctlError when the guard objects: then nothing was changed anywhere
 */
export function drain(access: Access, options: DrainOptions): Promise<Outcome> {
  const { guard = keepsEnough, force = false, keeps } = options;
  const intent: Intent = { weight: () => 0, author: options, ...(keeps && { keeps }) };
  return changeWeights(access, options, intent, force ? undefined : guard);
}

export interface UndrainOptions extends Subject {
  /** Entries that stay as they are. */
  readonly keeps?: (entry: RecordedWeight) => boolean;
  /** A weight that an operator had set before a rolling run comes back, and not the inventory's. */
  readonly restores?: boolean;
}

/** Takes a real server's entries out of the record and gives it the inventory's weights, whatever it has now. */
export function undrain(access: Access, options: UndrainOptions): Promise<Outcome> {
  const { keeps, restores = false } = options;
  const intent: Intent = {
    weight: ({ weight }) => weight,
    author: undefined,
    ...(keeps && { keeps }),
    restores,
  };
  return changeWeights(access, options, intent, undefined);
}

export interface SetWeightOptions extends Author {
  readonly host: string;
  readonly service: string;
  /** 0 to 2147483647; the inventory's own takes the entry out of the record. */
  readonly weight: number;
  readonly force?: boolean;
  readonly guard?: Guard;
  /** In steps over so many seconds, from the weight that the table has; at once unless given. */
  readonly overSeconds?: number;
  readonly onStep?: (step: RampStep) => void;
}

/**
 * Sets one weight, and records it, each step of a slow change too: an interrupted one stays where it is, and `provision` leaves it there.
 * Interrupted by the signal, it says where it stopped.
 * @throws LvsctlError when the guard objects: then nothing was changed anywhere
 */
export async function setWeight(access: Access, options: SetWeightOptions): Promise<Outcome> {
  const { host, service, weight, guard = keepsEnough, force = false } = options;
  const subject = { host, services: [service] };
  const targets = targetsOf(access.cluster, subject);
  const intent: Intent = {
    weight: () => weight,
    author: isInventorys(targets, weight) ? undefined : options,
  };
  const { overSeconds = 0, onStep } = options;
  const ramp: Ramp | undefined =
    overSeconds > 0
      ? {
          seconds: overSeconds,
          signal: access.signal,
          ...(onStep && { onStep }),
          entry: recordEntry(options, host, service, weight),
        }
      : undefined;
  return changeWeights(access, subject, intent, force ? undefined : guard, ramp);
}

const isInventorys = (targets: readonly Target[], weight: number): boolean =>
  targets.every(({ realServers }) => realServers.every((one) => one.weight === weight));

type Opened = { readonly name: string; readonly director?: Director } & (
  | { readonly state: DirectorState }
  | { readonly failure: OperationFailure }
);

/** Reads all directors, asks the guard, and only then changes any; one that can't be reached does not stop the others. */
async function changeWeights(
  access: Access,
  subject: Subject,
  intent: Intent,
  guard: Guard | undefined,
  ramp?: Ramp,
): Promise<Outcome> {
  const targets = targetsOf(access.cluster, subject);
  const names = directorsOf(targets);
  if (names.length === 0) throw new UsageError(`${subject.host}: its services have no director`);
  const opened = await Promise.all(names.map((name) => open(access, name)));
  try {
    const against =
      guard === undefined ? [] : opened.flatMap((one) => objectionsOn(one, targets, intent, guard));
    const [objection] = against;
    if (objection !== undefined)
      throw new LvsctlError([...new Set(against)].join('; '), {
        host: subject.host,
        resource: 'weights',
        hint: 'give another real server a weight first, or say --force',
      });
    const meant = { ...intent, ...(intent.keeps && { carried: keptOn(opened, intent.keeps) }) };
    const outcomes = await Promise.all(opened.map((one) => changeOne(one, targets, meant, ramp)));
    return { directors: intent.keeps ? outcomes : withDifferences(access.cluster, opened, outcomes) };
  } finally {
    await Promise.allSettled(opened.map(({ director }) => director?.release()));
  }
}

/** What any of the directors keeps, the newest of several. */
function keptOn(
  opened: readonly Opened[],
  keeps: (entry: RecordedWeight) => boolean,
): (host: string, service: string) => RecordedWeight | undefined {
  return (host, service) =>
    opened
      .flatMap((one) => ('state' in one ? (recordedWeight(one.state.record, host, service) ?? []) : []))
      .filter(keeps)
      .reduce<RecordedWeight | undefined>(
        (newest, one) => (one.when > (newest?.when ?? '') ? one : newest),
        undefined,
      );
}

/** Tells of what the directors’ records do not say alike now, be it of other hosts. */
function withDifferences(
  cluster: Cluster,
  opened: readonly Opened[],
  outcomes: readonly DirectorOutcome[],
): DirectorOutcome[] {
  const known = opened.flatMap((one) =>
    'state' in one && one.director ? [[one.name, one.director.record] as const] : [],
  );
  const differences = recordDifferences(cluster, new Map(known));
  return outcomes.map((outcome) => {
    const own = differences.filter(({ director }) => director === outcome.director).map(({ text }) => text);
    return own.length === 0 ? outcome : { ...outcome, remarks: [...outcome.remarks, ...own] };
  });
}

function objectionsOn(one: Opened, targets: readonly Target[], intent: Intent, guard: Guard): string[] {
  return 'state' in one ? objections(one.name, one.state, targets, intent, guard) : [];
}

async function open(access: Access, name: string): Promise<Opened> {
  let director: Director | undefined;
  try {
    director = new Director(await access.host(name), access.cluster, access.lock);
    return { name, director, state: await director.read() };
  } catch (error) {
    return { name, ...(director && { director }), failure: failureOf(name, error) };
  }
}

async function changeOne(
  one: Opened,
  targets: readonly Target[],
  intent: Intent,
  ramp: Ramp | undefined,
): Promise<DirectorOutcome> {
  const { name, director } = one;
  if ('failure' in one) {
    const remarks = ['nothing was changed or recorded here: run the same again once that can be done'];
    return { director: name, changes: [], remarks, failure: one.failure };
  }
  const own = targets.filter(({ service }) => service.directors.includes(name));
  const plan = planChange(one.state, own, intent);
  const remarks = remarksOn(one.state, own, plan);
  try {
    if (director && ramp) return { director: name, changes: await rampTo(director, plan, ramp), remarks };
    const waiting = await carryOut(director, plan);
    return { director: name, changes: plan.changes, remarks: [...remarks, ...waiting] };
  } catch (error) {
    return { director: name, changes: [], remarks: [], failure: failureOf(name, error) };
  }
}

/** Returns what is to be said of servers that keepalived has not given their weights yet. */
async function carryOut(
  director: Director | undefined,
  { operations, record }: DirectorPlan,
): Promise<string[]> {
  if (director === undefined || (operations.length === 0 && record === undefined)) return [];
  const services = await director.change(operations, { record, last: true });
  const left = operations.filter((one) => director.isLeftToChecks(one));
  checkReadBack(
    director.name,
    services,
    operations.filter((one) => !left.includes(one)),
  );
  return left.flatMap((one) => {
    if (one.kind !== 'editDestination') return [];
    const key = destinationKey(one.destination);
    const found = services.get(serviceKey(one.id))?.destinations.find((each) => destinationKey(each) === key);
    return found?.weight === 0
      ? [
          `${key} in ${serviceKey(one.id)} has weight 0 until keepalived’s check of it succeeds; ` +
            '`journalctl -u keepalived -n 50` there tells why it does not',
        ]
      : [];
  });
}

/** What the operator must know of a real server that persistence still sends clients to, or that is not in the table. */
function remarksOn(
  state: DirectorState,
  targets: readonly Target[],
  { changes, carried }: DirectorPlan,
): string[] {
  const absent = changes
    .filter(({ before, kept }) => before === undefined && kept === undefined)
    .map(
      ({ service, host, address, after }) =>
        `${host} (${address}) is not in the table of ${service}: it gets weight ${after} when \`lvsctl provision\` adds it`,
    );
  const drained = (name: string): WeightChange | undefined =>
    changes.find(({ service, after, before }) => service === name && after === 0 && before !== undefined);
  const persistent = targets.flatMap(({ service }) => {
    const change = drained(service.name);
    if (change === undefined || service.persistence === undefined || state.quiescentExpires !== false)
      return [];
    return [
      `${service.name} is persistent: clients that it remembers go on to ${change.host} until they have been away for ` +
        `${service.persistence.seconds} s; net.ipv4.vs.expire_quiescent_template = 1 on the director ends that`,
    ];
  });
  const taken = carried.map(
    (entry) => `${describeRecorded(entry)}: another director’s record says so, and this one says it now too`,
  );
  return [...absent, ...persistent, ...taken];
}

/** What is not an LvsctlError is a defect of ours, and no answer of a director. */
export function failureOf(director: string, error: unknown): OperationFailure {
  if (!(error instanceof LvsctlError)) throw error;
  const { hint, resource = 'connect' } = error;
  const prefix = `${director}: `;
  const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return { resource, message, ...(hint !== undefined && { hint }) };
}
