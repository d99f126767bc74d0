import type { Service } from '../inventory/cluster.js';
import { answerSeconds } from './clients/datagram.js';
import type { Attempt, Dialogue } from './traffic.js';

/** Hosts that answered a datagram when they were asked directly: see {@link withDue}. */
export function answeringHosts(service: Service, asked: readonly (readonly Attempt[])[]): Set<string> {
  return new Set(
    service.realServers.flatMap(({ host }, i) =>
      asked[i]?.some(({ outcome }) => outcome === 'answer') ? [host] : [],
    ),
  );
}

/**
 * Whether each datagram must be answered: any DNS server answers its question; of other services it is known only where each real server
 * that gets any did answer when it was asked directly.
 */
export function answerIsDue(service: Service, dialogue: Dialogue, answering: ReadonlySet<string>): boolean {
  if (dialogue === 'dns') return true;
  const asked = service.realServers.filter(({ weight }) => weight > 0);
  return dialogue === 'datagram' && asked.length > 0 && asked.every(({ host }) => answering.has(host));
}

/** The attempts, those without an answer that was due being failures. */
export function withDue(attempts: readonly Attempt[], due: boolean): Attempt[] {
  return attempts.map((attempt) =>
    due && attempt.outcome === 'sent'
      ? { ...attempt, outcome: 'fail', text: `no answer within ${answerSeconds} s` }
      : attempt,
  );
}

/** What the operator should know of a check by datagrams: how much is proven. */
export function datagramRemark(attempts: readonly Attempt[]): string | undefined {
  const silent = attempts.filter(({ outcome }) => outcome === 'sent').length;
  if (silent === 0) return undefined;
  return silent === attempts.length
    ? 'nobody answers datagrams of an empty line, through the VIP or directly: only the director’s counters are proven, not that the servers answer'
    : `${silent} of ${attempts.length} datagrams of an empty line were not answered, and not every real server answers them when asked directly: what is proven of those are the director’s counters`;
}
