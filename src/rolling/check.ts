import { setTimeout as pause } from 'node:timers/promises';
import type { GateReach } from '../engine/index.js';
import { LvsctlError } from '../errors.js';
import type { ClusterHost, ServiceRealServer } from '../inventory/cluster.js';
import { type Attempt, AttemptReader, type Target, trafficScript } from '../verify/traffic.js';
import { servicesOf } from './tables.js';

/** Seconds that one connection may take. */
const LIMIT = 3;

/** What a real server must answer on, as a director sees it. UDP and SCTP give no answer that could be waited for, port 0 names none. */
export function questionsOf(
  reach: Pick<GateReach, 'cluster'>,
  host: ClusterHost,
  director: string,
): readonly Target[] {
  const asked = servicesOf(reach.cluster, host).filter(
    ({ protocol, directors }) => protocol === 'tcp' && directors.includes(director),
  );
  const own = asked.flatMap(({ realServers }) =>
    realServers.filter((one) => one.host === host.name && one.port > 0),
  );
  const endpoints = new Map(own.map((one) => [endpoint(one), one]));
  return [...endpoints.values()].map(({ address, port }, index) => ({
    address,
    port,
    labels: [`q${index}`],
  }));
}

const endpoint = ({ address, port }: Pick<ServiceRealServer, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/**
 * Connects from every director to the host's ports, again and again until all answer.
 * @throws LvsctlError when one still does not after so many seconds
 */
export async function checkServes(
  reach: GateReach,
  host: ClusterHost,
  directors: readonly string[],
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  await Promise.all(directors.map((director) => untilServed(reach, host, director, end, seconds)));
}

async function untilServed(
  reach: GateReach,
  host: ClusterHost,
  director: string,
  end: number,
  seconds: number,
): Promise<void> {
  const questions = questionsOf(reach, host, director);
  if (questions.length === 0) return;
  for (;;) {
    const { client, attempts } = await ask(reach, director, questions);
    if (client === 'none') {
      const text = `${director} has no bash, python3, perl or nc to connect to ${host.name} with: it is given back without that check`;
      reach.sink({ type: 'remark', host: host.name, text });
      return;
    }
    const answered = new Set(attempts.filter(({ outcome }) => outcome !== 'fail').map(({ label }) => label));
    const silent = questions.find(({ labels: [label = ''] }) => !answered.has(label));
    if (silent === undefined) return;
    if (Date.now() >= end) {
      const why = attempts.find(({ label }) => silent.labels.includes(label))?.text ?? 'no answer';
      throw new LvsctlError(
        `${director} can't connect to ${host.name} at ${endpoint(silent)} ${seconds} s after its changes: ${why}`,
        {
          host: host.name,
          resource: 'check',
          hint: 'look whether the service runs there, and listens on this address',
        },
      );
    }
    await pause(1000, undefined, { signal: reach.signal }).catch(() => {
      throw new LvsctlError(`interrupted before ${host.name} was seen to serve`, {
        host: host.name,
        resource: 'check',
      });
    });
  }
}

async function ask(
  { host, signal }: GateReach,
  director: string,
  questions: readonly Target[],
): Promise<{ readonly client: string | undefined; readonly attempts: readonly Attempt[] }> {
  const reader = new AttemptReader();
  const { stdout } = await (await host(director)).run(trafficScript('connect', questions, [], LIMIT), {
    signal,
  });
  reader.push(stdout);
  reader.push('\n');
  return { client: reader.client, attempts: reader.attempts };
}
