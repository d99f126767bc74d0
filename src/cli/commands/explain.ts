import type { RunEvent } from '../../engine/index.js';
import type { Cluster, ClusterHost } from '../../inventory/cluster.js';
import { type ForeignHost, foreignRemark, isForeign } from '../../inventory/systems.js';
import type { Alternative, ArpDecision, HostExplanation, IpvsDecision } from '../../kernel/index.js';
import { createPaint, createReporter, type Paint, plainLine, wrap } from '../../report/index.js';
import type { Host } from '../../ssh/host.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { watchInterrupts } from '../interrupt.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';
import { reachHosts } from '../reach.js';
import { unlessInterrupted } from '../unless-interrupted.js';

export interface ExplainOptions extends OutputOptions {
  readonly lab?: boolean;
}

/**
 * Asks one host for its facts, and says what is decided by them about its kernel. Nothing is changed there.
 * Exit status 1 when the host can't be asked.
 */
export async function explain(
  context: Context,
  file: string,
  name: string,
  options: ExplainOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  checkNames('explain', [name], [...cluster.hosts.keys()], 'host');
  const target = cluster.hosts.get(name);
  if (target && isForeign(target)) return explainForeign(context, cluster, target, options);
  const mode = outputMode(context, options);
  const reporter = await createReporter({
    mode,
    stream: context.stdout,
    color: wantsColor(context, options),
    verbose: options.verbose ?? false,
  });
  const interruption = watchInterrupts(context, { first: () => undefined, again: () => reporter.close() });
  const begun = Date.now();
  const end = (failed: number): RunEvent => ({
    type: 'run.end',
    exitStatus: interruption.status ?? (failed > 0 ? EXIT.failed : EXIT.converged),
    changed: 0,
    failed,
    seconds: (Date.now() - begun) / 1000,
  });
  reporter.sink({ type: 'run.start', command: 'explain', cluster: cluster.name, hosts: [name] });
  try {
    const reach = await reachHosts(context, cluster, options, reporter.quietly);
    const found = await ask(reach.cluster, name, reach.open, reporter.sink, interruption.signal);
    reporter.sink({ type: 'explanation', host: name, explanation: { ...found } });
    reporter.sink(end(0));
    reporter.close();
    if (mode !== 'json') {
      const columns = mode === 'terminal' ? (context.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
      const paint = createPaint(wantsColor(context, options));
      const lines = explanationText(name, found, paint, columns, options.verbose ?? false);
      context.stdout.write(`${lines.join('\n')}\n`);
    }
    return interruption.status ?? EXIT.converged;
  } catch (error) {
    if (interruption.status !== undefined) return interruption.status;
    const { LvsctlError } = await import('../../errors.js');
    if (!(error instanceof LvsctlError)) throw error;
    const { message, hint, resource = 'facts' } = error;
    reporter.sink({ type: 'failure', host: name, resource, message, ...(hint !== undefined && { hint }) });
    reporter.sink(end(1));
    return EXIT.failed;
  } finally {
    reporter.close();
    interruption.done();
  }
}

/** There is nothing to decide on a host that lvsctl does not log in to. */
async function explainForeign(
  context: Context,
  cluster: Cluster,
  host: ForeignHost,
  options: ExplainOptions,
): Promise<number> {
  const text = foreignRemark(cluster.file, host);
  if (outputMode(context, options) !== 'json') {
    context.stdout.write(`${createPaint(wantsColor(context, options)).strong(host.name)} ${text}\n`);
    return EXIT.converged;
  }
  const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
  sink({ type: 'run.start', command: 'explain', cluster: cluster.name, hosts: [] });
  sink({ type: 'remark', host: host.name, text });
  sink({ type: 'run.end', exitStatus: EXIT.converged, changed: 0, failed: 0, seconds: 0 });
  return EXIT.converged;
}

async function ask(
  cluster: Cluster,
  name: string,
  open: (host: ClusterHost) => Promise<Host>,
  sink: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<HostExplanation> {
  const [{ HostSession, lockOwner }, { explainHost }] = await Promise.all([
    import('../../engine/index.js'),
    import('../../kernel/index.js'),
  ]);
  const host = cluster.hosts.get(name);
  if (!host) throw new Error(`${name} is lost between inventory and twin`);
  const session = new HostSession(host, {
    open: (target) => unlessInterrupted(target.name, () => open(target), signal),
    sink,
    owner: lockOwner(),
    wishes: { commands: [], paths: [] },
    locking: false,
    signal,
  });
  try {
    return explainHost(cluster, host, await session.ready());
  } finally {
    await session.close();
  }
}

/** The explanation as the operator reads it; what the host's part does not ask for is one line, unless `verbose`. */
export function explanationText(
  host: string,
  { kernel, ipvs, arp }: HostExplanation,
  paint: Paint,
  columns: number,
  verbose: boolean,
): string[] {
  const lines = paragraph(0, paint.strong(host), `${kernel.release}: ${kernel.description}`, columns);
  const section = (title: string, part: string, needed: boolean, body: () => string[]) => {
    const head = `${paint.live(title)}  ${paint.quiet(needed ? part : `not needed: ${part}`)}`;
    lines.push('', head, ...(needed || verbose ? body() : []));
  };
  section('IPVS', ipvs.part, ipvs.needed, () => [
    ...decisionText(ipvs.decision, paint, columns),
    ...(ipvs.ipvsadm.length === 0 || ipvs.decision.kind === 'impossible'
      ? []
      : paragraph(2, 'ipvsadm', `${ipvs.ipvsadm.join(' or ')}, where no package serves`, columns)),
  ]);
  section('ARP', arp.part, arp.needed, () => decisionText(arp.decision, paint, columns));
  return lines;
}

function decisionText(decision: IpvsDecision | ArpDecision, paint: Paint, columns: number): string[] {
  const mark = decision.kind === 'impossible' ? paint.bad('✗') : paint.good('✓');
  const lines = paragraph(2, mark, decision.summary, columns);
  for (const reason of decision.reasons) lines.push(...paragraph(4, 'because', reason, columns));
  for (const caution of decision.cautions)
    lines.push(...paragraph(4, paint.change('beware:'), caution, columns));
  if (decision.kind === 'impossible') lines.push(...paragraph(4, paint.live('→'), decision.hint, columns));
  const { alternatives } = decision;
  if (alternatives.length > 0) lines.push(paint.quiet('  not taken (○ would work too):'));
  for (const each of alternatives) lines.push(...alternativeText(each, paint, columns));
  return lines;
}

const alternativeText = ({ way, possible, whyNot }: Alternative, paint: Paint, columns: number) =>
  paragraph(4, paint.quiet(possible ? '○' : '·'), `${way}: ${whyNot}`, columns);

/** A text behind its mark; further lines hang two blanks deeper. */
function paragraph(indent: number, mark: string, text: string, columns: number): string[] {
  const room = Math.max(20, columns - indent - 3);
  const [first = '', ...rest] = wrap(`${mark} ${plainLine(text)}`, room);
  return [' '.repeat(indent) + first, ...rest.map((line) => ' '.repeat(indent + 2) + line)];
}
