import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '../engine/events.js';
import { LvsctlError } from '../errors.js';
import type { Guest, LabLayout } from './layout.js';
import { greets, supervisorStatus } from './relay.js';

/** Last words of a redhat9 guest's boot, by its inittab. */
const bootFinished = 'lab: the host is up';

/** A guest that writes nothing to its console for so long, and doesn't answer, hangs. A loaded machine still writes. */
const silenceSeconds = 240;

/**
 * Waits until the sshd of each guest answers.
 * @throws LvsctlError with the end of the console when one ends or falls silent
 */
export async function awaitGuests(
  layout: LabLayout,
  guests: readonly Guest[],
  sink: EventSink,
): Promise<void> {
  const total = guests.length;
  let done = 0;
  sink({ type: 'lab.progress', text: `booting ${total} hosts`, fraction: 0 });
  await Promise.all(
    guests.map(async (guest) => {
      await awaitGuest(layout, guest);
      done += 1;
      sink({ type: 'lab.progress', host: guest.name, text: `${guest.name} is up`, fraction: done / total });
    }),
  );
}

async function awaitGuest(layout: LabLayout, guest: Guest): Promise<void> {
  let seen = -1;
  let heardAt = Date.now();
  while (!(await greets(layout, guest.address, 10)) || !(await finishedBooting(guest))) {
    const console = await readFile(guest.console, 'utf8').catch(() => '');
    const state = (await supervisorStatus(layout))?.find((entry) => entry.name === guest.name)?.state;
    if (console.length !== seen) {
      seen = console.length;
      heardAt = Date.now();
    }
    const silent = Date.now() - heardAt > silenceSeconds * 1000;
    if (state !== 'running' || silent)
      throw new LvsctlError(
        `the lab's ${guest.name} ${silent ? 'hangs' : 'ended'} before its sshd answered:\n${tail(console)}`,
        { host: guest.name, hint: `Its console is in ${guest.console}` },
      );
    await sleep(200);
  }
}

/** A SysV init starts sshd long before rc.local; systemd's units are there, or waited for, when sshd is. */
async function finishedBooting(guest: Guest): Promise<boolean> {
  if (guest.flavour !== 'redhat9') return true;
  return (await readFile(guest.console, 'utf8').catch(() => '')).includes(bootFinished);
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-15).join('\n');
}
