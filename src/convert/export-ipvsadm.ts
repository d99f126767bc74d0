import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { isIPv6, renderArgs, wantedTable } from '../ipvs/index.js';
import {
  type Exported,
  hostsNotExpressed,
  marksNotExpressed,
  type NotExpressed,
  ownFieldsNotExpressed,
  servicesOf,
} from './export.js';

/**
 * A director's table as lines for `ipvsadm -R`: what `ipvsadm -Sn` prints, and thresholds, which it leaves out. No comments,
 * at which `-R` would stop.
 */
export function exportIpvsadm(cluster: Cluster, director: ClusterHost): Exported {
  const { services } = wantedTable(cluster, director.name, new Map());
  const lines = services.flatMap((service) => [
    renderArgs({ kind: 'addService', service }),
    ...service.destinations.map((destination) =>
      renderArgs({ kind: 'addDestination', id: service.id, destination }),
    ),
  ]);
  const own = servicesOf(cluster, director);
  return {
    text: lines.map((words) => `${words.join(' ')}\n`).join(''),
    lost: [
      ...vipsNotExpressed(cluster, director),
      ...marksNotExpressed(own),
      ...own.flatMap(checksNotExpressed),
      ...ownFieldsNotExpressed(own),
      ...settingsNotExpressed(cluster, director),
      ...hostsNotExpressed(cluster),
    ],
  };
}

function vipsNotExpressed(cluster: Cluster, director: ClusterHost): NotExpressed[] {
  const seen = new Set<string>();
  return servicesOf(cluster, director).flatMap(({ name, vip, label }) => {
    if (seen.has(vip)) return [];
    seen.add(vip);
    const nic = director.interface;
    const command = isIPv6(vip)
      ? `ip address add ${vip}/128 dev ${nic}`
      : `ip address add ${vip}/32 dev ${nic} label ${nic}:${label}`;
    return [{ subject: `services.${name}.vip`, reason: `the director must hold it:\n${command}` }];
  });
}

/** What keepalived does with a table; `quorum` and `hysteresis` go with `sorry`. */
function checksNotExpressed({
  name,
  checks = [],
  sorry,
  quorum = 1,
  hysteresis = 0,
}: Service): NotExpressed[] {
  const reason = 'no table has it: `lvsctl export --format keepalived` does';
  const more = [
    quorum === 1 ? [] : `quorum ${quorum}`,
    hysteresis === 0 ? [] : `hysteresis ${hysteresis}`,
  ].flat();
  return [
    ...(checks.length === 0 ? [] : [{ subject: `services.${name}.check`, reason }]),
    ...(sorry === undefined
      ? []
      : [
          {
            subject: `services.${name}.sorry`,
            reason: more.length === 0 ? reason : reason.replace('it:', `it, nor ${more.join(' and ')}:`),
          },
        ]),
  ];
}

function settingsNotExpressed({ ipvs, keepalived }: Cluster, director: ClusterHost): NotExpressed[] {
  const { timeouts, sync } = ipvs ?? {};
  const lost: NotExpressed[] = [];
  if (keepalived !== undefined)
    lost.push({
      subject: 'keepalived',
      reason: 'no table has VRRP: `lvsctl export --format keepalived` does',
    });
  if (timeouts !== undefined) {
    // 0 leaves one as it is.
    const { tcp = 0, tcpFin = 0, udp = 0 } = timeouts;
    lost.push({
      subject: 'ipvs.timeouts',
      reason: `no table has them:\nipvsadm --set ${tcp} ${tcpFin} ${udp}`,
    });
  }
  if (sync !== undefined) {
    const { interface: nic = director.interface, id, group, port, ttl } = sync;
    const more = [
      ...(group === undefined ? [] : ['--mcast-group', group]),
      ...(port === undefined ? [] : ['--mcast-port', String(port)]),
      ...(ttl === undefined ? [] : ['--mcast-ttl', String(ttl)]),
    ];
    const command = ['--mcast-interface', nic, '--syncid', String(id), ...more].join(' ');
    lost.push({
      subject: 'ipvs.sync',
      reason: `no table has daemons (backup on the other directors):\nipvsadm --start-daemon master ${command}`,
    });
  }
  return lost;
}
