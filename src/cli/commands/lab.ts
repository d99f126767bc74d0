import type { EventSink } from '../../engine/index.js';
import type { Cluster } from '../../inventory/cluster.js';
import { managedHosts } from '../../inventory/systems.js';
import type { LabHostStatus } from '../../lab/index.js';
import { createPaint, createReporter, pad } from '../../report/index.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { watchInterrupts } from '../interrupt.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';

/** Boots what is not up of the inventory's twin. */
export async function up(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  const { labUp } = await import('../../lab/index.js');
  const hosts = namesInLab(cluster);
  await tell(context, options, 'up', cluster, hosts, (sink) => labUp(cluster, sink));
  if (!options.json) {
    const name = file === undefined ? '' : ` ${file}`;
    context.stdout.write(`  build the cluster in it: lvsctl provision${name} --lab\n`);
  }
  return EXIT.converged;
}

export async function down(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  const { labDown } = await import('../../lab/index.js');
  await tell(context, options, 'down', cluster, namesInLab(cluster), (sink) => labDown(cluster, sink));
  return EXIT.converged;
}

export async function reboot(
  context: Context,
  file: string,
  names: readonly string[],
  options: OutputOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  const known = [...cluster.hosts.keys()];
  checkNames('lab reboot', names, known, 'host');
  const hosts = names.length > 0 ? names : namesInLab(cluster);
  const { labReboot } = await import('../../lab/index.js');
  await tell(context, options, 'reboot', cluster, hosts, (sink) => labReboot(cluster, hosts, sink));
  return EXIT.converged;
}

export async function reset(
  context: Context,
  file: string,
  names: readonly string[],
  options: OutputOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  checkNames('lab reset', names, [...cluster.hosts.keys()], 'host');
  const { labReset } = await import('../../lab/index.js');
  await tell(context, options, 'reset', cluster, names, (sink) => labReset(cluster, names, sink));
  return EXIT.converged;
}

/** Exit status 0 only when every host is up. */
export async function status(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
): Promise<number> {
  const cluster = await openInventory(context, file);
  const { labStatus } = await import('../../lab/index.js');
  const lab = await labStatus(cluster);
  if (options.json) {
    const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
    for (const { name, ...facts } of lab.hosts) sink({ type: 'facts', host: name, facts });
  } else {
    const paint = createPaint(wantsColor(context, options));
    const name = Math.max(0, ...lab.hosts.map((host) => host.name.length));
    const address = Math.max(0, ...lab.hosts.map((host) => host.address.length));
    const lines = lab.hosts.map((host) => {
      const state = pad(host.state, 7);
      const color = { up: paint.good, booting: paint.change, off: paint.quiet, failed: paint.bad }[
        host.state
      ];
      return `${pad(host.name, name)}  ${pad(host.address, address)}  ${color(state)}  ${paint.quiet(life(host))}`.trimEnd();
    });
    const head = `lab ${lab.name}: ${lab.running ? `network namespace ${lab.namespace}` : 'not up'}`;
    context.stdout.write(`${[paint.strong(head), ...lines].join('\n')}\n`);
  }
  return lab.hosts.every((host) => host.state === 'up') ? EXIT.converged : EXIT.failed;
}

function life({ uptimeSeconds, boots }: LabHostStatus): string {
  if (uptimeSeconds === undefined) return '';
  const since = uptimeSeconds < 120 ? `${uptimeSeconds} s` : `${Math.round(uptimeSeconds / 60)} min`;
  return `for ${since}${boots > 1 ? `, booted ${boots} times` : ''}`;
}

/** Exit status: that of the command. */
export async function exec(
  context: Context,
  file: string,
  host: string,
  command: readonly string[],
): Promise<number> {
  const cluster = await openInventory(context, file);
  checkNames('lab exec', [host], [...cluster.hosts.keys()], 'host');
  const { labExec } = await import('../../lab/index.js');
  // Ctrl-C is for the command, which shares the terminal.
  const leave = () => undefined;
  context.signals.on('SIGINT', leave);
  try {
    return await labExec(cluster, host, command);
  } finally {
    context.signals.off('SIGINT', leave);
  }
}

const namesInLab = (cluster: Cluster): string[] =>
  managedHosts(cluster.hosts.values()).map(({ name }) => name);

async function tell(
  context: Context,
  options: OutputOptions,
  verb: 'up' | 'down' | 'reboot' | 'reset',
  cluster: Cluster,
  hosts: readonly string[],
  work: (sink: EventSink) => Promise<void>,
): Promise<void> {
  const begun = Date.now();
  const reporter = await createReporter({
    mode: outputMode(context, options),
    stream: context.stdout,
    color: wantsColor(context, options),
    verbose: options.verbose ?? false,
  });
  const interruption = watchInterrupts(context, {
    // What the lab does can't be stopped half-way, but it can be done again or undone.
    first: () => {
      reporter.close();
      if (!options.json) {
        context.stderr.write(
          `\nInterrupted. \`lvsctl lab up ${cluster.file}\` goes on from here, \`lvsctl lab down\` removes it all.\n`,
        );
      }
      context.exit(130);
    },
    again: () => undefined,
  });
  try {
    reporter.sink({ type: 'run.start', command: `lab ${verb}`, cluster: cluster.name, hosts });
    await work(reporter.sink);
    const seconds = (Date.now() - begun) / 1000;
    reporter.sink({ type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds });
  } finally {
    reporter.close();
    interruption.done();
  }
}
