import type { Context } from '../context.js';
import { type OperationOptions, operate, tellOutcome } from '../operations/operate.js';

export interface UndrainOptions extends OperationOptions {
  readonly service?: readonly string[];
}

/** Gives a real server the inventory's weights back, and takes it out of the record. Exit status 1 when a director was not reached. */
export function undrain(
  context: Context,
  file: string | undefined,
  host: string,
  options: UndrainOptions,
): Promise<number> {
  const { service: services } = options;
  return operate(context, { command: 'undrain', file, host, services }, options, async ({ access, view }) => {
    const { undrain: undrainOn } = await import('../../operations/index.js');
    return tellOutcome(view, await undrainOn(access, { host, ...(services && { services }) }));
  });
}
