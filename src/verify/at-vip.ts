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
 * can't ask, and a ping that nobody answered and nobody can explain, is remarked too; a director that can't be reached is told of
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
  const told = await Promise.all(
    servers.map(async ({ question, reasons }) => {
      const sure = question.bySyn || reasons.length === 0 || (await lacksVip(service, question, survey));
      if (question.server.weight > 0 && sure) return reasons.map(sentenceOf);
      reasons.map(sentenceOf).forEach(remark);
      return [];
    }),
  );
  return told.flat();
}

/** Whether a host that answered no ping at the VIP says itself that it takes nothing for it. */
async function lacksVip({ vip }: Service, { server }: Question, survey: Survey): Promise<boolean> {
  const evidence = await survey.evidence(server.host);
  if ('unreachable' in evidence) return false;
  return (
    holders(evidence.interfaces, vip).length === 0 &&
    !evidence.redirected.some(({ address }) => address === vip)
  );
}
