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
    let left = over ?? 0;
    const outcome = await setWeight(access, {
      ...words,
      ...author,
      force,
      ...(over !== undefined && { overSeconds: over }),
      onStep(step) {
        left = step.secondsLeft;
        view.event({ type: 'weight.step', ...step });
      },
    });
    const failed = tellOutcome(view, outcome);
    const stopped = outcome.directors.some(({ changes }) =>
      changes.some(({ stoppedAt }) => stoppedAt !== undefined),
    );
    if (interruption.status !== undefined && stopped) {
      const [again, back] = [
        `lvsctl weight ${access.cluster.file} ${host} ${service} ${words.weight} --over ${Math.max(1, Math.ceil(left))}s${lab}`,
        `lvsctl undrain ${access.cluster.file} ${host} --service ${service}${lab}`,
      ];
      const text = `interrupted; ${host} keeps the weight that it has now: \`${again}\` goes on from there, \`${back}\` gives the inventory’s back`;
      view.event({ type: 'remark', text });
    }
    return failed;
  });
}
