import type { RunEvent } from '../../engine/index.js';
import { createPaint, createReporter, cut, Screen, width } from '../../report/index.js';
import { type Line, prometheusText, type Reading, statusLines } from '../../status/index.js';
import type { StatusOptions } from '../commands/status.js';
import { type Context, outputMode, wantsColor } from '../context.js';

/** Where the readings go. */
export interface StatusView {
  /** What a run tells beside its readings. */
  event(event: RunEvent): void;
  readings(readings: readonly Reading[]): void;
  /** Keeps the screen still while a question stands on it. */
  readonly quietly: <T>(work: () => Promise<T>) => Promise<T>;
  /** Gives the terminal back. Harmless when repeated. */
  close(): void;
}

export async function createStatusView(context: Context, options: StatusOptions): Promise<StatusView> {
  if (options.prometheus) return prometheusView(context);
  const mode = outputMode(context, options);
  if (mode === 'json') return jsonView(context);
  if (mode === 'terminal' && options.watch !== undefined) return screenView(context, options);
  return plainView(context, options);
}

const quietly = <T>(work: () => Promise<T>) => work();
const remarkOnStderr = (context: Context) => (event: RunEvent) => {
  if (event.type === 'remark') context.stderr.write(`${event.text}\n`);
};

async function jsonView(context: Context): Promise<StatusView> {
  const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
  return {
    event: sink,
    readings(readings) {
      for (const reading of readings) {
        const { director } = reading;
        if ('status' in reading) sink({ type: 'status', director, status: { ...reading.status } });
        else sink({ type: 'failure', host: director, ...reading.failure });
      }
    },
    quietly,
    close: () => undefined,
  };
}

/** Failures go to stderr: stdout is for Prometheus alone. */
function prometheusView(context: Context): StatusView {
  return {
    event: remarkOnStderr(context),
    readings(readings) {
      context.stdout.write(prometheusText(readings));
      for (const reading of readings) {
        if ('status' in reading) continue;
        const { message, hint } = reading.failure;
        context.stderr.write(
          `✗ ${reading.director}: ${message}\n${hint === undefined ? '' : `    ${hint}\n`}`,
        );
      }
    },
    quietly,
    close: () => undefined,
  };
}

const painter = (context: Context, options: StatusOptions) => {
  const paint = createPaint(wantsColor(context, options));
  return ({ text, tone }: Line, columns = Number.POSITIVE_INFINITY) => {
    const fitting = cut(text, columns);
    return tone === undefined ? fitting : paint[tone](fitting);
  };
};

/** Local time, as the operator's clock shows it, with its distance from UTC. */
function clock(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const ahead = -now.getTimezoneOffset();
  const zone = `${ahead < 0 ? '-' : '+'}${two(Math.floor(Math.abs(ahead) / 60))}:${two(Math.abs(ahead) % 60)}`;
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())} ${zone}`;
}

/** Readings one below the other. */
function plainView(context: Context, options: StatusOptions): StatusView {
  const painted = painter(context, options);
  let first = true;
  return {
    event: remarkOnStderr(context),
    readings(readings) {
      const lines = statusLines(readings, clock(new Date())).map((line) => painted(line));
      context.stdout.write(`${first ? '' : '\n'}${lines.join('\n')}\n`);
      first = false;
    },
    quietly,
    close: () => undefined,
  };
}

/** Each reading in place of the last, which stays when the watch ends. */
function screenView(context: Context, options: StatusOptions): StatusView {
  const painted = painter(context, options);
  const { stdout } = context;
  const screen = new Screen(stdout, () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }));
  let shown: readonly Line[] = [{ text: 'connecting …', tone: 'quiet' }];
  let last: readonly Line[] = [];
  let questions = 0;
  let closed = false;
  const draw = () => {
    if (closed || questions > 0 || !screen.ready) return;
    const { columns, rows } = screen.size;
    const room = Math.max(2, rows - 1);
    const more = shown.length - (room - 1);
    const fitting: readonly Line[] =
      shown.length <= room
        ? shown
        : [
            ...shown.slice(0, room - 1),
            { text: `… ${more} more lines: --service shows less`, tone: 'quiet' },
          ];
    const lines = fitting.map((line) => painted(line, columns - 1));
    screen.paint(lines, lines.map(width));
  };
  screen.start();
  stdout.on('resize', draw);
  draw();
  return {
    event(event) {
      if (event.type === 'remark') screen.print([event.text]);
    },
    readings(readings) {
      last = statusLines(readings, clock(new Date()));
      shown = [...last, { text: `every ${options.watch} s; Ctrl-C ends`, tone: 'quiet' }];
      draw();
    },
    async quietly(work) {
      questions += 1;
      screen.suspend();
      try {
        return await work();
      } finally {
        questions -= 1;
        if (questions === 0) screen.resume();
      }
    },
    close() {
      if (closed) return;
      closed = true;
      stdout.off('resize', draw);
      screen.stop();
      if (last.length > 0) stdout.write(`${last.map((line) => painted(line)).join('\n')}\n`);
    },
  };
}
