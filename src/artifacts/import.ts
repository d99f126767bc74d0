import { copyFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LvsctlError, UsageError } from '../errors.js';
import type { Artifact } from './artifact.js';
import { type ArtifactCache, writing } from './cache.js';
import { type Fingerprint, fingerprintOfFile } from './digests.js';
import { structureRefusal } from './inspect.js';
import { type ArtifactOptions, cacheOf, progressOf, untilInterrupted } from './options.js';
import { type Pins, readPins } from './pins.js';
import { structureOf } from './structure.js';
import { askWord, demandWord, isFirstUse, pinFirstUse, refusalOf } from './trust.js';

/** What was done with one file of the folder; `file` is its name there. */
export type Imported =
  | { readonly file: string; readonly outcome: 'taken' | 'known'; readonly artifact: string }
  | {
      readonly file: string;
      readonly outcome: 'refused';
      readonly artifact: string;
      readonly reason: string;
      readonly hint: string | undefined;
    }
  /** Neither its name nor its digest is in the catalogue. */
  | { readonly file: string; readonly outcome: 'unknown' };

/**
 * Takes the files of a folder into the cache that are artifacts: by their digest, whatever their name; by their name where no digest is
 * known, with the operator's word. Subfolders are not looked into.
 * @throws UsageError when the folder can't be read
 */
export async function importArtifacts(folder: string, options: ArtifactOptions): Promise<Imported[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${folder} can't be read: ${cause.message}`, {
      hint: 'name the folder that holds the files',
      cause,
    });
  });
  const cache = cacheOf(options);
  await cache.prepare();
  return untilInterrupted(options.signal, async () => {
    const results: Imported[] = [];
    for (const name of names.sort()) {
      options.signal?.throwIfAborted();
      const path = join(folder, name);
      if ((await stat(path).catch(() => undefined))?.isFile())
        results.push(await importFile(path, name, cache, options));
    }
    return results;
  });
}

async function importFile(
  path: string,
  name: string,
  cache: ArtifactCache,
  options: ArtifactOptions,
): Promise<Imported> {
  const found = await fingerprintOfFile(path, options.signal).catch((cause: Error) => {
    options.signal?.throwIfAborted();
    throw new UsageError(`${path} can't be read: ${cause.message}`, { hint: 'check its permissions', cause });
  });
  const pins = await readPins(options.lockFile);
  const right = options.catalogue.find((artifact) => isKnown(artifact, pins, found, options));
  if (right !== undefined) {
    const present = await cache.find([{ algorithm: 'sha256', hex: found.digests.sha256 }]);
    if (present.length > 0) return { file: name, outcome: 'known', artifact: right.name };
    await copyIn(path, found, cache);
    progressOf(right, options)('ready', `imported from ${path}`);
    return { file: name, outcome: 'taken', artifact: right.name };
  }
  const named = options.catalogue.filter(({ file }) => file === name);
  const artifact = named.find((one) => isFirstUse(one, pins.get(one.name))) ?? named[0];
  if (artifact === undefined) return { file: name, outcome: 'unknown' };
  try {
    const reason =
      refusalOf(artifact, pins.get(artifact.name), found, options) ??
      (await trust(artifact, path, name, found, cache, options));
    if (reason === undefined) return { file: name, outcome: 'taken', artifact: artifact.name };
    return { file: name, outcome: 'refused', artifact: artifact.name, reason, hint: undefined };
  } catch (error) {
    if (!(error instanceof LvsctlError)) throw error;
    const { message: reason, hint } = error;
    return { file: name, outcome: 'refused', artifact: artifact.name, reason, hint };
  }
}

function isKnown(artifact: Artifact, pins: Pins, found: Fingerprint, options: ArtifactOptions): boolean {
  const pin = pins.get(artifact.name);
  return !isFirstUse(artifact, pin) && refusalOf(artifact, pin, found, options) === undefined;
}

/** Returns why the file can't be what its name says. */
async function trust(
  artifact: Artifact,
  path: string,
  name: string,
  found: Fingerprint,
  cache: ArtifactCache,
  options: ArtifactOptions,
): Promise<string | undefined> {
  demandWord([artifact], options, (flags) => `\`lvsctl artifacts import FOLDER ${flags}\``);
  const structure = structureOf(artifact);
  const refusal = structure && (await structureRefusal(structure, path, options.signal));
  if (refusal !== undefined) return refusal;
  const use = { artifact, size: found.size, sha256: found.digests.sha256, from: `import ${name}` };
  await askWord(use, options);
  await copyIn(path, found, cache);
  await pinFirstUse(use, options);
  progressOf(artifact, options)('ready', `imported from ${path}, and pinned`);
  return undefined;
}

/** The copy is what is kept, so it is the copy that must be right. */
async function copyIn(path: string, found: Fingerprint, cache: ArtifactCache): Promise<void> {
  const copy = join(cache.unfinished, `import.${process.pid}.${found.digests.sha256}`);
  try {
    await writing(copy, () => copyFile(path, copy));
    const copied = await fingerprintOfFile(copy);
    if (copied.digests.sha256 !== found.digests.sha256) {
      throw new LvsctlError(`${path} changed while it was copied`, {
        hint: 'import it again when nothing writes to it any more',
      });
    }
    await cache.keep(copy, copied);
  } finally {
    await rm(copy, { force: true });
  }
}
