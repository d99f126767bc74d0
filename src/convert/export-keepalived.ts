import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { vrrpInstances } from '../inventory/keepalived.js';
import { wantedTable } from '../ipvs/index.js';
import { keepalivedConf, vipChecks } from '../keepalived/index.js';
import {
  type Exported,
  hostsNotExpressed,
  marksNotExpressed,
  type NotExpressed,
  ownFieldsNotExpressed,
  servicesOf,
} from './export.js';

/**
 * A keepalived.conf (2.x) for one director, as `provision` writes it where keepalived runs; elsewhere without VRRP, which needs
 * several directors or the inventory's `keepalived`.
 */
export function exportKeepalived(cluster: Cluster, director: ClusterHost): Exported {
  const services = servicesOf(cluster, director);
  const { services: table } = wantedTable(cluster, director.name, new Map());
  return {
    text: keepalivedConf({ cluster, host: director, services: table }),
    lost: [
      ...alone(cluster, services),
      ...marksNotExpressed(services),
      ...ownFieldsNotExpressed(services),
      ...unchecked(services),
      ...ways(cluster, director),
      ...hostsNotExpressed(cluster),
    ],
  };
}

function unchecked(services: readonly Service[]): NotExpressed[] {
  return services
    .filter(({ checks = [] }) => checks.length === 0)
    .map(({ name }) => ({
      subject: `services.${name}.check`,
      reason: 'nothing checks its real servers: one that is down stays in it',
    }));
}

/** What checks of the VIP on a real server need beside the file. */
function ways(cluster: Cluster, director: ClusterHost): NotExpressed[] {
  if (![...vipChecks(cluster, director).values()].some(({ family }) => family === 4)) return [];
  return [
    {
      subject: 'services',
      reason: `answers to checks come from the VIP, which this director may hold itself:\nsysctl -w net.ipv4.conf.${director.interface}.accept_local=1`,
    },
  ];
}

/** VIPs that no VRRP instance holds. */
function alone(cluster: Cluster, services: readonly Service[]): NotExpressed[] {
  const shared = new Set(vrrpInstances(cluster).flatMap((one) => one.services.map(({ vip }) => vip)));
  const seen = new Set<string>();
  return services.flatMap(({ name, vip }) => {
    if (shared.has(vip) || seen.has(vip)) return [];
    seen.add(vip);
    return [
      {
        subject: `services.${name}.vip`,
        reason: `${vip} has one director: without VRRP keepalived does not hold it, so the system must`,
      },
    ];
  });
}
