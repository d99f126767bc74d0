import { setTimeout as sleep } from 'node:timers/promises';
import { LvsctlError } from '../errors.js';
import type { Cluster, Service } from '../inventory/cluster.js';
import { listeningPorts } from '../inventory/ports.js';
import { closes, type HeldConnections, heldScript, parseHeld } from '../ipvs/index.js';
import type { Access, OperationFailure } from './access.js';
import { directorsOf, type Subject, type Target, targetsOf } from './targets.js';
import { failureOf } from './weights.js';

/** Connections that a real server has in one service on one director; templates of persistence are none. */
export interface Held {
  readonly director: string;
  readonly service: string;
  /** TCP and SCTP that are established, and UDP exchanges that the kernel has not forgotten yet. */
  readonly established: number;
  /** In the handshake. */
  readonly opening: number;
  /** Ended by one side or both: they hold nobody up. */
  readonly closing: number;
}

export interface Progress {
  readonly held: readonly Held[];
  /** Connections that are still waited for: the most that any director has, service by service. */
  readonly connections: number;
  readonly secondsLeft: number;
  /** Directors that did not answer this time. */
  readonly failures: readonly { readonly director: string; readonly failure: OperationFailure }[];
}

export interface WaitOptions extends Subject {
  /** All of the services' directors unless given. */
  readonly directors?: readonly string[];
  /** How long to wait. */
  readonly seconds: number;
  /** Seconds between two readings, at the least; 1 unless given. */
  readonly pollSeconds?: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface WaitOutcome extends Omit<Progress, 'secondsLeft'> {
  /** Nobody is held up any more, on any director. */
  readonly idle: boolean;
}

/** Connections that somebody waits for. */
export const holding = ({ established, opening }: Held): number => established + opening;

/** A reading may take no more than this share of the time. */
const share = 1 / 10;

/**
 * Waits until a real server has no connections left that anybody is held up by, with one trip a reading to each director. Two readings
 * in a row must show none: the kernel finds its place in the table again by counting, so that one reading misses connections while
 * others end (ip_vs_conn.c, ip_vs_conn_array; Linux 2.4 to 6.1).
 * A director that does not answer is asked again; as long as it does not, nothing is known to be idle.
 */
export async function waitUntilIdle(access: Access, options: WaitOptions): Promise<WaitOutcome> {
  const { seconds, pollSeconds = 1, onProgress } = options;
  const targets = targetsOf(access.cluster, options);
  const directors = options.directors ?? directorsOf(targets);
  const end = Date.now() + seconds * 1000;
  for (let quiet = 0; ; ) {
    const begun = Date.now();
    const answers = await Promise.all(directors.map((director) => read(access, director, targets)));
    const now = Date.now();
    const held = answers.flatMap((answer) => ('held' in answer ? answer.held : []));
    const failures = answers.flatMap((answer) => ('failure' in answer ? [answer] : []));
    const connections = total(held);
    onProgress?.({ held, connections, failures, secondsLeft: Math.max(0, (end - now) / 1000) });
    quiet = failures.length === 0 && connections === 0 ? quiet + 1 : 0;
    const idle = quiet > 1 || (quiet > 0 && now >= end);
    if (idle || now >= end || access.signal.aborted) return { idle, held, connections, failures };
    const pause = Math.max(pollSeconds * 1000, (now - begun) / share);
    await sleep(Math.min(pause, end - now), undefined, { signal: access.signal }).catch(() => undefined);
  }
}

/** One connection may stand in the tables of several directors that tell each other of theirs. */
function total(held: readonly Held[]): number {
  const most = new Map<string, number>();
  for (const one of held) most.set(one.service, Math.max(most.get(one.service) ?? 0, holding(one)));
  return [...most.values()].reduce((sum, count) => sum + count, 0);
}

type Answer =
  | { readonly held: readonly Held[] }
  | { readonly director: string; readonly failure: OperationFailure };

async function read(access: Access, director: string, targets: readonly Target[]): Promise<Answer> {
  const own = targets.filter(({ service }) => service.directors.includes(director));
  const addresses = own.flatMap(({ realServers }) => realServers.map(({ address }) => address));
  try {
    const host = await access.host(director);
    const { stdout, stderr, status } = await host.run(heldScript(addresses), { signal: access.signal });
    const { held, unread } = parseHeld(stdout.toString());
    const [line] = unread;
    if (status !== 0 || line !== undefined) {
      const said = line?.text ?? (stderr.toString().trim().slice(-400) || 'it said nothing');
      throw new LvsctlError(`the connection table can't be read (exit ${status}): ${said}`, {
        host: director,
        resource: 'connections',
        hint: 'look at /proc/net/ip_vs_conn on the director',
      });
    }
    return { held: heldBy(access.cluster, director, own, held) };
  } catch (error) {
    return { director, failure: failureOf(director, error) };
  }
}

/**
 * Counts by service. A connection that no other service of the VIP has by its port is this one's: data connections of FTP have
 * ports that the inventory does not know.
 */
export function heldBy(
  cluster: Cluster,
  director: string,
  targets: readonly Target[],
  held: readonly HeldConnections[],
): Held[] {
  return targets.map(({ service, realServers }) => {
    const addresses = new Set(realServers.map(({ address }) => address));
    const others = cluster.services.filter(({ name, vip }) => name !== service.name && vip === service.vip);
    const own = held.filter(
      (one) =>
        addresses.has(one.destination.address) &&
        one.virtual.address === service.vip &&
        (takes(service, one) || !others.some((other) => takes(other, one))),
    );
    const count = (kind: (state: string) => boolean): number =>
      own.filter(({ state }) => kind(state)).reduce((sum, one) => sum + one.count, 0);
    return {
      director,
      service: service.name,
      established: count(isEstablished),
      opening: count((state) => !isEstablished(state) && !closes(state)),
      closing: count(closes),
    };
  });
}

const isEstablished = (state: string): boolean => state === 'ESTABLISHED' || state === 'UDP';

/** Whether clients reach the port of this connection through the service, as the inventory says it. */
function takes(service: Service, { protocol, virtual }: HeldConnections): boolean {
  if (protocol !== service.protocol) return false;
  const ports = listeningPorts(service, service);
  return ports.length > 0 && ports.some(({ first, last }) => first <= virtual.port && virtual.port <= last);
}
