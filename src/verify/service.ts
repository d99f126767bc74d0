import { networkOf } from '../inventory/address.js';
import type { ClusterHost, Service } from '../inventory/cluster.js';
import { addressFor } from '../inventory/host-address.js';
import { isForeign, managedHosts, renderCommand, titleOf } from '../inventory/systems.js';
import { withRecorded } from '../ipvs/index.js';
import { arpScript, parseArpAnswers, sawFastestOnly } from './arp.js';
import { countedSince, type NoSnapshot, readCounters, type Snapshot, settledCounters } from './counters.js';
import { answerIsDue, answeringHosts, withDue } from './datagrams.js';
import { type ArpAnswer, explain, type Testimony } from './explain.js';
import { foreignServers } from './explain-foreign.js';
import { type Attribution, attribute, voiceOf } from './identity.js';
import {
  type Check,
  endpointOf,
  type Prepared,
  problemsOf,
  type Seen,
  type Traffic,
  tellRemarks,
} from './judge.js';
import { liveDirector } from './live-director.js';
import { discoveryOf, neighbourScript, parseNeighbourAnswers } from './ndisc.js';
import { neighboursScript, parseNeighbours } from './neighbours.js';
import type { RealServerShare, VerifyReport } from './report.js';
import { expectedShares } from './share.js';
import type { Unreachable } from './survey.js';
import { type Attempt, AttemptReader, dialogueOf, type Target, trafficScript } from './traffic.js';

/** A report of a check that could not be made, with the reason. */
export function unprovenReport(service: Service, from: string, ...problems: string[]): VerifyReport {
  const blank = service.realServers.map(() => undefined);
  return {
    service: service.name,
    endpoint: endpointOf(service),
    from,
    connections: 0,
    failedConnections: 0,
    shares: sharesOf(service, blank, blank),
    arp: [],
    problems,
  };
}

function sharesOf(
  service: Service,
  answered: readonly (number | undefined)[],
  counted: readonly (number | undefined)[],
): RealServerShare[] {
  const expected = expectedShares(service);
  return service.realServers.map(({ host, address, weight }, i) => ({
    host,
    address,
    weight,
    expected: expected[i],
    answered: answered[i],
    counted: counted[i],
  }));
}

/** Makes the connections, asks the director and the network, and says what is proven and what is wrong, with causes. */
export async function checkService(check: Check): Promise<VerifyReport> {
  const { service, probe, survey, sink, atVip } = check;
  const refusal = refusalOf(service, probe);
  if (refusal) return unprovenReport(service, probe.name, refusal, ...atVip);
  sink({ type: 'host.step', host: probe.name, step: 'traffic' });
  sink({
    type: 'verify.progress',
    service: service.name,
    from: probe.name,
    done: 0,
    total: check.connections,
  });

  const [prepared, director] = await Promise.all([
    prepare(check),
    liveDirector(service, survey),
    check.counterLag,
  ]);
  if ('unreachable' in prepared)
    return unprovenReport(
      service,
      probe.name,
      `probe host ${probe.name} can't be reached: ${prepared.unreachable}`,
      ...atVip,
    );
  const arp = prepared.arpMacs && (await ownersOf(check, prepared.arpMacs));

  const table = await survey.host(director);
  const before = 'unreachable' in table ? { why: table.unreachable } : await counters(check, director);
  const traffic = await connect(check, prepared);
  if ('unreachable' in traffic)
    return unprovenReport(
      service,
      probe.name,
      `probe host ${probe.name} was lost: ${traffic.unreachable}`,
      ...atVip,
    );
  const after =
    'why' in before || 'unreachable' in table
      ? before
      : await settled(check, director, before, traffic.attempts.length);
  const counted = 'why' in before || 'why' in after ? undefined : countedSince(before, after);
  const why = 'why' in after ? after.why : undefined;

  const seen: Seen = { ...prepared, ...traffic, director, arp, counted, why };
  return conclude('why' in before ? check : asRecorded(check, before), seen);
}

/**
 * Shares follow the weights that an operator has recorded on the director, where they are others than the inventory's. A server that
 * a check took out has none, whatever was recorded.
 */
function asRecorded(check: Check, { record }: Snapshot): Check {
  const { cluster, service } = check;
  const [recorded = service] = withRecorded({ ...cluster, services: [service] }, record).services;
  const own = cluster.services.find(({ name }) => name === service.name)?.realServers ?? [];
  const realServers = recorded.realServers.map((server, i) => {
    const isOut = service.realServers[i]?.weight === 0 && own[i]?.weight !== 0;
    return isOut ? { ...server, weight: 0 } : server;
  });
  return { ...check, service: { ...recorded, realServers } };
}

function refusalOf(service: Service, probe: ClusterHost): string | undefined {
  if (service.protocol === 'sctp')
    return `${endpointOf(service)} is not proven: a probe host can't speak SCTP with the tools it has`;
  if (service.port === 0)
    return `${service.name} is not proven: it takes every port of ${service.vip}, and the inventory doesn't say which of them serves; write such ports as \`fwmark\` and \`ports\``;
  if (service.forwarding !== 'nat' && service.realServers.some(({ host }) => host === probe.name))
    return `probe host ${probe.name} is a real server of ${service.name} and holds the VIP: it would talk to itself; name another host in probes`;
  return undefined;
}

/** Asks who has the VIP, and each real server directly, twice, to learn its voice: one trip, before any traffic to the VIP. */
async function prepare(check: Check): Promise<Prepared | Unreachable> {
  const { service, probe, survey } = check;
  const dialogue = dialogueOf(service);
  const asksOwner = inNetwork(probe, service.vip);
  const targets = service.realServers.map(
    ({ address, port }, i): Target => ({ address, port, labels: [`d${i}.a`, `d${i}.b`] }),
  );
  const six = service.vip.includes(':');
  const question = (six ? neighbourScript : arpScript)(probe.interface, service.vip);
  const result = await survey.run(probe.name, trafficScript(dialogue, targets, asksOwner ? [question] : []));
  if ('unreachable' in result) return result;
  const output = result.stdout.toString('latin1');
  const macs = (six ? parseNeighbourAnswers : parseArpAnswers)(output, service.vip);
  tellOfOwner(check, asksOwner, macs, output);
  const reader = new AttemptReader();
  reader.push(`${output}\n`);
  const asked = service.realServers.map((_, i) =>
    reader.attempts.filter(({ label }) => label.startsWith(`d${i}.`)),
  );
  return {
    dialogue,
    arpMacs: asksOwner ? macs : undefined,
    voices: asked.map(voiceOf),
    answerDue: answerIsDue(service, dialogue, answeringHosts(service, asked)),
    direct: new Map(
      service.realServers.map(({ host }, i) => [
        host,
        asked[i]?.find(({ outcome }) => outcome === 'fail')?.text,
      ]),
    ),
  };
}

/** Where the question who has the VIP could not be asked, or not well. */
function tellOfOwner(
  { service, probe, sink }: Check,
  asked: boolean,
  macs: readonly string[] | undefined,
  output: string,
): void {
  const tell = (text: string): void => sink({ type: 'remark', host: probe.name, text });
  const own = addressFor(probe, service.vip);
  if (!asked)
    tell(
      `${discoveryOf(service.vip)} for ${service.vip} is not checked from ${probe.name}: ${own ? `the VIP is not in its network ${own.address}/${own.prefix}` : 'it has no address of that family'}`,
    );
  else if (macs === undefined)
    tell(`who answers for ${service.vip} is not checked from ${probe.name}: it has no ip(8)`);
  else if (sawFastestOnly(output))
    tell(`${probe.name} has no arping, so only the fastest answer to ARP is seen: install arping there`);
}

function inNetwork(probe: ClusterHost, address: string): boolean {
  const own = addressFor(probe, address);
  return own !== undefined && networkOf(own.address, own.prefix).contains(address);
}

/** Finds the hosts of MAC addresses: first among the service's hosts, then among all, then the probe host's own. */
async function ownersOf(check: Check, macs: readonly string[]): Promise<ArpAnswer[]> {
  const { service, survey, cluster } = check;
  let owners = await survey.macOwners([...service.directors, ...service.realServers.map(({ host }) => host)]);
  if (macs.some((mac) => !owners.has(mac))) owners = await survey.macOwners(cluster.hosts.keys());
  if (macs.some((mac) => !owners.has(mac)))
    for (const [mac, host] of await foreignOwners(check)) if (!owners.has(mac)) owners.set(mac, host);
  return macs.map((mac) => ({ mac, host: owners.get(mac) }));
}

/** MAC addresses of hosts that can't be asked for them, as the probe host's ARP table has them. */
async function foreignOwners({ cluster, probe, survey }: Check): Promise<Map<string, string>> {
  const foreign = [...cluster.hosts.values()]
    .filter(isForeign)
    .filter(({ address }) => inNetwork(probe, address));
  if (foreign.length === 0) return new Map();
  const result = await survey.run(probe.name, neighboursScript(foreign.map(({ address }) => address)));
  if ('unreachable' in result) return new Map();
  const known = parseNeighbours(result.stdout.toString());
  return new Map(
    foreign.flatMap(({ name, address }) => {
      const mac = known.get(address);
      return mac === undefined ? [] : [[mac, name] as const];
    }),
  );
}

async function counters(
  { service, survey, signal }: Check,
  director: string,
): Promise<Snapshot | NoSnapshot> {
  const host = await survey.host(director);
  if ('unreachable' in host) return { why: host.unreachable };
  return readCounters(host, service, signal).catch(noSnapshot);
}

async function settled(
  { service, survey, signal }: Check,
  director: string,
  before: Snapshot,
  wanted: number,
): Promise<Snapshot | NoSnapshot> {
  const host = await survey.host(director);
  if ('unreachable' in host) return { why: host.unreachable };
  return settledCounters(host, service, before, wanted, signal).catch(noSnapshot);
}

function noSnapshot(error: unknown): NoSnapshot {
  return { why: error instanceof Error ? error.message : String(error) };
}

async function connect(check: Check, { dialogue, answerDue }: Prepared): Promise<Traffic | Unreachable> {
  const { service, probe, connections, survey, sink } = check;
  const labels = Array.from({ length: connections }, (_, i) => `c${i + 1}`);
  const reader = new AttemptReader();
  const result = await survey.run(
    probe.name,
    trafficScript(dialogue, [{ address: service.vip, port: service.port, labels }]),
    {
      onStdout: (chunk) => {
        if (reader.push(chunk) > 0)
          sink({
            type: 'verify.progress',
            service: service.name,
            from: probe.name,
            done: reader.attempts.length,
            total: connections,
          });
      },
    },
  );
  if ('unreachable' in result) return result;
  const missing = labels.slice(reader.attempts.length).map(
    (label): Attempt => ({
      label,
      outcome: 'fail',
      text: result.stderr.toString().trim().split('\n').at(-1) || 'the probe script ended before its turn',
    }),
  );
  return {
    attempts: reader.client === 'none' ? [] : withDue([...reader.attempts, ...missing], answerDue),
    client: reader.client ?? 'none',
  };
}

async function conclude(check: Check, seen: Seen): Promise<VerifyReport> {
  const { service, probe, connections } = check;
  const { attempts, voices, counted, arp } = seen;
  const attribution = attribute(voices, attempts);
  const failed = attempts.filter(({ outcome }) => outcome === 'fail');
  const problems = [...check.atVip, ...problemsOf(check, seen, attribution)];
  const wrong = problems.length > 0;
  const causes = wrong ? await findCauses(check, seen, unansweredBy(service, attribution, seen)) : [];
  if (failed.length > 0 && causes.length === 0 && check.atVip.length === 0) problems.push(noCause(check));
  tellRemarks(check, seen);
  return {
    service: service.name,
    endpoint: endpointOf(service),
    from: probe.name,
    connections: attempts.length === 0 ? 0 : connections,
    failedConnections: failed.length,
    shares: sharesOf(service, attribution.answered, counted ?? service.realServers.map(() => undefined)),
    arp: arp ?? [],
    problems: [...causes, ...problems],
  };
}

/** Connections that were sent to a real server, less those that it answered: the ones that failed there. */
function unansweredBy(
  service: Service,
  { answered }: Attribution,
  { attempts, counted }: Seen,
): Map<string, number> {
  const failures = attempts.filter(({ outcome }) => outcome === 'fail').length;
  return new Map(
    service.realServers.flatMap(({ host }, i) => {
      const sent = counted?.[i];
      const back = answered[i];
      if (sent === undefined || back === undefined || sent <= back || failures === 0) return [];
      return [[host, Math.min(sent - back, failures)] as const];
    }),
  );
}

function noCause({ cluster, service }: Check): string {
  const foreign = foreignServers({ service, hosts: cluster.hosts });
  const told = foreign.map(
    (host) =>
      `; ${host.name} runs ${titleOf(host)} and can't be asked: compare it with \`${renderCommand(cluster.file, host.name)}\``,
  );
  return `no cause is to be seen on its hosts: is one of them overloaded, or a packet filter on the way?${told.join('')}`;
}

/** Evidence from the hosts of the service and from those that answered ARP: gathered only when something is wrong. */
async function findCauses(
  check: Check,
  { arp, direct, director }: Seen,
  unanswered: ReadonlyMap<string, number>,
): Promise<string[]> {
  const { service, survey, cluster } = check;
  const names = new Set([
    ...service.directors,
    ...service.realServers.map(({ host }) => host),
    ...(arp ?? []).flatMap(({ host }) => host ?? []),
  ]);
  const asked = managedHosts([...names].flatMap((name) => cluster.hosts.get(name) ?? []));
  const testimony = new Map<string, Testimony>();
  await Promise.all(asked.map(async ({ name }) => testimony.set(name, await survey.evidence(name))));
  const { file, hosts } = cluster;
  return explain({ file, service, hosts, director, testimony, arp, direct, unanswered });
}
