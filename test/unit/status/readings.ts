import { readFileSync } from 'node:fs';
import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { directorStatus, type Reading, readObserved } from '../../../src/status/index.js';
import { cluster as tutorial } from '../ipvs/cluster.js';

const capture = (name: string) =>
  readFileSync(new URL(`../ipvs/captures/${name}-1.31.txt`, import.meta.url), 'utf8');

/** What the script prints on the director of the captures. */
export const captured = `@@ list\n${capture('list')}@@ thresholds\n${capture('thresholds')}@@ stats\n${capture('stats')}@@ rate\n${capture('rate')}`;

const realServer = (host: string, address: string, port: number, weight: number) => ({
  host,
  address,
  port,
  weight,
});

/** The tutorial's cluster, not quite what is in the captured table. */
export function cluster(): Cluster {
  const ftp = tutorial().services[0] as Service;
  return {
    ...tutorial(),
    services: [
      {
        ...ftp,
        realServers: [
          realServer('ftp1', '10.83.33.76', 21, 3),
          realServer('ftp2', '10.83.33.2', 21, 2),
          realServer('ftp3', '10.83.33.3', 21, 1),
        ],
      },
      {
        ...ftp,
        name: 'web',
        vip: '192.168.7.110',
        port: 8080,
        forwarding: 'nat',
        realServers: [realServer('web2', '192.168.7.2', 8443, 1)],
      },
      {
        ...ftp,
        name: 'dns',
        vip: '192.168.7.110',
        port: 53,
        protocol: 'udp',
        forwarding: 'tun',
        realServers: [
          realServer('ns3', '192.168.7.3', 53, 0),
          realServer('ns4', '192.168.7.4', 53, 1),
          realServer('ns5', '192.168.7.5', 53, 2),
        ],
      },
      { ...ftp, name: 'smtp', port: 25, realServers: [realServer('mx', '10.83.33.4', 25, 1)] },
      {
        ...ftp,
        name: 'marked',
        vip: 'fd00:7::110',
        fwmark: 256,
        ports: [{ first: 21, last: 21 }],
        directors: ['lvs2'],
        realServers: [realServer('six', 'fd00:7::9', 21, 2)],
      },
    ],
  };
}

export const reading = (output: string, only?: readonly string[]): Reading => ({
  director: 'lvs',
  status: directorStatus(cluster(), 'lvs', readObserved(output), only),
});

export const unreachable: Reading = {
  director: 'lvs2',
  failure: { resource: 'connect', message: 'lvs2: connection refused', hint: 'is it up?' },
};
