import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EventSink } from '../engine/events.js';
import type { Cluster } from '../inventory/cluster.js';
import { layoutOf, readLab } from './layout.js';
import { locked } from './lock.js';
import { razeNetwork } from './network.js';
import { requireRoot } from './requirements.js';

/** Ends the lab and forgets its hosts' disks: processes, namespace with bridge and taps, state folder. Harmless when there is none. */
export async function labDown(cluster: Cluster, sink: EventSink): Promise<void> {
  requireRoot();
  const layout = layoutOf(cluster.name);
  const waiting = () =>
    sink({ type: 'lab.progress', text: `waiting for another command on lab ${layout.name}` });
  await locked(`lab/${layout.name}`, waiting, async () => {
    const present = (await readLab(layout)) !== undefined;
    await razeNetwork(layout);
    await rm(layout.directory, { recursive: true, force: true });
    // The common parent goes with the last lab; while it holds others this fails.
    await rmdir(dirname(layout.directory)).catch(() => {});
    sink({
      type: 'lab.progress',
      text: present ? `lab ${layout.name} is down` : `there was no lab ${layout.name}`,
    });
  });
}
