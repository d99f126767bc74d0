import type { FailureDetails } from '../engine/events.js';
import { planText } from './changes.js';
import { failureMessage, type HostState, type RunState } from './model.js';
import type { Paint } from './paint.js';
import { strip, stripWidth } from './strip.js';
import { count, duration, names, pad, padStart, plainLine, plainLines, width, wrap } from './text.js';
import { trafficText } from './traffic.js';

export interface EndingOptions {
  /** Texts are broken here; infinite where the reader breaks them. */
  readonly columns: number;
  readonly diff: boolean;
  readonly verbose: boolean;
  /** One line a host (terminal); a log has said it already. */
  readonly hostLines: boolean;
  readonly remarks: boolean;
}

/** What is left on the screen when a run is over. */
export function endingText(run: RunState, paint: Paint, options: EndingOptions): string[] {
  const sections: string[][] = [];
  if (run.command === 'facts') sections.push(factsText(run, paint));
  if (run.command === 'plan') sections.push(planText(run, paint, options.diff));
  else if (options.hostLines && run.hosts.size > 0 && showsHosts(run))
    sections.push(hostsText(run, paint, options));
  for (const report of run.reports) sections.push(trafficText(report, paint, options.columns));
  sections.push(failuresText(run.failures, paint, options.columns));
  if (options.remarks) {
    sections.push(run.remarks.flatMap((remark) => remarkText(remark, paint, options.columns)));
  }
  sections.push(totalText(run, paint));
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => [...(index > 0 ? [''] : []), ...section]);
}

/** `verify`, `facts` and `explain` change nothing: their hosts' lines would say nothing. */
const showsHosts = (run: RunState) =>
  !run.command.startsWith('lab ') &&
  !['facts', 'explain'].includes(run.command) &&
  (run.command !== 'verify' || run.failures.length > 0);

/** With more unchanged hosts than this they share a line. */
const MANY = 20;

function hostsText(run: RunState, paint: Paint, options: EndingOptions): string[] {
  const hosts = [...run.hosts.values()];
  const dull = hosts.filter((host) => host.phase === 'done' && host.totals.changed === 0);
  const fold = dull.length > MANY && !options.verbose;
  const shown = fold ? hosts.filter((host) => !dull.includes(host)) : hosts;
  const nameWidth = Math.min(24, Math.max(0, ...shown.map((host) => width(host.name))));
  const cells = stripWidth(shown, options.columns);
  const lines = shown.map((host) => hostText(host, nameWidth, cells, paint, options.columns));
  if (fold)
    lines.push(
      paint.quiet(
        `… ${dull.length}${shown.length > 0 ? ' more' : ''} without a change: ${names(
          dull.map((host) => host.name),
          6,
        )}`,
      ),
    );
  return lines;
}

function hostText(host: HostState, nameWidth: number, cells: number, paint: Paint, columns: number): string {
  const { ok, changed, failed } = host.totals;
  const name = pad(host.name, nameWidth);
  const counts = [
    `ok ${padStart(String(ok), 2)}`,
    emphasise(changed, paint.change, `changed ${padStart(String(changed), 2)}`),
    emphasise(failed, paint.bad, `failed ${padStart(String(failed), 2)}`),
  ].join('  ');
  const unfinished =
    host.phase === 'waiting'
      ? paint.quiet('not reached')
      : host.phase === 'running'
        ? paint.change('unfinished')
        : '';
  const left = `${host.phase === 'failed' ? paint.bad(name) : paint.strong(name)}  ${strip(host.cells, cells, paint)}  ${unfinished || counts}`;
  const time = duration(host.seconds);
  const gap = Math.max(2, Math.min(columns, 92) - 1 - width(left) - time.length);
  return `${left}${' '.repeat(gap)}${paint.quiet(time)}`;
}

const emphasise = (number: number, color: (text: string) => string, text: string) =>
  number > 0 ? color(text) : text;

function remarkText(remark: RunState['remarks'][number], paint: Paint, columns: number): string[] {
  const who = remark.host === undefined ? '' : `${remark.host}: `;
  const [first = '', ...rest] = wrap(who + plainLine(remark.text), columns - 3);
  const head = first.startsWith(who)
    ? paint.strong(who.trimEnd()) + first.slice(who.trimEnd().length)
    : first;
  return [`${paint.change('!')} ${head}`, ...rest.map((line) => `  ${line}`)];
}

/** What failed in the same way on several hosts is told once. */
function failuresText(failures: readonly FailureDetails[], paint: Paint, columns: number): string[] {
  const alike = new Map<string, { readonly failure: FailureDetails; readonly hosts: string[] }>();
  for (const failure of failures) {
    const key = JSON.stringify({ ...failure, host: '', message: failureMessage(failure) });
    const group = alike.get(key);
    if (group === undefined) alike.set(key, { failure, hosts: [failure.host] });
    else if (!group.hosts.includes(failure.host)) group.hosts.push(failure.host);
  }
  return [...alike.values()].flatMap(({ failure, hosts }) => failureText(failure, hosts, paint, columns));
}

/** `✗ rs2: service httpd`, then what was run, how it ended and what it said. */
function failureText(
  failure: FailureDetails,
  hosts: readonly string[],
  paint: Paint,
  columns: number,
): string[] {
  const where = [names(hosts), failure.resource].filter((part) => part !== '').join(': ');
  const lines = [`${paint.bad('✗')} ${paint.strong(plainLine(where))}`];
  const wrapped = (text: string, room: number) =>
    plainLines(text).flatMap((line) => wrap(line, columns - 1 - room));
  lines.push(...wrapped(failureMessage(failure), 4).map((line) => `    ${paint.bad(line)}`));
  lines.push(...ranText(failure).map((line) => `    ${line}`));
  if (failure.stderr !== undefined) {
    lines.push(
      ...lastLines(plainLines(failure.stderr)).map((line) => `    ${paint.quiet('stderr:')} ${line}`),
    );
  }
  if (failure.hint !== undefined) {
    const [first = '', ...rest] = wrapped(failure.hint, 6);
    lines.push(`    ${paint.live('→')} ${first}`, ...rest.map((line) => `      ${line}`));
  }
  return lines;
}

/** The command, a script by its first lines, and how it ended. */
function ranText({ command, status }: FailureDetails): string[] {
  const ended = status === undefined ? '' : `→ exit ${status}`;
  const lines = command === undefined ? [] : plainLines(command);
  if (lines.length === 1) return [`${lines[0]} ${ended}`.trimEnd()];
  const most = 6;
  const shown =
    lines.length > most ? [...lines.slice(0, most), `… (${lines.length - most} more lines)`] : lines;
  return ended === '' ? shown : [...shown, ended];
}

/** The cause stands at the end of what a command said. */
function lastLines(lines: readonly string[]): string[] {
  const most = 12;
  if (lines.length <= most) return [...lines];
  return [`(${lines.length - most} lines before)`, ...lines.slice(-most)];
}

export function totalText(run: RunState, paint: Paint): string[] {
  if (run.end === undefined || run.hosts.size === 0) return [];
  // They have said it already, unless something failed.
  if (['plan', 'facts', 'explain'].includes(run.command) && run.end.failed === 0) return [];
  if (run.command.startsWith('lab ')) return [labTotal(run, run.end.seconds, paint)];
  const hosts = [...run.hosts.values()];
  const sum = (pick: (host: HostState) => number) => hosts.reduce((total, host) => total + pick(host), 0);
  const { changed, failed, seconds } = run.end;
  const parts = [count(hosts.length, 'host')];
  const ok = sum((host) => host.totals.ok);
  if (run.command === 'provision')
    parts.push(`${count(ok, 'resource')} ok`, emphasise(changed, paint.change, `${changed} changed`));
  if (failed > 0) parts.push(paint.bad(`${failed} failed`));
  else if (run.command === 'provision') parts.push('0 failed');
  if (run.reports.length > 0) {
    const proven = run.reports.filter((report) => report.problems.length === 0).length;
    parts.push(
      proven === run.reports.length ? paint.good('traffic proven') : paint.bad('traffic not proven'),
    );
  }
  const mark = run.end.exitStatus === 0 || run.end.exitStatus === 3 ? paint.good('✓') : paint.bad('✗');
  return [`${mark} ${run.cluster}: ${parts.join(', ')} ${paint.quiet(`in ${duration(seconds)}`)}`];
}

function labTotal(run: RunState, seconds: number, paint: Paint): string {
  const done = run.command === 'lab reboot' ? 'rebooted' : 'up';
  const text =
    run.command === 'lab down'
      ? plainLine(run.lab.get('')?.text ?? 'down')
      : `lab ${run.cluster}: ${count(run.hosts.size, 'host')} ${done}`;
  return `${paint.good('✓')} ${text} ${paint.quiet(`in ${duration(seconds)}`)}`;
}

function factsText(run: RunState, paint: Paint): string[] {
  const lines: string[] = [];
  for (const [host, facts] of run.facts) {
    const entries = flatten(facts);
    const column = Math.min(28, Math.max(0, ...entries.map(([key]) => key.length)));
    if (lines.length > 0) lines.push('');
    lines.push(paint.strong(host));
    for (const [key, value] of entries) lines.push(`  ${paint.quiet(pad(key, column))}  ${value}`);
  }
  return lines;
}

/** Nested facts as `os.id`; lists on one line. */
function flatten(value: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const path = `${prefix}${key}`;
    if (inner instanceof Set) return [[path, listText([...inner])]];
    if (Array.isArray(inner)) return [[path, listText(inner)]];
    if (isRecord(inner)) return flatten(inner, `${path}.`);
    return [[path, scalarText(inner)]];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !('toJSON' in value);

function listText(values: readonly unknown[]): string {
  if (values.length === 0) return '–';
  return values
    .map((value) =>
      isRecord(value)
        ? flatten(value)
            .map(([, text]) => text)
            .join(' ')
        : scalarText(value),
    )
    .join(', ');
}

function scalarText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  return plainLine(String(value));
}
