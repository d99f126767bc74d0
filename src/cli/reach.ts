import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Host } from '../ssh/host.js';
import type { LocalFile } from '../store/index.js';
import { askPassword } from './ask.js';
import type { Context } from './context.js';

/** How the hosts of one run are reached. */
export interface Reach {
  /** With the SSH settings that are in force. */
  readonly cluster: Cluster;
  readonly open: (host: ClusterHost) => Promise<Host>;
  /** Files of this machine in place of the catalogue's: a lab has twins of upstream's. */
  readonly artifacts?: () => Promise<ReadonlyMap<string, LocalFile>>;
  /** What the operator has to know of these hosts; absent where nothing is special. */
  readonly remark?: string | undefined;
}

/**
 * Over SSH as the inventory says, or, with `lab`, to the twin of the same names and addresses.
 * @param quietly keeps the screen still while a question stands on it
 */
export async function reachHosts(
  context: Context,
  cluster: Cluster,
  options: { readonly lab?: boolean },
  quietly: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Reach> {
  const { ConnectLimiter, environmentPasswords, openHost } = await import('../ssh/index.js');
  const passwords = environmentPasswords(context.env, (question) =>
    quietly(() => askPassword(context, question)),
  );
  const limiter = new ConnectLimiter();
  if (!options.lab) return { cluster, open: (host) => openHost(host, { passwords, limiter }) };
  const { labAccess, labArtifacts } = await import('../lab/index.js');
  const { cluster: twin, dial, remark } = await labAccess(cluster);
  return {
    cluster: twin,
    remark,
    open: (host) => openHost(host, { passwords, limiter, dial }),
    artifacts: () => labArtifacts(cluster),
  };
}
