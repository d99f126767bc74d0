import {
  type Destination,
  destinationKey,
  destinationOf,
  renderArgs,
  serviceIdentity,
  serviceKey,
  type VirtualService,
  wantedService,
} from '../../ipvs/index.js';
import { sh } from '../../shell/index.js';
import { holders } from '../../verify/interfaces.js';
import { onHost, serviceKeyPath } from '../../verify/reason.js';
import { editService, endpointName } from '../../verify/reasons-director.js';
import { titled } from '../../verify/share.js';
import type { Check, Scene } from '../check.js';
import { banner, evidence, keepalivedProcess, schedulers, syncDaemons, table } from '../probes.js';

/** The service's own entry in the live director's table. */
export function entryOf(scene: Scene): VirtualService | undefined {
  const key = serviceKey(serviceIdentity(scene.service));
  return scene.look(scene.director, table)?.services.find(({ id }) => serviceKey(id) === key);
}

/** The entry with the limits that only another list shows. */
export function destinationsOf(scene: Scene): Destination[] {
  const entry = entryOf(scene);
  if (entry === undefined) return [];
  const limits = scene.look(scene.director, table)?.thresholds.get(serviceKey(entry.id));
  return entry.destinations.map((one) => ({ ...one, ...limits?.get(destinationKey(one)) }));
}

export const schedulerModule: Check = {
  id: 'scheduler-module',
  symptom: 'connections to the VIP are refused, and ipvsadm says "Scheduler or persistence engine not found"',
  where: 'director',
  severity: 'stops',
  probes: [schedulers, table],
  rule: (scene) => {
    const { service, director } = scene;
    if (entryOf(scene) !== undefined || scene.look(director, table)?.loaded !== true) return [];
    if (scene.look(director, schedulers)?.get(service.scheduler) !== false) return [];
    return [
      {
        host: director,
        cause: `the kernel of ${titled(director)} has no module ip_vs_${service.scheduler}, so it can’t have ${endpointName(service)}`,
        evidence: `\`modprobe -n ip_vs_${service.scheduler}\` fails, and it is neither loaded nor in use`,
        fix: {
          key: serviceKeyPath(service, 'scheduler'),
          value:
            'one of /lib/modules/RELEASE/kernel/net/netfilter/ipvs; or keep it, and install the modules of the running kernel',
        },
      },
    ];
  },
};

export const noIpvsadm: Check = {
  id: 'ipvsadm',
  symptom: 'nobody can change or see the table, or ipvsadm prints garbage',
  where: 'director',
  severity: 'later',
  probes: [banner],
  rule: (scene) => {
    const { director } = scene;
    const seen = scene.look(director, banner);
    if (seen === undefined) return [];
    const fix = { command: sh`lvsctl provision ${scene.file} --limit ${director}`.text };
    if (!seen.installed)
      return [
        {
          host: director,
          cause: `${titled(director)} has no ipvsadm in root’s PATH`,
          evidence: '`command -v ipvsadm` finds nothing',
          fix,
        },
      ];
    if (seen.kernel === undefined || seen.ipvsadm === seen.kernel) return [];
    return [
      {
        host: director,
        cause: `ipvsadm of ${titled(director)} does not speak for its kernel: it says ${seen.ipvsadm ?? 'nothing'}, the kernel has IPVS ${seen.kernel}`,
        evidence: 'the first line of `ipvsadm -Ln`, and that of /proc/net/ip_vs',
        fix,
      },
    ];
  },
};

export const weightsZero: Check = {
  id: 'weights-zero',
  symptom: 'connections to the VIP are refused (or hang), though the table looks whole',
  where: 'director',
  severity: 'stops',
  probes: [table],
  rule: (scene) => {
    const { service, director } = scene;
    const destinations = destinationsOf(scene);
    if (destinations.some(({ weight }) => weight !== 0)) return [];
    const entry = entryOf(scene);
    if (entry === undefined) return [];
    const first = wantedService(service, service.realServers).destinations.find(({ weight }) => weight !== 0);
    return [
      {
        host: director,
        cause:
          destinations.length === 0
            ? `${endpointName(service)} has no real server in the table of ${titled(director)}`
            : `every real server of ${endpointName(service)} has weight 0 in the table of ${titled(director)}${scene.keepalived ? ': no check is answered' : ''}`,
        evidence: destinations.map((one) => `${destinationKey(one)} weight ${one.weight}`).join(', '),
        // A weight that keepalived has set, it sets again.
        fix: scene.keepalived
          ? onHost(director, sh`journalctl -u keepalived -n 50 --no-pager`)
          : first === undefined
            ? { key: serviceKeyPath(service, 'realServers', 0, 'weight'), value: '1 or more' }
            : onHost(
                director,
                sh`ipvsadm ${renderArgs({ kind: destinations.length === 0 ? 'addDestination' : 'editDestination', id: entry.id, destination: first, before: first, draining: false })}`,
              ),
      },
    ];
  },
};

export const overloaded: Check = {
  id: 'threshold-reached',
  symptom: 'a real server gets no new connections; where all are full, they are refused',
  where: 'director',
  severity: 'some',
  probes: [table],
  rule: (scene) => {
    const { service, director } = scene;
    const id = serviceIdentity(service);
    return destinationsOf(scene).flatMap((one) => {
      const { activeConnections: active = 0, inactiveConnections: idle = 0, upperThreshold: limit = 0 } = one;
      if (limit === 0 || active + idle < limit) return [];
      const at = service.realServers.findIndex((server) => {
        const named = destinationOf(service, server);
        return named.address === one.address && named.port === one.port;
      });
      const asked = service.realServers[at]?.upperThreshold;
      const destination = { ...one, upperThreshold: 0, lowerThreshold: 0 };
      return [
        {
          host: director,
          cause: `${destinationKey(one)} has reached its upper threshold in the table of ${titled(director)}`,
          evidence: `${active} active and ${idle} inactive connections, of at most ${limit}`,
          fix:
            asked !== undefined && at >= 0
              ? {
                  key: serviceKeyPath(service, 'realServers', at, 'upperThreshold'),
                  value: `more than ${limit}, or one more real server`,
                }
              : onHost(
                  director,
                  sh`ipvsadm ${renderArgs({ kind: 'editDestination', id, destination, before: one, draining: false })}`,
                ),
        },
      ];
    });
  },
};

export const persistenceDiffers: Check = {
  id: 'persistence-differs',
  symptom: 'one client always gets the same real server, or does so no longer',
  where: 'director',
  severity: 'later',
  probes: [table],
  rule: (scene) => {
    const { service, director } = scene;
    const live = entryOf(scene)?.persistence;
    if (live === undefined) return [];
    const wanted = wantedService(service, []).persistence ?? 'none';
    const seconds = (of: typeof live) => (of === 'none' ? 'none' : `${of.timeoutSeconds ?? '?'} s`);
    const mask = (of: typeof live) => (of === 'none' ? undefined : of.netmask);
    const masksDiffer = mask(live) !== undefined && mask(wanted) !== undefined && mask(live) !== mask(wanted);
    if ((live === 'none') === (wanted === 'none') && !masksDiffer) return [];
    const text = (of: typeof live) =>
      [seconds(of), mask(of)].filter((part) => part !== undefined).join(' mask ');
    return [
      {
        host: director,
        cause: `persistence of ${endpointName(service)} is ${text(live)} in the table of ${titled(director)}, the inventory says ${text(wanted)}`,
        evidence: `\`ipvsadm -Ln\`: ${serviceKey(serviceIdentity(service))} ${entryOf(scene)?.scheduler ?? ''} persistence ${text(live)}`,
        fix: editService(director, service),
      },
    ];
  },
};

export const foreignService: Check = {
  id: 'foreign-service',
  symptom: 'ports of the VIP answer that the inventory does not know',
  where: 'director',
  severity: 'later',
  probes: [table],
  rule: (scene) => {
    const { cluster, director, service } = scene;
    const named = new Set(cluster.services.map((one) => serviceKey(serviceIdentity(one))));
    return (scene.look(director, table)?.services ?? [])
      .filter(({ id }) => id.kind === 'address' && id.address === service.vip && !named.has(serviceKey(id)))
      .map((live) => ({
        host: director,
        cause: `${serviceKey(live.id)} is in the table of ${titled(director)}, and not in the inventory`,
        evidence: `${live.destinations.length} real servers`,
        fix: onHost(
          director,
          sh`ipvsadm ${renderArgs({ kind: 'removeService', id: live.id, before: live })}`,
        ),
      }));
  },
};

export const splitBrain: Check = {
  id: 'split-brain',
  symptom: 'clients reach now one director, now the other; connections break',
  where: 'director',
  severity: 'stops',
  concerns: ({ directors }) => directors.length > 1,
  probes: [evidence],
  rule: (scene) => {
    const { service } = scene;
    const holding = service.directors.filter((name) => {
      const told = scene.look(name, evidence);
      return told !== undefined && holders(told.interfaces, service.vip).length > 0;
    });
    if (holding.length < 2) return [];
    const passive = holding.find((name) => name !== scene.director) ?? scene.director;
    return [
      {
        host: passive,
        cause: `${holding.join(' and ')} both hold ${service.vip}: they do not hear each other`,
        evidence:
          'VRRP (IP protocol 112, 224.0.0.18 or unicast) is dropped between them, or an address was added by hand',
        fix: onHost(passive, sh`systemctl restart keepalived`),
      },
    ];
  },
};

export const syncDaemon: Check = {
  id: 'sync-daemon',
  symptom: 'after a failover, established connections are lost',
  where: 'director',
  severity: 'later',
  concerns: ({ directors }, { ipvs }) => ipvs?.sync !== undefined && directors.length > 1,
  probes: [syncDaemons, keepalivedProcess],
  rule: (scene) => {
    const { service, cluster } = scene;
    const wanted = cluster.ipvs?.sync;
    if (wanted === undefined) return [];
    return service.directors.flatMap((host) => {
      const running = scene.look(host, syncDaemons);
      // They are keepalived's, and go with it: that it does not run is a cause of its own.
      if (running === undefined || scene.look(host, keepalivedProcess) === false) return [];
      const fix = { command: sh`lvsctl provision ${scene.file} --limit ${host}`.text };
      if (running.length === 0)
        return [
          {
            host,
            cause: `no sync daemon runs on ${titled(host)}`,
            evidence: '`ipvsadm -L --daemon` is empty',
            fix,
          },
        ];
      return running.flatMap(({ state, id }) =>
        id === undefined || id === wanted.id
          ? []
          : [
              {
                host,
                cause: `the ${state} sync daemon of ${titled(host)} has id ${id}, the inventory says ${wanted.id}`,
                evidence: `\`ipvsadm -L --daemon\`: ${state}, syncid=${id}`,
                fix,
              },
            ],
      );
    });
  },
};
