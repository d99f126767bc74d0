import type { LockOwner } from '../engine/lock.js';
import type { Cluster } from '../inventory/cluster.js';
import type { Host } from '../ssh/host.js';

/** How an operation gets at the directors. Whoever opened a connection closes it. */
export interface Access {
  readonly cluster: Cluster;
  /** The connection to a director, by its name: the same one each time. Rejects with an LvsctlError where there is none. */
  readonly host: (director: string) => Promise<Host>;
  /** Takes each director's lock for the length of an operation; absent: the caller holds it, as a run of the engine does. */
  readonly lock?: LockOwner;
  readonly signal: AbortSignal;
}

/** Who changes a weight and why, for the record and those who read it. */
export interface Author {
  /** `alice@ops1`. */
  readonly who: string;
  readonly reason?: string;
  /** Now, unless given. */
  readonly when?: Date;
}

/** What became of the weight of one real server in one service on one director. */
export interface WeightChange {
  readonly service: string;
  readonly host: string;
  /** In the table, with port: `10.83.33.76:21`. */
  readonly address: string;
  /** Of the live table; absent: the server is not in it, and gets its weight when `provision` adds it. */
  readonly before?: number;
  readonly after: number;
  /** Where a slow change was interrupted on its way to `after`: in table, record and keepalived’s file. */
  readonly stoppedAt?: number;
  /** Whether the record says so: false where it is the inventory's weight. */
  readonly recorded: boolean;
  /** Left as it was, since somebody else has recorded a weight: who, when and why. */
  readonly kept?: string;
}

export interface OperationFailure {
  readonly resource: string;
  readonly message: string;
  readonly hint?: string;
}

/** What was done on one director, up to the failure if there is one. */
export interface DirectorOutcome {
  readonly director: string;
  readonly changes: readonly WeightChange[];
  readonly remarks: readonly string[];
  readonly failure?: OperationFailure;
}

export interface Outcome {
  readonly directors: readonly DirectorOutcome[];
}
