import { setTimeout as pause } from 'node:timers/promises';
import type { GateReach } from '../engine/index.js';
import { LvsctlError } from '../errors.js';
import type { ClusterHost, Service, ServiceRealServer } from '../inventory/cluster.js';
import { type Sh, textOfBytes } from '../shell/index.js';
import type { CommandResult } from '../ssh/host.js';
import { sentenceOf } from '../verify/reason.js';
import { AttemptReader, type Target, trafficScript } from '../verify/traffic.js';
import { askVips, hasVipOnServers } from '../verify/vips/index.js';
import { servicesOf } from './tables.js';

/** Seconds that one connection may take. */
const LIMIT = 3;

/**
 * Milliseconds after which it must answer once more. A port that was open once is no server yet: `nginx -t`, which Debian's nginx.service
 * runs before it starts the server, binds it and listens for a moment.
 */
const AGAIN = 2000;

/** Where a real server must answer: at the VIP, as the director sends packets on to it, or, with NAT, at an address and port of its own. */
export interface Endpoints {
  readonly atVip: readonly { readonly service: Service; readonly servers: readonly ServiceRealServer[] }[];
  readonly own: readonly Target[];
}

/** As a director sees it. UDP and SCTP give no answer that could be waited for, port 0 names none. */
export function endpointsOf(
  reach: Pick<GateReach, 'cluster'>,
  host: ClusterHost,
  director: string,
): Endpoints {
  const asked = servicesOf(reach.cluster, host).filter(
    ({ protocol, directors }) => protocol === 'tcp' && directors.includes(director),
  );
  const serversOf = ({ realServers }: Service) =>
    realServers.filter((one) => one.host === host.name && one.port > 0);
  return {
    atVip: asked
      .filter(hasVipOnServers)
      .map((service) => ({ service, servers: serversOf(service) }))
      .filter(({ servers }) => servers.length > 0),
    own: targets(asked.filter((service) => !hasVipOnServers(service)).flatMap(serversOf)),
  };
}

function targets(servers: readonly ServiceRealServer[]): Target[] {
  const endpoints = new Map(servers.map((one) => [endpoint(one), one]));
  return [...endpoints.values()].map(({ address, port }, index) => ({
    address,
    port,
    labels: [`q${index}`],
  }));
}

const endpoint = ({ address, port }: Pick<ServiceRealServer, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/**
 * Asks from every director, again and again until all is well twice in a row, two seconds apart.
 * @throws LvsctlError when it is not after so many seconds
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
  const endpoints = endpointsOf(reach, host, director);
  if (endpoints.atVip.length + endpoints.own.length === 0) return;
  for (let answered = 0; answered < 2; ) {
    const problem = await problemAt(reach, host, director, endpoints);
    answered = problem === undefined ? answered + 1 : 0;
    if (answered === 2) return;
    if (problem !== undefined && Date.now() >= end)
      throw new LvsctlError(`${host.name} does not serve ${seconds} s after its changes: ${problem}`, {
        host: host.name,
        resource: 'check',
        hint: 'look whether the service runs there, and on which addresses it listens',
      });
    await pause(answered > 0 ? AGAIN : 1000, undefined, { signal: reach.signal }).catch(() => {
      throw new LvsctlError(`interrupted before ${host.name} was seen to serve`, {
        host: host.name,
        resource: 'check',
      });
    });
  }
}

/** What is still wrong, in a sentence. */
async function problemAt(
  reach: GateReach,
  host: ClusterHost,
  director: string,
  { atVip, own }: Endpoints,
): Promise<string | undefined> {
  const connected = [...own];
  for (const { service, servers } of atVip) {
    const { file, hosts } = reach.cluster;
    const { trouble, servers: heard } = await askVips(
      { file, service, hosts, director },
      async (script) => textOfBytes((await runOn(reach, director, script)).stdout),
      servers,
    );
    const [reason] = heard.flatMap(({ reasons }) => reasons);
    if (reason !== undefined) return sentenceOf(reason);
    // A director without perl and python3 can't ask at the VIP.
    if (trouble !== undefined || heard.length === 0) connected.push(...targets(servers));
  }
  return refusalAt(reach, host, director, connected);
}

async function refusalAt(
  reach: GateReach,
  host: ClusterHost,
  director: string,
  asked: readonly Target[],
): Promise<string | undefined> {
  if (asked.length === 0) return undefined;
  const questions = asked.map((one, index) => ({ ...one, labels: [`q${index}`] }));
  const { stdout } = await runOn(reach, director, trafficScript('connect', questions, [], LIMIT));
  const reader = new AttemptReader();
  reader.push(`${textOfBytes(stdout)}\n`);
  if (reader.client === 'none') {
    const text = `${director} has no bash, python3, perl or nc to connect to ${host.name} with: it is given back without that check`;
    reach.sink({ type: 'remark', host: host.name, text });
    return undefined;
  }
  const answers = new Map(reader.attempts.map((attempt) => [attempt.label, attempt]));
  for (const question of questions) {
    const answer = answers.get(question.labels[0] ?? '');
    if (answer === undefined || answer.outcome === 'fail')
      return `${director} can't connect to it at ${endpoint(question)}: ${answer?.text ?? 'no answer'}`;
  }
  return undefined;
}

async function runOn(reach: GateReach, director: string, script: Sh): Promise<CommandResult> {
  return (await reach.host(director)).run(script, { signal: reach.signal });
}
