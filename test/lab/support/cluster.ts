import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';

/** A resolved inventory as `load` would give it, with hosts and nothing else. */
export function labCluster(
  name: string,
  hosts: Readonly<Record<string, string>>,
  network: Partial<Pick<ClusterHost, 'prefix' | 'interface'>> = {},
): Cluster {
  return {
    name,
    file: `/nowhere/${name}/inventory.ts`,
    hosts: new Map(
      Object.entries(hosts).map(([host, address]) => [host, { ...labHost(host, address), ...network }]),
    ),
    services: [],
    probes: [],
    roles: {},
  };
}

function labHost(name: string, address: string): ClusterHost {
  return {
    name,
    address,
    prefix: 24,
    interface: 'eth0',
    groups: [],
    vars: {},
    ssh: {
      hostName: 'unreachable.invalid',
      port: 2222,
      user: 'somebody',
      identityFiles: [],
      agent: false,
      hostKeys: 'strict',
      knownHostsFiles: [],
      algorithms: 'legacy',
      sudo: true,
      passwordEnv: 'LVSCTL_PASSWORD',
      sudoPasswordEnv: 'LVSCTL_SUDO_PASSWORD',
      passphraseEnv: 'LVSCTL_PASSPHRASE',
      connectTimeoutSeconds: 10,
    },
  };
}

/** The two hosts that the tests of the lab boot, at the tutorial's addresses. */
export function pair(name: string): Cluster {
  return labCluster(name, { director: '10.83.33.83', rs1: '10.83.33.76' });
}
