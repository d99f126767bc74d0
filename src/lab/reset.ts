import type { EventSink } from '../engine/events.js';
import type { Cluster } from '../inventory/cluster.js';
import { labAccess } from './access.js';
import { awaitGuests } from './await.js';
import { layoutOf, readLab } from './layout.js';
import { resetGuest } from './relay.js';

/**
 * Cuts the power of hosts of the lab and gives it back, all at once; what a host had not written to its disk is lost.
 * Waits until the sshd of each answers.
 * @param hosts names of the cluster's hosts
 */
export async function labReset(cluster: Cluster, hosts: readonly string[], sink: EventSink): Promise<void> {
  await labAccess(cluster);
  const layout = layoutOf(cluster.name);
  const guests = (await readLab(layout))?.guests.filter((guest) => hosts.includes(guest.name)) ?? [];
  for (const guest of guests) {
    sink({ type: 'lab.progress', host: guest.name, text: `resetting ${guest.name}` });
    await resetGuest(layout, guest.name);
  }
  await awaitGuests(layout, guests, sink);
}
