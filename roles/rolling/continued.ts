import { type HostMarks, isDone, type TaskStep } from './marks.js';

/** Which run this is: one of its own, or the rest of one that did not come to its end. */
export interface Run {
  readonly id: string;
  readonly continued: boolean;
}

/** Hours after which an interrupted run is history: who asks again then means all hosts. */
const LIFETIME_HOURS = 24;

/** `20261125T164500Z-3f9a`: it sorts by time. */
export function runId(now: Date, random: string): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${random}`;
}

/** Milliseconds since 1970; NaN for what is no id of ours. */
function timeOf(id: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-\w+$/.exec(id) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** `2026-11-25 16:45:00 UTC` */
export function timeText(id: string): string {
  return `${new Date(timeOf(id)).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * The newest run of the same task on the same hosts goes on where some host has not all its steps behind it, or is still out of the
 * directors' tables because of it.
 * @param fresh id of this run, where it is one of its own
 * @param hosts marks of all hosts of this run that answered
 * @param open hosts that did not answer, or that an earlier run left out of the tables
 */
export function runOf(
  fresh: string,
  task: string,
  steps: readonly TaskStep[],
  hosts: ReadonlyMap<string, HostMarks>,
  open: readonly string[],
): Run {
  const own = { id: fresh, continued: false };
  const found = [...hosts.values()].flatMap(({ marks }) =>
    marks.filter((mark) => mark.task === task && !Number.isNaN(timeOf(mark.run))).map(({ run }) => run),
  );
  const newest = found.sort((one, other) => timeOf(one) - timeOf(other)).at(-1);
  if (newest === undefined || timeOf(fresh) - timeOf(newest) > LIFETIME_HOURS * 3_600_000) return own;
  const whole = [...hosts.values()].every((marks) => steps.every((step) => isDone(marks, newest, step)));
  return whole && open.length === 0 ? own : { id: newest, continued: true };
}
