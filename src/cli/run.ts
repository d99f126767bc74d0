import { resolve } from 'node:path';
import type { Playbook, RunCommand, RunEvent, RunOutcome } from '../engine/index.js';
import type { Cluster } from '../inventory/cluster.js';
import { createReporter } from '../report/index.js';
import { type ArtifactFlags, checkMirrors } from './artifact-settings.js';
import { type Context, EXIT, type HostOptions, outputMode, wantsColor } from './context.js';
import { watchInterrupts } from './interrupt.js';
import { openInventory } from './inventory-file.js';
import { checkNames } from './names.js';
import { reachHosts } from './reach.js';
import { storeOpener } from './store.js';
import { unlessInterrupted } from './unless-interrupted.js';

/** What `facts`, `plan`, `provision` and `verify` have in common, and the little in which they differ. */
export interface RunOptions extends HostOptions, ArtifactFlags {
  readonly diff?: boolean;
  readonly exitCode?: boolean;
  readonly connections?: number;
  readonly service?: readonly string[];
}

/** What a command runs in place of the playbook that the options name. */
export interface OwnPlaybook {
  readonly of: (cluster: Cluster) => Promise<Playbook>;
  /** The command line that goes on with an interrupted run, without `lvsctl` and the inventory: `rolling --reboot`. */
  readonly again: string;
}

/** Carries out one command of the engine. Returns the exit status; what is wrong before the run begins is thrown. */
export async function runOnCluster(
  command: RunCommand,
  context: Context,
  file: string | undefined,
  options: RunOptions,
  own?: OwnPlaybook,
): Promise<number> {
  const cluster = await openInventory(context, file);
  checkNames('--limit', options.limit, namesOfHosts(cluster), 'host or group');
  checkNames(
    '--service',
    options.service,
    cluster.services.map(({ name }) => name),
    'service',
  );
  checkMirrors(options.mirror);
  const { loadPlaybook, runCluster } = await import('../engine/index.js');
  const playbook = own ? await own.of(cluster) : await choosePlaybook(context, options, loadPlaybook);
  const reporter = await createReporter({
    mode: outputMode(context, options),
    stream: context.stdout,
    color: wantsColor(context, options),
    verbose: options.verbose ?? false,
    diff: options.diff ?? false,
  });
  const interruption = watchInterrupts(context, {
    first: (working) =>
      reporter.sink({ type: 'remark', text: interruptText(working, cluster, options, own?.again) }),
    again: () => reporter.close(),
  });
  let pending = 0;
  const sink = (event: RunEvent) => {
    interruption.watch(event);
    if (event.type === 'change.planned') pending += 1;
    // The engine knows nothing of `plan --exit-code` and of Ctrl-C.
    if (event.type !== 'run.end') reporter.sink(event);
    else
      reporter.sink({
        ...event,
        exitStatus: interruption.status ?? exitStatus({ ...event, pending }, options),
      });
    if (event.type === 'run.start' && reach.remark !== undefined)
      reporter.sink({ type: 'remark', text: reach.remark });
  };
  const reach = await reachHosts(context, cluster, options, reporter.quietly);
  try {
    const outcome = await runCluster({
      command,
      cluster: reach.cluster,
      playbook,
      forks: options.forks,
      connections: options.connections ?? 40,
      ...(options.limit && { limit: options.limit }),
      ...(options.roles && { roles: options.roles }),
      ...(options.service && { services: options.service }),
      open: (host) => unlessInterrupted(host.name, () => reach.open(host), interruption.signal),
      openGate: async (gateReach) => (await import('../rolling/index.js')).openGate(gateReach),
      openStore: storeOpener(context, options, { reach, reporter, signal: interruption.signal }),
      sink,
      signal: interruption.signal,
    });
    return interruption.status ?? exitStatus(outcome, options);
  } catch (error) {
    if (interruption.status === undefined) throw error;
    return interruption.status;
  } finally {
    reporter.close();
    interruption.done();
  }
}

function exitStatus({ failed, pending }: Omit<RunOutcome, 'changed'>, options: RunOptions): number {
  if (failed > 0) return EXIT.failed;
  return options.exitCode && pending > 0 ? EXIT.pending : EXIT.converged;
}

/** The playbook named, or the one that builds the site. */
async function choosePlaybook(
  context: Context,
  options: RunOptions,
  loadPlaybook: (file: string) => Promise<Playbook>,
): Promise<Playbook> {
  if (options.playbook !== undefined) return loadPlaybook(resolve(context.cwd, options.playbook));
  const { default: site } = await import('../../playbooks/site.js');
  return site;
}

function namesOfHosts(cluster: Cluster): string[] {
  const hosts = [...cluster.hosts.values()];
  return [...new Set([...hosts.map(({ name }) => name), ...hosts.flatMap(({ groups }) => groups)])];
}

/** What goes on without lvsctl, and the way back to it. */
function interruptText(
  working: readonly string[],
  cluster: Cluster,
  options: RunOptions,
  again = 'provision',
): string {
  if (working.length === 0) return 'interrupted; no job of this run is at work on any host';
  const back = `lvsctl ${again} ${cluster.file}${options.lab ? ' --lab' : ''}`;
  return `interrupted; the work on ${working.join(', ')} goes on, since a job on a host outlives lvsctl: \`${back}\` comes back to it`;
}
