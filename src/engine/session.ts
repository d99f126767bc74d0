import { randomBytes } from 'node:crypto';
import { LvsctlError, OutcomeUnknownError } from '../errors.js';
import type { ClusterHost } from '../inventory/cluster.js';
import { type Sh, shLines } from '../shell/index.js';
import type { Download, Host } from '../ssh/host.js';
import {
  followJob,
  type JobListener,
  type JobManifest,
  type JobOutcome,
  type JobStep,
  jobStateScript,
  runJob,
  seenScript,
  sendFiles,
} from '../ssh/jobs.js';
import { runSections } from '../ssh/sections.js';
import { bootedScript, bootScriptSeconds } from './boot.js';
import type { EventSink, HostStep } from './events.js';
import type { Facts } from './facts.js';
import { type FactWishes, factsSections, parseFacts } from './gather.js';
import { acquireScript, type LockOwner, leftPath, releaseScript } from './lock.js';
import { onlyNews } from './only-news.js';
import { rebootHost } from './reboot.js';
import type { Confirmation, ProbeOutput, Reboot } from './resource.js';
import { takeLock } from './take-lock.js';

export interface SessionOptions {
  readonly open: (host: ClusterHost) => Promise<Host>;
  readonly sink: EventSink;
  readonly owner: LockOwner;
  readonly wishes: FactWishes;
  /** Take the host's lock: what changes a host does, what only looks does not. */
  readonly locking: boolean;
  readonly signal: AbortSignal;
  /** Waits between attempts to come back to a host that was lost while a job ran, in milliseconds. */
  readonly reconnectDelays?: readonly number[];
  /** Milliseconds between attempts to come back to a host that reboots. */
  readonly rebootPollMs?: number;
}

/** What a former run left on the host. */
export interface FormerJob {
  readonly id: string;
  readonly state: 'running' | 'finished' | 'died';
}

/** A minute and a half in all: longer than a switch's spanning tree, shorter than an operator's patience. The job goes on anyway. */
const reconnectDelays = [500, 1000, 2000, 4000, 8000, 15000, 30000, 30000];

/** One host for the length of a run: its connection, lock, facts and jobs. */
export class HostSession {
  #host: Promise<Host> | undefined;
  /** Every connection of the run, for its trips. */
  readonly #counted: Host[] = [];
  #opening: Promise<Facts> | undefined;
  #facts: Facts | undefined;
  #former: FormerJob | undefined;
  #locked = false;
  #jobRunning = false;
  /** Scripts to ride along with the next trip: notes that need no answer of their own. */
  readonly #notes: Sh[] = [];

  constructor(
    readonly target: ClusterHost,
    readonly options: SessionOptions,
  ) {}

  get name(): string {
    return this.target.name;
  }
  get trips(): number {
    return this.#counted.reduce((sum, host) => sum + host.trips, 0);
  }
  get connections(): number {
    return this.#counted.reduce((sum, host) => sum + host.connections, 0);
  }
  get former(): FormerJob | undefined {
    return this.#former;
  }
  get facts(): Facts {
    if (!this.#facts) throw new Error(`facts of ${this.name} asked for before they were gathered`);
    return this.#facts;
  }
  /** As far as they are gathered. */
  get knownFacts(): Facts | undefined {
    return this.#facts;
  }
  /** True while a job of ours goes on there: what Ctrl-C must tell. */
  get jobRunning(): boolean {
    return this.#jobRunning;
  }

  /** Connects, takes the lock and gathers facts: one connection and one trip, once, however often it is asked. */
  ready(): Promise<Facts> {
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  /**
   * The open connection; opens it again, and takes the lock again, when it was lost. Whoever asks at the same time gets the same one.
   * @throws LvsctlError also when another run has the lock by now
   */
  host(): Promise<Host> {
    return this.#host ?? this.#use(this.#open());
  }

  #use(opening: Promise<Host>): Promise<Host> {
    const forget = (): void => {
      if (this.#host === opening) this.#host = undefined;
    };
    opening.then(({ closed }) => closed.then(forget), forget);
    this.#host = opening;
    return opening;
  }

  async #open(): Promise<Host> {
    this.options.sink({ type: 'host.step', host: this.name, step: 'connect' });
    const host = await this.#login().catch((error: unknown) => {
      throw inStep('connect', this.name, error);
    });
    // The lock went with the connection before, and another run may have it by now.
    if (this.#locked)
      await this.#takeLock(host).catch(async (error: unknown) => {
        await host.close().catch(() => undefined);
        throw error;
      });
    return host;
  }

  async #login(): Promise<Host> {
    const host = await this.options.open(this.target);
    this.#counted.push(host);
    return host;
  }

  /** Runs sections in one trip; whatever is noted rides along. */
  async sections(scripts: ReadonlyMap<string, Sh>): Promise<Map<string, ProbeOutput>> {
    const host = await this.host();
    const notes = this.#notes.splice(0);
    const withNotes = new Map<string, Sh>(notes.map((script, i) => [`note ${i}`, script]));
    for (const [name, script] of scripts) withNotes.set(name, script);
    return runSections(host, withNotes);
  }

  /** Runs steps as a job and follows it, over lost connections, to its end. */
  async job(steps: readonly JobStep[], listener: JobListener): Promise<JobOutcome> {
    const id = jobId();
    const manifest: JobManifest = {
      owner: this.options.owner.name,
      begun: new Date().toISOString(),
      steps: steps.map((step) => ({ id: step.id, summary: step.summary })),
    };
    const { signal } = this.options;
    await this.#repeatedly('files were sent', (host) => sendFiles(host, id, steps));
    return this.#toItsEnd(id, listener, (host, first) => runJob(host, id, manifest, steps, first, signal));
  }

  /** Fetches a file of the host; `take` is called again, with the whole file, when the connection was lost. */
  fetch<T>(path: string, take: (file: Download) => Promise<T>): Promise<T> {
    return this.#repeatedly(`${path} was fetched`, async (host) => take(await host.download(path)));
  }

  /**
   * Reboots the host and comes back to it: a new connection, the same lock, facts anew.
   * @throws LvsctlError when it is not back in time, with what is known
   */
  async reboot({ withinSeconds }: Reboot): Promise<void> {
    const host = await this.host();
    const { bootId } = this.facts;
    const { sink, signal, rebootPollMs } = this.options;
    const begun = Date.now();
    sink({ type: 'host.step', host: this.name, step: 'reboot', seconds: withinSeconds });
    this.#host = undefined;
    const back = await rebootHost({
      host,
      bootId,
      withinSeconds,
      open: () => this.#login(),
      notes: this.#notes.splice(0),
      signal,
      ...(rebootPollMs !== undefined && { pollMs: rebootPollMs }),
    });
    this.#use(Promise.resolve(back));
    await this.#awaitBootScripts(Math.min(withinSeconds, bootScriptSeconds));
    const seconds = (Date.now() - begun) / 1000;
    sink({ type: 'host.step', host: this.name, step: 'back', seconds });
    this.#opening = this.#repeatedly('facts were gathered', () => this.#gather());
    await this.#opening;
  }

  /**
   * Proves by a new login that the host can still be reached, and tells it so before it takes its change back. The present connection
   * proves nothing: it may rest on what was before.
   * @throws LvsctlError when it has taken the change back, or can't be reached at all
   */
  async confirm({ script, withinSeconds, hint }: Confirmation): Promise<void> {
    this.options.sink({ type: 'host.step', host: this.name, step: 'confirm', seconds: withinSeconds });
    const before = await this.#host?.catch(() => undefined);
    this.#host = undefined;
    await before?.close().catch(() => undefined);
    const lost = new OutcomeUnknownError('it was ended to log in anew', { host: this.name });
    const { status, stderr } = await this.#again(lost, (host) => host.run(script), {
      while: 'a change was to be confirmed',
      hint: `the host takes the change back ${withinSeconds} s after it was made; then ${hint}`,
      worthwhile: isLoss,
    });
    if (status === 0) return;
    const said = stderr.toString('utf8').trim() || `status ${status}`;
    throw new LvsctlError(
      `the host could not be reached with the change within ${withinSeconds} s, and has taken it back: ${said}`,
      { host: this.name, hint },
    );
  }

  async #awaitBootScripts(seconds: number): Promise<void> {
    const { stdout } = await this.#repeatedly('the end of its boot was waited for', (host) =>
      host.run(bootedScript(seconds), { signal: this.options.signal }),
    );
    if (stdout.includes('busy'))
      this.#remark(`it still ran its boot scripts ${seconds} s after it answered; going on without them`);
  }

  /** Follows what a former run left there, over lost connections, to its end. */
  attach({ id }: FormerJob, listener: JobListener): Promise<JobOutcome> {
    const { signal } = this.options;
    return this.#toItsEnd(id, listener, (host, first) => followJob(host, id, first, signal));
  }

  async #toItsEnd(
    id: string,
    listener: JobListener,
    begin: (host: Host, first: JobListener) => Promise<JobOutcome>,
  ): Promise<JobOutcome> {
    const host = await this.host();
    const news = onlyNews(listener);
    this.#jobRunning = true;
    let outcome: JobOutcome;
    try {
      outcome = await begin(host, news.first);
    } catch (error) {
      // Only a job whose outcome is unknown may still be at work.
      const unknown = error instanceof OutcomeUnknownError;
      this.#jobRunning = unknown;
      if (!unknown || this.options.signal.aborted) throw error;
      outcome = await this.#comeBack(id, () => news.again(), error);
    }
    this.#jobRunning = false;
    this.#notes.push(seenScript(id));
    return outcome;
  }

  /** Gives the lock back unless a job still needs it, and ends the connection, without another trip. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    const host = await this.#host?.catch(() => undefined);
    if (!host) return;
    const notes = this.#notes.splice(0);
    const last = this.#locked && !this.#jobRunning ? [...notes, releaseScript(this.options.owner)] : notes;
    this.#host = undefined;
    // The shell is busy with the job's log; on a channel of its own the word gets through at once.
    if (this.#locked && this.#jobRunning)
      await host.upload(leftPath, Buffer.from(`${this.options.owner.token}\n`)).catch(() => undefined);
    await host.close(last.length > 0 ? shLines(...last) : undefined);
  }

  async #begin(): Promise<Facts> {
    const facts = await this.#gather();
    this.options.sink({ type: 'host.step', host: this.name, step: 'ready' });
    return facts;
  }

  async #gather(): Promise<Facts> {
    const host = await this.host();
    this.options.sink({ type: 'host.step', host: this.name, step: 'facts' });
    const sections = new Map<string, Sh>();
    if (this.options.locking) sections.set('lock', acquireScript(this.options.owner));
    sections.set('job', jobStateScript);
    for (const [name, script] of factsSections(this.options.wishes)) sections.set(name, script);
    const outputs = await this.sections(sections);
    if (this.options.locking)
      await this.#takeLock(host, outputs.get('lock') ?? { stdout: '', stderr: 'no answer', status: 255 });
    this.#former = parseFormer(outputs.get('job')?.stdout ?? '');
    this.#facts = parseFacts(outputs);
    if (this.#facts.booting)
      this.#remark('it still runs its boot scripts: what they have not done yet looks like drift');
    return this.#facts;
  }

  async #takeLock(host: Host, answer?: ProbeOutput): Promise<void> {
    const left = await takeLock(host, this.options.owner, answer);
    this.#locked = true;
    if (left !== undefined) this.#remark(`took over the lock that ${left} left behind`);
  }

  /** Reconnects and re-attaches to the job, as often as the delays allow. */
  #comeBack(id: string, news: () => JobListener, lost: OutcomeUnknownError): Promise<JobOutcome> {
    this.#remark(
      `connection lost while a job ran (${lost.message}); the job goes on there, coming back to it`,
    );
    const follow = (host: Host) => {
      this.options.sink({ type: 'host.step', host: this.name, step: 'attach' });
      return followJob(host, id, news(), this.options.signal);
    };
    return this.#again(lost, follow, {
      while: 'a job ran',
      hint: 'the job goes on there; run lvsctl again to come back to it',
      worthwhile: () => true,
    });
  }

  /** What may be done twice is done again on another connection when one was lost. */
  async #repeatedly<T>(during: string, work: (host: Host) => Promise<T>): Promise<T> {
    try {
      return await work(await this.host());
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError) || this.options.signal.aborted) throw error;
      this.#remark(`connection lost while ${during} (${error.message}); trying again`);
      return this.#again(error, work, {
        while: during,
        hint: 'run lvsctl again: it goes on from here',
        worthwhile: isLoss,
      });
    }
  }

  /** Reconnects, which takes the lock anew, and does the work, as often as the delays allow. */
  async #again<T>(
    lost: OutcomeUnknownError,
    work: (host: Host) => Promise<T>,
    how: {
      readonly while: string;
      readonly hint: string;
      readonly worthwhile: (error: unknown) => boolean;
    },
  ): Promise<T> {
    let last: Error = lost;
    for (const delay of this.options.reconnectDelays ?? reconnectDelays) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (this.options.signal.aborted) break;
      try {
        return await work(await this.host());
      } catch (error) {
        if (!how.worthwhile(error)) throw error;
        last = error as Error;
      }
    }
    throw new OutcomeUnknownError(
      `the connection was lost while ${how.while}, and ${this.name} can't be reached again: ${last.message}`,
      { host: this.name, hint: how.hint, cause: last },
    );
  }

  #remark(text: string): void {
    this.options.sink({ type: 'remark', host: this.name, text });
  }
}

/** What another connection may mend; a host that refuses for good, such as a full disk, does not change its mind. */
const isLoss = (error: unknown): boolean =>
  error instanceof OutcomeUnknownError ||
  (error instanceof LvsctlError && (error.resource === 'connect' || error.resource === 'lock'));

/** What went wrong before there was any resource is told by the step it went wrong in. */
function inStep(step: HostStep, host: string, error: unknown): unknown {
  if (!(error instanceof LvsctlError) || error.resource !== undefined) return error;
  const { message, hint } = error;
  return new LvsctlError(message, { host, resource: step, ...(hint && { hint }), cause: error });
}

function jobId(): string {
  const now = new Date().toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `${now}-${randomBytes(6).toString('hex')}`;
}

function parseFormer(text: string): FormerJob | undefined {
  const [id, state] = text.trim().split(' ');
  if (!id || !/^[\w-]+$/.test(id)) return undefined;
  return state === 'running' || state === 'finished' || state === 'died' ? { id, state } : undefined;
}
