import { LvsctlError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import type { Sh } from '../shell/index.js';
import type { EventSink, FailureDetails } from './events.js';
import type { Change, ChangeFile, ProbeOutput, Resource } from './resource.js';
import type { Role, RoleInput } from './role.js';
import type { HostSession } from './session.js';

/** What a stage needs to know of the run. */
export interface StageContext {
  readonly cluster: Cluster;
  readonly unready: ReadonlyMap<string, string>;
  readonly published: Map<string, Record<string, string>>;
  /** Parameters of each role, checked. */
  readonly params: ReadonlyMap<Role<unknown>, unknown>;
  readonly sink: EventSink;
}

/** Result of one stage on one host. */
export interface HostOutcome {
  readonly ok: number;
  readonly changed: number;
  readonly failed: number;
  /** Changes that `plan` found. */
  readonly pending: number;
  /** Why the host can't be relied on by later stages. */
  readonly failure?: string;
}

interface OwnedResource {
  readonly role: string;
  readonly resource: Resource;
}

interface OwnedChange extends OwnedResource {
  readonly change: Change;
  /** Place among the host's resources, from 0. */
  readonly position: number;
}

/** Everything one host has to do in one stage: its roles' resources, told apart from what it published. */
interface Work {
  readonly resources: readonly OwnedResource[];
  readonly publish: ReadonlyMap<string, Sh>;
}

/** Facts → resources → probes → plan, and no further. */
export async function planStage(
  session: HostSession,
  roles: readonly Role<unknown>[],
  context: StageContext,
): Promise<HostOutcome> {
  const work = workOf(session, roles, context);
  const changes = await probeAndPlan(session, work, context);
  return { ok: work.resources.length - changes.length, changed: 0, failed: 0, pending: changes.length };
}

/** … → apply as one job → probe again: the proof. */
export async function provisionStage(
  session: HostSession,
  roles: readonly Role<unknown>[],
  context: StageContext,
): Promise<HostOutcome> {
  const { sink } = context;
  const work = workOf(session, roles, context);
  const changes = await probeAndPlan(session, work, context);
  const converged = work.resources.length - changes.length;
  if (changes.length === 0) return { ok: converged, changed: 0, failed: 0, pending: 0 };

  sink({ type: 'host.step', host: session.name, step: 'apply', resources: changes.length });
  const done = await apply(session, changes, sink);
  if (done.failure) {
    sink({ type: 'failure', ...done.failure });
    return {
      ok: converged,
      changed: done.changed,
      failed: 1,
      pending: 0,
      failure: `${done.failure.resource}: ${done.failure.message}`,
    };
  }
  sink({ type: 'host.step', host: session.name, step: 'proof', resources: work.resources.length });
  const left = planAll(work, await probe(session, work, context), session.name);
  for (const { resource, change } of left) {
    sink({
      type: 'failure',
      host: session.name,
      resource: resource.id,
      message: `still not converged after applying: ${change.summary}`,
      command: change.apply.text,
      hint: 'something on the host undoes it, or the change does not do what it says; look at the log of the job in /var/lib/lvsctl/jobs',
    });
  }
  const first = left[0];
  return {
    ok: converged,
    changed: changes.length - left.length,
    failed: left.length,
    pending: 0,
    ...(first && { failure: `${first.resource.id}: still not converged after applying` }),
  };
}

function workOf(session: HostSession, roles: readonly Role<unknown>[], context: StageContext): Work {
  const resources = new Map<string, OwnedResource>();
  const publish = new Map<string, Sh>();
  for (const role of roles) {
    const input: RoleInput<unknown> = {
      cluster: context.cluster,
      host: session.target,
      facts: session.facts,
      params: context.params.get(role),
      unready: context.unready,
      published: context.published,
      stored: new Map(),
    };
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
    for (const text of role.remarks?.(input) ?? [])
      context.sink({ type: 'remark', host: session.name, text });
  }
  return { resources: [...resources.values()], publish };
}

function inRole<T>(host: string, role: Role<unknown>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LvsctlError)
      throw new LvsctlError(error.message, { resource: `role ${role.name}`, ...details(error), host });
    throw error;
  }
}

function details(error: LvsctlError): { resource?: string; hint?: string; cause: unknown } {
  return {
    ...(error.resource && { resource: error.resource }),
    ...(error.hint && { hint: error.hint }),
    cause: error,
  };
}

async function probeAndPlan(
  session: HostSession,
  work: Work,
  context: StageContext,
): Promise<readonly OwnedChange[]> {
  context.sink({ type: 'host.step', host: session.name, step: 'probe', resources: work.resources.length });
  const outputs = await probe(session, work, context);
  const changes = planAll(work, outputs, session.name);
  for (const { resource } of work.resources) {
    const observed = outputs.get(resource.id);
    for (const text of (observed && resource.remarks?.(observed)) ?? [])
      context.sink({ type: 'remark', host: session.name, text });
  }
  for (const { role, resource, change, position } of changes) {
    context.sink({
      type: 'change.planned',
      host: session.name,
      role,
      resource: resource.id,
      summary: change.summary,
      position,
      ...(change.diff !== undefined && { diff: change.diff }),
    });
  }
  return changes;
}

/** One trip for all probes of the host (rule 3); what it publishes for others comes along. */
async function probe(
  session: HostSession,
  work: Work,
  context: StageContext,
): Promise<ReadonlyMap<string, ProbeOutput>> {
  const sections = new Map<string, Sh>(work.resources.map(({ resource }) => [resource.id, resource.probe]));
  for (const [key, script] of work.publish) sections.set(`publish ${key}`, script);
  const outputs = await session.sections(sections);
  for (const key of work.publish.keys()) {
    const value = outputs.get(`publish ${key}`)?.stdout.trim();
    if (value) context.published.set(session.name, { ...context.published.get(session.name), [key]: value });
  }
  return outputs;
}

function planAll(
  work: Work,
  outputs: ReadonlyMap<string, ProbeOutput>,
  host: string,
): readonly OwnedChange[] {
  const changing = new Set<string>();
  const changes: OwnedChange[] = [];
  for (const [position, owned] of work.resources.entries()) {
    const { resource } = owned;
    const observed = outputs.get(resource.id);
    if (!observed) throw new Error(`no probe output for ${resource.id} of ${host}`);
    let change: Change | undefined;
    try {
      change = resource.plan(observed, { changing });
    } catch (error) {
      if (error instanceof LvsctlError)
        throw new LvsctlError(error.message, { ...details(error), host, resource: resource.id });
      throw error;
    }
    if (!change) continue;
    changing.add(resource.id);
    changes.push({ ...owned, change, position });
  }
  return changes;
}

/** The same bytes, as the connection takes them. Roles may be written without Node's types. */
function buffers(files: Readonly<Record<string, ChangeFile>>): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => {
      if (!(content instanceof Uint8Array)) throw new Error(`no store for ${content.stored}`);
      const { buffer, byteOffset, byteLength } = content;
      return [name, Buffer.from(buffer, byteOffset, byteLength)];
    }),
  );
}

async function apply(
  session: HostSession,
  changes: readonly OwnedChange[],
  sink: EventSink,
): Promise<{ changed: number; failure?: FailureDetails }> {
  const host = session.name;
  let changed = 0;
  let begun = Date.now();
  let failure: FailureDetails | undefined;
  const outcome = await session.job(
    changes.map(({ resource, change }) => ({
      id: resource.id,
      summary: change.summary,
      script: change.apply,
      ...(change.files && { files: buffers(change.files) }),
    })),
    {
      onBegin(step) {
        const owned = changes[step];
        if (!owned) return;
        const { resource, change } = owned;
        begun = Date.now();
        sink({
          type: 'change.start',
          host,
          resource: resource.id,
          summary: change.summary,
          index: step,
          total: changes.length,
        });
      },
      onLine: (line) => sink({ type: 'host.output', host, line }),
      onEnd(step, status, stderr) {
        const owned = changes[step];
        if (!owned) return;
        const { resource, change } = owned;
        sink({
          type: 'change.end',
          host,
          resource: resource.id,
          status,
          seconds: (Date.now() - begun) / 1000,
        });
        if (status === 0) changed += 1;
        else
          failure = {
            host,
            resource: resource.id,
            message: `${change.summary}: exit status ${status}`,
            command: change.apply.text,
            status,
            stderr,
          };
      },
    },
  );
  if (outcome.kind === 'died') {
    failure = {
      host,
      resource: outcome.during ?? 'apply',
      message: howItDied(outcome.left),
      hint: 'run lvsctl again: it probes first and goes on from what it finds',
    };
  }
  return { changed, ...(failure && { failure }) };
}

function howItDied(left: string | undefined): string {
  const ended =
    left === undefined
      ? 'the job on the host ended without a word: it was killed, or the host went down'
      : `the job on the host left no exit status, but ${left === '' ? 'an empty file' : JSON.stringify(left.slice(0, 40))}: its file system may have lost writes`;
  return `${ended}; this step is in doubt`;
}
