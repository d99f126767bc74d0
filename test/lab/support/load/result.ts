/** What a load is and what came of it; times are milliseconds, moments those of `Date.now()`. */

/** A resource of the service, asked by GET. Its answers name their server in the header `X-Server`. */
export interface Target {
  readonly path: string;
  /** Body that the answer must have; anything else is a wrong answer. */
  readonly body?: { readonly bytes: number; readonly sha256: string };
}

export interface LoadOptions {
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
  /** New connections a second, one request each, at even intervals. 200 by default. */
  readonly perSecond?: number;
  /** A small file. `/` by default. */
  readonly request?: Target;
  /** A request that has no whole answer by then has failed. 10,000 by default. */
  readonly requestTimeout?: number;
  /** Each of `count` is followed by another when it has ended. When the load stops they go on at full speed to their end. */
  readonly downloads?: { readonly count: number; readonly target: Target; readonly bytesPerSecond: number };
  /** Connections that stay open; on each a request goes out `every` ms, and an answer comes back. Never opened again. */
  readonly kept?: { readonly count: number; readonly every: number };
  /** A download or kept connection from which nothing came for so long is lost. 30,000 by default. */
  readonly stallTimeout?: number;
  /** Ends by itself after so many; else by `stop`. */
  readonly seconds?: number;
}

/**
 * `refused`: RST (or port unreachable) to the opening; `reset`: RST later; `unreachable`: no route or no ARP answer; `timeout`: nothing, or not all,
 * in time; `short`: ended before its length; `wrong`: status, body or server's name; `local`: this machine's own (no port left, no memory).
 */
export type FailureKind = 'refused' | 'reset' | 'unreachable' | 'timeout' | 'short' | 'wrong' | 'local';

export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
}

export interface TallyResult {
  readonly begun: number;
  readonly ok: number;
  readonly failed: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  /** Whole answers by the server's name. */
  readonly servers: Readonly<Record<string, number>>;
  /** Longest time between two answers, or between an answer and the begin or end; and when it began. */
  readonly longestGap: number;
  readonly longestGapAt: number;
  /** From connect to the last byte, of whole answers. `slow`: more than 900 ms, as after a lost SYN, which is sent again after 1 s. */
  readonly median: number;
  readonly slowest: number;
  readonly slow: number;
}

export interface Phase extends TallyResult {
  readonly name: string;
  readonly at: number;
}

export interface DownloadResult {
  readonly server: string | undefined;
  readonly began: number;
  readonly ended: number | undefined;
  readonly bytes: number;
  readonly outcome: 'running' | 'whole' | FailureKind;
  readonly detail: string;
}

export interface KeptResult {
  readonly server: string | undefined;
  readonly answers: number;
  readonly lastAnswer: number;
  /** Longest wait for an answer that came. */
  readonly longestWait: number;
  readonly outcome: 'alive' | FailureKind;
  readonly detail: string;
}

export interface LoadResult {
  readonly began: number;
  readonly ended: number | undefined;
  readonly requests: TallyResult;
  /** A request counts in the phase in which it began. */
  readonly phases: readonly Phase[];
  /** The first thousand. */
  readonly failures: readonly (Failure & { readonly at: number })[];
  readonly downloads: readonly DownloadResult[];
  readonly kept: readonly KeptResult[];
  /** How far behind its time a request was begun at most: what of a gap may be the generator's own. */
  readonly latest: number;
}
