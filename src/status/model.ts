import type { Cluster, Protocol, Service } from '../inventory/cluster.js';
import { keepalivedRuns } from '../inventory/keepalived.js';
import {
  type Counters,
  type Destination,
  destinationKey,
  destinationOf,
  type Persistence,
  type Rates,
  type RecordedWeight,
  recordedWeight,
  serviceIdentity,
  serviceKey,
  type VirtualService,
} from '../ipvs/index.js';
import { checkServices, vipChecks } from '../keepalived/index.js';
import type { ObservedTable } from './observe.js';

/**
 * `missing`: not in the table. `foreign`: not in the inventory. `misplaced`: the inventory gives it to other directors.
 */
export type ServiceState = 'present' | 'missing' | 'foreign' | 'misplaced';

/**
 * As far as the table tells: `serving` has a weight above 0, `drained` has 0. Whether a server answers is not known from it, nor
 * who drained or removed one: the operator, a check, or a run that held it back.
 */
export type ServerState = 'serving' | 'drained' | 'missing' | 'foreign' | 'unknown';

/** A field that is absent is not known, or not said. It is never 0 for that. */
export interface RealServerStatus {
  /** Of the inventory; absent for one that is not in it. */
  readonly host?: string;
  /** With port: `10.83.33.76:21`. */
  readonly address: string;
  readonly state: ServerState;
  readonly weight?: number;
  /** Of the inventory. */
  readonly weightWanted?: number;
  /** Set by an operator (`lvsctl drain`, `weight`): it wins over the inventory's. */
  readonly recorded?: Pick<RecordedWeight, 'weight' | 'when' | 'who' | 'reason'>;
  readonly forwarding?: string;
  readonly activeConnections?: number;
  readonly inactiveConnections?: number;
  /** 0 is no limit. */
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  /** Since the entry was added or zeroed; the kernel sums up every two seconds. */
  readonly counters?: Counters;
  /** A second, as the kernel estimates them. */
  readonly rates?: Rates;
}

/** As in {@link RealServerStatus}, absent is not known. Scheduler and persistence are those of the table. */
export interface ServiceStatus {
  /** In the inventory. */
  readonly name?: string;
  /** `tcp 10.83.33.100:21`, `fwmark 256 (IPv6)`. */
  readonly key: string;
  readonly state: ServiceState;
  readonly vip?: string;
  readonly mark?: number;
  readonly protocol?: Protocol;
  readonly port?: number;
  readonly scheduler?: string;
  readonly schedulerFlags?: readonly string[];
  readonly persistence?: Persistence | 'none';
  readonly onePacket?: boolean;
  readonly counters?: Counters;
  readonly rates?: Rates;
  readonly realServers: readonly RealServerStatus[];
}

export interface DirectorStatus {
  /** False: the kernel has no IPVS at work, so the table is empty. */
  readonly loaded: boolean;
  readonly services: readonly ServiceStatus[];
  /** Those VIPs of its services that the director holds; absent where that is not known. */
  readonly holds?: readonly string[];
  /** What of the table is not in here, and why. */
  readonly remarks: readonly string[];
}

/** The object without what is undefined: so it is absent in JSON and for the compiler. */
type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const known = <T extends object>(fields: T): Known<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Known<T>;

const figures = (counters: Counters): Counters => {
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = counters;
  return { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
};

function realServerStatus(
  observed: ObservedTable,
  service: { readonly key: string; readonly name: string | undefined },
  address: string,
  live: Destination | undefined,
  wanted: { readonly host: string; readonly weight: number } | undefined,
): RealServerStatus {
  const { key, name = '' } = service;
  const entry = wanted && recordedWeight(observed.record, wanted.host, name);
  const limits = observed.thresholds.get(key)?.get(address);
  const stateOf = (): ServerState => {
    if (live === undefined) return 'missing';
    if (wanted === undefined) return 'foreign';
    if (live.weight === undefined) return 'unknown';
    return live.weight > 0 ? 'serving' : 'drained';
  };
  return {
    address,
    state: stateOf(),
    ...known({
      host: wanted?.host,
      weight: live?.weight,
      weightWanted: wanted?.weight,
      recorded: entry && { weight: entry.weight, when: entry.when, who: entry.who, reason: entry.reason },
      forwarding: live?.forwarding,
      activeConnections: live?.activeConnections,
      inactiveConnections: live?.inactiveConnections,
      upperThreshold: limits?.upperThreshold,
      lowerThreshold: limits?.lowerThreshold,
      counters: observed.counters.get(key)?.destinations.get(address),
      rates: observed.rates.get(key)?.destinations.get(address),
    }),
  };
}

function serviceStatus(
  observed: ObservedTable,
  director: string,
  live: VirtualService | undefined,
  service: Service | undefined,
): ServiceStatus | undefined {
  const id = live?.id ?? (service === undefined ? undefined : serviceIdentity(service));
  if (id === undefined) return undefined;
  const key = serviceKey(id);
  const shown = new Map(live?.destinations.map((one) => [destinationKey(one), one]));
  const wanted = new Map(
    service?.realServers.map((one) => [destinationKey(destinationOf(service, one)), one]),
  );
  const addresses = [...new Set([...wanted.keys(), ...shown.keys()])];
  const [counters, rates] = [observed.counters.get(key), observed.rates.get(key)];
  const stateOf = (): ServiceState => {
    if (live === undefined) return 'missing';
    if (service === undefined) return 'foreign';
    return service.directors.includes(director) ? 'present' : 'misplaced';
  };
  return {
    key,
    state: stateOf(),
    ...known({
      name: service?.name,
      vip: service?.vip ?? (id.kind === 'address' ? id.address : undefined),
      mark: id.kind === 'mark' ? id.mark : undefined,
      protocol: id.kind === 'address' ? id.protocol : service?.protocol,
      port: id.kind === 'address' ? id.port : undefined,
      scheduler: live?.scheduler,
      schedulerFlags: live?.schedulerFlags,
      persistence: live?.persistence,
      onePacket: live?.onePacket,
      counters: counters && figures(counters),
      rates: rates && figures(rates),
    }),
    realServers: addresses.map((address) =>
      realServerStatus(
        observed,
        { key, name: service?.name },
        address,
        shown.get(address),
        wanted.get(address),
      ),
    ),
  };
}

const refusals: Readonly<Record<string, string>> = {
  thresholds: 'thresholds',
  stats: 'totals',
  rate: 'rates',
};

/**
 * One director's table beside what the inventory wants there: its services in the inventory's order, then those it does not have.
 * @param only names of services; all, and foreign ones, when absent
 */
export function directorStatus(
  cluster: Cluster,
  director: string,
  observed: ObservedTable,
  only?: readonly string[],
): DirectorStatus {
  const live = new Map(observed.services.map((service) => [serviceKey(service.id), service]));
  const ours = cluster.services.map((service) => [serviceKey(serviceIdentity(service)), service] as const);
  const asked = ours.filter(([, { name }]) => only === undefined || only.includes(name));
  const host = cluster.hosts.get(director);
  const ways =
    host !== undefined && keepalivedRuns(cluster, host) ? checkServices(vipChecks(cluster, host)) : [];
  // The ways of keepalived's checks are no services to anybody.
  const inInventory = new Set([...ours.map(([key]) => key), ...ways.map(({ id }) => serviceKey(id))]);
  const vips = new Set(
    asked.filter(([, { directors }]) => directors.includes(director)).map(([, { vip }]) => vip),
  );
  const services = [
    ...asked
      .filter(([key, { directors }]) => directors.includes(director) || live.has(key))
      .map(([key, service]) => serviceStatus(observed, director, live.get(key), service)),
    ...(only === undefined
      ? observed.services
          .filter(({ id }) => !inInventory.has(serviceKey(id)))
          .map((service) => serviceStatus(observed, director, service, undefined))
      : []),
  ].filter((service) => service !== undefined);
  const untold = observed.refused.map((name) => refusals[name] ?? name);
  return {
    loaded: observed.loaded,
    services,
    ...(observed.addresses !== undefined && {
      holds: [...vips].filter((vip) => observed.addresses?.has(vip)),
    }),
    remarks: [
      ...(observed.loaded ? [] : ['IPVS is not loaded: the table is empty']),
      ...(untold.length === 0
        ? []
        : [`not known, for this host’s ipvsadm does not tell: ${untold.join(', ')}`]),
      ...observed.unread.map(({ text, reason }) => `not understood in the table (${reason}): ${text.trim()}`),
    ],
  };
}
