import { basename, join } from 'node:path';
import { LvsctlError, UsageError } from '../errors.js';
import type { Artifact } from './artifact.js';
import type { ArtifactCache } from './cache.js';
import { withClaim } from './claim.js';
import { fingerprintOfFile } from './digests.js';
import { download, type Failed } from './download.js';
import { structureRefusal } from './inspect.js';
import { type ArtifactOptions, artifactsNamed, cacheOf, progressOf, untilInterrupted } from './options.js';
import { PartialFile } from './partial.js';
import { type Pin, readPins } from './pins.js';
import { structureOf } from './structure.js';
import { askWord, demandWord, expectedDigests, isFirstUse, pinFirstUse, refusalOf } from './trust.js';

const STALL_SECONDS = 30;

/**
 * Has each artifact on this machine, right by its digest: from the cache, else from the first mirror that has the right file.
 * Returns their paths by name; the files are only to be read.
 * @throws LvsctlError naming every artifact that is not to be had, with what each mirror said
 * @throws UsageError for unknown names, and for files without a known digest when nobody has given the word; nothing was fetched
 */
export async function ensureArtifacts(
  names: readonly string[],
  options: ArtifactOptions,
): Promise<Map<string, string>> {
  const artifacts = artifactsNamed(names, options.catalogue);
  const pins = await readPins(options.lockFile);
  demandWord(
    artifacts.filter((artifact) => isFirstUse(artifact, pins.get(artifact.name))),
    options,
  );
  const cache = cacheOf(options);
  await cache.prepare();
  return untilInterrupted(options.signal, async () => {
    const paths = new Map<string, string>();
    const errors: LvsctlError[] = [];
    for (const artifact of artifacts) {
      options.signal?.throwIfAborted();
      try {
        paths.set(artifact.name, await ensure(artifact, pins.get(artifact.name), cache, options));
      } catch (error) {
        if (!(error instanceof LvsctlError) || error instanceof UsageError) throw error;
        errors.push(error);
        progressOf(artifact, options)('failed', error.message.split('\n')[0] ?? '');
      }
    }
    if (errors.length > 0) throw together(errors);
    return paths;
  });
}

function together(errors: readonly LvsctlError[]): LvsctlError {
  const [first] = errors;
  if (first !== undefined && errors.length === 1) return first;
  const lines = errors.map(({ resource, message }) => `${resource}: ${message}`);
  const hints = [...new Set(errors.flatMap(({ hint }) => hint ?? []))].join('\n');
  return new LvsctlError([`${errors.length} artifacts are not to be had`, ...lines].join('\n'), {
    hint: hints,
  });
}

async function ensure(
  artifact: Artifact,
  pin: Pin | undefined,
  cache: ArtifactCache,
  options: ArtifactOptions,
): Promise<string> {
  const progress = progressOf(artifact, options);
  const cached = await takeCached(artifact, pin, cache, options);
  if (cached !== undefined) {
    progress('ready', 'cached');
    return cached;
  }
  const work = async () => {
    // Another lvsctl may have fetched or pinned it while this one waited.
    const now = (await readPins(options.lockFile)).get(artifact.name);
    const path =
      (await takeCached(artifact, now, cache, options)) ?? (await fetchIt(artifact, now, cache, options));
    progress('ready', 'fetched');
    return path;
  };
  return withClaim(join(cache.unfinished, `${artifact.name}.claim`), work, {
    ...(options.signal && { signal: options.signal }),
    onWait: (owner) => progress('fetching', `waiting for ${owner}, which fetches it`),
  });
}

/** A file of the cache, after its digest was computed again. */
async function takeCached(
  artifact: Artifact,
  pin: Pin | undefined,
  cache: ArtifactCache,
  options: ArtifactOptions,
): Promise<string | undefined> {
  for (const path of await cache.find(expectedDigests(artifact, pin))) {
    const found = await fingerprintOfFile(path, options.signal);
    if (refusalOf(artifact, pin, found, options) === undefined) return path;
    if (basename(path) === found.digests.sha256) continue;
    progressOf(artifact, options)('fetching', `${path} is damaged, and fetched again`);
    await cache.discard(path);
  }
  return undefined;
}

async function fetchIt(
  artifact: Artifact,
  pin: Pin | undefined,
  cache: ArtifactCache,
  options: ArtifactOptions,
): Promise<string> {
  const progress = progressOf(artifact, options);
  const first = isFirstUse(artifact, pin);
  const part = await PartialFile.open(join(cache.unfinished, artifact.name), options.signal);
  try {
    const result = await download(
      part,
      {
        urls: urlsOf(artifact, options),
        size: artifact.size,
        checkable: !first,
        refusal: async (found) =>
          refusalOf(artifact, pin, found, options) ??
          (first ? await strangeInside(artifact, part.path, options) : undefined),
        progress: (text, done, total) =>
          progress(text === 'checking' ? 'checking' : 'fetching', text, done, total),
      },
      {
        stallSeconds: options.stallSeconds ?? STALL_SECONDS,
        env: options.env ?? process.env,
        ...(options.signal && { signal: options.signal }),
      },
    );
    if ('failed' in result) throw notToBeHad(artifact, pin, part.size, result.failed, options);
    const found = part.fingerprint();
    const use = { artifact, size: found.size, sha256: found.digests.sha256, from: result.url };
    if (first) {
      await askWord(use, options).catch(async (error) => {
        await part.restart();
        throw error;
      });
    }
    await part.finish();
    const path = await cache.keep(part.path, found);
    if (first) await pinFirstUse(use, options);
    return path;
  } finally {
    await part.close();
  }
}

async function strangeInside(
  artifact: Artifact,
  path: string,
  { signal }: ArtifactOptions,
): Promise<string | undefined> {
  const structure = structureOf(artifact);
  return structure && (await structureRefusal(structure, path, signal));
}

function urlsOf({ file, mirrors }: Artifact, { mirrors: given = [] }: ArtifactOptions): string[] {
  return [...new Set([...given, ...mirrors].map((prefix) => `${prefix.replace(/\/*$/, '/')}${file}`))];
}

function notToBeHad(
  artifact: Artifact,
  pin: Pin | undefined,
  came: number,
  failed: readonly Failed[],
  { lockFile }: ArtifactOptions,
): LvsctlError {
  const lines = failed.map(({ url, reason }) => `${url}: ${reason}`);
  const kept = came > 0 ? `the ${came} bytes that came are kept: try again later` : 'try again later';
  const repin =
    pin === undefined
      ? ''
      : `; if upstream's file is the right one now, take ${artifact.name} out of ${lockFile} and trust it anew`;
  return new LvsctlError([`no mirror gave ${artifact.file}`, ...lines].join('\n'), {
    resource: `artifact ${artifact.name}`,
    hint: `${kept}, name a mirror with --mirror URL, or put the file into a folder and \`lvsctl artifacts import FOLDER\`${repin}`,
  });
}
