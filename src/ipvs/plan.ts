import { LvsctlError } from '../errors.js';
import { checkWanted } from './check.js';
import { destinationDiffers, overlayDestination, overlayService, serviceDiffers } from './compare.js';
import type { Operation } from './operation.js';
import {
  type Destination,
  destinationKey,
  type ServiceIdentity,
  serviceKey,
  type Table,
  type VirtualService,
} from './table.js';

/** A real server that belongs into the table but isn't ready: left as it is where present, not added where absent. */
export interface HeldDestination {
  readonly service: ServiceIdentity;
  readonly address: string;
  readonly port: number;
  readonly reason: string;
}

export interface Wanted {
  readonly services: readonly VirtualService[];
  readonly held: readonly HeldDestination[];
}

/** What of the kernel's table is ours to change. Everything else is left alone, and told. */
export interface Owned {
  readonly vips: ReadonlySet<string>;
  /** Keys of services by mark, which are of one family each: `fwmark 256`, `fwmark 256 (IPv6)`. */
  readonly marks: ReadonlySet<string>;
}

export interface TablePlan {
  /** In the order of applying. */
  readonly operations: readonly Operation[];
  readonly notes: readonly PlanNote[];
}

/**
 * What was left alone and why, for the operator. `held`: not ready; `draining`: leaves when its connections have ended;
 * `kept`: leaves when a server that can take over is ready; `foreign`: not ours.
 */
export interface PlanNote {
  readonly kind: 'held' | 'draining' | 'kept' | 'foreign';
  readonly text: string;
}

export function owns(owned: Owned, id: ServiceIdentity): boolean {
  return id.kind === 'mark' ? owned.marks.has(serviceKey(id)) : owned.vips.has(id.address);
}

/** Connections that a destination has, or undefined when they aren't known. */
export function connectionsOf(destination: Destination): number | undefined {
  const { activeConnections: active, inactiveConnections: inactive } = destination;
  return active === undefined || inactive === undefined ? undefined : active + inactive;
}

/** Operations by phase: what brings servers in comes before what takes them out, over all services. */
class Phases {
  readonly addServices: Operation[] = [];
  readonly editServices: Operation[] = [];
  readonly addDestinations: Operation[] = [];
  readonly editDestinations: Operation[] = [];
  readonly drains: Operation[] = [];
  readonly removals: Operation[] = [];
  readonly notes: PlanNote[] = [];

  operations(): Operation[] {
    return [
      ...this.addServices,
      ...this.editServices,
      ...this.addDestinations,
      ...this.editDestinations,
      ...this.drains,
      ...this.removals,
    ];
  }
}

/** Closes a server for new connections; removes it when it has none left. True when nothing of it remains. */
function retire(id: ServiceIdentity, before: Destination, phases: Phases): boolean {
  if (before.weight !== 0) {
    const destination = { ...before, weight: 0 };
    phases.drains.push({ kind: 'editDestination', id, destination, before, draining: true });
  }
  const connections = connectionsOf(before);
  if (connections === 0) {
    phases.removals.push({ kind: 'removeDestination', id, before });
    return true;
  }
  const count =
    connections === undefined
      ? 'an unknown number of connections'
      : `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
  phases.notes.push({
    kind: 'draining',
    text: `${destinationKey(before)} leaves ${serviceKey(id)}: it has ${count}, and stays with weight 0 until a run finds it without any`,
  });
  return false;
}

function planNewService(wanted: VirtualService, phases: Phases): void {
  phases.addServices.push({ kind: 'addService', service: wanted });
  for (const destination of wanted.destinations)
    phases.addDestinations.push({ kind: 'addDestination', id: wanted.id, destination });
}

function planLeavingService(current: VirtualService, phases: Phases): void {
  let empty = true;
  for (const destination of current.destinations) empty = retire(current.id, destination, phases) && empty;
  if (empty) phases.removals.push({ kind: 'removeService', id: current.id, before: current });
}

function editDestination(
  id: ServiceIdentity,
  before: Destination,
  wanted: Destination,
  phases: Phases,
): void {
  if (!destinationDiffers(before, wanted)) return;
  const destination = overlayDestination(before, wanted);
  const closes = destination.weight === 0 && before.weight !== 0;
  const phase = closes ? phases.drains : phases.editDestinations;
  phase.push({ kind: 'editDestination', id, destination, before, draining: false });
}

/** Leaving servers stay as they are while the only servers that would take over are held back. */
function leavesNobody(
  wanted: VirtualService,
  held: ReadonlySet<string>,
  present: ReadonlyMap<string, Destination>,
): boolean {
  if (wanted.destinations.some((destination) => destination.weight !== 0)) return false;
  let absent = 0;
  for (const key of held) {
    const destination = present.get(key);
    if (destination === undefined) absent++;
    else if (destination.weight !== 0) return false;
  }
  return absent > 0;
}

function planKeptService(
  current: VirtualService,
  wanted: VirtualService,
  held: ReadonlySet<string>,
  phases: Phases,
): void {
  if (serviceDiffers(current, wanted))
    phases.editServices.push({
      kind: 'editService',
      service: overlayService(current, wanted),
      before: current,
    });
  const present = new Map(current.destinations.map((d) => [destinationKey(d), d]));
  const staying = new Set(held);
  for (const destination of wanted.destinations) {
    const key = destinationKey(destination);
    staying.add(key);
    const before = present.get(key);
    if (before === undefined)
      phases.addDestinations.push({ kind: 'addDestination', id: current.id, destination });
    else editDestination(current.id, before, destination, phases);
  }
  const leaving = current.destinations.filter((destination) => !staying.has(destinationKey(destination)));
  if (leaving.length > 0 && leavesNobody(wanted, held, present)) {
    for (const destination of leaving)
      phases.notes.push({
        kind: 'kept',
        text: `${destinationKey(destination)} leaves ${serviceKey(current.id)}: kept until a real server that can take over is ready`,
      });
    return;
  }
  for (const destination of leaving) retire(current.id, destination, phases);
}

function groupHeld(held: readonly HeldDestination[], phases: Phases): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const destination of held) {
    const key = serviceKey(destination.service);
    const group = groups.get(key) ?? new Set();
    groups.set(key, group.add(destinationKey(destination)));
    phases.notes.push({
      kind: 'held',
      text: `${destinationKey(destination)} in ${key} is held back: ${destination.reason}`,
    });
  }
  return groups;
}

function noteForeign(foreign: readonly ServiceIdentity[], phases: Phases): void {
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, 5).map(serviceKey).join(', ');
  const more = foreign.length > 5 ? ` and ${foreign.length - 5} more` : '';
  phases.notes.push({ kind: 'foreign', text: `not in the inventory, left alone: ${shown}${more}` });
}

/**
 * The smallest ordered list of operations from the current table to the wanted one; pure, and linear in the tables' size.
 *
 * What is added comes before what is taken away, so no service that has a server before and after is ever without one.
 * A server that leaves is drained (weight 0) and removed only when it was seen without connections; until then it stays, and a
 * note says so. A service leaves when the last of its servers has.
 * @throws LvsctlError before anything is planned, for a wanted table that a kernel would refuse or silently change
 */
export function planTable(current: Table, wanted: Wanted, owned: Owned): TablePlan {
  checkWanted(wanted.services);
  for (const { id } of wanted.services)
    if (!owns(owned, id))
      throw new LvsctlError(`${serviceKey(id)} is wanted, but its address is not ours`, {
        hint: 'name its VIP (or mark) among those that the inventory owns',
      });
  const phases = new Phases();
  const held = groupHeld(wanted.held, phases);
  const wantedByKey = new Map(wanted.services.map((service) => [serviceKey(service.id), service]));
  const present = new Set<string>();
  const foreign: ServiceIdentity[] = [];
  for (const service of current.services) {
    const key = serviceKey(service.id);
    present.add(key);
    const target = wantedByKey.get(key);
    if (!owns(owned, service.id)) foreign.push(service.id);
    else if (target === undefined) planLeavingService(service, phases);
    else planKeptService(service, target, held.get(key) ?? new Set(), phases);
  }
  for (const service of wanted.services)
    if (!present.has(serviceKey(service.id))) planNewService(service, phases);
  noteForeign(foreign, phases);
  return { operations: phases.operations(), notes: phases.notes };
}
