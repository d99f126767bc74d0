import { dirname } from 'node:path';
import type { Store } from '../engine/index.js';
import type { Cluster } from '../inventory/cluster.js';
import type { Reporter } from '../report/index.js';
import type { LocalFile } from '../store/index.js';
import { type ArtifactFlags, artifactSettings } from './artifact-settings.js';
import type { Context } from './context.js';
import type { Reach } from './reach.js';

/** What opens this machine's store when a run needs it; a run that needs none does not even load the code. */
export function storeOpener(
  context: Context,
  flags: ArtifactFlags,
  run: { readonly reach: Reach; readonly reporter: Reporter; readonly signal: AbortSignal },
): () => Promise<Store> {
  const { cluster, artifacts: fromLab } = run.reach;
  return async () => {
    const [{ openStore }, { cacheFolder }, artifacts] = await Promise.all([
      import('../store/index.js'),
      import('../artifacts/index.js'),
      artifactSettings(context, flags, { ...run, lockFolder: dirname(cluster.file) }),
    ]);
    const local = new Map([...((await fromLab?.()) ?? []), ...(await ownFiles(cluster))]);
    return openStore({ artifacts, local, bundles: cacheFolder('bundles', context.env) });
  };
}

/** Files of the inventory's own kernels. */
async function ownFiles(cluster: Cluster): Promise<ReadonlyMap<string, LocalFile>> {
  const { ownFiles: filesOf } = await import('../kernel/index.js');
  return new Map(
    Object.entries(cluster.kernelProfiles ?? {}).flatMap(([name, own]) =>
      [...filesOf(name, own)].map(([artifact, file]) => [
        artifact,
        { ...file, saidBy: `kernelProfiles.${name} of ${cluster.file}` },
      ]),
    ),
  );
}
