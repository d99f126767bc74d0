import type { Resource } from '../../src/engine/resource.js';
import { defineRole, type Role, type RoleInput } from '../../src/engine/role.js';
import { drainableServices } from '../../src/engine/rolling.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { observedText } from '../../src/resources/observed.js';
import { oneLine } from '../../src/resources/oneLine.js';
import { type Sh, sh, shLines, trusted } from '../../src/shell/index.js';
import { stateFolder } from '../../src/ssh/jobs.js';
import { type NoParams, noParams } from '../noParams.js';
import { type Run, runOf, timeText } from './continued.js';
import {
  type HostMarks,
  isDone,
  marksProbe,
  parseMarks,
  stepsOf,
  type Task,
  taskKey,
  writeMark,
} from './marks.js';

const PUBLISHED = { marks: 'rolling marks', left: 'rolling left' };
const DEFAULT_REBOOT_SECONDS = 600;

const isRolled = (host: ClusterHost, cluster: Cluster): boolean =>
  drainableServices(cluster, host).length > 0;
const directs = ({ name }: ClusterHost, { services }: Cluster): boolean =>
  services.some(({ directors }) => directors.includes(name));

/** Names of the hosts that rolling runs have taken out and not given back, one a line, from the director's record. */
const leftProbe: Sh = trusted(
  `[ ! -r ${stateFolder}/weights ] || while read -r host service weight when who reason; do case $reason in rolling) echo "$host" ;; esac; done < ${stateFolder}/weights`,
);

/** Asks all hosts what earlier runs have done on them, before the first is touched. */
export const rollingSurvey: Role<NoParams> = defineRole({
  name: 'rollingSurvey',
  description: 'finds out whether an interrupted rolling run is to be gone on with',
  params: noParams,
  appliesTo: (host, cluster) => isRolled(host, cluster) || directs(host, cluster),
  resources: () => [],
  publish: ({ cluster, host }) => ({
    ...(isRolled(host, cluster) && { [PUBLISHED.marks]: marksProbe }),
    ...(directs(host, cluster) && { [PUBLISHED.left]: leftProbe }),
  }),
});

export interface TaskOptions extends Task {
  /** Id of this run, where it is not the rest of an earlier one. */
  readonly run: string;
  /** True: an interrupted run is not gone on with. */
  readonly anew?: boolean;
  /** Seconds until a host must be back; `kernel.rebootWithinSeconds` of the inventory, else 600, unless given. */
  readonly withinSeconds?: number;
}

/**
 * Does something once on each host of a run. A command and a reboot have no state to converge to: what a mark of this very run says
 * is done is done. So the second half of rule 5 holds within a run and its continuation; the next run does it again.
 */
export function rollingTask(options: TaskOptions): Role<NoParams> {
  return defineRole({
    name: 'rolling',
    description: 'does what a rolling run was asked for, once on each host',
    params: noParams,
    appliesTo: isRolled,
    resources(input) {
      const { run, task } = thisRun(options, input);
      const withinSeconds =
        options.withinSeconds ?? input.host.kernel?.rebootWithinSeconds ?? DEFAULT_REBOOT_SECONDS;
      return [
        ...(options.command === undefined ? [] : [command(options.command, run, task)]),
        ...(options.reboot ? [reboot(run, task, withinSeconds)] : []),
      ];
    },
    remarks(input) {
      const { run, own } = thisRun(options, input);
      if (!run.continued) return [];
      const done = own !== undefined && stepsOf(options).every((step) => isDone(own, run.id, step));
      return [
        `goes on with the rolling run of ${timeText(run.id)}${done ? ', which has done it here' : ''}; --anew begins again`,
      ];
    },
  });
}

function thisRun(
  options: TaskOptions,
  { cluster, host, published, unready }: RoleInput<unknown>,
): { readonly run: Run; readonly task: string; readonly own: HostMarks | undefined } {
  const marks = new Map<string, HostMarks>();
  const left = new Set<string>();
  for (const [name, values] of published) {
    const text = values[PUBLISHED.marks];
    if (text !== undefined) marks.set(name, parseMarks(text));
    for (const each of values[PUBLISHED.left]?.split('\n') ?? []) left.add(each);
  }
  const silent = [...unready.keys()].filter((name) => {
    const other = cluster.hosts.get(name);
    return other !== undefined && isRolled(other, cluster) && !marks.has(name);
  });
  const task = taskKey(options, [...marks.keys(), ...silent]);
  const fresh = { id: options.run, continued: false };
  const open = [...silent, ...[...marks.keys()].filter((name) => left.has(name))];
  return {
    task,
    own: marks.get(host.name),
    run: options.anew ? fresh : runOf(options.run, task, stepsOf(options), marks, open),
  };
}

function command(text: string, { id: run }: Run, task: string): Resource {
  const id = 'rolling command';
  return {
    id,
    probe: marksProbe,
    plan(observed) {
      if (isDone(parseMarks(observedText(id, observed)), run, 'command')) return undefined;
      return {
        summary: `run ${oneLine(text)}`,
        apply: shLines(sh`cd /; sh -c ${text}`, writeMark({ run, task, step: 'command' })),
      };
    },
  };
}

function reboot({ id: run }: Run, task: string, withinSeconds: number): Resource {
  const id = 'rolling reboot';
  return {
    id,
    probe: marksProbe,
    plan(observed) {
      if (isDone(parseMarks(observedText(id, observed)), run, 'reboot')) return undefined;
      return {
        summary: `reboot, to be back within ${withinSeconds} s`,
        apply: writeMark({ run, task, step: 'reboot' }),
        reboot: { withinSeconds },
      };
    },
  };
}
