import type { RunEvent } from '../../engine/index.js';
import { UsageError } from '../../errors.js';
import type { Cluster } from '../../inventory/cluster.js';
import { type Context, EXIT, type OutputOptions } from '../context.js';
import { watchInterrupts } from '../interrupt.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';
import { reachHosts } from '../reach.js';
import { pause } from '../status/pause.js';
import { DirectorReader } from '../status/read.js';
import { createStatusView } from '../status/view.js';

export interface StatusOptions extends OutputOptions {
  readonly lab?: boolean;
  readonly service?: readonly string[];
  /** Seconds from one reading to the next; one reading when absent. */
  readonly watch?: number;
  readonly prometheus?: boolean;
}

/**
 * Reads the table of every director, one trip each, and shows it beside the inventory. Changes nothing.
 * Exit status 1 when a director can't be read; 0 when a watch ends by Ctrl-C.
 */
export async function status(
  context: Context,
  file: string | undefined,
  options: StatusOptions,
): Promise<number> {
  checkFormats(options);
  const cluster = await openInventory(context, file);
  const names = cluster.services.map(({ name }) => name);
  checkNames('--service', options.service, names, 'service');
  const directors = directorsOf(cluster, options.service);
  const view = await createStatusView(context, options);
  const interruption = watchInterrupts(context, { first: () => undefined, again: () => view.close() });
  // `lvsctl status --watch | head`: with its reader gone, a watch has no end of its own.
  const unread = new AbortController();
  const onUnread = () => unread.abort();
  context.stdout.once('error', onUnread);
  const signal = AbortSignal.any([interruption.signal, unread.signal]);
  const begun = Date.now();
  const end = (exitStatus: number, failed: number): RunEvent => ({
    type: 'run.end',
    exitStatus,
    changed: 0,
    failed,
    seconds: (Date.now() - begun) / 1000,
  });
  view.event({ type: 'run.start', command: 'status', cluster: cluster.name, hosts: directors });
  let reader: DirectorReader | undefined;
  let failed = 0;
  try {
    const reach = await reachHosts(context, cluster, options, view.quietly);
    if (reach.remark !== undefined) view.event({ type: 'remark', text: reach.remark });
    reader = new DirectorReader(reach, options.service, signal);
    for (;;) {
      const next = Date.now() + (options.watch ?? 0) * 1000;
      const readings = await reader.read(directors, options.watch);
      if (signal.aborted) break;
      failed = readings.filter((reading) => 'failure' in reading).length;
      view.readings(readings);
      if (options.watch === undefined) break;
      await pause(next - Date.now(), signal);
      if (signal.aborted) break;
    }
    const exitStatus = statusOf(interruption.status, options, failed);
    view.event(end(exitStatus, failed));
    return exitStatus;
  } finally {
    view.close();
    interruption.done();
    context.stdout.off('error', onUnread);
    await reader?.close();
  }
}

/** Ctrl-C is how a watch ends. */
function statusOf(interrupted: number | undefined, { watch }: StatusOptions, failed: number): number {
  if (interrupted === 130 && watch !== undefined) return EXIT.converged;
  return interrupted ?? (failed > 0 ? EXIT.failed : EXIT.converged);
}

function checkFormats({ json, prometheus, watch }: StatusOptions): void {
  if (!prometheus) return;
  if (json)
    throw new UsageError('--json and --prometheus: only one format at a time', {
      hint: 'give one of the two',
    });
  if (watch !== undefined)
    throw new UsageError('--watch and --prometheus: a text for Prometheus is one reading', {
      hint: 'leave --watch out, and let a timer run lvsctl as often as Prometheus shall see it',
    });
}

/** In the inventory's order; without those that direct none of the services asked for. @throws UsageError when there is none */
function directorsOf(cluster: Cluster, only: readonly string[] | undefined): string[] {
  const services = cluster.services.filter(({ name }) => only === undefined || only.includes(name));
  const directors = [...new Set(services.flatMap((service) => service.directors))];
  if (directors.length === 0)
    throw new UsageError('status: the inventory has no director, so there is no table to read', {
      hint: 'give it a service with `directors`',
    });
  return directors;
}
