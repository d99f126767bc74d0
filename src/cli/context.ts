import type { EventEmitter } from 'node:events';
import type { TerminalStream } from '../report/index.js';

/** All that a command takes from the process around it. */
export interface Context {
  readonly stdout: TerminalStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Emits SIGINT, SIGTERM and SIGHUP. */
  readonly signals: EventEmitter;
  /** Ends the process at once. */
  readonly exit: (status: number) => void;
}

export const EXIT = { converged: 0, failed: 1, usage: 2, pending: 3 } as const;

/** Options of every command, as commander hands them over. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** False after `--no-color`. */
  readonly color?: boolean;
}

/** Options of the commands that speak to hosts. */
export interface HostOptions extends OutputOptions {
  readonly lab?: boolean;
  readonly limit?: readonly string[];
  readonly roles?: readonly string[];
  readonly forks: number;
  readonly playbook?: string;
}

/** `--no-color` and NO_COLOR win over FORCE_COLOR, which wins over what the stream is. */
export function wantsColor(context: Context, options: OutputOptions): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = context.env;
  if (options.color === false || (NO_COLOR !== undefined && NO_COLOR !== '')) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return context.stdout.isTTY === true && TERM !== 'dumb';
}

/** Live lines need a terminal that can move its cursor. */
export function outputMode(context: Context, options: OutputOptions): 'terminal' | 'plain' | 'json' {
  if (options.json) return 'json';
  return context.stdout.isTTY === true && context.env.TERM !== 'dumb' ? 'terminal' : 'plain';
}
