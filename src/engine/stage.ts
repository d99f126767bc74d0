import { apply } from './apply.js';
import type { HostGate } from './gate.js';
import type { Role } from './role.js';
import type { HostSession } from './session.js';
import { about, type OwnedChange, planAll, probe, type StageContext, type Work, workOf } from './work.js';

/** Result of one stage on one host. */
export interface HostOutcome {
  readonly ok: number;
  readonly changed: number;
  readonly failed: number;
  /** Changes that `plan` found. */
  readonly pending: number;
  /** `plan` found that the host has to be rebooted: what comes after can't be told before. */
  readonly reboots?: boolean;
  /** Why the host can't be relied on by later stages. */
  readonly failure?: string;
}

/** One stage on one host: once through, and once more for each reboot that it takes. */
export class HostStage {
  /** Changes that were made so far, for one who is told of an error. */
  changed = 0;
  /** Changes and remarks that were told of: the same ones found again after a reboot are not told twice. */
  readonly #told = new Set<string>();
  readonly #changedIds = new Set<string>();
  /** Resources whose change was followed by a reboot or a confirmation. */
  readonly #carriedOut = new Set<string>();

  constructor(
    readonly session: HostSession,
    readonly roles: readonly Role<unknown>[],
    readonly context: StageContext,
    /** In a stage that drains. */
    readonly gate?: HostGate,
  ) {}

  /** Facts → resources → probes → plan, and no further. */
  async plan(): Promise<HostOutcome> {
    const work = this.#work();
    const changes = await this.#probeAndPlan(work);
    return {
      ok: work.resources.length - changes.length,
      changed: 0,
      failed: 0,
      pending: changes.length,
      reboots: changes.some(({ change }) => change.reboot),
    };
  }

  /** … → apply as one job → probe again: the proof; where the stage drains, the host is out of the directors' tables meanwhile. */
  async provision(): Promise<HostOutcome> {
    const outcome = await this.#converge();
    if (outcome.failure === undefined) await this.gate?.putBack();
    return outcome;
  }

  /** A reboot ends the job, and all begins anew with the host's next life; so does a confirmation, with the new connection. */
  async #converge(): Promise<HostOutcome> {
    const { session, context } = this;
    const { sink } = context;
    for (;;) {
      const work = this.#work();
      const changes = await this.#probeAndPlan(work);
      const planned = new Set(changes.map(({ resource }) => resource.id));
      const converged = work.resources.filter(
        ({ resource: { id } }) => !planned.has(id) && !this.#changedIds.has(id),
      ).length;
      if (changes.length === 0) return this.#outcome(converged);
      const again = changes.find(
        ({ change, resource }) => (change.reboot || change.confirm) && this.#carriedOut.has(resource.id),
      );
      if (again)
        return this.#fail(
          converged,
          [again],
          `still not converged after ${again.change.reboot ? 'the reboot that it wanted' : 'it was confirmed'}`,
        );

      await this.gate?.takeOut();
      const boundary = changes.findIndex(({ change }) => change.reboot || change.confirm);
      const batch = boundary < 0 ? changes : changes.slice(0, boundary + 1);
      sink({ type: 'host.step', host: session.name, step: 'apply', resources: batch.length });
      const done = await apply(session, batch, {
        sink,
        store: context.store,
        onChanged: () => {
          this.changed += 1;
        },
      });
      if (done.failure) {
        sink({ type: 'failure', ...done.failure });
        return {
          ...this.#outcome(converged),
          failed: 1,
          failure: `${done.failure.resource}: ${done.failure.message}`,
        };
      }
      for (const { resource } of batch) this.#changedIds.add(resource.id);
      const wanting = boundary < 0 ? undefined : batch.at(-1);
      if (wanting) {
        this.#carriedOut.add(wanting.resource.id);
        await this.#carryOut(wanting);
        continue;
      }
      // What was just taken into the store may be what a resource asks for.
      return this.#prove(done.collected ? this.#work() : work, converged);
    }
  }

  /** What the last change of a job leaves to lvsctl. */
  async #carryOut({ resource, change: { reboot, confirm } }: OwnedChange): Promise<void> {
    const { session } = this;
    try {
      if (reboot) await session.reboot(reboot);
      else if (confirm) await session.confirm(confirm);
    } catch (error) {
      // Not confirmed is as good as not made.
      if (confirm) this.changed -= 1;
      throw about(error, { host: session.name, resource: resource.id });
    }
  }

  async #prove(work: Work, converged: number): Promise<HostOutcome> {
    const { session, context } = this;
    context.sink({
      type: 'host.step',
      host: session.name,
      step: 'proof',
      resources: work.resources.length,
    });
    const left = planAll(work, await probe(session, work, context), session.name);
    if (left.length === 0) return this.#outcome(converged);
    return this.#fail(converged, left, 'still not converged after applying');
  }

  #fail(converged: number, left: readonly OwnedChange[], what: string): HostOutcome {
    const { session, context } = this;
    for (const { resource, change } of left) {
      context.sink({
        type: 'failure',
        host: session.name,
        resource: resource.id,
        message: `${what}: ${change.summary}`,
        command: change.apply.text,
        hint: 'something on the host undoes it, or the change does not do what it says; look at the log of the job in /var/lib/lvsctl/jobs',
      });
    }
    const { changed, ...rest } = this.#outcome(converged);
    return {
      ...rest,
      changed: changed - left.filter(({ resource }) => this.#changedIds.has(resource.id)).length,
      failed: left.length,
      failure: `${left[0]?.resource.id}: ${what}`,
    };
  }

  #outcome(ok: number): HostOutcome {
    return { ok, changed: this.changed, failed: 0, pending: 0 };
  }

  #work(): Work {
    const work = workOf(this.session, this.roles, this.context);
    for (const text of work.remarks) this.#remark(text);
    return work;
  }

  #remark(text: string): void {
    if (this.#isNews(`remark ${text}`)) this.context.sink({ type: 'remark', host: this.session.name, text });
  }

  #isNews(text: string): boolean {
    const before = this.#told.size;
    return this.#told.add(text).size > before;
  }

  async #probeAndPlan(work: Work): Promise<readonly OwnedChange[]> {
    const { session, context } = this;
    context.sink({
      type: 'host.step',
      host: session.name,
      step: 'probe',
      resources: work.resources.length,
    });
    const outputs = await probe(session, work, context);
    const changes = planAll(work, outputs, session.name);
    for (const { resource } of work.resources) {
      const observed = outputs.get(resource.id);
      for (const text of (observed && resource.remarks?.(observed)) ?? []) this.#remark(text);
    }
    for (const { role, resource, change, position } of changes) {
      if (!this.#isNews(`change ${resource.id}\n${change.summary}`)) continue;
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
}
