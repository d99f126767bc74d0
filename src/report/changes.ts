import type { PlannedChange } from '../engine/events.js';
import type { RunState } from './model.js';
import type { Paint } from './paint.js';
import { count, names, plainLine, plainLines } from './text.js';

/** The report of `plan`: every change, by host and role in the order of applying. */
export function planText(run: RunState, paint: Paint, diff: boolean): string[] {
  const lines: string[] = [];
  const unknown = new Set(run.failures.map((failure) => failure.host));
  const byHost = groupBy(run.changes, (change) => change.host);
  for (const host of run.hosts.keys()) {
    const changes = byHost.get(host);
    if (changes === undefined) continue;
    lines.push(`${paint.strong(host)}  ${paint.quiet(count(changes.length, 'change'))}`);
    for (const [role, ofRole] of groupBy(changes, (change) => change.role)) {
      lines.push(`  ${paint.live(role)}`);
      for (const change of ofRole) lines.push(...changeText(change, paint, diff));
    }
    lines.push('');
  }
  const converged = [...run.hosts.keys()].filter((host) => !byHost.has(host) && !unknown.has(host));
  if (run.changes.length === 0 && unknown.size === 0) {
    lines.push(paint.good(`Nothing to change: ${describeConverged(converged)}.`));
    return lines;
  }
  if (converged.length > 0) lines.push(paint.quiet(`Nothing to change on ${names(converged)}.`));
  if (run.changes.length > 0) {
    lines.push(
      `${paint.change(count(run.changes.length, 'change'))} on ${count(byHost.size, 'host')}; nothing was changed yet.`,
    );
  }
  return lines;
}

function describeConverged(hosts: readonly string[]): string {
  if (hosts.length === 0) return 'no host has a role';
  return `${names(hosts)} ${hosts.length === 1 ? 'is' : 'are'} as the inventory wants`;
}

function changeText(change: PlannedChange, paint: Paint, diff: boolean): string[] {
  const head = `    ${paint.change('±')} ${plainLine(change.resource)}: ${plainLine(change.summary)}`;
  if (!diff || change.diff === undefined) return [head];
  return [head, ...plainLines(change.diff).map((line) => `        ${diffLine(line, paint)}`)];
}

function diffLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint.good(line);
  if (line.startsWith('-')) return paint.bad(line);
  if (line.startsWith('@@')) return paint.live(line);
  return paint.quiet(line);
}

function groupBy<Value>(values: readonly Value[], key: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}
