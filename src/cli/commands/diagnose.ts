import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Diagnosis } from '../../diagnose/index.js';
import type { RunEvent } from '../../engine/index.js';
import { UsageError } from '../../errors.js';
import { createPaint, createReporter } from '../../report/index.js';
import type { Host } from '../../ssh/host.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { watchInterrupts } from '../interrupt.js';
import { DEFAULT_FILE, openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';
import { type Reach, reachHosts } from '../reach.js';
import { unlessInterrupted } from '../unless-interrupted.js';

export interface DiagnoseOptions extends OutputOptions {
  readonly lab?: boolean;
  readonly service?: readonly string[];
}

/**
 * Looks for the causes that the table of src/diagnose knows, on all hosts of the services at once. Changes nothing.
 * Exit status 1 when something is found, 0 when not.
 */
export async function diagnose(
  context: Context,
  first: string | undefined,
  second: string | undefined,
  options: DiagnoseOptions,
): Promise<number> {
  const { file, named } = argumentsOf(context, first, second);
  const cluster = await openInventory(context, file);
  const services = named === undefined ? options.service : [...(options.service ?? []), named];
  checkNames(
    'diagnose',
    services,
    cluster.services.map(({ name }) => name),
    'service',
  );
  if (cluster.services.length === 0)
    throw new UsageError('diagnose: the inventory has no service to look at', {
      hint: 'give it `services`',
    });
  const json = outputMode(context, options) === 'json';
  const sink = json
    ? (await createReporter({ mode: 'json', stream: context.stdout })).sink
    : (event: RunEvent) => {
        if (event.type === 'remark') context.stderr.write(`${event.text}\n`);
      };
  const interruption = watchInterrupts(context, { first: () => undefined, again: () => undefined });
  const begun = Date.now();
  sink({ type: 'run.start', command: 'diagnose', cluster: cluster.name, hosts: [...cluster.hosts.keys()] });
  const opened: Host[] = [];
  try {
    const reach = await reachHosts(context, cluster, options, (work) => work());
    if (reach.remark !== undefined) sink({ type: 'remark', text: reach.remark });
    const { diagnose: look, isFault } = await import('../../diagnose/index.js');
    const diagnosis = await look({
      cluster: reach.cluster,
      open: (host) => open(reach, host, opened, interruption.signal),
      services,
      signal: interruption.signal,
    });
    const found = diagnosis.findings.filter(isFault).length;
    const exitStatus = interruption.status ?? (found > 0 ? EXIT.failed : EXIT.converged);
    if (json) tell(diagnosis, sink);
    else await print(context, options, diagnosis);
    sink({ type: 'run.end', exitStatus, changed: 0, failed: found, seconds: (Date.now() - begun) / 1000 });
    return exitStatus;
  } finally {
    interruption.done();
    await Promise.all(opened.map((host) => host.close()));
  }
}

/** `[FILE] [SERVICE]`; a single word that is no file names a service of inventory.ts. */
function argumentsOf(
  { cwd }: Context,
  first: string | undefined,
  second: string | undefined,
): { file: string | undefined; named: string | undefined } {
  const isService =
    first !== undefined &&
    second === undefined &&
    !existsSync(resolve(cwd, first)) &&
    !/[./]/.test(first) &&
    existsSync(resolve(cwd, DEFAULT_FILE));
  return isService ? { file: undefined, named: first } : { file: first, named: second };
}

async function open(
  reach: Reach,
  target: Parameters<Reach['open']>[0],
  opened: Host[],
  signal: AbortSignal,
): Promise<Host> {
  const host = await unlessInterrupted(target.name, () => reach.open(target), signal);
  opened.push(host);
  return host;
}

function tell({ findings, examined }: Diagnosis, sink: (event: RunEvent) => void): void {
  for (const finding of findings) sink({ type: 'diagnosis.finding', finding: { ...finding } });
  for (const one of examined) sink({ type: 'diagnosis.service', examined: { ...one } });
}

async function print(context: Context, options: DiagnoseOptions, diagnosis: Diagnosis): Promise<void> {
  const { diagnosisLines } = await import('../../diagnose/index.js');
  const paint = createPaint(wantsColor(context, options));
  const lines = diagnosisLines(diagnosis, options.verbose === true).map(({ text, tone }) =>
    tone === undefined ? text : paint[tone](text),
  );
  context.stdout.write(`${lines.join('\n')}\n`);
}
