import type { HostProgress, HostStep } from '../engine/events.js';
import { elapsed, failureMessage, type HostState, type RunState } from './model.js';
import type { Paint } from './paint.js';
import { progressText } from './progress.js';
import type { ScreenSize } from './screen.js';
import { strip, stripWidth } from './strip.js';
import { bar, count, cut, duration, mebibytes, pad, padStart, plainLine, width } from './text.js';

const STEP_TEXT: Readonly<Record<HostStep, string>> = {
  ready: 'ready',
  connect: 'connecting',
  facts: 'gathering facts',
  attach: 'waiting for the job that runs there',
  probe: 'probing',
  apply: 'applying',
  reboot: 'rebooting',
  back: 'back in its next boot',
  confirm: 'logging in anew',
  proof: 'probing again',
  drain: 'draining',
  check: 'checking before it is given back',
  traffic: 'checking traffic',
};

/** Lines longer than this are hard to follow on a wide terminal. */
const WIDEST = 120;

/** The lines of a run at this moment: lower than the terminal, each narrower. `now`: milliseconds since 1970. */
export function frame(run: RunState, size: ScreenSize, now: number, paint: Paint): string[] {
  const columns = Math.max(1, Math.min(size.columns - 1, WIDEST));
  const rows = Math.max(1, size.rows - 1);
  const head = headLine(run, columns, now, paint);
  const foot = [
    ...labLines(run, columns, rows, paint),
    ...artifactLines(run, columns, rows, paint),
    ...checkLines(run, columns, rows, paint),
    ...remarkLine(run, columns, paint),
  ];
  const room = Math.max(1, rows - head.length - foot.length);
  return [...head, ...hostLines(run, columns, room, now, paint), ...foot]
    .slice(0, rows)
    .map((line) => (width(line) <= columns ? line : cut(plainLine(line), columns)));
}

function headLine(run: RunState, columns: number, now: number, paint: Paint): string[] {
  if (run.startedAt === undefined) return [];
  const time = duration((now - run.startedAt) / 1000);
  const done = [...run.hosts.values()].filter(({ phase }) => phase === 'done' || phase === 'failed').length;
  const progress = run.hosts.size > 1 && showsHosts(run) ? `${done}/${run.hosts.size} hosts` : '';
  const title = `${run.command} ${run.cluster}`;
  const rest = [run.stage, progress].filter((part) => part !== '').join(' · ');
  const left = cut(title, columns - time.length - 2);
  const middle = cut(rest === '' ? '' : `  ${rest}`, columns - time.length - 1 - width(left));
  const gap = ' '.repeat(Math.max(1, columns - width(left) - width(middle) - time.length));
  return [`${paint.strong(left)}${paint.quiet(`${middle}${gap}${time}`)}`];
}

/** A lab's hosts tell of themselves in the lab's own lines; those of `verify` are of interest until they are connected. */
function showsHosts(run: RunState): boolean {
  if (run.command.startsWith('lab ')) return false;
  return run.command !== 'verify' || (run.checks.size === 0 && run.reports.length === 0);
}

function hostLines(run: RunState, columns: number, room: number, now: number, paint: Paint): string[] {
  if (!showsHosts(run)) return [];
  const hosts = [...run.hosts.values()].filter(
    (host) => run.startedAt !== undefined || host.since !== undefined,
  );
  const { shown, hidden } = choose(hosts, room);
  // Of all hosts, so that nothing moves sideways when other ones are shown.
  const nameWidth = Math.min(
    Math.max(8, Math.floor(columns / 4)),
    Math.max(0, ...hosts.map(({ name }) => width(name))),
  );
  const cells = stripWidth(hosts, columns);
  const lines = shown.map((host) => hostLine(host, run, nameWidth, cells, columns, now, paint));
  if (hidden.length > 0) lines.push(paint.quiet(cut(restText(hidden, hosts.length), columns)));
  return lines;
}

/** All in the inventory's order when they fit; else only those that failed and those at work, while there is room. */
function choose(hosts: readonly HostState[], room: number): Choice {
  if (hosts.length <= room) return { shown: hosts, hidden: [] };
  const of = (phase: HostState['phase']) => hosts.filter((host) => host.phase === phase);
  const [failed, running] = [of('failed'), of('running')];
  // Failures may not push all that lives off the screen.
  const failures = Math.max(room - 1 - running.length, Math.ceil((room - 1) / 2));
  const order = [...failed.slice(0, failures), ...running, ...failed.slice(failures)].slice(0, room - 1);
  const shown = new Set(order);
  return { shown: order.sort(byUrgency), hidden: hosts.filter((host) => !shown.has(host)) };
}

const URGENCY: readonly HostState['phase'][] = ['failed', 'running'];
const byUrgency = (one: HostState, other: HostState) =>
  URGENCY.indexOf(one.phase) - URGENCY.indexOf(other.phase);

function restText(hidden: readonly HostState[], all: number): string {
  const parts = (['done', 'running', 'waiting', 'failed'] as const)
    .map((phase) => [phase, hidden.filter((host) => host.phase === phase).length] as const)
    .filter(([, number]) => number > 0)
    .map(([phase, number]) => `${number} ${phase}`);
  return `… ${hidden.length}${hidden.length < all ? ' more' : ' hosts'}: ${parts.join(', ')}`;
}

interface Choice {
  readonly shown: readonly HostState[];
  readonly hidden: readonly HostState[];
}

function hostLine(
  host: HostState,
  run: RunState,
  nameWidth: number,
  cells: number,
  columns: number,
  now: number,
  paint: Paint,
): string {
  const name = pad(host.name, nameWidth);
  const paintedName =
    host.phase === 'failed' ? paint.bad(name) : host.phase === 'waiting' ? paint.quiet(name) : name;
  const time = host.phase === 'waiting' ? '' : padStart(duration(elapsed(host, now)), 7);
  const lead = `${paintedName}  ${cells > 0 ? `${strip(host.cells, cells, paint)}  ` : ''}`;
  const room = Math.max(0, columns - width(lead) - (time === '' ? 0 : time.length + 1));
  const text = stateText(host, run, room, now, paint);
  if (time === '') return `${lead}${text}`.trimEnd();
  return `${lead}${text}${' '.repeat(Math.max(1, columns - width(lead) - width(text) - time.length))}${paint.quiet(time)}`;
}

function stateText(host: HostState, run: RunState, room: number, now: number, paint: Paint): string {
  if (host.phase === 'waiting') return paint.quiet(cut('waiting', room));
  if (host.phase === 'failed') {
    const failure = run.failures.find((one) => one.host === host.name);
    const text =
      failure === undefined ? 'failed' : `${failure.resource}: ${plainLine(failureMessage(failure))}`;
    return paint.bad(cut(text, room));
  }
  if (host.phase === 'done') return paint.quiet(cut(doneText(host, run), room));
  if (host.step === 'reboot') return cut(rebootText(host, now), room);
  const { change } = host;
  const counter =
    change === undefined
      ? ''
      : `${padStart(`${change.index + 1}/${change.total}`, 2 * String(change.total).length + 1)} `;
  const what = plainLine(change?.summary ?? (host.step === undefined ? '' : STEP_TEXT[host.step]));
  // The share stands before what it is of: that may be long.
  const share = host.progress === undefined ? '' : shareText(host.progress);
  const head = cut(`${counter}${share}${what}`, room);
  const output = plainLine(host.output).trim();
  const left = room - width(head) - 3;
  if (output === '' || left < 8) return head;
  return `${head} ${paint.quiet(`│ ${cut(output, left)}`)}`;
}

/** Files on their way are no part of the step whose name stands behind it. */
const shareText = (progress: HostProgress): string =>
  `${progress.unit === 'compiled' ? '' : `${progress.unit} `}${progressText(progress)} `;

/** `rebooting … 37 s of at most 600 s`: a minute of silence is nothing to worry about then. */
function rebootText({ stepSince, stepSeconds }: HostState, now: number): string {
  const most = stepSeconds === undefined ? '' : ` of at most ${stepSeconds} s`;
  return `rebooting … ${Math.floor((now - stepSince) / 1000)} s${most}`;
}

function doneText(host: HostState, run: RunState): string {
  const { ok, changed } = host.totals;
  if (run.command === 'plan') {
    const planned = host.cells.filter((cell) => cell === 'planned').length;
    return planned === 0 ? 'nothing to change' : `${count(planned, 'change')} to make`;
  }
  if (run.command === 'provision') return `ok ${ok}  changed ${changed}`;
  return 'done';
}

function labLines(run: RunState, columns: number, rows: number, paint: Paint): string[] {
  const whole = run.lab.get('');
  const hosts = [...run.lab].filter(([host]) => host !== '');
  const most = Math.max(1, rows - 4);
  const column = Math.min(24, Math.max(3, ...hosts.map(([host]) => width(host))));
  const lines = hosts
    .slice(-most)
    .map(([host, { text }]) => `${pad(host, column)}  ${cut(plainLine(text), columns - column - 2)}`);
  if (hosts.length > most) lines.unshift(paint.quiet(`… ${hosts.length - most} more`));
  if (whole === undefined) return lines;
  const { text, fraction } = whole;
  const progress =
    fraction === undefined
      ? ''
      : `${paint.live(bar(fraction, 24))} ${padStart(`${Math.round(fraction * 100)}%`, 4)}  `;
  return [...lines, `${progress}${cut(plainLine(text), columns - width(progress))}`];
}

function artifactLines(run: RunState, columns: number, rows: number, paint: Paint): string[] {
  return [...run.artifacts].slice(0, Math.floor(rows / 3)).map(([name, { text, done, total }]) => {
    const amount =
      done === undefined
        ? ''
        : total === undefined
          ? mebibytes(done)
          : `${mebibytes(done)}/${mebibytes(total)}`;
    const gauge = done !== undefined && total ? `${paint.live(bar(done / total, 24))} ` : '';
    const lead = `${cut(name, Math.floor(columns / 3))}  ${gauge}${amount}${amount === '' ? '' : '  '}`;
    return `${lead}${paint.quiet(cut(plainLine(text), columns - width(lead)))}`;
  });
}

function checkLines(run: RunState, columns: number, rows: number, paint: Paint): string[] {
  return [...run.checks.values()].slice(0, Math.floor(rows / 3)).map(({ service, from, done, total }) => {
    const tail = ` ${padStart(String(done), String(total).length)}/${total}`;
    const lead = cut(`${service} from ${from}`, columns - 32);
    return `${lead}  ${paint.live(bar(total === 0 ? 0 : done / total, 24))}${tail}`;
  });
}

function remarkLine(run: RunState, columns: number, paint: Paint): string[] {
  const last = run.remarks.at(-1);
  if (last === undefined) return [];
  const text = `! ${last.host === undefined ? '' : `${last.host}: `}${plainLine(last.text)}`;
  return [paint.change(cut(text, columns))];
}
