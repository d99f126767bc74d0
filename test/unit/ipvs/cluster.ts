import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { host, service, tutorial } from '../roles/cluster.js';

/** The tutorial's cluster with a second director and its real servers by other names, its service changed as given. */
export function cluster(change: Partial<Service> = {}): Cluster {
  const hosts = [
    host('lvs', '10.83.33.83'),
    host('lvs2', '10.83.33.84'),
    host('ftp1', '10.83.33.76'),
    host('ftp2', '10.83.33.2'),
  ];
  const realServers = [
    { host: 'ftp1', address: '10.83.33.76', port: 21, weight: 3 },
    { host: 'ftp2', address: '10.83.33.2', port: 21, weight: 1 },
  ];
  return tutorial({ hosts, services: [service({ directors: ['lvs'], realServers, ...change })] });
}
