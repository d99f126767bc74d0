import type { EventSink } from '../engine/events.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { totalOf } from './counters.js';
import { datagramRemark } from './datagrams.js';
import type { ArpAnswer } from './explain.js';
import type { Attribution } from './identity.js';
import { discoveryOf } from './ndisc.js';
import { expectedShares, nameOf, shareProblems, titled } from './share.js';
import type { Survey } from './survey.js';
import type { Attempt, Dialogue } from './traffic.js';

/** One service seen from one probe host. */
export interface Check {
  readonly cluster: Cluster;
  readonly service: Service;
  readonly probe: ClusterHost;
  readonly connections: number;
  readonly survey: Survey;
  readonly sink: EventSink;
  readonly signal: AbortSignal | undefined;
  /** Resolves when what the kernel counted before the check is surely in its counters. */
  readonly counterLag: Promise<void>;
  /** What the real servers lack that the director asked at the VIP, each a sentence. */
  readonly atVip: readonly string[];
}

export interface Prepared {
  readonly dialogue: Dialogue;
  /** MAC addresses that answered for the VIP; undefined when nobody was asked. */
  readonly arpMacs: readonly string[] | undefined;
  readonly voices: readonly (string | undefined)[];
  /** A datagram that is not answered is a failure. */
  readonly answerDue: boolean;
  readonly direct: ReadonlyMap<string, string | undefined>;
}

export interface Traffic {
  readonly attempts: readonly Attempt[];
  readonly client: string;
}

export interface Seen extends Prepared, Traffic {
  readonly director: string;
  readonly arp: readonly ArpAnswer[] | undefined;
  readonly counted: readonly (number | undefined)[] | undefined;
  readonly why: string | undefined;
}

export function endpointOf(service: Service): string {
  const address = service.vip.includes(':') ? `[${service.vip}]` : service.vip;
  return `${address}:${service.port}/${service.protocol}`;
}

/** What is wrong with what was seen, each a sentence; the causes are another matter. */
export function problemsOf(check: Check, seen: Seen, { answered, strangers }: Attribution): string[] {
  const failed = seen.attempts.filter(({ outcome }) => outcome === 'fail');
  return [
    ...clientProblems(check, seen),
    ...failureProblems(check, failed),
    ...[...strangers].map(
      ([text, count]) =>
        `${count} connections were answered "${text.slice(0, 80)}", which no real server says when asked directly`,
    ),
    ...distribution(check, seen, answered, failed.length),
    ...arpProblems(check.service, check.probe, seen),
  ];
}

function clientProblems({ probe }: Check, { client }: Seen): string[] {
  if (client !== 'none') return [];
  return [
    `probe host ${probe.name} has no client to connect with: it needs bash with /dev/tcp, python3, perl, nc, or curl for HTTP`,
  ];
}

function failureProblems({ service, probe }: Check, failed: readonly Attempt[]): string[] {
  if (failed.length === 0) return [];
  const reasons = new Map<string, number>();
  for (const { text } of failed) reasons.set(text, (reasons.get(text) ?? 0) + 1);
  const told = [...reasons]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([text, count]) => `${count} × ${text || 'no reason told'}`);
  return [
    `${failed.length} connections from ${probe.name} to ${endpointOf(service)} failed: ${told.join('; ')}`,
  ];
}

function distribution(
  { service }: Check,
  { attempts, counted, director, why }: Seen,
  answered: readonly (number | undefined)[],
  failures: number,
): string[] {
  if (attempts.length === 0) return [];
  if (!counted) return [`the counters of ${titled(director)} can't be read: ${why ?? 'unknown reason'}`];
  const succeeded = attempts.length - failures;
  const total = totalOf(counted);
  const foreign = total > attempts.length;
  const bypassing = succeeded - total;
  // A datagram from a port that was used a while ago belongs to the flow of then, which IPVS remembers for minutes and does not count again.
  const uncounted = service.protocol === 'udp' ? Math.ceil(succeeded / 10) : 0;
  const idle = service.realServers.filter(
    ({ weight }, i) => weight === 0 && service.persistence === undefined && (counted[i] ?? 0) > 0,
  );
  // Failed connections are a problem of their own; without them each server's answers would be short by no fault of the scheduler. What
  // went where an earlier flow went was not the scheduler's choice: the counters have the rest.
  const byChoice = failures === 0 && !(bypassing > 0 && bypassing <= uncounted);
  const byAnswer = byChoice ? shareProblems(service, answered, 'by their answers', foreign) : [];
  return [
    ...(bypassing > uncounted
      ? [
          `${bypassing} of ${succeeded} connections did not pass ${titled(director)}, which counted ${total}: someone else has the VIP`,
        ]
      : []),
    ...(byAnswer.length > 0
      ? byAnswer
      : shareProblems(service, counted, `by the counters of ${titled(director)}`, foreign)),
    ...idle.map((server) => `${nameOf(server)} has weight 0 and got connections all the same`),
  ];
}

function arpProblems(service: Service, probe: ClusterHost, { arp, director }: Seen): string[] {
  if (!arp) return [];
  if (arp.length === 1 && arp[0]?.host === director) return [];
  if (arp.length === 0)
    return [
      `nobody answers ${discoveryOf(service.vip)} for ${service.vip} on ${probe.interface} of ${probe.name}`,
    ];
  const told = arp.map(({ mac, host }) => `${mac} (${host ?? 'unknown host'})`).join(', ');
  return [
    arp.length === 1
      ? `${discoveryOf(service.vip)} for ${service.vip} is answered by ${told}, not by ${titled(director)}`
      : `${arp.length} MAC addresses answer ${discoveryOf(service.vip)} for ${service.vip}: ${told}; it must be ${titled(director)}'s only`,
  ];
}

export function tellRemarks(
  { service, probe, sink }: Check,
  { attempts, dialogue, voices, client }: Seen,
): void {
  const tell = (text: string): void =>
    sink({ type: 'remark', host: probe.name, text: `${service.name}: ${text}` });
  if (client === 'none') return;
  const spoke = attempts.some(({ outcome }) => outcome === 'answer' || outcome === 'login');
  if (dialogue === 'ftp' && spoke && !attempts.some(({ outcome }) => outcome === 'login'))
    tell('the servers take no anonymous FTP login, so the greeting is all that is proven');
  const unsure = datagramRemark(attempts);
  if (unsure !== undefined) tell(unsure);
  else if (spoke && voices.some((voice, i) => voice === undefined || voices.indexOf(voice) !== i))
    tell('the real servers can’t all be told apart by what they say, so the director’s counters decide');
  if (service.persistence !== undefined)
    tell('persistence sends one client always to the same server, so no share is expected');
  else if (expectedShares(service).every((share) => share === undefined))
    tell(`scheduler ${service.scheduler} promises no share to a single client`);
}
