import type { Playbook, Share } from '../../engine/index.js';
import { defaultWaitSeconds } from '../../engine/rolling.js';
import { UsageError } from '../../errors.js';
import type { Cluster } from '../../inventory/cluster.js';
import { isForeign } from '../../inventory/systems.js';
import { quote } from '../../shell/index.js';
import type { Context, OutputOptions } from '../context.js';
import { runOnCluster } from '../run.js';

export interface RollingOptions extends OutputOptions {
  readonly lab?: boolean;
  readonly limit?: readonly string[];
  readonly roles?: readonly string[];
  readonly command?: string;
  readonly reboot?: boolean;
  /** Seconds. */
  readonly wait: number;
  readonly cut?: boolean;
  /** Seconds. */
  readonly within?: number;
  readonly batch: Share;
  readonly maxFailures: Share;
  readonly anew?: boolean;
  readonly plan?: boolean;
}

/** Real servers, one after the other: out of the tables, what the operator wants, checked, and back. */
export async function rolling(
  context: Context,
  file: string | undefined,
  options: RollingOptions,
): Promise<number> {
  const { roles, command, reboot = false, limit, lab, json, verbose, color } = options;
  if (roles === undefined && command === undefined && !reboot)
    throw new UsageError('rolling: nothing to do to the real servers', {
      hint: 'say --reboot, --command CMD, --roles ROLE,…, or several of them, which are done in the order roles, command, reboot',
    });
  const { realServerRoles, rollingStages } = await import('../../../playbooks/rolling.js');
  const known = realServerRoles.map(({ name }) => name);
  const unknown = roles?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--roles: no role of real servers is called ${unknown}`, {
      hint: `they are ${known.join(', ')}; for others write a playbook with rollingStages (see README, "Rolling changes")`,
    });
  const of = async (cluster: Cluster): Promise<Playbook> => {
    checkTargets(cluster, limit);
    return {
      name: 'rolling',
      verify: true,
      stages: rollingStages({
        roles: realServerRoles.filter(({ name }) => roles?.includes(name)),
        ...(command !== undefined && { command }),
        reboot,
        ...(options.within !== undefined && { rebootWithinSeconds: options.within }),
        drain: { waitSeconds: options.wait, busy: options.cut ? 'cut' : 'stop' },
        batch: options.batch,
        maxFailures: options.maxFailures,
        anew: options.anew ?? false,
      }),
    };
  };
  const shared = {
    forks: 10,
    ...(lab !== undefined && { lab }),
    ...(limit && { limit }),
    ...(json !== undefined && { json }),
    ...(verbose !== undefined && { verbose }),
    ...(color !== undefined && { color }),
  };
  return runOnCluster(options.plan ? 'plan' : 'provision', context, file, shared, {
    of,
    again: sameAgain(options),
  });
}

/** @throws UsageError where there is nobody to do it to */
function checkTargets(cluster: Cluster, limit: readonly string[] | undefined): void {
  const chosen = [...cluster.hosts.values()].filter(
    ({ name, groups }) =>
      limit === undefined || limit.includes(name) || groups.some((group) => limit.includes(group)),
  );
  const served = chosen.filter(({ name }) =>
    cluster.services.some(({ realServers }) => realServers.some(({ host }) => host === name)),
  );
  const directs = served.filter(({ name }) =>
    cluster.services.some(({ directors }) => directors.includes(name)),
  );
  if (served.some((host) => !directs.includes(host) && !isForeign(host))) return;
  const [director] = directs;
  throw new UsageError(
    limit
      ? '--limit: names no real server that can be taken out'
      : 'the inventory has no real server that can be taken out',
    {
      hint: director
        ? `${director.name} is a director too, and these are left alone`
        : 'name real servers, or groups of them',
    },
  );
}

/** The command line that goes on with it: with the same hosts, since it would be another run with others. */
export function sameAgain(options: RollingOptions): string {
  const { roles, command, reboot, limit, wait, cut, within, batch, maxFailures } = options;
  const words = [
    ...(roles ? [`--roles ${roles.join(',')}`] : []),
    ...(command !== undefined ? [`--command ${quote(command)}`] : []),
    ...(reboot ? ['--reboot'] : []),
    ...(limit ? [`--limit ${limit.join(',')}`] : []),
    ...(wait === defaultWaitSeconds ? [] : [`--wait ${wait}`]),
    ...(cut ? ['--cut'] : []),
    ...(within === undefined ? [] : [`--within ${within}`]),
    ...(batch === 1 ? [] : [`--batch ${batch}`]),
    ...(maxFailures === 0 ? [] : [`--max-failures ${maxFailures}`]),
  ];
  return `rolling ${words.join(' ')}`;
}
