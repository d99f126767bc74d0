import type { RunEvent } from '../engine/events.js';
import { jsonLine } from './json.js';

interface OpenRun {
  readonly begun: number;
  changed: number;
}

/** Runs that have been begun on a stream of NDJSON, and not ended. */
const open = new WeakMap<object, OpenRun>();

const isChange = (event: RunEvent): boolean =>
  event.type === 'change.end'
    ? event.status === 0
    : event.type === 'weight' &&
      event.kept === undefined &&
      event.before !== (event.stoppedAt ?? event.after);

/** Keeps account of the runs on a stream. */
export function noteRun(stream: object, event: RunEvent, now: number): void {
  if (event.type === 'run.start') open.set(stream, { begun: now, changed: 0 });
  else if (event.type === 'run.end') open.delete(stream);
  const run = open.get(stream);
  if (run && isChange(event)) run.changed += 1;
}

/** Ends the run on a stream that an error or a signal has broken off: who reads it must hear how it went. */
export function endOpenRun(
  stream: { write(text: string): unknown },
  exitStatus: number,
  now = Date.now(),
): void {
  const run = open.get(stream);
  if (run === undefined) return;
  open.delete(stream);
  const seconds = (now - run.begun) / 1000;
  const end = { exitStatus, changed: run.changed, failed: exitStatus === 0 ? 0 : 1, seconds };
  stream.write(`${jsonLine({ type: 'run.end', ...end }, now)}\n`);
}
