import type { EventSink } from '../engine/events.js';
import type { ScreenSize, TerminalStream } from './screen.js';

export type { TerminalStream } from './screen.js';

export interface ReporterOptions {
  /** `terminal`: live lines; `plain`: a log without control sequences but colours; `json`: one event a line, nothing else. */
  readonly mode: 'terminal' | 'plain' | 'json';
  readonly stream: TerminalStream;
  /** Every line of output and every resource. */
  readonly verbose?: boolean;
  readonly color?: boolean;
  /** Show the differences of planned changes. */
  readonly diff?: boolean;
  /** The terminal's size at this moment; that of the stream unless given, 80×24 where it tells none. */
  readonly size?: () => ScreenSize;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Reporter {
  readonly sink: EventSink;
  /** Keeps the screen still while something else, a question, stands on it. */
  readonly quietly: <T>(work: () => Promise<T>) => Promise<T>;
  /** Prints what is not said yet and gives the terminal back. Harmless when repeated; later events are dropped. */
  close(): void;
}
