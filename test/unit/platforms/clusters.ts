import type { Cluster, Forwarding, Service } from '../../../src/inventory/cluster.js';
import { FOREIGN_SYSTEMS, type ForeignHost, type ForeignSystem } from '../../../src/inventory/systems.js';
import { host, service, tutorial } from '../roles/cluster.js';

/** The tutorial's cluster with one real server of this system, rs9, beside rs1. */
export function clusterWith(
  os: ForeignSystem,
  services: readonly Partial<Service>[],
  nic: string = FOREIGN_SYSTEMS[os].interface,
): { cluster: Cluster; rs9: ForeignHost } {
  const rs9 = { ...host('rs9', '10.83.33.79', { interface: nic }), os };
  const realServers = (port: number) => [
    { host: 'rs1', address: '10.83.33.76', port, weight: 3 },
    { host: 'rs9', address: '10.83.33.79', port, weight: 1 },
  ];
  const cluster = tutorial({
    hosts: [
      host('director', '10.83.33.83'),
      host('director2', '10.83.33.84'),
      host('rs1', '10.83.33.76'),
      rs9,
      host('client', '10.83.33.50'),
    ],
    services: services.map((extra) => service({ realServers: realServers(extra.port ?? 21), ...extra })),
  });
  return { cluster, rs9 };
}

export const forwardings = ['dr', 'tun', 'nat'] as const satisfies readonly Forwarding[];
