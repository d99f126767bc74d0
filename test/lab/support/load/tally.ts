import type { Failure, FailureKind, TallyResult } from './result.js';

/** A SYN that was lost is sent again after a second. */
const SLOW = 900;

/** Requests that are to be begun now, so that `perSecond` are begun a second at even intervals, the first one at once. */
export function due(elapsed: number, perSecond: number, begun: number): number {
  return Math.max(0, Math.floor((elapsed * perSecond) / 1000) + 1 - begun);
}

/** The moment at which the request of the index is to begin, from the first one. */
export function dueAt(index: number, perSecond: number): number {
  return (index * 1000) / perSecond;
}

/** Counts of requests as they end, in the order of their ends. */
export class Tally {
  #begun = 0;
  #failed = 0;
  #last: number;
  #gap = 0;
  #gapAt: number;
  #ended = Number.POSITIVE_INFINITY;
  readonly #failures = new Map<FailureKind, number>();
  readonly #servers = new Map<string, number>();
  readonly #times: number[] = [];

  constructor(at: number) {
    this.#last = at;
    this.#gapAt = at;
  }

  begin(): void {
    this.#begun++;
  }

  answer(at: number, server: string, took: number): void {
    this.#servers.set(server, (this.#servers.get(server) ?? 0) + 1);
    this.#times.push(took);
    if (at >= this.#ended) return;
    this.#noteGap(at);
    this.#last = at;
  }

  /** What ends from now on still counts, but the gaps are those until now. */
  end(at: number): void {
    if (at >= this.#ended) return;
    this.#noteGap(at);
    this.#ended = at;
    this.#last = at;
  }

  failure({ kind }: Failure): void {
    this.#failed++;
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  #noteGap(at: number): void {
    if (at - this.#last <= this.#gap) return;
    this.#gap = at - this.#last;
    this.#gapAt = this.#last;
  }

  /** As it is at `now`; the time since the last answer counts as a gap. */
  result(now: number): TallyResult {
    const at = Math.min(now, this.#ended);
    const gap = Math.max(this.#gap, at - this.#last);
    const times = this.#times.toSorted((a, b) => a - b);
    return {
      begun: this.#begun,
      ok: times.length,
      failed: this.#failed,
      failures: Object.fromEntries(this.#failures),
      servers: Object.fromEntries([...this.#servers].sort(([a], [b]) => (a < b ? -1 : 1))),
      longestGap: gap,
      longestGapAt: gap > this.#gap ? this.#last : this.#gapAt,
      median: times[times.length >> 1] ?? 0,
      slowest: times.at(-1) ?? 0,
      slow: times.filter((took) => took > SLOW).length,
    };
  }
}
