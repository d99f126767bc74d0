import type { Cluster } from '../inventory/cluster.js';
import { managedHosts } from '../inventory/systems.js';
import { layoutOf } from './layout.js';
import { greets, supervisorStatus } from './relay.js';
import { requireRoot } from './requirements.js';

export interface LabHostStatus {
  readonly name: string;
  readonly address: string;
  /**
   * `up`: sshd answers; `booting`: the kernel runs, sshd doesn't answer (yet); `off`: powered off or never started;
   * `failed`: the kernel ended otherwise, say by a panic.
   */
  readonly state: 'up' | 'booting' | 'off' | 'failed';
  /** Process of the kernel on this machine. */
  readonly pid?: number;
  /** Since the kernel was started. */
  readonly uptimeSeconds?: number;
  /** Times that the kernel was started since the lab's supervisor was. */
  readonly boots: number;
}

export interface LabStatus {
  readonly name: string;
  readonly namespace: string;
  readonly directory: string;
  /** Whether the lab's supervisor runs; without it no host does. */
  readonly running: boolean;
  /** In the inventory's order. */
  readonly hosts: readonly LabHostStatus[];
}

export async function labStatus(cluster: Cluster): Promise<LabStatus> {
  requireRoot();
  const layout = layoutOf(cluster.name);
  const told = await supervisorStatus(layout);
  const guests = new Map(told?.map((guest) => [guest.name, guest]));
  const hosts = await Promise.all(
    managedHosts(cluster.hosts.values()).map(async (host): Promise<LabHostStatus> => {
      const guest = guests.get(host.name);
      const base = { name: host.name, address: host.address, boots: guest?.boots ?? 0 };
      if (guest?.pid == null) {
        // Between a panic and the start that follows it.
        const reviving = guest?.state === 'running';
        return { ...base, state: reviving ? 'booting' : guest?.state === 'failed' ? 'failed' : 'off' };
      }
      const state = (await greets(layout, guest.address, 10)) ? 'up' : 'booting';
      const uptimeSeconds = Math.round((Date.now() - guest.startedAt) / 1000);
      return { ...base, state, pid: guest.pid, uptimeSeconds };
    }),
  );
  return {
    name: layout.name,
    namespace: layout.namespace,
    directory: layout.directory,
    running: told !== undefined,
    hosts,
  };
}
