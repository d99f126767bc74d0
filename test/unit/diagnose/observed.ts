import { readFileSync } from 'node:fs';
import type { Diagnosis } from '../../../src/diagnose/check.js';
import { judge, sitesOf } from '../../../src/diagnose/diagnose.js';
import type { Observations, Observed } from '../../../src/diagnose/scene.js';
import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';

const addresses: Readonly<Record<string, string>> = {
  director: '10.83.33.83',
  rs1: '10.83.33.76',
  rs2: '10.83.33.2',
  client: '10.83.33.50',
};
const realServers = (port: number, weight: number): Service['realServers'] => [
  { host: 'rs1', address: '10.83.33.76', port, weight },
  { host: 'rs2', address: '10.83.33.2', port, weight: 1 },
];

export const ftp: Service = {
  name: 'ftp',
  vip: '10.83.33.100',
  port: 21,
  protocol: 'tcp',
  scheduler: 'wrr',
  forwarding: 'dr',
  directors: ['director'],
  label: '100',
  realServers: realServers(21, 3),
};
export const ssh: Service = {
  ...ftp,
  name: 'ssh',
  vip: '10.83.33.101',
  port: 22,
  scheduler: 'wlc',
  label: '101',
  persistence: { seconds: 60, netmask: '255.255.255.0' },
  realServers: realServers(22, 1),
};

/** The cluster of the captures; `change` makes another one of it. */
export function cluster(change: Partial<Cluster> = {}): Cluster {
  const hosts = Object.entries(addresses).map(
    ([name, address]) =>
      ({ name, address, prefix: 24, interface: 'eth0', groups: [], vars: {} }) as unknown as ClusterHost,
  );
  return {
    name: 'tutorial',
    file: 'inventory.ts',
    hosts: new Map(hosts.map((host) => [host.name, host])),
    services: [ftp, ssh],
    probes: ['client'],
    roles: {},
    ...change,
  };
}

const captured = new Map(
  Object.keys(addresses).map((host) => {
    const text = readFileSync(new URL(`captures/${host}.txt`, import.meta.url), 'utf8');
    return [host, sectionsOf(text)];
  }),
);

function sectionsOf(text: string): Map<string, string> {
  return new Map(
    text
      .split(/^##### /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
}

/** What a host said otherwise: by probe, what of the captured text is something else. */
export type Change = readonly [probe: string, from: string | RegExp, to: string];

export interface Otherwise {
  /** Host → changes. A change that changes nothing is a mistake of the test. */
  readonly on?: Readonly<Record<string, readonly Change[]>>;
  /** Host → host whose captured text it says, too. */
  readonly like?: Readonly<Record<string, string>>;
  /** Host → why it can't be reached. */
  readonly unreachable?: Readonly<Record<string, string>>;
  readonly cluster?: Partial<Cluster>;
}

/** The diagnosis of what was captured, or of that with something else. */
export function diagnosed({
  on = {},
  like = {},
  unreachable = {},
  cluster: change = {},
}: Otherwise = {}): Diagnosis {
  const of = cluster(change);
  const observations: Observations = new Map(
    sitesOf(of, of.services).map(({ site, probes }): [string, Observed] => {
      const { name } = site.host;
      const reason = unreachable[name];
      if (reason !== undefined) return [name, { unreachable: reason }];
      const texts = new Map(captured.get(like[name] ?? name));
      for (const [probe, from, to] of on[name] ?? []) {
        const before = texts.get(probe) ?? '';
        const after = before.replace(from, () => to);
        if (after === before) throw new Error(`${probe} of ${name} has no ${String(from)}`);
        texts.set(probe, after);
      }
      return [
        name,
        new Map(probes.map((probe) => [probe.name, probe.read(texts.get(probe.name) ?? '', site)])),
      ];
    }),
  );
  const macs = [
    ['02:4f:ed:9c:e6:c7', 'director'],
    ['02:00:00:00:00:84', 'lvs2'],
    ['02:b9:8a:37:b0:a4', 'rs1'],
    ['02:c2:5c:89:52:6e', 'rs2'],
  ] as const;
  const owners = new Map(macs.filter(([, host]) => unreachable[host] === undefined));
  return judge(of, of.services, observations, owners);
}

/** `CHECK@HOST: FIX` of every finding, in their order; advice left out unless asked for. */
export function told({ findings }: Diagnosis, advice = false): string[] {
  return findings
    .filter(({ severity }) => advice || severity !== 'advice')
    .map(({ check, host, fix }) => {
      const mended =
        'command' in fix
          ? `${fix.on === undefined ? '' : `${fix.on}# `}${fix.command}`
          : 'key' in fix
            ? `${fix.key} = ${fix.value}`
            : `(${fix.advice})`;
      return `${check}@${host ?? '-'}: ${mended}`;
    });
}
