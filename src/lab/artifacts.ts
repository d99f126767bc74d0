import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Cluster } from '../inventory/cluster.js';
import type { LocalFile } from '../store/index.js';
import { layoutOf } from './layout.js';

/**
 * What takes the place of upstream's files in a lab that has hosts of 2003, by artifact name: sources of kernels that a lab host boots.
 * They are made anew each time, in a moment, and put in place whole: another run may be reading them.
 */
export async function labArtifacts(cluster: Cluster): Promise<ReadonlyMap<string, LocalFile>> {
  if (![...cluster.hosts.values()].some(({ lab }) => lab?.flavour === 'redhat9')) return new Map();
  const { makeTwinSources } = await import('./twin-sources/index.js');
  const folder = join(layoutOf(cluster.name).directory, 'sources');
  const fresh = `${folder}.${process.pid}.new`;
  try {
    const sources = await makeTwinSources(fresh);
    await mkdir(folder, { recursive: true });
    const files = sources.map(async ({ name, path, sha256 }) => {
      const file = join(folder, basename(path));
      await rename(path, file);
      return [name, { file, sha256, saidBy: 'the lab' }] as const;
    });
    return new Map(await Promise.all(files));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
