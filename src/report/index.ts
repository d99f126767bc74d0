import { endingText } from './ending.js';
import { jsonLine } from './json.js';
import { emptyRun, fold } from './model.js';
import { noteRun } from './open-run.js';
import { createPaint } from './paint.js';
import { createLog } from './plain.js';
import type { Reporter, ReporterOptions } from './reporter.js';

export { createPaint, type Paint } from './paint.js';
export type { Reporter, ReporterOptions, TerminalStream } from './reporter.js';
export { Screen } from './screen.js';
export { cut, pad, padStart, plainLine, plainLines, width, wrap } from './text.js';

/** Reports see events and nothing else (rule 10). listr2 is loaded only for a terminal. */
export async function createReporter(given: ReporterOptions): Promise<Reporter> {
  const { stream } = given;
  const options: Required<ReporterOptions> = {
    verbose: false,
    color: false,
    diff: false,
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    now: Date.now,
    ...given,
  };
  if (options.mode === 'json') return createJsonReporter(options);
  if (options.mode === 'plain') return createPlainReporter(options);
  const { createTerminalReporter } = await import('./terminal.js');
  return createTerminalReporter(options);
}

function createJsonReporter({ stream, now }: Required<ReporterOptions>): Reporter {
  return {
    sink(event) {
      stream.write(`${jsonLine(event, now())}\n`);
      noteRun(stream, event, now());
    },
    quietly: (work) => work(),
    close: () => undefined,
  };
}

function createPlainReporter(options: Required<ReporterOptions>): Reporter {
  const { stream, now, verbose, diff } = options;
  const run = emptyRun();
  const paint = createPaint(options.color);
  const log = createLog(run, verbose, now);
  const write = (lines: readonly string[]) => {
    if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
  };
  let logged = false;
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    const ending = endingText(run, paint, {
      columns: Number.POSITIVE_INFINITY,
      diff,
      verbose,
      hostLines: false,
      remarks: false,
    });
    if (ending.length > 0) write(logged ? ['', ...ending] : ending);
  };
  return {
    sink: (event) => {
      if (closed) return;
      fold(run, event, now());
      const lines = log(event);
      logged ||= lines.length > 0;
      write(lines);
      if (event.type === 'run.end') close();
    },
    quietly: (work) => work(),
    close,
  };
}
