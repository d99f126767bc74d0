import type { Context } from '../context.js';
import { type OperationOptions, operate, tellOutcome } from '../operations/operate.js';

export interface WeightOptions extends OperationOptions {
  /** Seconds that the change takes, in steps. */
  readonly over?: number;
}

/**
 * Sets the weight of a real server in one service: live and recorded, on all its directors.
 * Exit status 1 when a director was not reached.
 */
export function weight(
  context: Context,
  file: string | undefined,
  words: { readonly host: string; readonly service: string; readonly weight: number },
  options: WeightOptions,
): Promise<number> {
  const { host, service } = words;
  const { over, force = false } = options;
  const target = { command: 'weight', file, host, services: [service] } as const;
  return operate(context, target, options, async ({ access, author, view, interruption, lab }) => {
    const { setWeight } = await import('../../operations/index.js');
    const outcome = await setWeight(access, {
      ...words,
      ...author,
      force,
      ...(over !== undefined && { overSeconds: over }),
      onStep: (step) => view.event({ type: 'weight.step', ...step }),
    });
    const failed = tellOutcome(view, outcome);
    if (interruption.status !== undefined)
      view.event({
        type: 'remark',
        text: `interrupted; \`lvsctl provision ${access.cluster.file}${lab}\` sets what is recorded at once`,
      });
    return failed;
  });
}
