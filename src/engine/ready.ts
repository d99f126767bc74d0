import pLimit from 'p-limit';
import type { Facts } from './facts.js';
import type { HostSession } from './session.js';

/** Facts of hosts by their names; no more of them than `forks` are connected to at once, whoever asks for how many. */
export function readyInTurn(
  sessionOf: (name: string) => HostSession,
  forks: number,
): (name: string) => Promise<Facts> {
  const limit = pLimit(forks);
  const begun = new Map<string, Promise<Facts>>();
  return async (name) => {
    const session = sessionOf(name);
    const first = begun.get(name) ?? limit(() => session.ready());
    begun.set(name, first);
    await first;
    // A reboot has them gathered anew.
    return session.ready();
  };
}
