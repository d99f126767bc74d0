import site from '../../../playbooks/site.js';
import { type RunEvent, runCluster } from '../../../src/engine/index.js';
import type { Playbook, Stage } from '../../../src/engine/playbook.js';
import type { Role } from '../../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { askAtVip } from '../../../src/verify/at-vip.js';
import { checkService } from '../../../src/verify/service.js';
import { Survey } from '../../../src/verify/survey.js';
import { houseRole } from './house-role.js';
import type { Sandbox } from './sandbox.js';
import { SandboxHost } from './sandbox-host.js';

export interface WholeRun {
  /** Every script that was sent to any host. */
  readonly sent: readonly string[];
  readonly events: readonly RunEvent[];
  /** Errors that are no word to the operator: defects. */
  readonly defects: readonly string[];
}

/** A stage of a user's own playbook. */
export function ownStage(role: Role<unknown>): Stage {
  return { name: 'own', hosts: 'all', roles: [role] };
}

/** The whole product on sandboxes: lock, facts, probes, jobs, proof, then the traffic check. */
export async function wholeRun(
  cluster: Cluster,
  sandboxes: ReadonlyMap<string, Sandbox>,
  stages: readonly Stage[] = [...site.stages, ownStage(houseRole)],
): Promise<WholeRun> {
  const hosts: SandboxHost[] = [];
  const events: RunEvent[] = [];
  const open = async (host: ClusterHost): Promise<SandboxHost> => {
    const sandbox = sandboxes.get(host.name);
    if (!sandbox) throw new Error(`no sandbox for ${host.name}`);
    const { user, sudo, sudoPasswordEnv } = host.ssh;
    const passwords = { get: async () => undefined };
    const opened = new SandboxHost(host.name, sandbox, {
      host: host.name,
      user,
      sudo,
      sudoPasswordEnv,
      passwords,
    });
    hosts.push(opened);
    return opened.open();
  };
  const playbook: Playbook = { name: 'hostile', stages, verify: false };
  const signal = new AbortController().signal;
  await runCluster({
    command: 'provision',
    cluster,
    playbook,
    forks: 8,
    connections: 4,
    open,
    sink: (event) => events.push(event),
    signal,
    reconnectDelays: [],
  });
  await traffic(cluster, open, events);
  await Promise.all(hosts.map((host) => host.close()));
  const defects = events.flatMap((event) =>
    event.type === 'failure' && event.hint?.startsWith('a defect') ? [`${event.message} ${event.hint}`] : [],
  );
  return { sent: hosts.flatMap((host) => host.sent), events, defects };
}

/** The traffic check of every service, without the wait for the kernel's counters. */
async function traffic(
  cluster: Cluster,
  open: (host: ClusterHost) => Promise<SandboxHost>,
  events: RunEvent[],
): Promise<void> {
  const opened = new Map<string, Promise<SandboxHost>>();
  const once = (host: ClusterHost): Promise<SandboxHost> => {
    const known = opened.get(host.name) ?? open(host);
    opened.set(host.name, known);
    return known;
  };
  const survey = new Survey(cluster.hosts, once, undefined);
  const sink = (event: RunEvent): void => void events.push(event);
  for (const service of cluster.services) {
    const atVip = await askAtVip({ cluster, service, survey, sink });
    for (const name of cluster.probes) {
      const probe = cluster.hosts.get(name);
      if (!probe) continue;
      await checkService({
        cluster,
        service,
        probe,
        connections: 4,
        survey: new Survey(cluster.hosts, once, undefined),
        sink,
        signal: undefined,
        counterLag: Promise.resolve(),
        atVip,
      });
    }
  }
}
