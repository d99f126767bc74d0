import type { ServiceRealServer } from '../../inventory/cluster.js';
import { addressFor } from '../../inventory/host-address.js';
import type { Sh } from '../../shell/index.js';
import type { Reason } from '../reason.js';
import { type Question, questionsOf } from './question.js';
import { type VipCase, vipReasons } from './reasons.js';
import { parseVipAnswers, vipScript } from './script.js';

/** What came of asking the real servers of a service at the VIP. */
export interface Heard {
  /** Those that were asked, each with what is wrong with it: nothing, when it takes what the director sends. */
  readonly servers: readonly { readonly question: Question; readonly reasons: readonly Reason[] }[];
  /** Why some, or all, could not be asked: `can't` and this. */
  readonly trouble?: string;
}

/**
 * Lets a director ask real servers whether they take what it sends on to them, as {@link vipScript} does it: one trip.
 * @param run runs the script on the director, as root, and gives its stdout; undefined when that could not be done
 * @param servers all of the service by default
 */
export async function askVips(
  found: VipCase,
  run: (script: Sh) => Promise<string | undefined>,
  servers: readonly ServiceRealServer[] = found.service.realServers,
): Promise<Heard> {
  const { service, director, hosts } = found;
  const host = hosts.get(director);
  const questions = questionsOf(service, director, host && addressFor(host, service.vip)?.address, servers);
  const told = questions.length === 0 ? undefined : await run(vipScript(questions));
  if (told === undefined) return { servers: [] };
  const { answers, trouble } = parseVipAnswers(told, questions);
  const asked = questions.flatMap((question, i) => {
    const answer = answers[i];
    if (!answer || answer.unasked === 'from-vip') return [];
    return [{ question, reasons: vipReasons(found, question, answer) }];
  });
  if (trouble !== undefined) return { servers: asked, trouble };
  if (!answers.some((answer) => answer?.unasked === 'from-vip')) return { servers: asked };
  return {
    servers: asked,
    trouble: 'ask from another address than the VIP: the inventory gives this host none of its family',
  };
}
