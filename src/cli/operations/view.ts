import type { RunEvent } from '../../engine/index.js';
import { createPaint, createReporter, cut, type Paint, plainLine } from '../../report/index.js';
import { type Context, type OutputOptions, outputMode, wantsColor } from '../context.js';

/** Where operations are told. */
export interface OperationView {
  event(event: RunEvent): void;
  /** Weights that were changed so far. */
  readonly changed: number;
  /** Keeps the terminal's last line free while a question stands on it. */
  readonly quietly: <T>(work: () => Promise<T>) => Promise<T>;
  /** Ends a line that is still being rewritten. Harmless when repeated. */
  close(): void;
}

type Tone = keyof Paint | undefined;

const left = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes > 0 ? `${minutes}m ${String(whole % 60).padStart(2, '0')}s` : `${whole}s`;
};

type WaitEvent = Extract<RunEvent, { type: 'wait.progress' | 'wait.end' }>;

/** Of the directors, that which has most of each kind: they tell each other of their connections. */
function connectionText({ connections, held }: WaitEvent): string {
  const most = (key: string): number => {
    const services = new Map<unknown, number>();
    for (const one of held)
      services.set(one.service, Math.max(services.get(one.service) ?? 0, Number(one[key] ?? 0)));
    return [...services.values()].reduce((sum, count) => sum + count, 0);
  };
  const [established, opening, closing] = [most('established'), most('opening'), most('closing')];
  const kinds = [established > 0 && `${established} established`, opening > 0 && `${opening} opening`].filter(
    (kind) => kind !== false,
  );
  const count = `${connections} connection${connections === 1 ? '' : 's'}`;
  const open = kinds.length === 0 ? count : `${count} (${kinds.join(', ')})`;
  return closing === 0 ? open : `${open}, beside ${closing} that end by themselves`;
}

function waitText(event: Extract<RunEvent, { type: 'wait.progress' }>): string {
  const { host, unanswered } = event;
  const silent = unanswered.length === 0 ? '' : `, and ${unanswered.join(', ')} did not answer`;
  return `${host} has ${connectionText(event)}${silent}`;
}

function weightLine(event: Extract<RunEvent, { type: 'weight' }>): { text: string; tone: Tone } {
  const { director, service, host, address, before, after, recorded, stoppedAt, kept } = event;
  const where = `${director}  ${service}  ${host} (${address})`;
  if (kept !== undefined) return { text: `${where}  left as it is: ${kept}`, tone: 'quiet' };
  const how = recorded ? 'recorded' : 'as in the inventory';
  if (stoppedAt !== undefined)
    return {
      text: `${where}  stopped at weight ${stoppedAt}, on the way to ${after}${recorded ? ', recorded' : ''}`,
      tone: 'change',
    };
  if (before === undefined)
    return { text: `${where}  weight ${after}, ${how}; not in the table`, tone: 'change' };
  if (before === after) return { text: `${where}  weight ${after} already, ${how}`, tone: undefined };
  return { text: `${where}  weight ${before} → ${after}, ${how}`, tone: 'good' };
}

/** The line of an event, and whether the next one of its kind takes its place. */
function lineOf(
  event: RunEvent,
): { text: string; tone?: Tone; passing?: boolean; more?: string } | undefined {
  switch (event.type) {
    case 'weight':
      return weightLine(event);
    case 'weight.step':
      return {
        text: `${event.director}  ${event.address}  weight ${event.weight} of ${event.target}, ${left(event.secondsLeft)} left`,
        passing: true,
      };
    case 'wait.progress':
      // The end is told at once.
      if (event.connections === 0 && event.unanswered.length === 0) return undefined;
      return { text: `${waitText(event)}; ${left(event.secondsLeft)} left`, passing: true };
    case 'wait.end':
      return event.idle
        ? { text: `✓ ${event.host} has no connections left, after ${left(event.seconds)}`, tone: 'good' }
        : {
            text: `✗ ${event.host} has ${connectionText(event)} after ${left(event.seconds)}, and stays drained`,
            tone: 'bad',
          };
    case 'remark':
      return { text: event.host === undefined ? event.text : `${event.host}: ${event.text}`, tone: 'change' };
    case 'failure':
      return {
        text: `✗ ${event.host}: ${event.resource === 'connect' ? '' : `${event.resource}: `}${event.message}`,
        tone: 'bad',
        ...(event.hint !== undefined && { more: event.hint }),
      };
    default:
      return undefined;
  }
}

const counts = (event: RunEvent): boolean =>
  event.type === 'weight' && event.kept === undefined && event.before !== (event.stoppedAt ?? event.after);

export async function createOperationView(context: Context, options: OutputOptions): Promise<OperationView> {
  const mode = outputMode(context, options);
  return mode === 'json' ? jsonView(context) : lineView(context, options, mode === 'terminal');
}

async function jsonView(context: Context): Promise<OperationView> {
  const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
  let changed = 0;
  return {
    event(event) {
      if (counts(event)) changed += 1;
      sink(event);
    },
    get changed() {
      return changed;
    },
    quietly: (work) => work(),
    close: () => undefined,
  };
}

/** A log wants news, and a sign of life now and then. */
const SIGN_OF_LIFE_MS = 10_000;

function lineView(context: Context, options: OutputOptions, terminal: boolean): OperationView {
  const paint = createPaint(wantsColor(context, options));
  const { stdout } = context;
  const painted = (text: string, tone: Tone): string => (tone === undefined ? text : paint[tone](text));
  let changed = 0;
  /** Something stands on the terminal's line that the next word takes the place of. */
  let passing = false;
  let last = { news: '', at: 0 };
  let quiet = false;
  const clear = () => {
    if (passing) stdout.write('\r\u001b[K');
    passing = false;
  };
  const isNews = (text: string): boolean => {
    const news = text.replace(/[;,] [0-9ms ]+ left$/, '');
    if (news === last.news && Date.now() - last.at < SIGN_OF_LIFE_MS) return false;
    last = { news, at: Date.now() };
    return true;
  };
  return {
    event(event) {
      if (counts(event)) changed += 1;
      const line = lineOf(event);
      if (line === undefined || quiet) return;
      const text = plainLine(line.text);
      if (!line.passing) {
        clear();
        const more = (line.more?.split('\n') ?? []).map((one) => `    ${plainLine(one)}\n`).join('');
        stdout.write(`${painted(text, line.tone)}\n${more}`);
      } else if (terminal) {
        stdout.write(`\r\u001b[K${cut(text, (stdout.columns || 80) - 1)}`);
        passing = true;
      } else if (isNews(text)) stdout.write(`${text}\n`);
    },
    get changed() {
      return changed;
    },
    async quietly(work) {
      clear();
      quiet = true;
      try {
        return await work();
      } finally {
        quiet = false;
      }
    },
    close: clear,
  };
}
