import pLimit from 'p-limit';
import { LvsctlError, UsageError } from '../errors.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import { foreignRemark, isForeign, managedHosts } from '../inventory/systems.js';
import type { Host } from '../ssh/host.js';
import type { EventSink, FailureDetails } from './events.js';
import type { FactWishes } from './gather.js';
import { lockOwner } from './lock.js';
import { paramsOf } from './params.js';
import type { HostSelector, Playbook, Stage } from './playbook.js';
import type { Role } from './role.js';
import { type FormerJob, HostSession } from './session.js';
import { type HostOutcome, planStage, provisionStage, type StageContext } from './stage.js';

export type RunCommand = 'facts' | 'plan' | 'provision' | 'verify';

export interface ClusterRun {
  readonly command: RunCommand;
  readonly cluster: Cluster;
  readonly playbook: Playbook;
  /** Names of hosts or groups; all when absent. Hosts left out are taken to be as the inventory says. */
  readonly limit?: readonly string[];
  /** Names of roles; all when absent. */
  readonly roles?: readonly string[];
  /** Hosts worked on at once. */
  readonly forks: number;
  /** Connections that `verify` makes from each probe host to each service. */
  readonly connections: number;
  /** Services that `verify` tries; all when absent. */
  readonly services?: readonly string[];
  readonly open: (host: ClusterHost) => Promise<Host>;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  /** For tests: waits between attempts to come back to a lost host, milliseconds. */
  readonly reconnectDelays?: readonly number[];
}

export interface RunOutcome {
  readonly changed: number;
  readonly failed: number;
  /** Changes that `plan` found. */
  readonly pending: number;
}

type AnyRole = Role<unknown>;

interface StageWork {
  readonly stage: Stage;
  readonly hosts: readonly { readonly host: ClusterHost; readonly roles: readonly AnyRole[] }[];
}

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
  readonly #context: StageContext;

  constructor(
    readonly run: ClusterRun,
    readonly sessions: ReadonlyMap<string, HostSession>,
    params: ReadonlyMap<AnyRole, unknown>,
  ) {
    const { cluster, sink } = run;
    this.#context = { cluster, unready: this.#unready, published: new Map(), params, sink };
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
    const connecting = pLimit(this.run.forks);
    for (const { name } of hosts) void connecting(() => this.#session(name).ready()).catch(() => {});
    for (const { stage, hosts: stageHosts } of work) {
      if (this.run.signal.aborted) return;
      const begun = Date.now();
      this.run.sink({
        type: 'stage.start',
        stage: stage.name,
        hosts: stageHosts.map(({ host }) => host.name),
      });
      const limit = pLimit(stage.strategy === 'rolling' ? 1 : this.run.forks);
      let stoppedBy: string | undefined;
      await Promise.all(
        stageHosts.map(({ host, roles }) =>
          limit(async () => {
            if (stoppedBy !== undefined) {
              this.#unready.set(host.name, `not tried, since ${stoppedBy} failed before it`);
              this.run.sink({
                type: 'remark',
                host: host.name,
                text: `not tried: ${stoppedBy} failed before it in the rolling stage "${stage.name}"`,
              });
              return;
            }
            const ready = await this.#stageOnHost(stage, host, roles);
            if (!ready && stage.strategy === 'rolling') stoppedBy = host.name;
          }),
        ),
      );
      this.run.sink({ type: 'stage.end', stage: stage.name, seconds: (Date.now() - begun) / 1000 });
    }
    if (this.run.command === 'provision' && this.run.playbook.verify && !this.run.signal.aborted)
      await this.#finalVerify();
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

  async #stageOnHost(stage: Stage, host: ClusterHost, roles: readonly AnyRole[]): Promise<boolean> {
    if (this.#unready.has(host.name) || this.run.signal.aborted) return false;
    const begun = Date.now();
    const session = this.#session(host.name);
    let outcome: HostOutcome;
    // What a former run's job did, followed by this run, is shown with this run's changes.
    let attached = 0;
    try {
      await session.ready();
      if (session.former) attached = await this.#former(session, session.former);
      const work = this.run.command === 'plan' ? planStage : provisionStage;
      outcome = await work(session, roles, this.#context);
      this.failed += outcome.failed;
    } catch (error) {
      const step = error instanceof LvsctlError && error.resource ? error.resource : stage.name;
      outcome = { ok: 0, changed: 0, failed: 1, pending: 0, failure: this.#fail(host.name, step, error) };
    }
    const { ok, failed } = outcome;
    const changed = outcome.changed + attached;
    this.changed += changed;
    this.pending += outcome.pending;
    if (outcome.failure !== undefined) this.#unready.set(host.name, outcome.failure);
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

  readonly #attached = new Set<string>();
  /**
   * A former run's job: `plan` tells of it, `provision` follows it to its end before it looks at the host.
   * @returns the number of changes that it made
   */
  async #former(session: HostSession, former: FormerJob): Promise<number> {
    const host = session.name;
    if (this.#attached.has(host)) return 0;
    this.#attached.add(host);
    const { sink } = this.run;
    if (this.run.command === 'plan') {
      if (former.state === 'running')
        sink({
          type: 'remark',
          host,
          text: `a job of an earlier run is still at work (${former.id}); this plan may change with it`,
        });
      return 0;
    }
    sink({ type: 'host.step', host, step: 'attach' });
    let steps: readonly { id: string; summary: string }[] = [];
    let done = 0;
    let failure: FailureDetails | undefined;
    const outcome = await session.attach(former, {
      onManifest(manifest) {
        steps = manifest.steps;
        const verb = former.state === 'running' ? 're-attached to the job' : 'found the job';
        sink({
          type: 'remark',
          host,
          text: `${verb} that ${manifest.owner} began at ${manifest.begun} (${steps.length} changes)`,
        });
      },
      onBegin(step) {
        const { id = '?', summary = '?' } = steps[step] ?? {};
        sink({ type: 'change.start', host, resource: id, summary, index: step, total: steps.length });
      },
      onLine: (line) => sink({ type: 'host.output', host, line }),
      onEnd(step, status, stderr) {
        const { id = '?', summary = '?' } = steps[step] ?? {};
        sink({ type: 'change.end', host, resource: id, status, seconds: 0 });
        if (status === 0) done += 1;
        else failure = { host, resource: id, message: `${summary}: exit status ${status}`, status, stderr };
      },
    });
    // What it left undone is found by the probes that follow; only the word about it is owed here.
    if (outcome.kind === 'died')
      sink({
        type: 'remark',
        host,
        text: `that job was killed or cut off by a reboot${outcome.during ? ` during ${outcome.during}` : ''}; going on from what is found`,
      });
    else if (failure)
      sink({
        type: 'remark',
        host,
        text: `that job had failed at ${failure.resource}: ${failure.message}; trying again`,
      });
    else
      sink({ type: 'remark', host, text: `that job has finished: ${done} of ${steps.length} changes done` });
    return done;
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

function selectHosts(cluster: Cluster, limit: readonly string[] | undefined): ClusterHost[] {
  const all = [...cluster.hosts.values()];
  if (!limit) return all;
  for (const name of limit) {
    if (!all.some((host) => host.name === name || host.groups.includes(name)))
      throw new UsageError(`--limit: no host or group "${name}" in ${cluster.file}`, {
        hint: `hosts: ${all.map((host) => host.name).join(', ')}`,
      });
  }
  return all.filter((host) => limit.some((name) => host.name === name || host.groups.includes(name)));
}

/** Who does what in which stage; checks every name before anything is contacted. */
function planWork(run: ClusterRun, selected: readonly ClusterHost[]): StageWork[] {
  const known = new Set(run.playbook.stages.flatMap(({ roles }) => roles.map(({ name }) => name)));
  for (const name of run.roles ?? []) {
    if (!known.has(name))
      throw new UsageError(`--roles: no role "${name}" in the playbook "${run.playbook.name}"`, {
        hint: `roles: ${[...known].join(', ')}`,
      });
  }
  return run.playbook.stages.flatMap((stage) => {
    const roles = (stage.roles as readonly AnyRole[]).filter(
      ({ name }) => !run.roles || run.roles.includes(name),
    );
    const { order = () => 0 } = stage;
    const hosts = selected
      .filter((host) => matches(stage.hosts, host, run.cluster))
      .sort((one, other) => order(one, run.cluster) - order(other, run.cluster))
      .map((host) => ({ host, roles: roles.filter((role) => role.appliesTo(host, run.cluster)) }))
      .filter((entry) => entry.roles.length > 0);
    return hosts.length > 0 ? [{ stage, hosts }] : [];
  });
}

function matches(selector: HostSelector, host: ClusterHost, cluster: Cluster): boolean {
  if (typeof selector === 'function') return selector(host, cluster);
  return selector === 'all' || host.name === selector || host.groups.includes(selector);
}

function uniqueHosts(work: readonly StageWork[]): ClusterHost[] {
  return [
    ...new Map(work.flatMap(({ hosts }) => hosts.map(({ host }) => [host.name, host] as const))).values(),
  ];
}

function rolesOf(work: readonly StageWork[]): AnyRole[] {
  return [...new Set(work.flatMap(({ hosts }) => hosts.flatMap((entry) => entry.roles)))];
}

/** Every role's parameters, checked before anything is contacted. */
async function checkedParams(work: readonly StageWork[], cluster: Cluster): Promise<Map<AnyRole, unknown>> {
  const entries = rolesOf(work).map(async (role) => [role, await paramsOf(role, cluster)] as const);
  return new Map(await Promise.all(entries));
}

function wishesOf(work: readonly StageWork[]): FactWishes {
  const roles = rolesOf(work);
  return {
    commands: roles.flatMap((role) => role.wants?.commands ?? []),
    paths: roles.flatMap((role) => role.wants?.paths ?? []),
  };
}
