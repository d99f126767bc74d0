import { createHash } from 'node:crypto';
import type { StoredFile } from '../engine/store.js';
import type { RebuildProfile } from './profiles.js';

/** A built kernel with its modules, made once and installed on every node that wants the same. */
export interface KernelBundle {
  /** What `uname -r` will say: `2.4.20-lvs3f2a1c9d`. */
  readonly release: string;
  /** Behind the version: `-lvs3f2a1c9d`. */
  readonly extraVersion: string;
  /** Its name in the controller's store. */
  readonly name: string;
  readonly profile: RebuildProfile;
}

/** Raised when the builder's own steps change what comes out of the same inputs. */
const RECIPE = 1;

/**
 * The bundle that comes of these inputs: same inputs, same name, and nothing is built again.
 * @param baseConfig text of the configuration that the build begins with; empty where the profile makes its own
 * @param stored artifacts are told by their digests; those that are not here yet by their names, so that the release is another once they are
 */
export function kernelBundle(
  profile: RebuildProfile,
  baseConfig: string,
  stored: ReadonlyMap<string, StoredFile>,
): KernelBundle {
  const inputs = {
    recipe: RECIPE,
    kernel: profile.kernel,
    build: profile.build,
    artifacts: profile.artifacts.map((name) => [name, stored.get(name)?.sha256 ?? null]),
    baseConfig,
  };
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 8);
  const extraVersion = `-lvs${hash}`;
  const release = `${profile.kernel}${extraVersion}`;
  return { release, extraVersion, name: `bundle ${release}`, profile };
}
