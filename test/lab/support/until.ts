import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what comes about by itself; some minutes are a guard against a hang, and no claim. @param what is waited for */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    if (condition()) return;
    await sleep(500);
  }
  throw new Error(`${what} does not come about`);
}
