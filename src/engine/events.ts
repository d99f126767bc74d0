import type { VerifyReport } from '../verify/report.js';

/** Seconds and counts of one host at the end of a run. */
export interface HostSummary {
  readonly ok: number;
  readonly changed: number;
  readonly failed: number;
  readonly trips: number;
  readonly connections: number;
}

export interface FailureDetails {
  readonly host: string;
  /** Resource id, or the step (`connect`, `facts`) when there is none. */
  readonly resource: string;
  readonly message: string;
  readonly command?: string;
  readonly status?: number;
  readonly stderr?: string;
  readonly hint?: string;
}

export interface PlannedChange {
  readonly host: string;
  readonly role: string;
  readonly resource: string;
  readonly summary: string;
  readonly diff?: string;
  /** Place of the resource among those of the host in this stage, from 0: lets a reporter draw `±··±`. */
  readonly position?: number;
}

/**
 * `ready`: connected and known, with nothing to do until its stage comes or a fork is free.
 * `reboot`: told to restart and waited for; `back`: it answers again, in another boot.
 * `confirm`: logging in anew, to show the host that it can be reached with its change.
 * `drain`: taken out of the directors' tables and waited for; `check`: seen to serve, then given back.
 */
export type HostStep =
  | 'connect'
  | 'facts'
  | 'ready'
  | 'attach'
  | 'probe'
  | 'apply'
  | 'reboot'
  | 'back'
  | 'confirm'
  | 'proof'
  | 'drain'
  | 'check'
  | 'traffic';

/** How far one step on a host is: files compiled, or bytes sent to it or fetched from it. */
export interface HostProgress {
  readonly host: string;
  readonly resource: string;
  readonly unit: 'compiled' | 'sent' | 'fetched';
  /** Files, or bytes. */
  readonly done: number;
  /** Absent where nobody has said how many there will be. */
  readonly total?: number;
  /** By the pace since this run has been watching; absent until that tells something. */
  readonly secondsLeft?: number;
}

/** Everything that a run tells (rule 10). Plain JSON values: NDJSON is these, with a time each. */
export type RunEvent =
  | {
      readonly type: 'run.start';
      readonly command: string;
      readonly cluster: string;
      readonly hosts: readonly string[];
    }
  | { readonly type: 'stage.start'; readonly stage: string; readonly hosts: readonly string[] }
  | {
      readonly type: 'host.step';
      readonly host: string;
      readonly step: HostStep;
      readonly resources?: number;
      /** `reboot`: within how many it must be back. `back`: after how many it was. `confirm`: within how many a new login must come. `drain`: within how many its connections must end. */
      readonly seconds?: number;
    }
  /**
   * A host's way out of the directors' tables and back. `waiting`: so many of its connections are left. `out`: it gets none.
   * `kept`: neither did it before, by an operator's word, and will not afterwards. `stays`: not given back, since it failed.
   */
  | {
      readonly type: 'host.drain';
      readonly host: string;
      readonly state: 'waiting' | 'out' | 'kept' | 'back' | 'stays';
      readonly connections?: number;
    }
  | { readonly type: 'host.output'; readonly host: string; readonly line: string }
  | ({ readonly type: 'host.progress' } & HostProgress)
  | ({ readonly type: 'change.planned' } & PlannedChange)
  | {
      readonly type: 'change.start';
      readonly host: string;
      readonly resource: string;
      readonly summary: string;
      /** From 0, of `total`. */
      readonly index: number;
      readonly total: number;
    }
  | {
      readonly type: 'change.end';
      readonly host: string;
      readonly resource: string;
      readonly status: number;
      readonly seconds: number;
    }
  | { readonly type: 'remark'; readonly host?: string; readonly text: string }
  | ({ readonly type: 'failure' } & FailureDetails)
  | {
      readonly type: 'host.end';
      readonly host: string;
      readonly stage: string;
      readonly summary: HostSummary;
      readonly seconds: number;
    }
  | { readonly type: 'stage.end'; readonly stage: string; readonly seconds: number }
  | {
      readonly type: 'verify.progress';
      readonly service: string;
      readonly from: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'verify.result'; readonly report: VerifyReport }
  | {
      readonly type: 'lab.progress';
      readonly text: string;
      readonly host?: string;
      readonly fraction?: number;
    }
  | {
      readonly type: 'artifact.progress';
      /** File name in the catalogue. */
      readonly artifact: string;
      readonly state: 'fetching' | 'checking' | 'ready' | 'failed';
      readonly text: string;
      /** Bytes that are here, of `total` where that is known. */
      readonly done?: number;
      readonly total?: number;
    }
  /** What `lvsctl artifacts` found or did; `state` is `cached`, `partial`, `absent`, `wrong`, or what became of an imported file. */
  | {
      readonly type: 'artifact';
      readonly state: string;
      /** Name in the catalogue; absent for a file that is not in it. */
      readonly artifact?: string;
      readonly file: string;
      /** `md5` … `sha512`, or `pin`. */
      readonly knownBy?: string;
      readonly path?: string;
      readonly reason?: string;
    }
  | { readonly type: 'facts'; readonly host: string; readonly facts: Readonly<Record<string, unknown>> }
  /** What `lvsctl explain` found: decisions, reasons and alternatives. */
  | {
      readonly type: 'explanation';
      readonly host: string;
      readonly explanation: Readonly<Record<string, unknown>>;
    }
  /** What `lvsctl status` read of one director's table (src/status/model.ts): what is not known is absent from it. */
  | {
      readonly type: 'status';
      readonly director: string;
      readonly status: Readonly<Record<string, unknown>>;
    }
  /** What `lvsctl drain`, `undrain` and `weight` have done with one real server in one service on one director. */
  | {
      readonly type: 'weight';
      readonly director: string;
      readonly service: string;
      readonly host: string;
      /** In the table, with port. */
      readonly address: string;
      /** Absent: not in the table. */
      readonly before?: number;
      readonly after: number;
      readonly recorded: boolean;
      /** Where a slow change was interrupted. */
      readonly stoppedAt?: number;
      /** Left alone, since this was recorded by another. */
      readonly kept?: string;
    }
  /** A slow change on its way. */
  | {
      readonly type: 'weight.step';
      readonly director: string;
      readonly address: string;
      readonly weight: number;
      readonly target: number;
      readonly secondsLeft: number;
    }
  /** Connections that are waited for, and those that hold nobody up; by director and service in `held` (src/operations/wait.ts). */
  | {
      readonly type: 'wait.progress';
      readonly host: string;
      readonly connections: number;
      readonly secondsLeft: number;
      /** Directors that did not answer this time. */
      readonly unanswered: readonly string[];
      readonly held: readonly Readonly<Record<string, string | number>>[];
    }
  | {
      readonly type: 'wait.end';
      readonly host: string;
      readonly idle: boolean;
      readonly connections: number;
      readonly seconds: number;
      readonly held: readonly Readonly<Record<string, string | number>>[];
    }
  /** What `lvsctl diagnose` found, the most likely cause first, and what it made of each service (src/diagnose/check.ts). */
  | { readonly type: 'diagnosis.finding'; readonly finding: Readonly<Record<string, unknown>> }
  | { readonly type: 'diagnosis.service'; readonly examined: Readonly<Record<string, unknown>> }
  /** What `lvsctl render` has to say of a host: for one that is not Linux, the commands (src/platforms/instructions.ts). */
  | {
      readonly type: 'instructions';
      readonly host: string;
      readonly instructions: Readonly<Record<string, unknown>>;
    }
  /** What `lvsctl import` made of a file. */
  | {
      readonly type: 'import';
      readonly format: string;
      /** Absolute path of the inventory, or its text where it was to go to stdout. */
      readonly file?: string;
      readonly text?: string;
      readonly hosts: number;
      readonly services: number;
      /** Paths of the fields that the operator must fill in. */
      readonly gaps: readonly string[];
    }
  /** A line of that file, from 1, which the inventory doesn't carry, or not as it stands. Passwords are not shown. */
  | {
      readonly type: 'import.lost';
      readonly line: number;
      readonly text: string;
      readonly reason: string;
    }
  /** What `lvsctl export` gives for one director. */
  | {
      readonly type: 'export';
      readonly format: string;
      readonly director: string;
      readonly text: string;
    }
  /** What that text doesn't say of the inventory: `subject` is its path (`services.web`, `ipvs.timeouts`). */
  | { readonly type: 'export.lost'; readonly subject: string; readonly reason: string }
  | {
      readonly type: 'run.end';
      readonly exitStatus: number;
      readonly changed: number;
      readonly failed: number;
      readonly seconds: number;
    };

/** A reporter. Must not throw and must not block. */
export type EventSink = (event: RunEvent) => void;
