import { mkdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { LvsctlError } from '../errors.js';
import { algorithms, type Digest } from './artifact.js';
import type { Fingerprint } from './digests.js';

/** `${XDG_CACHE_HOME:-~/.cache}/lvsctl/NAME`; a relative XDG_CACHE_HOME counts as unset, as its specification wants. */
export function cacheFolder(
  name: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { XDG_CACHE_HOME: given, HOME } = env;
  const cache = given !== undefined && isAbsolute(given) ? given : join(HOME || homedir(), '.cache');
  return join(cache, 'lvsctl', name);
}

export const artifactCacheFolder = (env?: Readonly<Record<string, string | undefined>>): string =>
  cacheFolder('artifacts', env);

/**
 * Files by digest: `sha256/HEX` is the file, `md5/HEX` and the like are links to it. Who takes one from here computes its digest
 * again: what lay on a disk for years is not trusted for its name.
 */
export class ArtifactCache {
  constructor(readonly folder: string) {}

  /** Folder of what has come in part. */
  get unfinished(): string {
    return join(this.folder, 'partial');
  }

  async prepare(): Promise<void> {
    for (const name of [...algorithms, 'partial']) {
      await writing(this.folder, () => mkdir(join(this.folder, name), { recursive: true, mode: 0o700 }));
    }
  }

  /** The files that have one of these digests, by their names. */
  async find(digests: readonly Digest[]): Promise<string[]> {
    const paths = new Set<string>();
    for (const { algorithm, hex } of digests) {
      const path = await realpath(join(this.folder, algorithm, hex)).catch(() => undefined);
      if (path !== undefined) paths.add(path);
    }
    return [...paths];
  }

  /** Moves a file of this folder's file system to its place. Returns where it is now. */
  async keep(path: string, { digests }: Fingerprint): Promise<string> {
    const place = join(this.folder, 'sha256', digests.sha256);
    await writing(place, () => rename(path, place));
    for (const name of algorithms) {
      if (name === 'sha256') continue;
      const link = join(this.folder, name, digests[name]);
      await symlink(join('..', 'sha256', digests.sha256), link).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw unwritable(link, error);
      });
    }
    return place;
  }

  discard(path: string): Promise<void> {
    return rm(path, { force: true });
  }
}

/** Errors of the disk are told as what they are, and never taken for a mirror's. */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unwritable(path, error as NodeJS.ErrnoException);
  }
}

function unwritable(path: string, cause: NodeJS.ErrnoException): LvsctlError {
  const hint =
    cause.code === 'ENOSPC' || cause.code === 'EDQUOT'
      ? 'make room there, or set XDG_CACHE_HOME to a folder with more; what has come is kept'
      : 'make it writable for you, or set XDG_CACHE_HOME to another folder';
  return new LvsctlError(`${path} can't be written: ${cause.message}`, { hint, cause });
}
