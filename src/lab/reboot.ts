import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '../engine/events.js';
import { LvsctlError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import { labAccess } from './access.js';
import { awaitGuests } from './await.js';
import { layoutOf, readLab } from './layout.js';
import { onGuest } from './login.js';
import { resetGuest, supervisorStatus } from './relay.js';
import { requireInLab } from './twin.js';

/** An orderly shutdown that takes longer than this is cut short, as an operator would by the power switch. */
const shutdownSeconds = 180;

/** ssh must have ended before the guest does, which may leave without a word on its connections. */
const soon = '(sleep 1; /sbin/reboot) </dev/null >/dev/null 2>&1 &';

/** Reboots hosts of the lab from inside, all at once (one that is off is switched on), and waits until the sshd of each answers in its new life. */
export async function labReboot(cluster: Cluster, hosts: readonly string[], sink: EventSink): Promise<void> {
  requireInLab(cluster, hosts);
  await labAccess(cluster);
  const layout = layoutOf(cluster.name);
  const unknown = hosts.filter((name) => !cluster.hosts.has(name));
  if (unknown.length > 0)
    throw new LvsctlError(`the lab of ${cluster.name} has no host ${unknown.join(', ')}`, {
      hint: `It has ${[...cluster.hosts.keys()].join(', ')}.`,
    });
  const guests = (await readLab(layout))?.guests.filter((guest) => hosts.includes(guest.name)) ?? [];
  const now = async (name: string) =>
    (await supervisorStatus(layout))?.find((guest) => guest.name === name) ?? { boots: 0, pid: null };
  await Promise.all(
    guests.map(async (guest) => {
      const before = await now(guest.name);
      sink({ type: 'lab.progress', host: guest.name, text: `rebooting ${guest.name}` });
      const asked = Date.now();
      if (before.pid === null) await resetGuest(layout, guest.name);
      else await onGuest(layout, guest, [soon]);
      while ((await now(guest.name)).boots === before.boots) {
        if (Date.now() - asked > shutdownSeconds * 1000) {
          sink({ type: 'remark', host: guest.name, text: `${guest.name} doesn't shut down: power cut` });
          await resetGuest(layout, guest.name);
        }
        await sleep(200);
      }
    }),
  );
  await awaitGuests(layout, guests, sink);
}
