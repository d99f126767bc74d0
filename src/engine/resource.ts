import type { Sh } from '../shell/index.js';

/** What a probe printed on one host. */
export interface ProbeOutput {
  /** Bytes that are not UTF-8 stand in it as lone surrogates; `bytesOfText` gives them back. */
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status of the probe script; a probe that can't tell exits non-zero and says why on stderr. */
  readonly status: number;
}

/** One step that makes a resource converge: printed by `plan`, run by `provision`, exactly as it is. */
export interface Change {
  /** One line, imperative: `set net.ipv4.conf.all.arp_ignore to 1 (is 0)`. */
  readonly summary: string;
  /** Unified diff or before/after lines for `plan --diff`. */
  readonly diff?: string;
  /** POSIX sh; runs as root in a child shell under `set -e`, without stdin. `$LVSCTL_FILES/NAME` are this change's files. */
  readonly apply: Sh;
  /** Bulk or binary data, sent ahead on a channel of its own; or a file of the controller's store, by name. */
  readonly files?: Readonly<Record<string, ChangeFile>>;
  /** What the host has made with this change, by the name it gets in the controller's store: absolute paths on the host. */
  readonly collect?: Readonly<Record<string, string>>;
  /** Text of files that others in this plan may write too (a block each), as this change leaves them, by absolute path. */
  readonly writes?: Readonly<Record<string, string>>;
  /**
   * `apply` arms the reboot only; lvsctl carries it out, waits for the host's next life, and plans anew from what it then finds.
   * A resource that wants the reboot again after it has failed.
   */
  readonly reboot?: Reboot;
  /**
   * `apply` changes what the connection itself may rest on, and has armed a timer on the host that takes it back. lvsctl logs in anew and
   * confirms, which stops the timer; then it plans anew. A resource that wants it again after that has failed.
   */
  readonly confirm?: Confirmation;
}

export type ChangeFile = Uint8Array | { readonly stored: string };

export interface Reboot {
  /** Seconds until the host must answer again: firmware, memory test and file system checks included. */
  readonly withinSeconds: number;
}

export interface Confirmation {
  /** Seconds until the host takes the change back. */
  readonly withinSeconds: number;
  /** Stops the timer. Exits non-zero, and says why on stderr, when the change is taken back already; running it twice does no harm. */
  readonly script: Sh;
  /** What the operator can do when the host could not be reached with the change. */
  readonly hint: string;
}

/** What the planner knows beside the observed state. */
export interface PlanContext {
  /** Ids of resources earlier in the list that will change in this plan. */
  readonly changing: ReadonlySet<string>;
  /** Files as changes earlier in this plan leave them ({@link Change.writes}): to be taken for what the probe saw. */
  readonly written?: ReadonlyMap<string, string>;
}

/**
 * A wanted state of one thing on one host, as a value. The order of a role's list is the order of applying.
 * `plan` is pure: same output, same change; undefined is "converged".
 */
export interface Resource {
  /** Unique on a host, kind first: `sysctl net.ipv4.ip_forward`. */
  readonly id: string;
  /** Prints the observed state; must not change anything. Runs in a subshell of the one probe script, without stdin. */
  readonly probe: Sh;
  /** @throws LvsctlError when the wanted state can't be reached on this host, with the way out */
  plan(observed: ProbeOutput, context: PlanContext): Change | undefined;
  /** What is said to the operator beside the change: what waits, or was left alone; a sentence each. Asked once, before applying. */
  remarks?(observed: ProbeOutput): readonly string[];
}
