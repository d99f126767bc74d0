import type { Cluster, ClusterHost } from '../../inventory/cluster.js';
import { isForeign } from '../../inventory/systems.js';
import type { Edition, Instructions, Source, Step } from '../../platforms/index.js';
import { createPaint, type Paint } from '../../report/index.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';

/** What lvsctl writes on a Linux host that the inventory gives a part. */
interface ManagedHost {
  readonly host: string;
  readonly system: 'Linux';
  /** Boot scripts by the part that they are for. */
  readonly scripts: readonly { readonly part: string; readonly path: string }[];
  readonly by: string;
}

/** Shows what has to be done on one host, from the inventory alone. */
export async function render(
  context: Context,
  file: string,
  name: string,
  options: OutputOptions,
): Promise<number> {
  const begun = Date.now();
  const cluster = await openInventory(context, file);
  checkNames('render', [name], [...cluster.hosts.keys()], 'host');
  const host = cluster.hosts.get(name);
  if (!host) throw new Error(`${name} is lost between its check and its use`);
  const found = isForeign(host)
    ? (await import('../../platforms/index.js')).instructionsFor(cluster, host)
    : managed(cluster, host);
  if (outputMode(context, options) === 'json') {
    const { createReporter } = await import('../../report/index.js');
    const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
    sink({ type: 'run.start', command: 'render', cluster: cluster.name, hosts: [name] });
    sink({ type: 'instructions', host: name, instructions: { ...found } });
    sink({ type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: (Date.now() - begun) / 1000 });
    return EXIT.converged;
  }
  const paint = createPaint(wantsColor(context, options));
  const lines = 'scripts' in found ? managedText(found, paint) : instructionsText(found, paint);
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.converged;
}

function managed(cluster: Cluster, host: ClusterHost): ManagedHost {
  const directs = cluster.services.some(({ directors }) => directors.includes(host.name));
  const holds = cluster.services.some(
    ({ forwarding, directors, realServers }) =>
      forwarding !== 'nat' &&
      !directors.includes(host.name) &&
      realServers.some((server) => server.host === host.name),
  );
  return {
    host: host.name,
    system: 'Linux',
    scripts: [
      ...(directs ? [{ part: 'director', path: '/etc/lvsctl/director.sh' }] : []),
      ...(holds ? [{ part: 'real server', path: '/etc/lvsctl/realserver.sh' }] : []),
    ],
    by: `lvsctl provision ${cluster.file}`,
  };
}

function managedText({ host, scripts, by }: ManagedHost, paint: Paint): string[] {
  const written = scripts.map(({ part, path }) => `  ${path}  ${paint.quiet(`as a ${part}`)}`);
  return [
    `${paint.strong(host)}  Linux: lvsctl does it all over SSH, by ${by}`,
    ...(written.length > 0
      ? ['', paint.live('boot scripts that it writes there, to be read and run by hand'), ...written]
      : ['  it holds no VIP, so there is no boot script for it']),
  ];
}

/** The instructions as the operator reads them. Commands stand on lines of their own, unbroken, to be copied. */
export function instructionsText(found: Instructions, paint: Paint): string[] {
  const lines = [
    `${paint.strong(found.host)}  ${found.system}, ${found.address}`,
    `  ${paint.change('not run:')} ${found.notRun}`,
    '',
    paint.live('what it has to do'),
    ...found.tasks.map((task) => `  - ${task}`),
  ];
  for (const edition of found.editions) lines.push(...editionText(edition, found, paint));
  if (found.arp)
    lines.push('', paint.live('why it stays quiet'), `  ${found.arp.text}${cited(found.arp.sources, paint)}`);
  if (found.cautions.length > 0) {
    lines.push('', paint.live('beware'));
    for (const { text, sources } of found.cautions) lines.push(`  - ${text}${cited(sources, paint)}`);
  }
  if (found.proof.length > 0)
    lines.push('', paint.live('prove it, from outside'), ...found.proof.map((command) => `  ${command}`));
  return lines;
}

function editionText(
  { name, now, atBoot, undo }: Edition,
  { editions }: Instructions,
  paint: Paint,
): string[] {
  const part = (title: string, steps: readonly Step[]): string[] =>
    steps.length === 0
      ? []
      : ['', paint.live(editions.length > 1 ? `${name}: ${title}` : title), ...stepsText(steps, paint)];
  return [...part('now', now), ...part('at boot', atBoot), ...part('undo', undo)];
}

function stepsText(steps: readonly Step[], paint: Paint): string[] {
  const how = { shell: 'as root', cmd: 'as administrator', file: 'in a file', hand: 'by hand' };
  return steps.flatMap(({ purpose, kind, file, lines, sources }) => [
    `  ${paint.quiet('#')} ${purpose}, ${file === undefined ? how[kind] : `in ${file}`}${cited(sources, paint)}`,
    ...lines.map((line) => `    ${line}`),
  ]);
}

/** ` [LVS-HOWTO, …; general knowledge]` */
function cited(sources: readonly Source[], paint: Paint): string {
  return sources.length === 0 ? '' : paint.quiet(`  [${sources.map(({ name }) => name).join('; ')}]`);
}
