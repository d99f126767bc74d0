import { basename, join } from 'node:path';
import { type Algorithm, type Artifact, algorithms } from './artifact.js';
import type { ArtifactCache } from './cache.js';
import { fingerprintOfFile } from './digests.js';
import { structureRefusal } from './inspect.js';
import { type ArtifactOptions, cacheOf, progressOf, untilInterrupted } from './options.js';
import { partialSize } from './partial.js';
import { type Pin, readPins } from './pins.js';
import { structureOf } from './structure.js';
import { expectedDigests, refusalOf } from './trust.js';

export interface ArtifactState {
  readonly artifact: Artifact;
  /** By what a right file is known: the catalogue's strongest digest, a pin, or nothing yet. */
  readonly knownBy: Algorithm | 'pin' | undefined;
  readonly pin: Pin | undefined;
  readonly state: 'cached' | 'partial' | 'absent' | 'wrong';
  /** In the cache. */
  readonly path: string | undefined;
  /** Bytes that have come, when `partial`. */
  readonly came: number;
  /** Why it is wrong. */
  readonly reason: string | undefined;
}

/**
 * What of these artifacts is in the cache; nothing is fetched or changed.
 * @param check computes the digests again, and looks into what was pinned; else the names in the cache are believed
 */
export async function surveyArtifacts(
  artifacts: readonly Artifact[],
  options: ArtifactOptions,
  check: boolean,
): Promise<ArtifactState[]> {
  const pins = await readPins(options.lockFile);
  const cache = cacheOf(options);
  return untilInterrupted(options.signal, async () => {
    const states: ArtifactState[] = [];
    for (const artifact of artifacts)
      states.push(await stateOf(artifact, pins.get(artifact.name), cache, options, check));
    return states;
  });
}

/** Pins of what the catalogue does not have. */
export async function strayPins({ catalogue, lockFile }: ArtifactOptions): Promise<string[]> {
  const pins = await readPins(lockFile);
  return [...pins.keys()].filter((name) => !catalogue.some((artifact) => artifact.name === name));
}

async function stateOf(
  artifact: Artifact,
  pin: Pin | undefined,
  cache: ArtifactCache,
  options: ArtifactOptions,
  check: boolean,
): Promise<ArtifactState> {
  const strongest = algorithms.findLast((name) =>
    artifact.digests.some(({ algorithm }) => algorithm === name),
  );
  const known = { artifact, pin, knownBy: strongest ?? (pin === undefined ? undefined : ('pin' as const)) };
  const paths = await cache.find(expectedDigests(artifact, pin));
  let wrong: { readonly path: string; readonly reason: string } | undefined;
  for (const path of paths) {
    const reason = check ? await wrongness(artifact, pin, path, options) : undefined;
    if (reason === undefined) return { ...known, state: 'cached', path, came: 0, reason };
    wrong ??= { path, reason };
  }
  if (wrong !== undefined) return { ...known, state: 'wrong', ...wrong, came: 0 };
  const came = await partialSize(join(cache.unfinished, artifact.name));
  return { ...known, state: came > 0 ? 'partial' : 'absent', path: undefined, came, reason: undefined };
}

async function wrongness(
  artifact: Artifact,
  pin: Pin | undefined,
  path: string,
  options: ArtifactOptions,
): Promise<string | undefined> {
  progressOf(artifact, options)('checking', 'checking');
  const found = await fingerprintOfFile(path, options.signal);
  if (basename(path) !== found.digests.sha256)
    return `was damaged since: sha256 is ${found.digests.sha256}, and was ${basename(path)}`;
  const refusal = refusalOf(artifact, pin, found, options);
  const structure = structureOf(artifact);
  if (refusal !== undefined || pin === undefined || structure === undefined) return refusal;
  return structureRefusal(structure, path, options.signal);
}
