import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, ArtifactOptions } from '../../../src/artifacts/index.js';
import type { RunEvent } from '../../../src/engine/index.js';

export const hex = (algorithm: string, content: Uint8Array | string) =>
  createHash(algorithm).update(content).digest('hex');

/** Bytes that differ everywhere, so that a part in the wrong place is noticed. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0, state = seed; index < length; index++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[index] = state >> 16;
  }
  return bytes;
}

type Changes = { readonly [Key in keyof Artifact]?: Artifact[Key] | undefined };

/** An artifact with these bytes, known by its sha256; with `size: undefined` nobody knows how many. */
export function artifactOf(content: Uint8Array, changes: Changes = {}): Artifact {
  return {
    name: 'linux-2.4.20',
    file: 'linux-2.4.20.tar.bz2',
    kind: 'linux',
    version: '2.4.20',
    size: content.length,
    digests: [{ algorithm: 'sha256', hex: hex('sha256', content) }],
    mirrors: [],
    ...changes,
  } as Artifact;
}

/** A folder with a cache and a place for an inventory, and what is told. */
export interface Desk {
  readonly folder: string;
  readonly lockFile: string;
  readonly cacheFolder: string;
  readonly events: RunEvent[];
  options(catalogue: readonly Artifact[], changes?: Partial<ArtifactOptions>): ArtifactOptions;
  /** What was said of artifacts, without the counting. */
  texts(): string[];
  clear(): void;
}

export function openDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-artifacts-'));
  const lockFile = join(folder, 'lvsctl.lock.json');
  const cacheFolder = join(folder, 'cache');
  const events: RunEvent[] = [];
  return {
    folder,
    lockFile,
    cacheFolder,
    events,
    options: (catalogue, changes) => ({
      catalogue,
      lockFile,
      cacheFolder,
      env: {},
      sink: (event) => void events.push(event),
      now: () => new Date('2024-05-01T12:00:00Z'),
      ...changes,
    }),
    texts: () => [
      ...new Set(events.flatMap((event) => (event.type === 'artifact.progress' ? [event.text] : []))),
    ],
    clear: () => rmSync(folder, { recursive: true }),
  };
}

/** What a promise is rejected with. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { hint?: string }> {
  const outcome = await work.then(
    () => undefined,
    (error: Error) => error,
  );
  if (outcome === undefined) throw new Error('it succeeded');
  return outcome;
}
