import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import site from '../../../playbooks/site.js';
import {
  type FailureDetails,
  type RunCommand,
  type RunEvent,
  type RunOutcome,
  runCluster,
} from '../../../src/engine/index.js';
import type { Cluster, OwnKernelProfile } from '../../../src/inventory/cluster.js';
import { loadInventory } from '../../../src/inventory/index.js';
import { ownFiles } from '../../../src/kernel/index.js';
import { labAccess, labDown, labUp } from '../../../src/lab/index.js';
import { openGate } from '../../../src/rolling/index.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';
import { openStore } from '../../../src/store/index.js';
import { createNetwork } from '../../roles/support/network.js';
import { type RoleNode, startNode } from '../../roles/support/node.js';

/** A run, as its events told it. */
export interface KernelRun {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  readonly failures: readonly FailureDetails[];
}

/**
 * Two hosts of the lab, of which `node` is a Red Hat 9 and a real server, and `director` only asks; and a container with a compiler,
 * which reaches neither: the kernel goes from it to the controller, and from there to the node.
 */
export interface KernelBed {
  /** The hosts of the lab alone. */
  readonly lab: Cluster;
  readonly vip: string;
  readonly nodeAddress: string;
  /** One command with the site's playbook, as far as it concerns the node's kernel and its silence. */
  run(command: RunCommand, profile: string): Promise<KernelRun>;
  stop(): Promise<void>;
}

const BUILDER = 'builder';
const VIP = '10.83.33.100';
const NODE = '10.83.33.76';
const ROLES = ['kernelSurvey', 'kernelBuild', 'kernel', 'arp', 'realserver'];

interface Parts {
  readonly folder: string;
  readonly builder: RoleNode;
  readonly kernelProfiles: Readonly<Record<string, OwnKernelProfile>>;
}

/** The inventory, written and read again, as an operator's is. */
async function inventory({ folder, builder, kernelProfiles }: Parts, profile: string): Promise<Cluster> {
  const file = join(folder, 'inventory.json');
  const value = {
    name: `t${process.pid}kernel`,
    kernelProfiles,
    hosts: {
      [BUILDER]: { address: `${builder.host.address}/${builder.host.prefix}` },
      node: {
        address: `${NODE}/24`,
        lab: { flavour: 'redhat9' },
        kernel: { rebuild: true, profile, buildHost: BUILDER, rebootWithinSeconds: 300 },
      },
      director: { address: '10.83.33.83/24' },
    },
    services: {
      ftp: {
        vip: VIP,
        port: 21,
        scheduler: 'wrr',
        forwarding: 'dr',
        directors: ['director'],
        realServers: [{ host: 'node', weight: 1 }],
      },
    },
  };
  writeFileSync(file, JSON.stringify(value));
  const cluster = await loadInventory(file);
  const hosts = [...cluster.hosts.values()].map((host) =>
    host.name === BUILDER ? { ...host, ssh: builder.host.ssh } : host,
  );
  return { ...cluster, hosts: new Map(hosts.map((host) => [host.name, host])) };
}

const without = (cluster: Cluster, name: string): Cluster => ({
  ...cluster,
  hosts: new Map([...cluster.hosts].filter(([key]) => key !== name)),
});

/** Of this test alone: a kernel that a former run has built is not there. */
function kernelStore({ kernelProfiles = {} }: Cluster, folder: string): ReturnType<typeof openStore> {
  const local = Object.entries(kernelProfiles).flatMap(([name, own]) =>
    [...ownFiles(name, own)].map(([artifact, file]) => [artifact, { ...file, saidBy: name }] as const),
  );
  return openStore({
    artifacts: { catalogue: [], lockFile: join(folder, 'lock.json'), cacheFolder: join(folder, 'artifacts') },
    local: new Map(local),
    bundles: join(folder, 'bundles'),
  });
}

/** The lab's hosts are dialled inside the lab's network, the container on the machine's own. */
async function execute(command: RunCommand, cluster: Cluster, folder: string): Promise<KernelRun> {
  const events: RunEvent[] = [];
  const access = await labAccess(without(cluster, BUILDER));
  const passwords = environmentPasswords({}, () => Promise.resolve(undefined));
  const hosts = [...cluster.hosts.values()].map((host) => access.cluster.hosts.get(host.name) ?? host);
  const outcome = await runCluster({
    command,
    cluster: { ...cluster, hosts: new Map(hosts.map((host) => [host.name, host])) },
    playbook: { ...site, verify: false },
    limit: [BUILDER, 'node'],
    roles: ROLES,
    forks: 2,
    connections: 0,
    open: (host) => openHost(host, { passwords, ...(host.name !== BUILDER && { dial: access.dial }) }),
    openStore: () => kernelStore(cluster, folder),
    openGate: async (reach) => openGate(reach),
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  const failures = events.flatMap((event) => (event.type === 'failure' ? [event] : []));
  return { outcome, events, failures };
}

export async function startBed(
  kernelProfiles: Readonly<Record<string, OwnKernelProfile>>,
): Promise<KernelBed> {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-kernel-'));
  const network = await createNetwork();
  const builder = await startNode({ name: BUILDER, network, octet: 9 });
  const parts = { folder, builder, kernelProfiles };
  const [first = ''] = Object.keys(kernelProfiles);
  const lab = without(await inventory(parts, first), BUILDER);
  const remove = async (): Promise<void> => {
    await labDown(lab, () => {});
    await builder.stop();
    await network.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  await labUp(lab, () => {}).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    lab,
    vip: VIP,
    nodeAddress: NODE,
    run: async (command, profile) => execute(command, await inventory(parts, profile), folder),
    stop: remove,
  };
}
