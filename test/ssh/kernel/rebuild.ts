import { kernelBuild, kernelSurvey } from '../../../roles/index.js';
import { type ClusterRun, type RunEvent, runCluster } from '../../../src/engine/index.js';
import { definePlaybook } from '../../../src/engine/playbook.js';
import type { Store } from '../../../src/engine/store.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';
import type { TestSshd } from '../../support/sshd.js';
import { service } from '../../unit/roles/cluster.js';

export const playbook = definePlaybook({
  name: 'rebuild',
  verify: false,
  stages: [
    { name: 'kernel survey', hosts: 'all', roles: [kernelSurvey] },
    { name: 'kernel build', hosts: 'all', roles: [kernelBuild] },
  ],
});

/** A cluster whose real servers are these machines, all of them to be rebuilt; the first one builds. */
export function clusterOf(
  machines: Readonly<Record<string, TestSshd>>,
  more: { readonly profile?: string; readonly kernelProfiles?: Cluster['kernelProfiles'] } = {},
): Cluster {
  const { profile = 'tutorial', kernelProfiles } = more;
  const hosts = Object.entries(machines).map(([name, sshd], index): [string, ClusterHost] => [
    name,
    {
      ...sshd.host({}, name),
      address: `127.0.0.${index + 1}`,
      kernel: { rebuild: true, profile, buildHost: Object.keys(machines)[0] ?? '' },
    },
  ]);
  return {
    name: 'rebuild',
    file: '/tmp/inventory.ts',
    hosts: new Map(hosts),
    services: [
      service({
        directors: [],
        realServers: hosts.map(([host, { address }]) => ({ host, address, port: 21, weight: 1 })),
      }),
    ],
    probes: [],
    roles: {},
    ...(kernelProfiles && { kernelProfiles }),
  };
}

export interface Run {
  readonly changed: number;
  readonly failed: number;
  readonly pending: number;
  readonly events: readonly RunEvent[];
  /** Of failures, with what was on stderr. */
  readonly said: string;
  /** Ids of resources that changed, or would. */
  readonly steps: readonly string[];
}

export async function rebuild(
  cluster: Cluster,
  store: Store,
  options: Partial<
    Pick<ClusterRun, 'command' | 'open' | 'signal' | 'sink' | 'playbook' | 'reconnectDelays'>
  > = {},
): Promise<Run> {
  const events: RunEvent[] = [];
  const outcome = await runCluster({
    command: 'provision',
    cluster,
    playbook,
    forks: 4,
    connections: 1,
    open: (host) => openHost(host, { passwords: environmentPasswords({}) }),
    openStore: async () => store,
    signal: new AbortController().signal,
    reconnectDelays: [50, 200, 500, 1000],
    ...options,
    sink: (event) => {
      events.push(event);
      options.sink?.(event);
    },
  });
  const failures = events.filter((event) => event.type === 'failure');
  const steps = events.flatMap((event) =>
    event.type === 'change.end' || (options.command === 'plan' && event.type === 'change.planned')
      ? [event.resource.replace(/^kernel \S+-lvs[0-9a-f]{8}: /, '')]
      : [],
  );
  const said = failures.map((each) => [each.message, each.stderr, each.hint].join('\n')).join('\n');
  return { ...outcome, events, said, steps };
}
