import type { EventSink, RunEvent } from '../engine/events.js';
import { LvsctlError, UsageError } from '../errors.js';
import type { Artifact } from './artifact.js';
import { ArtifactCache, artifactCacheFolder } from './cache.js';

/** A file that nothing is known of to compare it with, as it was found. */
export interface FirstUse {
  readonly artifact: Artifact;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** URL, or `import FILE`. */
  readonly from: string;
}

export interface ArtifactOptions {
  readonly catalogue: readonly Artifact[];
  /** Path of the file with the pins: {@link LOCK_FILE} beside the inventory. */
  readonly lockFile: string;
  /** `${XDG_CACHE_HOME:-~/.cache}/lvsctl/artifacts` unless given. */
  readonly cacheFolder?: string;
  /** URL prefixes tried before those of the catalogue. */
  readonly mirrors?: readonly string[];
  /** Names of artifacts for which the operator has given the word to trust the first file that comes. */
  readonly trustFirstUse?: readonly string[];
  /** Asks for that word, where somebody is there to answer. */
  readonly confirm?: (found: FirstUse) => Promise<boolean>;
  readonly sink?: EventSink;
  readonly signal?: AbortSignal;
  /** A mirror that says nothing for so long is given up; 30 unless given. */
  readonly stallSeconds?: number;
  /** Names the proxies; this process's unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => Date;
}

export const cacheOf = ({ cacheFolder, env }: ArtifactOptions): ArtifactCache =>
  new ArtifactCache(cacheFolder ?? artifactCacheFolder(env));

/** @throws UsageError for a name that the catalogue does not have */
export function artifactsNamed(names: readonly string[], catalogue: readonly Artifact[]): Artifact[] {
  return [...new Set(names)].map((name) => {
    const artifact = catalogue.find((one) => one.name === name);
    if (artifact !== undefined) return artifact;
    throw new UsageError(`there is no artifact ${JSON.stringify(name)}`, {
      hint: nearNames(name, catalogue),
    });
  });
}

function nearNames(name: string, catalogue: readonly Artifact[]): string {
  const byFile = catalogue.find(({ file }) => file === name);
  if (byFile !== undefined) return `did you mean ${byFile.name}?`;
  const family = name.replace(/[-_.]?\d.*$/, '').toLowerCase();
  const near = catalogue.map((one) => one.name).filter((known) => family !== '' && known.startsWith(family));
  return near.length > 0 ? `there are ${near.join(', ')}` : '`lvsctl artifacts list` shows all there are';
}

type Progress = Extract<RunEvent, { type: 'artifact.progress' }>;

/** A count of bytes is told after so many milliseconds, or so much of the whole; what is said anew is told at once. */
const PACE = 200;
const STRIDE = 1 / 50;

/** Tells how it goes with one artifact. */
export function progressOf(artifact: Artifact, { sink }: ArtifactOptions) {
  let [last, told, reached] = ['', 0, 0];
  return (state: Progress['state'], text: string, done?: number, total?: number): void => {
    const now = Date.now();
    const part = done === undefined || !total ? 0 : done / total;
    const isNews = `${state} ${text}` !== last || part === 1 || part - reached >= STRIDE;
    if (!isNews && now - told < PACE) return;
    [last, told, reached] = [`${state} ${text}`, now, part];
    sink?.({
      type: 'artifact.progress',
      artifact: artifact.name,
      state,
      text,
      ...(done !== undefined && { done }),
      ...(total !== undefined && { total }),
    });
  };
}

/** What an abort looks like to the operator. */
export async function untilInterrupted<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal?.aborted || error instanceof LvsctlError) throw error;
    throw new LvsctlError('interrupted', {
      hint: 'what has come is kept, and continued next time',
      cause: error,
    });
  }
}
