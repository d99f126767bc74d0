import type { Progress } from '../../operations/index.js';
import type { Context } from '../context.js';
import { doneOn, type OperationOptions, operate, tellOutcome } from '../operations/operate.js';

export interface DrainOptions extends OperationOptions {
  readonly service?: readonly string[];
  /** Seconds to wait for its connections; absent: don't. */
  readonly wait?: number;
}

/**
 * Takes a real server out of its services, for new connections: live and recorded, on all their directors.
 * Exit status 1 when a director was not reached, or connections are left when the time is over: it stays drained then.
 */
export function drain(
  context: Context,
  file: string | undefined,
  host: string,
  options: DrainOptions,
): Promise<number> {
  const { service: services, wait, force = false } = options;
  const subject = { host, ...(services && { services }) };
  return operate(context, { command: 'drain', file, host, services }, options, async (operating) => {
    const { access, author, view, interruption } = operating;
    const { drain: drainOn, waitUntilIdle } = await import('../../operations/index.js');
    const outcome = await drainOn(access, { ...subject, ...author, force });
    const failed = tellOutcome(view, outcome);
    const directors = doneOn(outcome);
    if (wait === undefined || directors.length === 0 || interruption.status !== undefined) return failed;
    const begun = Date.now();
    const onProgress = ({ connections, secondsLeft, held, failures }: Progress) =>
      view.event({
        type: 'wait.progress',
        host,
        connections,
        secondsLeft,
        unanswered: failures.map(({ director }) => director),
        held: held.map((one) => ({ ...one })),
      });
    const waited = await waitUntilIdle(access, { ...subject, directors, seconds: wait, onProgress });
    for (const { director, failure } of waited.failures)
      view.event({ type: 'failure', host: director, ...failure });
    const { idle, connections, held } = waited;
    const seconds = (Date.now() - begun) / 1000;
    if (interruption.status !== undefined && !idle)
      view.event({ type: 'remark', text: `interrupted; ${host} stays drained` });
    else
      view.event({
        type: 'wait.end',
        host,
        idle,
        connections,
        seconds,
        held: held.map((one) => ({ ...one })),
      });
    return failed + (idle ? 0 : 1);
  });
}
