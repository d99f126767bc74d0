import type { Cluster, Service } from '../inventory/cluster.js';
import { keepalivedRuns } from '../inventory/keepalived.js';
import { isForeign } from '../inventory/systems.js';
import { type ArpAnswer, type Case, reasonsOf, type Testimony } from '../verify/explain.js';
import { holders } from '../verify/interfaces.js';
import { type Connected, isUnseen, type Probe, type Scene, type Unseen } from './check.js';
import { evidence } from './probes.js';
import { type Traffic, traffic } from './traffic.js';

/** What the probes of one host saw, by name; or why the host could not be asked. */
export type Observed = ReadonlyMap<string, unknown> | { readonly unreachable: string };

/** Host name → what was seen there. */
export type Observations = ReadonlyMap<string, Observed>;

/** What a probe saw on a host, or why it did not. */
export function seenAt<T>(observations: Observations, host: string, probe: Probe<T>): T | Unseen {
  const observed = observations.get(host);
  if (observed === undefined) return { unseen: 'nobody asked it' };
  if ('unreachable' in observed) return { unseen: observed.unreachable };
  // A probe's name stands for the type of what it reads.
  return (observed.get(probe.name) ?? { unseen: 'it was not asked for this' }) as T | Unseen;
}

/** Everything that was seen, as the rules of one service take it. @param owners MAC address → host */
export function sceneOf(
  cluster: Cluster,
  service: Service,
  observations: Observations,
  owners: ReadonlyMap<string, string>,
): Scene {
  const look = <T>(host: string, probe: Probe<T>): T | undefined => {
    const seen = seenAt(observations, host, probe);
    return isUnseen(seen) ? undefined : seen;
  };
  const probes = cluster.probes.filter((name) => look(name, evidence) !== undefined);
  const visits = cluster.probes.flatMap((name) => {
    const seen = look(name, traffic);
    return seen === undefined ? [] : [[name, seen] as const];
  });
  const keepalived = service.directors.some((name) => {
    const host = cluster.hosts.get(name);
    return host !== undefined && keepalivedRuns(cluster, host);
  });
  const found: Case = {
    file: cluster.file,
    service,
    hosts: cluster.hosts,
    director: liveDirector(service, look),
    testimony: testimonyOf(cluster, observations),
    arp: answersOf(service, visits, owners),
    direct: directOf(service, visits),
    unanswered: new Map(),
    keepalived,
  };
  return {
    ...found,
    cluster,
    probes,
    look,
    reasons: reasonsOf(found),
    keepalived,
    connected: new Map(
      visits.flatMap(([name, { client, vips }]) => {
        const connected = vips.get(service.name);
        return client && connected !== undefined ? [[name, connected] as const] : [];
      }),
    ),
  };
}

/** The director that holds the VIP; the first that can be reached if none does, the first of all if none can be. */
function liveDirector({ directors, vip }: Service, look: Scene['look']): string {
  const reachable = directors.flatMap((name) => {
    const told = look(name, evidence);
    return told === undefined ? [] : [{ name, holds: holders(told.interfaces, vip).length > 0 }];
  });
  return (reachable.find(({ holds }) => holds) ?? reachable[0])?.name ?? directors[0] ?? '';
}

function testimonyOf(cluster: Cluster, observations: Observations): Map<string, Testimony> {
  return new Map(
    [...observations.keys()].flatMap((name): [string, Testimony][] => {
      const host = cluster.hosts.get(name);
      if (host === undefined || isForeign(host)) return [];
      const seen = seenAt(observations, name, evidence);
      return [[name, isUnseen(seen) ? { unreachable: seen.unseen } : seen]];
    }),
  );
}

type Visit = readonly [host: string, seen: Traffic];

function answersOf(
  { vip }: Service,
  visits: readonly Visit[],
  owners: ReadonlyMap<string, string>,
): ArpAnswer[] | undefined {
  const asked = visits.flatMap(([, { arp }]) => arp.get(vip) ?? []);
  if (!visits.some(([, { arp }]) => arp.has(vip))) return undefined;
  return [...new Set(asked)].map((mac) => ({ mac, host: owners.get(mac) }));
}

function directOf(service: Service, visits: readonly Visit[]): Map<string, string | undefined> {
  const errorOf = ({ answered, text }: Connected) => (answered ? undefined : text || 'no reason told');
  return new Map(
    service.realServers.flatMap(({ host }) => {
      const made = visits.flatMap(([, { direct }]) => direct.get(`${service.name} ${host}`) ?? []);
      const worst = made.find(({ answered }) => !answered) ?? made[0];
      return worst === undefined ? [] : [[host, errorOf(worst)] as const];
    }),
  );
}
