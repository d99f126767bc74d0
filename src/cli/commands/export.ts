import { type Exported, type ExportFormat, exportIpvsadm, exportKeepalived } from '../../convert/index.js';
import { UsageError } from '../../errors.js';
import type { Cluster, ClusterHost } from '../../inventory/cluster.js';
import { createReporter } from '../../report/index.js';
import { type Context, EXIT, type OutputOptions } from '../context.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';

export interface ExportOptions extends OutputOptions {
  readonly format: ExportFormat;
  readonly director?: string;
}

const EXPORTS: Readonly<Record<ExportFormat, (cluster: Cluster, director: ClusterHost) => Exported>> = {
  ipvsadm: exportIpvsadm,
  keepalived: exportKeepalived,
};

/**
 * Prints what one director has to do in the words of another program, on stdout; on stderr what that program has no words for.
 * Contacts nothing. @throws UsageError where it isn't clear which director
 */
export async function exportInventory(
  context: Context,
  file: string | undefined,
  options: ExportOptions,
): Promise<number> {
  const begun = Date.now();
  const { format } = options;
  const cluster = await openInventory(context, file);
  const director = directorOf(cluster, options.director);
  const { text, lost } = EXPORTS[format](cluster, director);
  if (options.json) {
    const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
    sink({ type: 'run.start', command: 'export', cluster: cluster.name, hosts: [director.name] });
    sink({ type: 'export', format, director: director.name, text });
    for (const each of lost) sink({ type: 'export.lost', ...each });
    const seconds = (Date.now() - begun) / 1000;
    sink({ type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds });
    return EXIT.converged;
  }
  context.stdout.write(text);
  context.stderr.write(`Not in it, for ${format} has no words for it:\n`);
  for (const { subject, reason } of lost)
    context.stderr.write(`  ${subject}: ${reason.replace(/\n/g, '\n      ')}\n`);
  return EXIT.converged;
}

function directorOf(cluster: Cluster, named: string | undefined): ClusterHost {
  const names = [...new Set(cluster.services.flatMap(({ directors }) => directors))];
  if (named !== undefined) checkNames('--director', [named], names, 'director');
  else if (names.length > 1)
    throw new UsageError(
      `export: the inventory has ${names.length} directors, and each has a text of its own`,
      {
        hint: `name one: --director ${names.join(', --director ')}`,
      },
    );
  const director = cluster.hosts.get(named ?? names[0] ?? '');
  if (director === undefined)
    throw new Error(`director ${named ?? names[0]} is lost between its check and its use`);
  return director;
}
