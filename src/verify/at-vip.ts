import type { EventSink } from '../engine/events.js';
import type { Cluster, Service } from '../inventory/cluster.js';
import { holders } from './interfaces.js';
import { liveDirector } from './live-director.js';
import { sentenceOf } from './reason.js';
import type { Survey } from './survey.js';
import { askVips, hasVipOnServers, type Question } from './vips/index.js';

interface Asking {
  readonly cluster: Cluster;
  readonly service: Service;
  readonly survey: Survey;
  readonly sink: EventSink;
}

/**
 * Lets the director that holds the VIP ask each real server at the VIP: those without it are told with the way out, whether or not
 * a connection would come to them now. A drained one may be in somebody's hands, so it is only remarked. What the director
 * can't ask, and silence that the real server itself does not explain, is remarked too; a director that can't be reached is told of
 * by the traffic check.
 */
export async function askAtVip({ cluster, service, survey, sink }: Asking): Promise<string[]> {
  if (!hasVipOnServers(service)) return [];
  const director = await liveDirector(service, survey);
  const remark = (text: string): void =>
    sink({ type: 'remark', host: director, text: `${service.name}: ${text}` });
  const { servers, trouble } = await askVips(
    { file: cluster.file, service, hosts: cluster.hosts, director },
    async (script) => {
      const result = await survey.run(director, script);
      return 'unreachable' in result ? undefined : result.stdout.toString();
    },
  );
  if (trouble !== undefined)
    remark(`not every real server was asked at ${service.vip} from here: can't ${trouble}`);
  const problems = await Promise.all(
    servers.map(async ({ question, reasons }) => {
      const doubtful = !question.bySyn || reasons.some(({ check }) => check === 'server-silent');
      const sure = reasons.length === 0 || !doubtful || (await admits(service, question, survey));
      if (question.server.weight > 0 && sure) return reasons.map(sentenceOf);
      reasons.map(sentenceOf).forEach(remark);
      return [];
    }),
  );
  return problems.flat();
}

/**
 * Whether a host that left pings unanswered, or everything, takes nothing for the VIP by its own word, or gives none
 * either. Else a packet filter of its own may keep the director away, and no client.
 */
async function admits(
  { vip, port, protocol }: Service,
  { server, bySyn }: Question,
  survey: Survey,
): Promise<boolean> {
  const evidence = await survey.evidence(server.host);
  if ('unreachable' in evidence) return bySyn;
  const { interfaces, redirected, listeners } = evidence;
  if (holders(interfaces, vip).length === 0 && !redirected.some(({ address }) => address === vip))
    return true;
  return bySyn && !listeners.some((one) => one.protocol === protocol && one.port === port);
}
