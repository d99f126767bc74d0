import { LvsctlError, UsageError } from '../errors.js';
import type { Context, OutputOptions } from './context.js';
import { EXIT } from './context.js';

/** Tells an error that ended a command: in words on stderr, or as an event on stdout. Returns the exit status it stands for. */
export function complain(context: Context, error: unknown, options: OutputOptions): number {
  const status = error instanceof UsageError ? EXIT.usage : EXIT.failed;
  if (options.json) context.stdout.write(`${JSON.stringify(failureEvent(error))}\n`);
  else context.stderr.write(`${errorLines(error, colors(context, options)).join('\n')}\n`);
  return status;
}

const DEFECT = 'This is a defect of lvsctl. Please report it, with the lines above.';

function failureEvent(error: unknown): Record<string, unknown> {
  const known = error instanceof LvsctlError;
  return {
    t: new Date().toISOString(),
    type: 'failure',
    host: (known && error.host) || '',
    resource: (known && error.resource) || (error instanceof UsageError ? 'usage' : 'lvsctl'),
    message: error instanceof Error ? error.message : String(error),
    hint: known ? error.hint : `${DEFECT}\n${error instanceof Error ? error.stack : ''}`,
  };
}

function errorLines(error: unknown, bad: (text: string) => string): string[] {
  if (!(error instanceof LvsctlError)) {
    return [
      `${bad('✗')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      `  ${DEFECT}`,
    ];
  }
  const where = [error.host, error.resource].filter((part) => part !== undefined).join(': ');
  const prefix = where === '' || error.message.startsWith(where) ? '' : `${where}: `;
  const [first = '', ...rest] = error.message.split('\n');
  const lines = [`${bad('✗')} ${prefix}${first}`, ...rest.map((line) => `  ${line}`)];
  if (error.hint !== undefined) lines.push(...error.hint.split('\n').map((line) => `    ${line}`));
  return lines;
}

/** stderr may be a terminal where stdout is a pipe, and the other way round. */
function colors(context: Context, options: OutputOptions): (text: string) => string {
  const { NO_COLOR, FORCE_COLOR, TERM } = context.env;
  const off = options.color === false || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb';
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !off && (forced || context.stderr.isTTY === true)
    ? (text) => `\u001b[31m${text}\u001b[39m`
    : (text) => text;
}
