import { Download, Kept, request } from './connections.js';
import type { Failure, LoadOptions, LoadResult } from './result.js';
import { due, dueAt, Tally } from './tally.js';

const FAILURES = 1000;
/** Between looks at what is due; shorter than the interval of 200 requests a second. */
const TICK = 2;

/** Puts the load on, in this process. */
export class Generator {
  readonly #options: LoadOptions;
  readonly #began = Date.now();
  readonly #start = performance.now();
  readonly #whole = new Tally(this.#began);
  readonly #phases: { readonly name: string; readonly at: number; readonly tally: Tally }[] = [];
  readonly #failures: (Failure & { at: number })[] = [];
  readonly #downloads: Download[] = [];
  readonly #kept: Kept[] = [];
  readonly #ticking: NodeJS.Timeout;
  /** When all has ended. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #begun = 0;
  #open = 0;
  #running = 0;
  #latest = 0;
  #stopped: number | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.phase('begin');
    const { downloads, kept, seconds } = options;
    for (let i = 0; i < (downloads?.count ?? 0); i++) this.download();
    const target = options.request ?? { path: '/' };
    for (let i = 0; i < (kept?.count ?? 0); i++)
      this.#kept.push(new Kept(options, target, kept?.every ?? 1000, this.#stall));
    this.#ticking = setInterval(() => this.#tick(), TICK);
    if (seconds !== undefined)
      setTimeout(() => {
        this.#tick();
        void this.stop();
      }, seconds * 1000);
  }

  get #stall(): number {
    return this.#options.stallTimeout ?? 30_000;
  }

  /** Requests from here on count in a phase of their own. */
  phase(name: string): void {
    const at = Date.now();
    this.#phases.at(-1)?.tally.end(at);
    this.#phases.push({ name, at, tally: new Tally(at) });
  }

  #tick(): void {
    const { perSecond = 200, seconds = Number.POSITIVE_INFINITY } = this.#options;
    const elapsed = performance.now() - this.#start;
    // However late the last look is, no more are begun than the whole time has.
    const left = Math.round(perSecond * seconds) - this.#begun;
    for (let count = Math.min(left, due(elapsed, perSecond, this.#begun)); count > 0; count--) {
      this.#latest = Math.max(this.#latest, elapsed - dueAt(this.#begun, perSecond));
      this.#request();
    }
  }

  #request(): void {
    const tallies = [this.#whole, this.#phases.at(-1)?.tally].filter((tally) => tally !== undefined);
    const began = performance.now();
    const at = Date.now();
    this.#begun++;
    this.#open++;
    for (const tally of tallies) tally.begin();
    const { request: target = { path: '/' }, requestTimeout = 10_000 } = this.#options;
    request(this.#options, target, requestTimeout, (end) => {
      this.#open--;
      if (typeof end !== 'string' && this.#failures.length < FAILURES) this.#failures.push({ at, ...end });
      for (const tally of tallies)
        if (typeof end === 'string') tally.answer(Date.now(), end, performance.now() - began);
        else tally.failure(end);
      this.#settle();
    });
  }

  /** One more beside the others. */
  download(): void {
    const { downloads } = this.#options;
    if (downloads === undefined) return;
    this.#running++;
    const { target, bytesPerSecond } = downloads;
    const next = new Download(this.#options, target, bytesPerSecond, this.#stall, () => {
      this.#running--;
      // A pause, lest a service that refuses is asked without end.
      if (this.#stopped === undefined) setTimeout(() => this.#again(), 1000);
      this.#settle();
    });
    this.#downloads.push(next);
  }

  #again(): void {
    if (this.#stopped === undefined) this.download();
  }

  #settle(): void {
    if (this.#stopped !== undefined && this.#open === 0 && this.#running === 0) this.#end();
  }

  /** No new requests; comes when those under way, and the downloads, have ended. */
  async stop(): Promise<void> {
    if (this.#stopped === undefined) {
      this.#stopped = Date.now();
      for (const { tally } of [{ tally: this.#whole }, ...this.#phases]) tally.end(this.#stopped);
      clearInterval(this.#ticking);
      for (const kept of this.#kept) kept.close();
      for (const download of this.#downloads) download.hurry();
      this.#settle();
    }
    return this.ended;
  }

  result(): LoadResult {
    const now = this.#stopped ?? Date.now();
    return {
      began: this.#began,
      ended: this.#stopped,
      requests: this.#whole.result(now),
      phases: this.#phases.map(({ name, at, tally }) => ({ name, at, ...tally.result(now) })),
      failures: this.#failures,
      downloads: this.#downloads.map((download) => download.result()),
      kept: this.#kept.map((kept) => kept.result()),
      latest: this.#latest,
    };
  }
}
