import { hostname, userInfo } from 'node:os';
import { UsageError } from '../../errors.js';
import type { Cluster } from '../../inventory/cluster.js';
import { isRolling, recordReason } from '../../ipvs/recorded.js';
import type { Access, Author, DirectorOutcome, Outcome } from '../../operations/index.js';
import type { Host } from '../../ssh/host.js';
import { type Context, EXIT, type OutputOptions } from '../context.js';
import { type Interruption, watchInterrupts } from '../interrupt.js';
import { openInventory } from '../inventory-file.js';
import { checkNames } from '../names.js';
import { type Reach, reachHosts } from '../reach.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { createOperationView, type OperationView } from './view.js';

export interface OperationOptions extends OutputOptions {
  readonly lab?: boolean;
  readonly reason?: string;
  readonly force?: boolean;
}

export interface OperationTarget {
  readonly command: 'drain' | 'undrain' | 'weight';
  readonly file: string | undefined;
  readonly host: string;
  readonly services: readonly string[] | undefined;
}

export interface Operating {
  readonly access: Access;
  readonly author: Author;
  readonly view: OperationView;
  readonly interruption: Interruption;
  /** How to come back to these hosts: ` --lab`, or nothing. */
  readonly lab: string;
}

/**
 * What `drain`, `undrain` and `weight` have in common: the inventory, the directors' connections and the end of the run.
 * @param work returns how many parts of it failed
 */
export async function operate(
  context: Context,
  { command, file, host, services }: OperationTarget,
  options: OperationOptions,
  work: (operating: Operating) => Promise<number>,
): Promise<number> {
  const cluster = await openInventory(context, file);
  checkNames(command, [host], [...cluster.hosts.keys()], 'host');
  const names = cluster.services.map(({ name }) => name);
  checkNames(command === 'weight' ? command : '--service', services, names, 'service');
  const reason = recordReason(options.reason ?? '');
  if (isRolling({ reason }))
    throw new UsageError(
      `--reason: “${reason}” is what rolling runs write, and the next of them gives such hosts back`,
      {
        hint: 'say it in other words',
      },
    );
  const { directorsOf, targetsOf } = await import('../../operations/index.js');
  const directors = directorsOf(targetsOf(cluster, { host, ...(services && { services }) }));
  const view = await createOperationView(context, options);
  const interruption = watchInterrupts(context, { first: () => undefined, again: () => view.close() });
  const begun = Date.now();
  const end = (failed: number): number => {
    const exitStatus = interruption.status ?? (failed > 0 ? EXIT.failed : EXIT.converged);
    const seconds = (Date.now() - begun) / 1000;
    view.event({ type: 'run.end', exitStatus, changed: view.changed, failed, seconds });
    return exitStatus;
  };
  view.event({ type: 'run.start', command, cluster: cluster.name, hosts: directors });
  let connections: Connections | undefined;
  try {
    const reach = await reachHosts(context, cluster, options, view.quietly);
    if (reach.remark !== undefined) view.event({ type: 'remark', text: reach.remark });
    connections = new Connections(reach, interruption.signal);
    const access = await accessTo(reach.cluster, connections, interruption.signal);
    const author: Author = {
      who: `${context.env.SUDO_USER ?? userInfo().username}@${hostname()}`,
      ...(options.reason !== undefined && { reason: options.reason }),
    };
    const lab = options.lab ? ' --lab' : '';
    return end(await work({ access, author, view, interruption, lab }));
  } finally {
    view.close();
    interruption.done();
    await connections?.close();
  }
}

async function accessTo(cluster: Cluster, connections: Connections, signal: AbortSignal): Promise<Access> {
  const { lockOwner } = await import('../../engine/index.js');
  return { cluster, host: (name) => connections.open(name), lock: lockOwner(), signal };
}

/** One connection to each director; one that failed is opened anew when it is asked for again. */
class Connections {
  readonly #hosts = new Map<string, Promise<Host>>();

  constructor(
    private readonly reach: Reach,
    private readonly signal: AbortSignal,
  ) {}

  open(name: string): Promise<Host> {
    const there = this.#hosts.get(name);
    if (there !== undefined) return there;
    const target = this.reach.cluster.hosts.get(name);
    if (target === undefined) throw new Error(`${name} is lost between inventory and twin`);
    const opening = unlessInterrupted(name, () => this.reach.open(target), this.signal);
    this.#hosts.set(name, opening);
    opening.catch(() => this.#hosts.delete(name));
    return opening;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#hosts.values()].map(async (opening) => (await opening).close()));
  }
}

/** Tells what was done on each director. Returns how many of them failed. */
export function tellOutcome(view: OperationView, { directors }: Outcome): number {
  for (const { director, changes, remarks, failure } of directors) {
    for (const change of changes) view.event({ type: 'weight', director, ...change });
    for (const text of remarks) view.event({ type: 'remark', host: director, text });
    if (failure) view.event({ type: 'failure', host: director, ...failure });
  }
  return directors.filter(({ failure }) => failure !== undefined).length;
}

/** Names of the directors on which all was done. */
export const doneOn = ({ directors }: Outcome): string[] =>
  directors.filter(({ failure }: DirectorOutcome) => failure === undefined).map(({ director }) => director);
