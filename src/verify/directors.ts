import type { EventSink } from '../engine/events.js';
import type { Cluster, Service } from '../inventory/cluster.js';
import { keepalivedRuns } from '../inventory/keepalived.js';
import { destinationKey, destinationOf, parseProc, serviceIdentity } from '../ipvs/index.js';
import { sh } from '../shell/index.js';
import { holders } from './interfaces.js';
import { liveDirector } from './live-director.js';
import { nameOf, titled } from './share.js';
import type { Survey } from './survey.js';

interface Asking {
  readonly cluster: Cluster;
  readonly service: Service;
  readonly survey: Survey;
  readonly sink: EventSink;
}

export interface Directed {
  /** The service with weight 0 for each real server that a check took out, or an operator. */
  readonly service: Service;
  /** Sentences. */
  readonly problems: readonly string[];
}

/** What keepalived makes of a service: one director holds the VIP, and checks take real servers out. Neither is the inventory's word. */
export async function askDirectors(asking: Asking): Promise<Directed> {
  const { cluster, service, survey } = asking;
  const kept = service.directors.some((name) => {
    const host = cluster.hosts.get(name);
    return host !== undefined && keepalivedRuns(cluster, host);
  });
  if (!kept) return { service, problems: [] };
  const holding: string[] = [];
  for (const name of service.directors) {
    const interfaces = await survey.interfaces(name);
    if (!('unreachable' in interfaces) && holders(interfaces, service.vip).length > 0) holding.push(name);
  }
  return { service: await asChecksLeft(asking), problems: splitBrain(service, holding) };
}

function splitBrain({ name, vip }: Service, holding: readonly string[]): string[] {
  if (holding.length < 2) return [];
  return [
    `${holding.join(' and ')} hold ${vip} (${name}) at the same time, a split brain: each believes the others dead; see that VRRP (IP protocol 112) passes between their addresses`,
  ];
}

async function asChecksLeft({ service, survey, sink }: Asking): Promise<Service> {
  if ((service.checks ?? []).length === 0) return service;
  const director = await liveDirector(service, survey);
  const result = await survey.run(director, sh`cat /proc/net/ip_vs`);
  if ('unreachable' in result || result.status !== 0) return service;
  const id = serviceIdentity(service);
  const { services } = parseProc(result.stdout.toString()).table;
  // By mark the family is not shown; the addresses of the real servers tell it.
  const live = services.filter((one) =>
    one.id.kind === 'mark'
      ? id.kind === 'mark' && one.id.mark === id.mark
      : id.kind === 'address' &&
        one.id.protocol === id.protocol &&
        one.id.address === id.address &&
        one.id.port === id.port,
  );
  const out = new Set(
    live.flatMap(({ destinations }) => destinations.filter(({ weight }) => weight === 0).map(destinationKey)),
  );
  const realServers = service.realServers.map((server) => {
    if (server.weight === 0 || !out.has(destinationKey(destinationOf(service, server)))) return server;
    const text = `${service.name}: ${nameOf(server)} has weight 0 on ${titled(director)}: its check fails there, or it is drained, so no connection is expected to reach it`;
    sink({ type: 'remark', host: director, text });
    return { ...server, weight: 0 };
  });
  return { ...service, realServers };
}
