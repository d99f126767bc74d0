import { LvsctlError } from '../errors.js';
import type { Service, ServiceRealServer } from '../inventory/cluster.js';
import {
  beforeRolling,
  type Destination,
  describeRecorded,
  destinationKey,
  destinationOf,
  isRolling,
  type Operation,
  overlayDestination,
  type RecordedWeight,
  recordedWeight,
  recordReason,
  recordWith,
  recordWithout,
  recordWord,
  rollingOver,
  rollingReason,
  serviceIdentity,
  serviceKey,
  type VirtualService,
  type WeightRecord,
  wantedService,
} from '../ipvs/index.js';
import type { Author, WeightChange } from './access.js';
import type { Guard } from './availability.js';
import type { DirectorState } from './director.js';
import type { Target } from './targets.js';

/** What shall become of the weights of one host: pure, of the service and the server in the inventory. */
export interface Intent {
  /** The weight that a real server shall have now. */
  readonly weight: (realServer: ServiceRealServer) => number;
  /** Who says so, where it is to be recorded; undefined: the record's entry goes, and the inventory's weight counts. */
  readonly author: Author | undefined;
  /** True: an entry of the record stays as it is, and so does the weight. */
  readonly keeps?: (entry: RecordedWeight) => boolean;
  /** An entry that another director keeps, of a host and service: this one takes it over, rather than say something else. */
  readonly carried?: (host: string, service: string) => RecordedWeight | undefined;
  /** What a rolling run has taken over comes back with what was on record before it. */
  readonly restores?: boolean;
}

/** Pure: what to do on one director. */
export interface DirectorPlan {
  readonly operations: readonly Operation[];
  /** Undefined: it stays as it is. */
  readonly record: WeightRecord | undefined;
  readonly changes: readonly WeightChange[];
  /** Taken over from another director’s record. */
  readonly carried: readonly RecordedWeight[];
}

const named = (service: Service, realServer: ServiceRealServer): string =>
  destinationKey(destinationOf(service, realServer));

function live(
  state: Pick<DirectorState, 'services'>,
  service: Service,
  realServer: ServiceRealServer,
): { readonly in: VirtualService; readonly destination: Destination } | undefined {
  const found = state.services.get(serviceKey(serviceIdentity(service)));
  const destination = found?.destinations.find((one) => destinationKey(one) === named(service, realServer));
  return found && destination && { in: found, destination };
}

/** The live settings with another weight: an edit must repeat all of them. What this ipvsadm doesn't show is the inventory's. */
function withWeight(
  service: Service,
  realServer: ServiceRealServer,
  destination: Destination,
  weight: number,
): Destination {
  const [wanted] = wantedService(service, [realServer]).destinations;
  if (wanted === undefined) throw new Error(`${realServer.host} is lost between service and table`);
  const { forwarding } = destination;
  return overlayDestination(wanted, {
    ...destination,
    weight,
    forwarding: forwarding === 'local' ? wanted.forwarding : forwarding,
  });
}

/** The smallest change of one director's table and record that carries out what is meant. */
export function planChange(
  state: Pick<DirectorState, 'services' | 'record'>,
  targets: readonly Target[],
  intent: Intent,
): DirectorPlan {
  const operations: Operation[] = [];
  const changes: WeightChange[] = [];
  const carried: RecordedWeight[] = [];
  let { record } = state;
  for (const { service, realServers } of targets) {
    const host = realServers[0]?.host ?? '';
    const entry = recordedWeight(record, host, service.name);
    const own = entry !== undefined && intent.keeps?.(entry) === true ? entry : undefined;
    const kept = own ?? intent.carried?.(host, service.name);
    if (own === undefined && kept !== undefined) carried.push(kept);
    const former =
      kept === undefined && entry !== undefined && intent.restores ? beforeRolling(entry) : undefined;
    for (const realServer of realServers) {
      const found = live(state, service, realServer);
      const before = found?.destination.weight;
      const weight = (kept ?? former)?.weight ?? intent.weight(realServer);
      changes.push({
        service: service.name,
        host,
        address: named(service, realServer),
        ...(before !== undefined && { before }),
        after: weight,
        recorded: (kept ?? former) !== undefined || intent.author !== undefined,
        ...(kept && { kept: describeRecorded(kept) }),
      });
      if (found === undefined || before === weight) continue;
      const destination = withWeight(service, realServer, found.destination, weight);
      operations.push({
        kind: 'editDestination',
        id: found.in.id,
        destination,
        before: found.destination,
        draining: false,
      });
    }
    if (former !== undefined) record = recordWith(record, [former]);
    else if (kept === undefined) record = recorded(record, host, service, intent, realServers[0]);
  }
  if (carried.length > 0) record = recordWith(record, carried);
  return { operations, record: record === state.record ? undefined : record, changes, carried };
}

/** What an author has the record say. */
export function recordEntry(
  { who, reason = '', when = new Date() }: Author,
  host: string,
  service: string,
  weight: number,
): RecordedWeight {
  return {
    host,
    service,
    weight,
    when: `${when.toISOString().slice(0, 19)}Z`,
    who: recordWord(who),
    reason: recordReason(reason),
  };
}

function recorded(
  record: WeightRecord,
  host: string,
  service: Service,
  { author, weight }: Intent,
  realServer: ServiceRealServer | undefined,
): WeightRecord {
  const entry = recordedWeight(record, host, service.name);
  if (author === undefined || realServer === undefined)
    return entry === undefined ? record : recordWithout(record, [{ host, service: service.name }]);
  const byRolling = author.reason === rollingReason;
  // The host is theirs already; when and by which run does not matter.
  if (byRolling && entry !== undefined && isRolling(entry) && entry.weight === weight(realServer))
    return record;
  const plain = recordEntry(author, host, service.name, weight(realServer));
  const wanted = byRolling && entry !== undefined ? { ...plain, reason: rollingOver(entry) } : plain;
  // The same weight again, and nothing new to say of it: it goes on since then. What a rolling run has drained is an operator's now.
  const same =
    entry?.weight === wanted.weight &&
    !isRolling(entry) &&
    (wanted.reason === '' || (entry.reason === wanted.reason && entry.who === wanted.who));
  return same ? record : recordWith(record, [wanted]);
}

/**
 * What speaks against taking the host out of its services on this director: servers that have no weight above 0 there are not
 * missed by anybody.
 */
export function objections(
  director: string,
  state: Pick<DirectorState, 'services'>,
  targets: readonly Target[],
  intent: Intent,
  guard: Guard,
): string[] {
  return targets.flatMap(({ service, realServers }) => {
    const found = state.services.get(serviceKey(serviceIdentity(service)));
    if (found === undefined || !service.directors.includes(director)) return [];
    const own = new Map(realServers.map((one) => [named(service, one), one]));
    const serving = found.destinations.filter(({ weight }) => weight !== 0);
    const staying = serving.filter((one) => {
      const realServer = own.get(destinationKey(one));
      return realServer === undefined || intent.weight(realServer) > 0;
    });
    if (staying.length === serving.length) return [];
    const host = realServers[0]?.host ?? '';
    const total = new Set(service.realServers.map((one) => one.host)).size;
    return guard({ service, host, director, remaining: hostsAmong(staying), total }) ?? [];
  });
}

/** A host that serves under several ports is one. */
const hostsAmong = (destinations: readonly Destination[]): number =>
  new Set(destinations.map(({ address }) => address)).size;

/**
 * Compares the table as it was read back with what was meant.
 * @throws LvsctlError naming what is otherwise
 */
export function checkReadBack(
  director: string,
  services: DirectorState['services'],
  operations: readonly Operation[],
): void {
  for (const operation of operations) {
    if (operation.kind !== 'editDestination') continue;
    const key = destinationKey(operation.destination);
    const service = services.get(serviceKey(operation.id));
    const found = service?.destinations.find((one) => destinationKey(one) === key);
    if (found?.weight === operation.destination.weight) continue;
    throw new LvsctlError(
      `${key} in ${serviceKey(operation.id)} was set to weight ${operation.destination.weight}, and ` +
        (found === undefined ? 'is no longer in the table' : `has ${found.weight ?? 'an unknown weight'}`),
      {
        host: director,
        resource: 'weights',
        hint: 'something else changes this table: look for a health checker or another operator on the director',
      },
    );
  }
}
