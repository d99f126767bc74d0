import type { RunEvent } from '../engine/events.js';
import { failureMessage, labText, type RunState } from './model.js';
import { ProgressLog, progressText } from './progress.js';
import { count, duration, names, pad, plainLine, width } from './text.js';

/** What stands before a line that is about no host. */
const US = 'lvsctl';

/** Makes of each event worth saying in a log one prefixed line, of the others none. `run` has taken the event in already. */
export function createLog(run: RunState, verbose: boolean, now: () => number): (event: RunEvent) => string[] {
  const said = new Map<string, string>();
  const progress = new ProgressLog();
  return (event) => {
    if (event.type === 'host.progress') {
      if (!progress.isWorthALine(event, now())) return [];
      return [prefixed(run, event.host, event.unit, `${event.resource}: ${progressText(event)}`)];
    }
    if (event.type === 'artifact.progress') {
      const { artifact, state, text, done, total } = event;
      const quarter = done !== undefined && total ? ` ${Math.floor((done / total) * 4) * 25}%` : '';
      const line = `${artifact}: ${text}${state === 'fetching' ? quarter : ''}`;
      if (said.get(`artifact ${artifact}`) === line) return [];
      said.set(`artifact ${artifact}`, line);
      return [prefixed(run, US, 'artifact', line)];
    }
    if (event.type !== 'lab.progress') return logLines(event, run, verbose);
    const { host, fraction } = event;
    const text = host === undefined ? event.text : labText(host, event.text);
    // Fractions come many a second; a log wants the steps and the quarters.
    const quarter = host !== undefined || fraction === undefined ? '' : ` ${Math.floor(fraction * 4) * 25}%`;
    if (said.get(host ?? '') === text + quarter) return [];
    said.set(host ?? '', text + quarter);
    return [prefixed(run, host ?? US, 'lab', text + quarter)];
  };
}

function prefixed(run: RunState, host: string, word: string, text: string): string {
  const column = Math.max(US.length, ...[...run.hosts.keys()].map(width));
  return `${pad(host, Math.min(24, column))}  ${pad(word, 9)}  ${plainLine(text)}`.trimEnd();
}

function logLines(event: RunEvent, run: RunState, verbose: boolean): string[] {
  const line = (host: string, word: string, text: string) => prefixed(run, host, word, text);
  const summaryOf = (host: string, resource: string) =>
    run.changes.find((change) => change.host === host && change.resource === resource)?.summary;

  switch (event.type) {
    case 'run.start':
      return [
        line(
          US,
          event.command,
          `${event.cluster}: ${count(event.hosts.length, 'host')}, ${names(event.hosts)}`,
        ),
      ];
    case 'stage.start':
      return verbose || run.command === 'provision'
        ? [line(US, 'stage', `${event.stage}: ${names(event.hosts)}`)]
        : [];
    case 'host.step':
      // Minutes of silence follow, so it is said in any case.
      if (event.step === 'reboot')
        return [line(event.host, 'reboot', `back within ${event.seconds} s, or given up`)];
      if (event.step === 'confirm')
        return [line(event.host, 'confirm', `by a new login within ${event.seconds} s, or taken back`)];
      if (event.step === 'back') return [line(event.host, 'back', `after ${duration(event.seconds ?? 0)}`)];
      if (event.step === 'drain')
        return [
          line(event.host, 'drain', `no new connections; the present ones have ${event.seconds} s to end`),
        ];
      if (!verbose) return [];
      return [
        line(event.host, event.step, event.resources === undefined ? '' : count(event.resources, 'resource')),
      ];
    case 'host.drain':
      return event.state !== 'waiting' || verbose ? [line(event.host, 'drain', drainText(event))] : [];
    case 'host.output':
      return verbose ? [line(event.host, '|', event.line)] : [];
    case 'change.planned':
      return verbose && run.command !== 'plan'
        ? [line(event.host, 'planned', `${event.resource}: ${event.summary}`)]
        : [];
    case 'change.start':
      return verbose
        ? [line(event.host, `${event.index + 1}/${event.total}`, `${event.resource}: ${event.summary}`)]
        : [];
    case 'change.end': {
      const summary = summaryOf(event.host, event.resource);
      const text = `${event.resource}${summary === undefined ? '' : `: ${summary}`}`;
      if (event.status === 0) return [line(event.host, 'changed', `${text}  ${duration(event.seconds)}`)];
      // The failure that follows says it, with the cause.
      return verbose
        ? [line(event.host, 'exit', `${event.status}  ${text}  ${duration(event.seconds)}`)]
        : [];
    }
    case 'remark':
      return [line(event.host ?? US, 'remark', event.text)];
    case 'failure':
      return [
        line(event.host || US, 'failed', `${event.resource}: ${failureMessage(event).split('\n', 1)[0]}`),
      ];
    case 'host.end': {
      if (!verbose && run.command !== 'provision') return [];
      const { ok, changed, failed } = event.summary;
      const counts = `ok ${ok}  changed ${changed}  failed ${failed}  ${duration(event.seconds)}`;
      return [line(event.host, failed > 0 ? 'not done' : 'done', `${event.stage}: ${counts}`)];
    }
    case 'verify.progress': {
      // A log wants to know that it goes on, not each connection.
      const say = verbose ? event.done === event.total || event.done % 10 === 0 : event.done === event.total;
      return say
        ? [line(event.from, 'verify', `${event.service}: ${event.done}/${event.total} connections`)]
        : [];
    }
    default:
      return [];
  }
}

function drainText({ state, connections = 0 }: Extract<RunEvent, { type: 'host.drain' }>): string {
  if (state === 'waiting') return `${count(connections, 'connection')} left`;
  if (state === 'out') return 'out: it gets no connections';
  if (state === 'kept') return 'out already, by an operator; it stays so afterwards';
  return state === 'back' ? 'given back' : 'stays out';
}
