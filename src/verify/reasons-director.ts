import type { Service } from '../inventory/cluster.js';
import { destinationOf, type Operation, renderArgs, serviceIdentity, wantedService } from '../ipvs/index.js';
import { sh } from '../shell/index.js';
import { holdCommand } from './address-fix.js';
import type { HostEvidence } from './evidence.js';
import type { Case } from './explain.js';
import { holders } from './interfaces.js';
import { type Fix, onHost, provisionFix, type Reason, setting } from './reason.js';
import { nameOf, titled } from './share.js';

/** What the live director lacks, or has otherwise than the inventory says. */
export function directorReasons(found: Case): Reason[] {
  const { service, director, testimony, hosts, file } = found;
  const { keepalived = service.directors.length > 1 } = found;
  const evidence = testimony.get(director);
  if (!evidence) return [];
  const of = (check: string, cause: string, fix: Fix): Reason => ({ check, host: director, cause, fix });
  if ('unreachable' in evidence)
    return [
      of('unreachable', `${titled(director)} can't be reached: ${evidence.unreachable}`, loginFix(director)),
    ];
  const reasons: Reason[] = [];
  const nic = hosts.get(director)?.interface ?? 'eth0';
  if (holders(evidence.interfaces, service.vip).length === 0)
    reasons.push(
      of(
        'director-vip',
        `${titled(director)} does not hold ${service.vip} on any interface`,
        // It is keepalived who gives a director the VIP.
        keepalived
          ? onHost(director, sh`journalctl -u keepalived -n 50`)
          : onHost(director, holdCommand(evidence, service.vip, nic, service.label)),
      ),
    );
  if (!evidence.table)
    return [
      ...reasons,
      of('ip-vs', `ip_vs is not loaded on ${titled(director)}`, provisionFix(file, director)),
    ];
  const entry = entryOf(service, evidence.table);
  const endpoint = endpointName(service);
  if (!entry)
    return [
      ...reasons,
      of(
        'service-missing',
        `${endpoint} is not in the table of ${titled(director)}`,
        keepalived ? provisionFix(file, director) : onHost(director, sh`/bin/sh /etc/lvsctl/director.sh`),
      ),
    ];
  if (entry.scheduler !== service.scheduler)
    reasons.push(
      of(
        'scheduler-differs',
        `${titled(director)} schedules ${endpoint} by ${entry.scheduler}, the inventory says ${service.scheduler}`,
        editService(director, service),
      ),
    );
  if (service.forwarding === 'nat' && evidence.ipForward === 0 && !service.vip.includes(':'))
    reasons.push(
      of(
        'ip-forward',
        `ip_forward is 0 on ${titled(director)}: LVS-NAT needs 1`,
        setting(director, ['net/ipv4/ip_forward', 1]),
      ),
    );
  return [...reasons, ...destinationReasons(service, director, entry.destinations)];
}

export const loginFix = (host: string): Fix => ({
  advice: `mend the login to ${host} (\`hosts.${host}.ssh\` in the inventory), or the host`,
});

/** `10.83.33.100:21/tcp`, `the service by mark 256`. */
export function endpointName(service: Service): string {
  return service.fwmark === undefined
    ? `${service.vip}:${service.port}/${service.protocol}`
    : `the service by mark ${service.fwmark}`;
}

type Entry = NonNullable<HostEvidence['table']>[number];

/** The service's own entry of a table. */
export function entryOf(service: Service, table: readonly Entry[]): Entry | undefined {
  return table.find(
    service.fwmark === undefined
      ? ({ protocol, address, port }) =>
          protocol === service.protocol && address === service.vip && port === service.port
      : ({ mark }) => mark === service.fwmark,
  );
}

/** An edit that restates all that the inventory says of the service. */
export function editService(director: string, service: Service): Fix {
  const wanted = wantedService(service, service.realServers);
  return onHost(
    director,
    sh`ipvsadm ${renderArgs({ kind: 'editService', service: wanted, before: wanted })}`,
  );
}

const kernelNames = { dr: ['Route', 'Local'], nat: ['Masq', 'Local'], tun: ['Tunnel', 'Local'] } as const;

function destinationReasons(
  service: Service,
  director: string,
  destinations: Entry['destinations'],
): Reason[] {
  const id = serviceIdentity(service);
  const named = service.realServers.map((server) => destinationOf(service, server));
  const wanted = wantedService(service, service.realServers).destinations;
  const table = (operation: Operation): Fix => onHost(director, sh`ipvsadm ${renderArgs(operation)}`);
  const reasons = service.realServers.flatMap((server, i): Reason[] => {
    const destination = wanted[i];
    if (destination === undefined) return [];
    const entry = destinations.find(
      ({ address, port }) => address === named[i]?.address && port === named[i]?.port,
    );
    const of = (check: string, cause: string, fix: Fix): Reason => ({ check, host: director, cause, fix });
    if (!entry)
      return [
        of(
          'server-missing',
          `${nameOf(server)} is not in the table of ${titled(director)}`,
          table({ kind: 'addDestination', id, destination }),
        ),
      ];
    const edit = table({
      kind: 'editDestination',
      id,
      destination,
      before: destination,
      draining: false,
    });
    const wrong: Reason[] = [];
    if (entry.weight !== server.weight)
      wrong.push(
        of(
          'weight-differs',
          `${nameOf(server)} has weight ${entry.weight} in the table of ${titled(director)}, the inventory says ${server.weight}`,
          edit,
        ),
      );
    if (!kernelNames[service.forwarding].some((name) => name === entry.forwarding))
      wrong.push(
        of(
          'forwarding-differs',
          `${nameOf(server)} is forwarded to by ${entry.forwarding}, the inventory says ${service.forwarding} (${kernelNames[service.forwarding][0]})`,
          edit,
        ),
      );
    return wrong;
  });
  const strangers = destinations.filter(
    ({ address, port }) =>
      !named.some((server) => server.address === address && server.port === port) &&
      !(service.sorry?.address === address && service.sorry.port === port),
  );
  return [
    ...reasons,
    ...strangers.map(({ address, port, weight }): Reason => {
      const before = { ...wanted[0], address, port } as NonNullable<(typeof wanted)[0]>;
      return {
        check: 'foreign-server',
        host: director,
        cause: `${titled(director)} also sends to ${address}:${port} (weight ${weight}), which the inventory does not name`,
        fix: table({ kind: 'removeDestination', id, before }),
      };
    }),
  ];
}
