import { Listr } from 'listr2';
import type { RunEvent } from '../engine/events.js';
import { endingText } from './ending.js';
import { frame } from './frame.js';
import { emptyRun, fold } from './model.js';
import { createPaint } from './paint.js';
import { createLog } from './plain.js';
import { HostLinesRenderer } from './renderer.js';
import type { Reporter, ReporterOptions } from './reporter.js';
import { Screen } from './screen.js';
import { width } from './text.js';

/** Live lines while the run goes on, the report when it is over; both fit the terminal as it is at that moment. */
export function createTerminalReporter(options: Required<ReporterOptions>): Reporter {
  const { now, verbose } = options;
  const run = emptyRun();
  const paint = createPaint(options.color);
  const log = createLog(run, true, now);
  const screen = new Screen(options.stream, options.size);
  const draw = () => {
    if (questions > 0 || !screen.ready) return;
    const lines = frame(run, screen.size, now(), paint);
    screen.paint(lines, lines.map(width));
  };
  let over: (() => void) | undefined;
  let closed = false;
  let questions = 0;

  function begin(titles: readonly string[]): void {
    const end = new Promise<void>((resolve) => {
      over = resolve;
    });
    screen.start();
    const hosts = new Listr(
      titles.map((title) => ({ title, task: () => end })),
      {
        // Sub-lists would inherit these two; there are none.
        concurrent: true,
        exitOnError: false,
        // listr2's own would end the process on the first Ctrl-C, with jobs of ours running on the hosts.
        registerSignalListeners: false,
        renderer: HostLinesRenderer,
        rendererOptions: { draw, stop: () => screen.stop() },
      },
    );
    void hosts.run();
  }

  function finish(): void {
    if (closed) return;
    closed = true;
    screen.stop();
    over?.();
    const { columns } = screen.size;
    const lines = endingText(run, paint, {
      columns,
      diff: options.diff,
      verbose,
      hostLines: true,
      remarks: true,
    });
    if (lines.length > 0) options.stream.write(`${lines.join('\n')}\n`);
  }

  return {
    sink: (event: RunEvent) => {
      if (closed) return;
      fold(run, event, now());
      if (over === undefined)
        begin(event.type === 'run.start' && event.hosts.length > 0 ? event.hosts : ['lvsctl']);
      if (verbose && questions === 0) {
        const lines = log(event);
        if (lines.length > 0) screen.print(lines.map((line) => paint.quiet(line)));
      }
      if (event.type === 'run.end') finish();
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
    close: finish,
  };
}
