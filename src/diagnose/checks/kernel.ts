import { addressFor } from '../../inventory/host-address.js';
import { serviceKeyPath, setting } from '../../verify/reason.js';
import { endpointName } from '../../verify/reasons-director.js';
import { titled } from '../../verify/share.js';
import type { Check, Scene, Told, Where } from '../check.js';
import { type ConnectionSum, connections, sumsOf } from '../connections.js';
import { conntrack, table, tcpSettings, vsSettings } from '../probes.js';
import { destinationsOf, entryOf } from './director.js';
import { partyOf } from './parties.js';
import { tableShown } from './shown.js';

const vs = (scene: Scene, key: string): number | undefined =>
  scene.look(scene.director, vsSettings)?.get(key);
const vsFix = ({ director }: Scene, key: string, value: number) =>
  setting(director, [`net/ipv4/vs/${key}`, value]);

/** A table that is nearly full counts as full: it is so at the next burst. */
const full = 0.95;

function conntrackFull(id: string, where: Where, hostsOf: (scene: Scene) => readonly string[]): Check {
  return {
    id,
    symptom: 'new connections are dropped at random ("nf_conntrack: table full, dropping packet")',
    where,
    severity: 'some',
    probes: [conntrack],
    rule: (scene) =>
      [...new Set(hostsOf(scene))].flatMap((host): Told[] => {
        const seen = scene.look(host, conntrack);
        if (seen === undefined || seen.max === 0 || seen.count < full * seen.max) return [];
        return [
          {
            host,
            cause: `the table of tracked connections is full on ${host}: ${seen.count} of ${seen.max}`,
            evidence: 'nf_conntrack_count and nf_conntrack_max',
            fix: setting(host, ['net/netfilter/nf_conntrack_max', Math.max(65536, 4 * seen.max)]),
          },
        ];
      }),
  };
}

export const conntrackDirector = conntrackFull('conntrack-director', 'director', ({ director }) => [
  director,
]);
export const conntrackServer = conntrackFull('conntrack-server', 'realServer', ({ service }) =>
  service.realServers.map(({ host }) => host).filter((host) => !service.directors.includes(host)),
);

/**
 * 0: a client that uses a port again stays with its old connection's real server, also one that is drained or gone
 * (Documentation/networking/ipvs-sysctl.rst; kubernetes #81775).
 */
export const connReuse: Check = {
  id: 'conn-reuse',
  symptom: 'a drained real server still gets connections, of clients that use their ports again',
  where: 'director',
  severity: 'later',
  probes: [vsSettings],
  rule: (scene) => {
    if (vs(scene, 'conn_reuse_mode') !== 0) return [];
    return [
      {
        host: scene.director,
        cause: `conn_reuse_mode is 0 on ${titled(scene.director)}: a client’s port that is used again goes to the real server of its old connection, drained or not`,
        evidence: 'net.ipv4.vs.conn_reuse_mode = 0',
        fix: vsFix(scene, 'conn_reuse_mode', 1),
      },
    ];
  },
};

export const synDefence: Check = {
  id: 'syn-defence',
  symptom: 'connections are lost or slow at random: the director’s defence against floods is at work',
  where: 'director',
  severity: 'some',
  probes: [vsSettings],
  rule: (scene) =>
    ['drop_entry', 'drop_packet', 'secure_tcp'].flatMap((key): Told[] => {
      const value = vs(scene, key);
      // 1 waits for want of memory, 2 has met it, 3 is always on.
      if (value !== 2 && value !== 3) return [];
      return [
        {
          host: scene.director,
          cause: `${key} is ${value} on ${titled(scene.director)}: ${value === 3 ? 'it is always at work' : 'memory ran short (amemthresh), and it is at work'}`,
          evidence: `net.ipv4.vs.${key} = ${value}`,
          fix: vsFix(scene, key, 1),
        },
      ];
    }),
};

export const quiescent: Check = {
  id: 'quiescent-template',
  symptom: 'a drained real server of a persistent service still gets its clients',
  where: 'director',
  severity: 'later',
  probes: [vsSettings],
  rule: (scene) => {
    const live = entryOf(scene)?.persistence;
    const drained = destinationsOf(scene).filter(({ weight }) => weight === 0);
    if (live === undefined || live === 'none' || drained.length === 0) return [];
    if (vs(scene, 'expire_quiescent_template') !== 0) return [];
    return [
      {
        host: scene.director,
        cause: `${endpointName(scene.service)} is persistent, ${drained.map(({ address }) => address).join(', ')} has weight 0, and expire_quiescent_template is 0 on ${titled(scene.director)}: known clients go there all the same`,
        evidence: `net.ipv4.vs.expire_quiescent_template = 0; ${tableShown(scene)}`,
        fix: vsFix(scene, 'expire_quiescent_template', 1),
      },
    ];
  },
};

export const deadDestinations: Check = {
  id: 'dead-destination',
  symptom: 'clients of a real server that was removed hang until their connection times out',
  where: 'director',
  severity: 'some',
  probes: [vsSettings, connections],
  rule: (scene) => {
    if (vs(scene, 'expire_nodest_conn') !== 0 || entryOf(scene) === undefined) return [];
    const there = new Set(destinationsOf(scene).map(({ address }) => address));
    const lost = sumsOf(scene.service, scene.look(scene.director, connections)).filter(
      ({ destination, state }) => state === 'ESTABLISHED' && !there.has(destination),
    );
    const count = lost.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) return [];
    return [
      {
        host: scene.director,
        cause: `${count} connections of ${endpointName(scene.service)} go to ${[...new Set(lost.map(({ destination }) => destination))].join(', ')}, which is not in the table of ${titled(scene.director)} any more, and expire_nodest_conn is 0: they hang`,
        evidence: `net.ipv4.vs.expire_nodest_conn = 0; ${tableShown(scene)}`,
        fix: vsFix(scene, 'expire_nodest_conn', 1),
      },
    ];
  },
};

/** Connections from which on it is no chance that they are all at one real server. */
const enough = 8;

export const oneSided: Check = {
  id: 'persistence-one-sided',
  symptom: 'one real server gets all connections, the others none',
  where: 'director',
  severity: 'some',
  concerns: ({ persistence }) => persistence !== undefined,
  probes: [connections],
  rule: (scene) => {
    const { service, director } = scene;
    const open = destinationsOf(scene).filter(({ weight }) => weight !== 0);
    const all = sumsOf(service, scene.look(director, connections)).filter(({ state }) => state !== 'NONE');
    const total = (sums: readonly ConnectionSum[]): number => sums.reduce((sum, { count }) => sum + count, 0);
    // Those that have ended tell of a table that may have been another one.
    const established = all.filter(({ state }) => state === 'ESTABLISHED');
    const mine = total(established) < enough ? all : established;
    const used = new Set(mine.map(({ destination }) => destination));
    const count = total(mine);
    // With one client that is what persistence is for.
    const several = mine.some(({ severalClients }) => severalClients);
    if (open.length < 2 || used.size !== 1 || count < enough || !several) return [];
    return [
      {
        host: director,
        cause: `all ${count} connections of ${endpointName(service)} are at ${[...used].join('')}, by persistence: its clients count as one`,
        evidence: `more than one client, mask ${service.persistence?.netmask ?? 'of one address'}`,
        fix: {
          key: serviceKeyPath(service, 'persistence', 'netmask'),
          value: service.vip.includes(':') ? "'128'" : "'255.255.255.255'",
        },
      },
    ];
  },
};

export const tableSize: Check = {
  id: 'table-size',
  symptom: 'the director’s processor is busy with long chains of its connection table',
  where: 'director',
  severity: 'later',
  probes: [connections],
  rule: (scene) => {
    const party = partyOf(scene, scene.director);
    const size = party?.evidence.tableSize;
    const count = scene.look(scene.director, connections)?.total ?? 0;
    if (size === undefined || size === 0 || count <= 8 * size) return [];
    const bits = Math.min(20, Math.ceil(Math.log2(count)));
    return [
      {
        host: scene.director,
        cause: `${count} connections are in a table of ${size} chains on ${titled(scene.director)}`,
        evidence: `/proc/net/ip_vs: size=${size}`,
        fix: {
          command: `echo 'options ip_vs conn_tab_bits=${bits}' > /etc/modprobe.d/ip_vs.conf`,
          on: scene.director,
        },
      },
    ];
  },
};

/** A director that is a real server of another one: the inventory refuses that, and a table that was changed by hand may have it. */
export const backupOnly: Check = {
  id: 'backup-only',
  symptom: 'packets go to and fro between two directors that are real servers too',
  where: 'director',
  severity: 'some',
  concerns: ({ directors }, { ipvs }) => ipvs?.sync !== undefined && directors.length > 1,
  probes: [table, vsSettings],
  rule: (scene) => {
    const serving = new Set(destinationsOf(scene).map(({ address }) => address));
    return scene.service.directors.flatMap((name): Told[] => {
      const host = scene.hosts.get(name);
      const address = host && addressFor(host, scene.service.vip)?.address;
      if (name === scene.director || address === undefined || !serving.has(address)) return [];
      if (scene.look(name, vsSettings)?.get('backup_only') !== 0) return [];
      return [
        {
          host: name,
          cause: `backup_only is 0 on ${titled(name)}, to which ${titled(scene.director)} sends connections as to a real server: it schedules them again, and may send them back`,
          evidence: `net.ipv4.vs.backup_only = 0 on ${name}; ${tableShown(scene)}`,
          fix: setting(name, ['net/ipv4/vs/backup_only', 1]),
        },
      ];
    });
  },
};

export const natConntrack: Check = {
  id: 'nat-conntrack',
  symptom: 'rules for ESTABLISHED connections drop the answers of LVS-NAT',
  where: 'director',
  severity: 'advice',
  concerns: ({ forwarding }) => forwarding === 'nat',
  probes: [vsSettings, conntrack],
  rule: (scene) => {
    if (vs(scene, 'conntrack') !== 0 || (scene.look(scene.director, conntrack)?.count ?? 0) === 0) return [];
    return [
      {
        host: scene.director,
        cause: `conntrack of IPVS is 0 on ${titled(scene.director)}, where connections are tracked: rules by state do not know those of LVS-NAT`,
        evidence: `net.ipv4.vs.conntrack = 0, nf_conntrack_count above 0`,
        fix: vsFix(scene, 'conntrack', 1),
      },
    ];
  },
};

export const twRecycle: Check = {
  id: 'tw-recycle',
  symptom: 'clients behind one NAT router fail now and then',
  where: 'realServer',
  severity: 'some',
  probes: [tcpSettings],
  rule: (scene) =>
    [...new Set(scene.service.realServers.map(({ host }) => host))].flatMap((host): Told[] => {
      if (scene.look(host, tcpSettings)?.get('tcp_tw_recycle') !== 1) return [];
      return [
        {
          host,
          cause: `tcp_tw_recycle is 1 on ${host}: it drops SYNs of clients that share an address, by their timestamps`,
          evidence: 'net.ipv4.tcp_tw_recycle = 1',
          fix: setting(host, ['net/ipv4/tcp_tw_recycle', 0]),
        },
      ];
    }),
};
