import type {
  FailureDetails,
  HostProgress,
  HostStep,
  HostSummary,
  PlannedChange,
  RunEvent,
} from '../engine/events.js';
import type { VerifyReport } from '../verify/report.js';
import { count } from './text.js';

/** One resource of a host: not yet known, converged, to be changed, being changed, changed, failed. */
export type Cell = 'unknown' | 'ok' | 'planned' | 'current' | 'changed' | 'failed';

export interface HostState {
  readonly name: string;
  phase: 'waiting' | 'running' | 'done' | 'failed';
  step: HostStep | undefined;
  /** Milliseconds since 1970 when it was entered, and the seconds that it may take, where that was told. */
  stepSince: number;
  stepSeconds: number | undefined;
  /** One a resource, over all stages so far, in the order of applying. */
  readonly cells: Cell[];
  /** What is being changed, `index` from 0, of how many. */
  change: { readonly summary: string; readonly index: number; readonly total: number } | undefined;
  /** How far that is, or the files that go ahead of it or come after it. */
  progress: HostProgress | undefined;
  /** Last line of output of the present step. */
  output: string;
  readonly totals: { ok: number; changed: number; failed: number; trips: number; connections: number };
  /** Seconds of the stages that ended. */
  seconds: number;
  /** Milliseconds since 1970 when the present stage began here. */
  since: number | undefined;
  /** Index of the first cell of the present stage. */
  base: number;
  nextCell: number;
  readonly cellOf: Map<string, number>;
}

export interface LabState {
  text: string;
  fraction: number | undefined;
}

export interface ArtifactProgress {
  text: string;
  done: number | undefined;
  total: number | undefined;
}

/** All that a report draws from; {@link fold} is the only writer. */
export interface RunState {
  command: string;
  cluster: string;
  startedAt: number | undefined;
  stage: string;
  readonly hosts: Map<string, HostState>;
  readonly changes: PlannedChange[];
  readonly failures: FailureDetails[];
  readonly remarks: { readonly host: string | undefined; readonly text: string }[];
  readonly checks: Map<string, { service: string; from: string; done: number; total: number }>;
  readonly reports: VerifyReport[];
  /** By host; the empty name is the lab as a whole. */
  readonly lab: Map<string, LabState>;
  /** Artifacts that are on their way. */
  readonly artifacts: Map<string, ArtifactProgress>;
  readonly facts: Map<string, Readonly<Record<string, unknown>>>;
  end: Extract<RunEvent, { type: 'run.end' }> | undefined;
}

export function emptyRun(): RunState {
  return {
    command: '',
    cluster: '',
    startedAt: undefined,
    stage: '',
    hosts: new Map(),
    changes: [],
    failures: [],
    remarks: [],
    checks: new Map(),
    reports: [],
    lab: new Map(),
    artifacts: new Map(),
    facts: new Map(),
    end: undefined,
  };
}

export function hostState(run: RunState, name: string): HostState {
  let host = run.hosts.get(name);
  if (host === undefined) {
    host = {
      name,
      phase: 'waiting',
      step: undefined,
      stepSince: 0,
      stepSeconds: undefined,
      cells: [],
      change: undefined,
      progress: undefined,
      output: '',
      totals: { ok: 0, changed: 0, failed: 0, trips: 0, connections: 0 },
      seconds: 0,
      since: undefined,
      base: 0,
      nextCell: 0,
      cellOf: new Map(),
    };
    run.hosts.set(name, host);
  }
  return host;
}

/** A failure's message without the host, which stands before it already. */
export function failureMessage({ host, message }: FailureDetails): string {
  return host !== '' && message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}

/** Seconds that a host has worked so far. */
export function elapsed(host: HostState, now: number): number {
  return host.seconds + (host.since === undefined ? 0 : (now - host.since) / 1000);
}

/** Takes one event in. `now`: milliseconds since 1970. */
export function fold(run: RunState, event: RunEvent, now: number): void {
  switch (event.type) {
    case 'run.start':
      run.command = event.command;
      run.cluster = event.cluster;
      run.startedAt = now;
      for (const name of event.hosts) hostState(run, name);
      break;
    case 'stage.start':
      run.stage = event.stage;
      for (const name of event.hosts) {
        const host = hostState(run, name);
        // Hosts are connected ahead of their stage; the wait for it is not their time.
        if (host.since !== undefined) host.since = now;
      }
      break;
    case 'host.step':
      enterStep(hostState(run, event.host), event, now);
      break;
    case 'host.output':
      hostState(run, event.host).output = event.line;
      break;
    case 'host.drain':
      if (event.state === 'waiting')
        hostState(run, event.host).output = `${count(event.connections ?? 0, 'connection')} left`;
      break;
    case 'host.progress':
      hostState(run, event.host).progress = event;
      break;
    case 'change.planned':
      run.changes.push(event);
      place(hostState(run, event.host), event.resource, 'planned', event.position);
      break;
    case 'change.start': {
      const host = hostState(run, event.host);
      host.change = { summary: event.summary, index: event.index, total: event.total };
      host.progress = undefined;
      host.output = '';
      place(host, event.resource, 'current', undefined);
      break;
    }
    case 'change.end': {
      const host = hostState(run, event.host);
      host.progress = undefined;
      place(host, event.resource, event.status === 0 ? 'changed' : 'failed', undefined);
      break;
    }
    case 'remark':
      run.remarks.push({ host: event.host, text: event.text });
      break;
    case 'failure':
      run.failures.push(event);
      if (event.host !== '') takeFailure(hostState(run, event.host), event);
      break;
    case 'host.end':
      leaveStage(hostState(run, event.host), event.summary, event.seconds, run.command === 'provision');
      break;
    case 'stage.end':
      break;
    case 'verify.progress': {
      const { service, from, done, total } = event;
      run.checks.set(`${service} ${from}`, { service, from, done, total });
      break;
    }
    case 'verify.result':
      run.reports.push(event.report);
      run.checks.delete(`${event.report.service} ${event.report.from}`);
      if (run.checks.size === 0) endTraffic(run, now);
      break;
    case 'lab.progress':
      foldLab(run, event);
      break;
    case 'artifact.progress':
      if (event.state === 'ready' || event.state === 'failed') run.artifacts.delete(event.artifact);
      else run.artifacts.set(event.artifact, { text: event.text, done: event.done, total: event.total });
      break;
    case 'artifact':
      break;
    case 'facts':
      run.facts.set(event.host, event.facts);
      if (run.command === 'facts') rest(hostState(run, event.host), 'done', now);
      break;
    case 'run.end':
      run.end = event;
      endTraffic(run, now);
      break;
  }
}

/** The traffic check is no stage: the hosts that take part in it are done again without a word. */
function endTraffic(run: RunState, now: number): void {
  for (const host of run.hosts.values()) if (host.step === 'traffic') rest(host, 'done', now);
}

/** A fraction is always that of the lab as a whole, whoever tells it. */
function foldLab(run: RunState, event: Extract<RunEvent, { type: 'lab.progress' }>): void {
  const whole = run.lab.get('');
  if (event.host === undefined) run.lab.set('', { text: event.text, fraction: event.fraction });
  else {
    run.lab.delete(event.host);
    run.lab.set(event.host, { text: labText(event.host, event.text), fraction: undefined });
    if (whole !== undefined && event.fraction !== undefined) whole.fraction = event.fraction;
  }
}

/** `rs1 is up` beside the host's name is `is up`. */
export function labText(host: string, text: string): string {
  return text.startsWith(`${host} `) ? text.slice(host.length + 1) : text;
}

function rest(host: HostState, phase: 'waiting' | 'done', now: number): void {
  host.seconds = elapsed(host, now);
  host.since = undefined;
  host.step = undefined;
  if (host.phase !== 'failed') host.phase = phase;
}

function enterStep(
  host: HostState,
  { step, resources, seconds }: Extract<RunEvent, { type: 'host.step' }>,
  now: number,
): void {
  if (step === 'ready') {
    rest(host, 'waiting', now);
    return;
  }
  // What an attached job did stands before what is found after it.
  const anew = host.since === undefined || (step === 'probe' && host.step === 'attach');
  host.since ??= now;
  if (anew) {
    host.base = host.cells.length;
    host.nextCell = host.base;
    host.cellOf.clear();
  }
  if (host.phase !== 'failed') host.phase = 'running';
  host.step = step;
  host.stepSince = now;
  host.stepSeconds = seconds;
  host.change = undefined;
  host.progress = undefined;
  host.output = '';
  if (step === 'probe' && resources !== undefined) {
    while (host.cells.length < host.base + resources) host.cells.push('unknown');
  }
  if (step === 'apply') settle(host);
}

/** What was probed and not planned is converged. */
function settle(host: HostState): void {
  for (let index = host.base; index < host.cells.length; index++) {
    if (host.cells[index] === 'unknown') host.cells[index] = 'ok';
  }
}

function place(host: HostState, resource: string, cell: Cell, position: number | undefined): void {
  let index = host.cellOf.get(resource);
  if (index === undefined) {
    index = position === undefined ? host.nextCell : host.base + position;
    host.nextCell = index + 1;
    host.cellOf.set(resource, index);
    while (host.cells.length <= index) host.cells.push('unknown');
  }
  host.cells[index] = cell;
}

function takeFailure(host: HostState, failure: FailureDetails): void {
  host.phase = 'failed';
  if (host.cellOf.has(failure.resource)) place(host, failure.resource, 'failed', undefined);
}

function leaveStage(host: HostState, summary: HostSummary, seconds: number, provisioned: boolean): void {
  if (summary.failed > 0) host.phase = 'failed';
  else if (host.phase !== 'failed') host.phase = 'done';
  if (host.phase === 'done') settle(host);
  // Planned before a reboot, and found to be right after it.
  if (host.phase === 'done' && provisioned)
    for (let index = host.base; index < host.cells.length; index++)
      if (host.cells[index] === 'planned') host.cells[index] = 'ok';
  host.step = undefined;
  host.change = undefined;
  host.progress = undefined;
  host.output = '';
  host.seconds += seconds;
  host.since = undefined;
  host.totals.ok += summary.ok;
  host.totals.changed += summary.changed;
  host.totals.failed += summary.failed;
  // Counted by the connection, which lives as long as the run: each stage tells the sum so far.
  host.totals.trips = Math.max(host.totals.trips, summary.trips);
  host.totals.connections = Math.max(host.totals.connections, summary.connections);
}
