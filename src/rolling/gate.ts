import { setTimeout as pause } from 'node:timers/promises';
import type { Drain, Gate, GateReach, Taken } from '../engine/index.js';
import { defaultWaitSeconds } from '../engine/rolling.js';
import { LvsctlError } from '../errors.js';
import type { ClusterHost } from '../inventory/cluster.js';
import {
  isRolling,
  type RecordedWeight,
  recordDifferences,
  rollingReason,
  type WeightRecord,
} from '../ipvs/index.js';
import {
  type Access,
  type drain,
  type Guard,
  type Held,
  keepsEnough,
  type Outcome,
  type undrain,
  type waitUntilIdle,
} from '../operations/index.js';
import type { checkServes } from './check.js';
import { choosesAnew, directorsOf, isInTables, servicesOf } from './tables.js';

const INTERRUPTED = 'interrupted while its connections were waited for';
const LONGER =
  'raise --wait, or say --cut to go on in spite of them (`ipvsadm -Lcn` on the director lists them)';
const AGAIN = 'run the same again: what was done is not done again';
const CHECK_SECONDS = 60;
const SETTLE_SECONDS = 15;

/** What a gate does to directors and asks them. */
export interface Operations {
  readonly drain: typeof drain;
  readonly undrain: typeof undrain;
  readonly waitUntilIdle: typeof waitUntilIdle;
  readonly checkServes: typeof checkServes;
}

const isOurs = (entry: RecordedWeight): boolean => entry.weight === 0 && isRolling(entry);
/** What an operator has drained stays so; what has another weight of an operator is taken out, and comes back with it. */
const staysOut = (entry: RecordedWeight): boolean => entry.weight === 0 && !isRolling(entry);
/** Only what a rolling run has taken is given back. */
const giveBack = { keeps: (entry: RecordedWeight) => !isOurs(entry), restores: true };

/** Takes real servers out of their directors' tables and gives them back, for one run. */
export class TableGate implements Gate {
  /** Hosts that this run has taken out and still works on. */
  readonly #out = new Set<string>();
  /** Decisions come one after the other, so that each sees what the one before has done to the tables. */
  #last: Promise<unknown> = Promise.resolve();
  #wake: (() => void)[] = [];
  /** Hosts that an earlier run has left out: not known to be sound until they are checked. */
  readonly #left = new Set<string>();
  /** Hosts that this run has given back: the facts are from its begin. */
  readonly #back = new Set<string>();
  /** What the records do not say alike: once a run, since each stage asks. */
  #told = false;
  readonly #access: Access;

  /** @param who for the record: `alice@ops1` */
  constructor(
    readonly reach: GateReach,
    readonly operations: Operations,
    readonly who: string,
  ) {
    this.#access = { cluster: reach.cluster, host: reach.host, signal: reach.signal };
    reach.signal.addEventListener('abort', () => this.#wakeAll());
  }

  /** By the directors' facts; one that can't be reached tells nothing, and its hosts can't be taken out either. */
  async left(hosts: readonly ClusterHost[]): Promise<ReadonlySet<string>> {
    const directors = directorsOf(hosts.flatMap((host) => servicesOf(this.reach.cluster, host)));
    const records = new Map<string, WeightRecord>();
    await Promise.all(
      directors.map(async (director) => {
        const facts = await this.reach.facts(director).catch(() => undefined);
        if (facts) records.set(director, facts.recorded);
      }),
    );
    for (const { host } of [...records.values()].flatMap(({ entries }) => entries.filter(isOurs)))
      if (!this.#back.has(host)) this.#left.add(host);
    if (!this.#told)
      for (const { director, text } of recordDifferences(this.reach.cluster, records))
        this.reach.sink({ type: 'remark', host: director, text });
    this.#told = true;
    return new Set(this.#left);
  }

  async takeOut(
    host: ClusterHost,
    { waitSeconds = defaultWaitSeconds, busy, settleSeconds = SETTLE_SECONDS }: Drain,
  ): Promise<Taken> {
    if (!(await isInTables(this.reach, host))) return 'apart';
    const outcome = await this.#whenEnoughAreLeft(host, settleSeconds);
    for (const text of new Set(outcome.directors.flatMap(({ remarks }) => remarks)))
      this.reach.sink({ type: 'remark', host: host.name, text });
    const kept = outcome.directors.every(({ changes }) =>
      changes.every((change) => change.kept !== undefined),
    );
    if (kept) this.#out.delete(host.name);
    await this.#untilIdle(host, waitSeconds, busy ?? 'stop');
    return kept ? 'kept' : 'out';
  }

  async putBack(
    host: ClusterHost,
    { checkSeconds = CHECK_SECONDS, settleSeconds = SETTLE_SECONDS }: Drain,
  ): Promise<void> {
    const directors = directorsOf(servicesOf(this.reach.cluster, host));
    await this.operations.checkServes(this.reach, host, directors, checkSeconds);
    const before = await this.#connections(host);
    const { failure, director } = failureIn(
      await this.#inTurn(() => this.operations.undrain(this.#access, { host: host.name, ...giveBack })),
    );
    if (failure) throw cannot(`${host.name} can't be given back on ${director}`, host, failure);
    this.#left.delete(host.name);
    this.#back.add(host.name);
    await this.#takesPart(host, before, settleSeconds);
    this.#done(host);
  }

  stays(host: ClusterHost): void {
    this.#done(host);
  }

  #done({ name }: ClusterHost): void {
    this.#out.delete(name);
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Drains the host, once every service of it keeps enough others. While others of this run are out they are waited for; else only
   * as long as it takes a health check to see that one is back.
   */
  async #whenEnoughAreLeft(host: ClusterHost, patience: number): Promise<Outcome> {
    const { sink, signal } = this.reach;
    const end = Date.now() + patience * 1000;
    let told = false;
    for (;;) {
      const answer = await this.#inTurn(() => this.#drain(host));
      if ('outcome' in answer) return answer.outcome;
      if (signal.aborted) throw interrupted(host);
      const others = [...this.#out];
      if (others.length === 0 && Date.now() >= end)
        throw new LvsctlError(answer.refused, {
          host: host.name,
          resource: 'drain',
          hint: 'bring others back into service (`lvsctl status` shows who is out, and why), or lower minAvailable of the service in the inventory',
        });
      if (!told && others.length > 0)
        sink({
          type: 'remark',
          host: host.name,
          text: `waits until ${others.join(', ')} is back: ${answer.refused}`,
        });
      told ||= others.length > 0;
      if (others.length === 0) await pause(1000, undefined, { signal }).catch(() => undefined);
      else await this.#anotherIsDone();
    }
  }

  #anotherIsDone(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  async #drain(host: ClusterHost): Promise<{ readonly outcome: Outcome } | { readonly refused: string }> {
    const refusals = new Set<string>();
    const guard: Guard = (availability) => {
      const reason = keepsEnough(availability);
      if (reason !== undefined) refusals.add(reason);
      return reason;
    };
    let outcome: Outcome;
    try {
      outcome = await this.operations.drain(this.#access, {
        host: host.name,
        who: this.who,
        reason: rollingReason,
        guard,
        keeps: staysOut,
      });
    } catch (error) {
      if (refusals.size === 0) throw error;
      return { refused: [...refusals].join('; ') };
    }
    const { failure, director } = failureIn(outcome);
    if (failure) {
      if (!this.#left.has(host.name)) await this.#undo(host);
      throw cannot(`${host.name} can't be drained on ${director}`, host, failure);
    }
    this.#out.add(host.name);
    return { outcome };
  }

  async #untilIdle(host: ClusterHost, seconds: number, busy: 'stop' | 'cut'): Promise<void> {
    const { sink, signal } = this.reach;
    const end = Date.now() + seconds * 1000;
    let told: number | undefined;
    const { idle, connections, failures } = await this.operations.waitUntilIdle(this.#access, {
      host: host.name,
      seconds,
      onProgress: (progress) => {
        if (progress.connections === told) return;
        told = progress.connections;
        sink({ type: 'host.drain', host: host.name, state: 'waiting', connections: progress.connections });
      },
    });
    if (idle) return this.#untilForgotten(host, end);
    const [silent] = failures;
    const why = signal.aborted
      ? INTERRUPTED
      : silent
        ? `${silent.director} does not tell whether ${host.name} has connections left: ${silent.failure.message}`
        : `${connections} ${connections === 1 ? 'connection is' : 'connections are'} left after ${seconds} s`;
    if (!signal.aborted && !silent && busy === 'cut') {
      sink({ type: 'remark', host: host.name, text: `${why}; they are cut` });
      return;
    }
    await this.#giveUp(host, why, signal.aborted || silent ? AGAIN : LONGER);
  }

  async #giveUp(host: ClusterHost, why: string, hint = AGAIN): Promise<never> {
    // Not taken out by this run: by an earlier one, or by an operator.
    const stays = this.#left.has(host.name) || !this.#out.has(host.name);
    const became = stays ? 'nothing was done to it' : await this.#inTurn(() => this.#undo(host));
    this.#done(host);
    throw new LvsctlError(`${why}; ${became}`, {
      host: host.name,
      resource: 'drain',
      hint,
    });
  }

  /** Closed connections are remembered for a while; a client that takes the port of one again would be sent to the host. */
  async #untilForgotten(host: ClusterHost, end: number): Promise<void> {
    const { reach } = this;
    const services = servicesOf(reach.cluster, host);
    const anew = await Promise.all(
      directorsOf(services).map((director) => {
        const own = services.filter(({ directors }) => directors.includes(director));
        return choosesAnew(reach, director, own);
      }),
    ).catch((error: Error) => this.#giveUp(host, reach.signal.aborted ? INTERRUPTED : error.message));
    if (!anew.includes(false)) return;
    for (;;) {
      const remembered = await this.#connections(host);
      if (reach.signal.aborted) await this.#giveUp(host, INTERRUPTED);
      if (remembered === 0) return;
      if (Date.now() >= end) {
        const persistent = services.some(({ persistence }) => persistence !== undefined);
        const way = persistent
          ? 'with persistence a shorter ipvs.timeouts.tcpFin, or a longer --wait, helps'
          : 'net.ipv4.vs.conn_reuse_mode = 2 on the directors ends that';
        const text = `${remembered} closed connections are still remembered: who takes the port of one again is sent there; ${way}`;
        reach.sink({ type: 'remark', host: host.name, text });
        return;
      }
      await pause(Math.min(1000, Math.max(1, end - Date.now())), undefined, { signal: reach.signal }).catch(
        () => undefined,
      );
    }
  }

  /** Gives back what was not touched, also after Ctrl-C, and says what came of it. */
  async #undo(host: ClusterHost): Promise<string> {
    const access = { ...this.#access, signal: new AbortController().signal };
    const { failure, director } = await this.operations
      .undrain(access, { host: host.name, ...giveBack })
      .then(failureIn, (failure: Error) => ({ failure, director: 'its directors' }));
    return failure
      ? `it could not be given back on ${director} (${failure.message}): \`lvsctl undrain ${host.name}\` does it`
      : 'it was given back unchanged';
  }

  /** Until a director shows more of its connections than before, or so many seconds have passed. */
  async #takesPart(host: ClusterHost, before: number, seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end && !this.reach.signal.aborted) {
      if ((await this.#connections(host)) > before) return;
      await pause(1000, undefined, { signal: this.reach.signal }).catch(() => undefined);
    }
  }

  /** All that the directors still know of, ended ones included. */
  async #connections(host: ClusterHost): Promise<number> {
    const { held } = await this.operations.waitUntilIdle(this.#access, { host: host.name, seconds: 0 });
    return held.reduce(
      (sum, { established, opening, closing }: Held) => sum + established + opening + closing,
      0,
    );
  }
}

const interrupted = ({ name }: ClusterHost): LvsctlError =>
  new LvsctlError('interrupted before anything was done', { host: name, resource: 'drain' });

type Failure = NonNullable<Outcome['directors'][number]['failure']>;

function failureIn({ directors }: Outcome): { readonly failure?: Failure; readonly director: string } {
  const failed = directors.find(({ failure }) => failure !== undefined);
  return { director: failed?.director ?? '', ...(failed?.failure && { failure: failed.failure }) };
}

function cannot(what: string, { name }: ClusterHost, { message, hint }: Failure): LvsctlError {
  return new LvsctlError(`${what}: ${message}`, { host: name, resource: 'drain', ...(hint && { hint }) });
}
