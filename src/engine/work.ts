import { LvsctlError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import type { Sh } from '../shell/index.js';
import type { EventSink } from './events.js';
import type { Change, ProbeOutput, Resource } from './resource.js';
import type { Role, RoleInput } from './role.js';
import type { HostSession } from './session.js';
import type { Store, StoredFile } from './store.js';

/** What a stage needs to know of the run. */
export interface StageContext {
  readonly cluster: Cluster;
  readonly unready: ReadonlyMap<string, string>;
  readonly published: Map<string, Record<string, string>>;
  /** Parameters of each role, checked. */
  readonly params: ReadonlyMap<Role<unknown>, unknown>;
  readonly sink: EventSink;
  /** Opened where a role has artifacts. */
  readonly store: Store | undefined;
}

export interface OwnedResource {
  readonly role: string;
  readonly resource: Resource;
}

export interface OwnedChange extends OwnedResource {
  readonly change: Change;
  /** Place among the host's resources, from 0. */
  readonly position: number;
}

/** Everything one host has to do in one stage: its roles' resources, told apart from what it published. */
export interface Work {
  readonly resources: readonly OwnedResource[];
  readonly publish: ReadonlyMap<string, Sh>;
  /** What the roles say beside. */
  readonly remarks: readonly string[];
}

/** What a role may look at, at this moment of the run. */
export function inputOf(
  session: HostSession,
  role: Role<unknown>,
  context: StageContext,
): RoleInput<unknown> {
  return {
    cluster: context.cluster,
    host: session.target,
    facts: session.facts,
    params: context.params.get(role),
    unready: context.unready,
    published: context.published,
    stored: context.store?.files ?? new Map<string, StoredFile>(),
  };
}

export function workOf(session: HostSession, roles: readonly Role<unknown>[], context: StageContext): Work {
  const resources = new Map<string, OwnedResource>();
  const publish = new Map<string, Sh>();
  const remarks: string[] = [];
  for (const role of roles) {
    const input = inputOf(session, role, context);
    for (const resource of inRole(session.name, role, () => role.resources(input))) {
      const before = resources.get(resource.id);
      // Two roles may ask for the same thing (a kernel module, a folder); that they ask for different things is a defect of ours.
      if (before && before.resource.probe.text !== resource.probe.text)
        throw new Error(
          `roles ${before.role} and ${role.name} disagree on ${resource.id} of ${session.name}`,
        );
      if (!before) resources.set(resource.id, { role: role.name, resource });
    }
    for (const [key, script] of Object.entries(role.publish?.(input) ?? {})) publish.set(key, script);
    remarks.push(...(role.remarks?.(input) ?? []));
  }
  return { resources: [...resources.values()], publish, remarks };
}

export function inRole<T>(host: string, role: Role<unknown>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw about(error, { host, resource: `role ${role.name}` });
  }
}

/** The same error with the host, and the resource where it names none itself. What is no {@link LvsctlError} stays as it is. */
export function about(error: unknown, where: { host: string; resource: string }): unknown {
  if (!(error instanceof LvsctlError)) return error;
  return new LvsctlError(error.message, {
    ...where,
    ...(error.resource && { resource: error.resource }),
    ...(error.hint && { hint: error.hint }),
    cause: error,
  });
}

/** One trip for all probes of the host (rule 3); what it publishes for others comes along. */
export async function probe(
  session: HostSession,
  work: Work,
  context: StageContext,
): Promise<ReadonlyMap<string, ProbeOutput>> {
  const sections = new Map<string, Sh>(work.resources.map(({ resource }) => [resource.id, resource.probe]));
  for (const [key, script] of work.publish) sections.set(`publish ${key}`, script);
  // A trip that asks for nothing is none.
  if (sections.size === 0) return new Map();
  const outputs = await session.sections(sections);
  for (const key of work.publish.keys()) {
    const value = outputs.get(`publish ${key}`)?.stdout.trim();
    if (value) context.published.set(session.name, { ...context.published.get(session.name), [key]: value });
  }
  return outputs;
}

/** The changes that are left, in the order of applying. */
export function planAll(
  work: Work,
  outputs: ReadonlyMap<string, ProbeOutput>,
  host: string,
): readonly OwnedChange[] {
  const changing = new Set<string>();
  const written = new Map<string, string>();
  const changes: OwnedChange[] = [];
  for (const [position, owned] of work.resources.entries()) {
    const { resource } = owned;
    const observed = outputs.get(resource.id);
    if (!observed) throw new Error(`no probe output for ${resource.id} of ${host}`);
    let change: Change | undefined;
    try {
      change = resource.plan(observed, { changing, written });
    } catch (error) {
      throw error instanceof LvsctlError
        ? new LvsctlError(error.message, {
            host,
            resource: resource.id,
            ...(error.hint && { hint: error.hint }),
            cause: error,
          })
        : error;
    }
    if (!change) continue;
    changing.add(resource.id);
    for (const [path, text] of Object.entries(change.writes ?? {})) written.set(path, text);
    changes.push({ ...owned, change, position });
  }
  return changes;
}
