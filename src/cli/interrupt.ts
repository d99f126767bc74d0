import type { EventSink } from '../engine/events.js';
import { endOpenRun } from '../report/open-run.js';
import type { Context } from './context.js';

const STATUS: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** What Ctrl-C does to one run: the first asks it to end, the second leaves at once. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Exit status of the signal that came, if one did. */
  readonly status: number | undefined;
  /** To be fed all events: they tell on which hosts a job is at work. */
  readonly watch: EventSink;
  /** Hosts whose jobs go on without lvsctl. */
  readonly working: () => readonly string[];
  /** Gives the signals back. */
  done(): void;
}

/** `first` is called once with the hosts at work; `again` on the second signal, before the process ends. */
export function watchInterrupts(
  context: Context,
  reactions: { readonly first: (working: readonly string[]) => void; readonly again: () => void },
): Interruption {
  const controller = new AbortController();
  const working = new Set<string>();
  let status: number | undefined;
  const onSignal = (name: string) => {
    if (status !== undefined) {
      reactions.again();
      const left = STATUS[name] ?? 130;
      endOpenRun(context.stdout, left);
      context.exit(left);
      return;
    }
    status = STATUS[name] ?? 130;
    reactions.first([...working]);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  for (const name of Object.keys(STATUS)) context.signals.on(name, onSignal);
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    watch(event) {
      if (event.type === 'host.step') {
        if (event.step === 'apply' || event.step === 'attach') working.add(event.host);
        else working.delete(event.host);
      }
      // After the signal the engine leaves the host, and its job does not.
      if (event.type === 'host.end' && status === undefined) working.delete(event.host);
    },
    working: () => [...working],
    done() {
      for (const name of Object.keys(STATUS)) context.signals.off(name, onSignal);
    },
  };
}
