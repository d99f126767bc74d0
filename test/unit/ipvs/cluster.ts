import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';

const ssh: ClusterHost['ssh'] = {
  hostName: '',
  port: 22,
  user: 'root',
  identityFiles: [],
  agent: false,
  hostKeys: 'strict',
  knownHostsFiles: [],
  algorithms: 'modern',
  sudo: false,
  passwordEnv: 'P',
  sudoPasswordEnv: 'P',
  passphraseEnv: 'P',
  connectTimeoutSeconds: 10,
};

const host = (name: string, address: string): [string, ClusterHost] => [
  name,
  { name, address, prefix: 24, interface: 'eth0', groups: [], vars: {}, ssh: { ...ssh, hostName: address } },
];

/** The tutorial's cluster, its service changed as given. */
export function cluster(change: Partial<Service> = {}): Cluster {
  return {
    name: 'tutorial',
    file: '/inventory.ts',
    hosts: new Map([
      host('lvs', '10.83.33.83'),
      host('lvs2', '10.83.33.84'),
      host('ftp1', '10.83.33.76'),
      host('ftp2', '10.83.33.2'),
    ]),
    services: [
      {
        name: 'ftp',
        vip: '10.83.33.100',
        port: 21,
        protocol: 'tcp',
        scheduler: 'wrr',
        forwarding: 'dr',
        directors: ['lvs'],
        realServers: [
          { host: 'ftp1', address: '10.83.33.76', port: 21, weight: 3 },
          { host: 'ftp2', address: '10.83.33.2', port: 21, weight: 1 },
        ],
        label: '100',
        ...change,
      },
    ],
    probes: [],
    roles: {},
  };
}
