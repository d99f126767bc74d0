import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';

export function host(name: string, address: string, extra: Partial<ClusterHost> = {}): ClusterHost {
  return {
    name,
    address,
    prefix: 24,
    interface: 'eth0',
    groups: [],
    vars: {},
    ssh: {
      hostName: address,
      port: 22,
      user: 'root',
      identityFiles: [],
      agent: false,
      hostKeys: 'strict',
      knownHostsFiles: [],
      algorithms: 'modern',
      sudo: false,
      passwordEnv: 'LVSCTL_PASSWORD',
      sudoPasswordEnv: 'LVSCTL_SUDO_PASSWORD',
      passphraseEnv: 'LVSCTL_PASSPHRASE',
      connectTimeoutSeconds: 15,
    },
    ...extra,
  };
}

export function service(extra: Partial<Service> = {}): Service {
  return {
    name: 'ftp',
    vip: '10.83.33.100',
    port: 21,
    protocol: 'tcp',
    scheduler: 'wrr',
    forwarding: 'dr',
    directors: ['director'],
    realServers: [
      { host: 'rs1', address: '10.83.33.76', port: 21, weight: 3 },
      { host: 'rs2', address: '10.83.33.2', port: 21, weight: 1 },
    ],
    label: '100',
    ...extra,
  };
}

/** The tutorial's cluster. */
export function tutorial(
  extra: { services?: readonly Service[]; roles?: Cluster['roles']; hosts?: readonly ClusterHost[] } = {},
): Cluster {
  const hosts = extra.hosts ?? [
    host('director', '10.83.33.83'),
    host('rs1', '10.83.33.76'),
    host('rs2', '10.83.33.2'),
    host('client', '10.83.33.50'),
  ];
  return {
    name: 'tutorial',
    file: '/home/me/inventory.ts',
    hosts: new Map(hosts.map((one) => [one.name, one])),
    services: extra.services ?? [service()],
    probes: ['client'],
    roles: extra.roles ?? { ftp: { banner: 'Welcome to FTP{n} server' } },
  };
}

export function hostOf(cluster: Cluster, name: string): ClusterHost {
  const found = cluster.hosts.get(name);
  if (!found) throw new Error(`no host ${name} in the test's cluster`);
  return found;
}
