import pLimit from 'p-limit';
import { LvsctlError } from '../errors.js';
import type { ClusterHost } from '../inventory/cluster.js';
import { foreignRemark, isForeign, managedHosts } from '../inventory/systems.js';
import type { ClusterRun, RunOutcome } from './cluster-run.js';
import { tellDifferences } from './differences.js';
import { followFormer } from './former.js';
import { type Gate, type HostGate, hostGates } from './gate.js';
import { lockOwner } from './lock.js';
import type { Drain, Stage } from './playbook.js';
import { prepareStore } from './prepare.js';
import { readyInTurn } from './ready.js';
import { batchSize, drainableServices, drainText, toleratedFailures } from './rolling.js';
import {
  type AnyRole,
  checkedParams,
  planWork,
  type StageWork,
  selectHosts,
  uniqueHosts,
  wishesOf,
} from './selection.js';
import { type FormerJob, HostSession } from './session.js';
import { type HostOutcome, HostStage } from './stage.js';
import { leftOutError, neededOf, rounds, turnsOf, waitingRemarks } from './turns.js';
import type { StageContext } from './work.js';

export type { ClusterRun, RunCommand, RunOutcome } from './cluster-run.js';

/**
 * Carries out one command on a cluster and tells of it in events only (rule 10).
 * Each host has one connection and one lock for the whole run; a host that fails does not stop the others.
 * @throws UsageError before any connection when a role's parameters, a host's or a role's name is wrong
 */
export async function runCluster(run: ClusterRun): Promise<RunOutcome> {
  const begun = Date.now();
  const chosen = selectHosts(run.cluster, run.limit);
  const selected = managedHosts(chosen);
  const work = planWork(run, selected);
  const params = await checkedParams(work, run.cluster);
  const hosts = run.command === 'facts' || run.command === 'verify' ? selected : uniqueHosts(work);
  run.sink({
    type: 'run.start',
    command: run.command,
    cluster: run.cluster.name,
    hosts: hosts.map(({ name }) => name),
  });
  if (run.command !== 'verify')
    for (const host of chosen.filter(isForeign))
      run.sink({ type: 'remark', host: host.name, text: foreignRemark(run.cluster.file, host) });

  const owner = lockOwner();
  const wishes = wishesOf(work);
  const sessions = new Map(
    managedHosts(run.cluster.hosts.values()).map((target) => [
      target.name,
      new HostSession(target, {
        open: run.open,
        sink: run.sink,
        owner,
        wishes,
        locking: run.command === 'provision',
        signal: run.signal,
        ...(run.reconnectDelays && { reconnectDelays: run.reconnectDelays }),
        ...(run.rebootPollMs !== undefined && { rebootPollMs: run.rebootPollMs }),
      }),
    ]),
  );
  const runner = new Runner(run, sessions, params);
  try {
    if (run.command === 'facts') await runner.facts(hosts);
    else if (run.command === 'verify') await runner.verify();
    else await runner.stages(work, hosts);
  } finally {
    await Promise.allSettled([...sessions.values()].map((session) => session.close()));
  }
  const { changed, failed, pending } = runner;
  run.sink({
    type: 'run.end',
    exitStatus: failed > 0 ? 1 : 0,
    changed,
    failed,
    seconds: (Date.now() - begun) / 1000,
  });
  return { changed, failed, pending };
}

class Runner {
  changed = 0;
  failed = 0;
  pending = 0;
  readonly #unready = new Map<string, string>();
  readonly #context: { -readonly [Key in keyof StageContext]: StageContext[Key] };
  /** Hosts of which `plan` can't tell what comes after their reboot. */
  readonly #rebooting = new Map<string, { told: boolean }>();
  readonly #ready: ReturnType<typeof readyInTurn>;

  constructor(
    readonly run: ClusterRun,
    readonly sessions: ReadonlyMap<string, HostSession>,
    params: ReadonlyMap<AnyRole, unknown>,
  ) {
    const { cluster, sink } = run;
    this.#context = { cluster, unready: this.#unready, published: new Map(), params, sink, store: undefined };
    this.#ready = readyInTurn((name) => this.#session(name), run.forks);
  }

  async facts(hosts: readonly ClusterHost[]): Promise<void> {
    const limit = pLimit(this.run.forks);
    await Promise.all(
      hosts.map(({ name }) =>
        limit(async () => {
          try {
            const facts = await this.#session(name).ready();
            const sets = {
              commands: [...facts.commands],
              paths: [...facts.paths],
              modules: [...facts.modules],
            };
            this.run.sink({ type: 'facts', host: name, facts: { ...facts, ...sets } });
          } catch (error) {
            this.#fail(name, 'facts', error);
          }
        }),
      ),
    );
  }

  async stages(work: readonly StageWork[], hosts: readonly ClusterHost[]): Promise<void> {
    // Connections are made ahead of their stage: a director is ready when the real servers are done.
    for (const { name } of hosts) void this.#ready(name).catch(() => {});
    if (!(await this.#store(work))) return;
    await this.#refuse(work);
    for (const { stage, hosts: stageHosts } of work) {
      if (this.run.signal.aborted) return;
      const begun = Date.now();
      const needed = await this.#needed(stageHosts);
      if (this.run.signal.aborted) return;
      for (const { host } of stageHosts)
        if (!needed.some((one) => one.host === host)) this.#idle(stage, host, work);
      const present = needed.filter(({ host }) => !this.#leftOut(host));
      if (present.length === 0) continue;
      this.run.sink({
        type: 'stage.start',
        stage: stage.name,
        hosts: present.map(({ host }) => host.name),
      });
      await this.#stage(stage, present);
      this.run.sink({ type: 'stage.end', stage: stage.name, seconds: (Date.now() - begun) / 1000 });
    }
    if (this.#gate === undefined) tellDifferences(this.run, this.sessions.values());
    if (this.run.command === 'provision' && this.run.playbook.verify && !this.run.signal.aborted)
      await this.#finalVerify();
  }

  /** Has all files here that the hosts need, before the first of them is changed. False: the run ends here. */
  async #store(work: readonly StageWork[]): Promise<boolean> {
    const wanting = work.flatMap(({ hosts }) =>
      hosts.flatMap(({ host, roles }) =>
        roles
          .filter(({ artifacts }) => artifacts)
          .map((role) => ({ session: this.#session(host.name), role })),
      ),
    );
    if (wanting.length === 0 || this.run.signal.aborted) return true;
    const { command, openStore, sink } = this.run;
    if (!openStore) throw new Error('a role has artifacts, and the run has no store');
    try {
      this.#context.store = await openStore();
      await Promise.allSettled(wanting.map(({ session }) => this.#ready(session.name)));
      await prepareStore(command === 'plan', wanting, this.#context.store, this.#context);
      return true;
    } catch (error) {
      if (!(error instanceof LvsctlError)) throw error;
      this.failed += 1;
      const { message, hint, resource = 'artifacts' } = error;
      sink({ type: 'failure', host: error.host ?? '', resource, message, ...(hint && { hint }) });
      return false;
    }
  }

  /** Hosts that must not be changed before others which the run leaves out. */
  async #refuse(work: readonly StageWork[]): Promise<void> {
    if (!this.run.limit) return;
    for (const { hosts } of work) {
      const present = new Set(hosts.map(({ host }) => host.name));
      for (const [name, before] of (await turnsOf(hosts, this.run.cluster, this.#ready)).turns) {
        const missing = before.find(({ host, needed }) => needed && !present.has(host));
        if (missing === undefined || this.#unready.has(name)) continue;
        this.#unready.set(name, this.#fail(name, 'turn', leftOutError(name, missing)));
      }
    }
  }

  #needed(entries: StageWork['hosts']): Promise<StageWork['hosts']> {
    return neededOf(entries, this.run.cluster, async (host) => {
      try {
        return await this.#ready(host.name);
      } catch (error) {
        if (this.#unready.has(host.name) || this.run.signal.aborted) return undefined;
        this.#remark(host, `not asked whether it has more to do: ${(error as Error).message}`);
      }
    });
  }

  /** Who has no part in the run after all is done with. */
  #idle(stage: Stage, { name: host }: ClusterHost, work: readonly StageWork[]): void {
    if (work.some((one) => one.stage !== stage && one.hosts.some((entry) => entry.host.name === host)))
      return;
    const { trips, connections } = this.#session(host);
    const summary = { ok: 0, changed: 0, failed: 0, trips, connections };
    this.run.sink({ type: 'host.end', host, stage: stage.name, summary, seconds: 0 });
  }

  /** Of a host that reboots nothing is planned after it; one word says so, however many stages follow. */
  #leftOut(host: ClusterHost): boolean {
    const reboot = this.#rebooting.get(host.name);
    if (reboot && !reboot.told)
      this.#remark(host, 'the stages after the reboot are planned once it runs the new kernel');
    if (reboot) reboot.told = true;
    return reboot !== undefined;
  }

  async #stage(stage: Stage, entries: StageWork['hosts']): Promise<void> {
    const rolling = stage.strategy === 'rolling';
    const limit = pLimit(rolling ? batchSize(stage, entries.length) : this.run.forks);
    const tolerated = rolling ? toleratedFailures(stage, entries.length) : Number.POSITIVE_INFINITY;
    const gates = rolling && stage.drain ? await this.#gates(stage, stage.drain, entries) : undefined;
    if (gates === 'unknown') return;
    // Who was left out of the tables by an earlier run comes first: to give it back is worth more than to take out another.
    const isLeft = ({ host }: { host: ClusterHost }) => (gates?.get(host.name)?.left ? 0 : 1);
    const inTurn = [...entries].sort((one, other) => isLeft(one) - isLeft(other));
    const { turns, remarks } = await turnsOf(inTurn, this.run.cluster, this.#ready);
    if (this.run.signal.aborted) return;
    for (const { host, text } of remarks) if (!this.#unready.has(host.name)) this.#remark(host, text);
    const failed: string[] = [];
    const one = async ({ host, roles }: StageWork['hosts'][number]): Promise<void> => {
      if (this.run.signal.aborted) return;
      const first = turns.get(host.name)?.find((before) => this.#unready.has(before.host))?.host;
      const stoppedBy = failed.length > tolerated ? failed.join(', ') : first;
      if (stoppedBy !== undefined) {
        this.#unready.set(host.name, `not tried, since ${stoppedBy} failed before it`);
        const why = first === undefined ? ` in the rolling stage "${stage.name}"` : '';
        this.#remark(host, `not tried: ${stoppedBy} failed before it${why}`);
      } else if (!(await this.#stageOnHost(stage, host, roles, gates?.get(host.name))))
        failed.push(host.name);
    };
    for (const [index, round] of rounds(inTurn, turns).entries()) {
      const waiting = index > 0 ? waitingRemarks(round, turns, inTurn) : [];
      for (const { host, text } of waiting) this.#remark(host, text);
      await Promise.all(round.map((entry) => limit(() => one(entry))));
    }
  }

  #gate: Promise<Gate> | undefined;
  /** The way out and back of each host that may be drained; `unknown` where the directors can't be asked, which is told. */
  async #gates(
    stage: Stage,
    drain: Drain,
    entries: StageWork['hosts'],
  ): Promise<ReadonlyMap<string, HostGate> | 'unknown' | undefined> {
    const { cluster, command, openGate, sink, signal } = this.run;
    const hosts = entries
      .map(({ host }) => host)
      .filter((host) => drainableServices(cluster, host).length > 0);
    if (command !== 'provision' || hosts.length === 0 || signal.aborted) return undefined;
    if (!openGate) throw new Error(`stage ${stage.name} drains hosts, and the run has no gate`);
    this.#gate ??= openGate({
      cluster,
      facts: (name) => this.#session(name).ready(),
      host: async (name) => {
        await this.#session(name).ready();
        return this.#session(name).host();
      },
      sink,
      signal,
    });
    try {
      return await hostGates(await this.#gate, hosts, drain, sink);
    } catch (error) {
      const text = this.#fail(error instanceof LvsctlError ? (error.host ?? '') : '', 'drain', error);
      for (const { host } of entries) this.#unready.set(host.name, text);
      return 'unknown';
    }
  }

  async verify(): Promise<void> {
    const { verifyCluster } = await import('../verify/index.js');
    const { cluster, connections, services, sink, signal } = this.run;
    const reports = await verifyCluster({
      cluster,
      open: (host) => this.#session(host.name).host(),
      connections,
      ...(services && { services }),
      sink,
      signal,
    });
    this.failed += reports.filter(({ problems }) => problems.length > 0).length;
  }

  /** The traffic check proves the whole cluster, so a run on a part of it, or a failed one, leaves it out with a word. */
  async #finalVerify(): Promise<void> {
    const { limit, roles, cluster, sink } = this.run;
    if (limit || roles)
      sink({
        type: 'remark',
        text: 'traffic check left out, since --limit or --roles chose a part: run `lvsctl verify`',
      });
    else if (this.failed > 0)
      sink({ type: 'remark', text: 'traffic check left out, since the run failed before it' });
    else if (cluster.probes.length === 0)
      sink({
        type: 'remark',
        text: 'traffic check left out: the inventory names no probe hosts (probes: [...])',
      });
    else await this.verify();
  }

  async #stageOnHost(
    stage: Stage,
    host: ClusterHost,
    roles: readonly AnyRole[],
    gate: HostGate | undefined,
  ): Promise<boolean> {
    if (this.#unready.has(host.name) || this.run.signal.aborted) return false;
    const begun = Date.now();
    const session = this.#session(host.name);
    const onHost = new HostStage(session, roles, this.#context, gate);
    let outcome: HostOutcome;
    // What a former run's job did, followed by this run, is shown with this run's changes.
    let attached = 0;
    try {
      await session.ready();
      if (session.former) attached = await this.#former(session, session.former);
      outcome = await (this.run.command === 'plan' ? onHost.plan() : onHost.provision());
      this.failed += outcome.failed;
    } catch (error) {
      const step = error instanceof LvsctlError && error.resource ? error.resource : stage.name;
      const failure = this.#fail(host.name, step, error);
      outcome = { ok: 0, changed: onHost.changed, failed: 1, pending: 0, failure };
    }
    const { ok, failed } = outcome;
    const changed = outcome.changed + attached;
    this.changed += changed;
    this.pending += outcome.pending;
    if (outcome.failure !== undefined) this.#unready.set(host.name, outcome.failure);
    if (outcome.failure !== undefined) gate?.failed();
    if (stage.drain && this.run.command === 'plan' && outcome.pending > 0) this.#tellDrain(host, stage.drain);
    if (outcome.reboots) this.#rebooting.set(host.name, { told: false });
    const summary = { ok, changed, failed, trips: session.trips, connections: session.connections };
    this.run.sink({
      type: 'host.end',
      host: host.name,
      stage: stage.name,
      summary,
      seconds: (Date.now() - begun) / 1000,
    });
    return outcome.failure === undefined;
  }

  #tellDrain(host: ClusterHost, drain: Drain): void {
    const services = drainableServices(this.run.cluster, host);
    if (services.length > 0) this.#remark(host, drainText(services, drain));
  }

  readonly #attached = new Set<string>();
  /** A former run's job: `plan` tells of it, `provision` follows it to its end first. Returns the number of changes that it made. */
  async #former(session: HostSession, former: FormerJob): Promise<number> {
    if (this.#attached.has(session.name)) return 0;
    this.#attached.add(session.name);
    if (this.run.command !== 'plan') return followFormer(session, former, this.run.sink);
    if (former.state === 'running')
      this.#remark(
        session.target,
        `a job of an earlier run is still at work (${former.id}); this plan may change with it`,
      );
    return 0;
  }

  #remark({ name: host }: ClusterHost, text: string): void {
    this.run.sink({ type: 'remark', host, text });
  }

  #session(name: string): HostSession {
    const session = this.sessions.get(name);
    if (!session) throw new Error(`no session for ${name}`);
    return session;
  }

  /** Tells a failure; what is not an {@link LvsctlError} is a defect of ours and keeps its stack. */
  #fail(host: string, step: string, error: unknown): string {
    this.failed += 1;
    const message = error instanceof Error ? error.message : String(error);
    const hint =
      error instanceof LvsctlError ? error.hint : `a defect of lvsctl: ${(error as Error).stack ?? ''}`;
    const resource = error instanceof LvsctlError && error.resource ? error.resource : step;
    this.run.sink({ type: 'failure', host, resource, message, ...(hint && { hint }) });
    return message;
  }
}
