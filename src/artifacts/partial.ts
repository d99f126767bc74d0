import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { writing } from './cache.js';
import { type Fingerprint, Hasher } from './digests.js';

/** Where the bytes of a partial file came from. */
export interface Origin {
  /** As asked for, before redirects. */
  readonly url: string;
  /** A strong ETag, or Last-Modified: what `If-Range` takes. */
  readonly validator?: string;
}

/** A file that came in part, with its digests so far; it outlives the process. */
export class PartialFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private hasher: Hasher,
    private known: Origin | undefined,
    private older: boolean,
  ) {}

  static async open(path: string, signal?: AbortSignal): Promise<PartialFile> {
    const handle = await writing(path, () => open(path, 'a', 0o600));
    const hasher = new Hasher();
    try {
      for await (const chunk of createReadStream(path, { ...(signal && { signal }) })) hasher.update(chunk);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const origin = hasher.size > 0 ? await readOrigin(originPath(path)) : undefined;
    return new PartialFile(path, handle, hasher, origin, hasher.size > 0);
  }

  /** Bytes so far. */
  get size(): number {
    return this.hasher.size;
  }

  get origin(): Origin | undefined {
    return this.known;
  }

  /** Some of it came in an earlier run or from another mirror, so that a wrong digest may not be this mirror's fault. */
  get isMixed(): boolean {
    return this.older;
  }

  /** What follows comes from here. */
  async continueFrom(origin: Origin): Promise<void> {
    if (this.size > 0 && this.known?.url !== origin.url) this.older = true;
    this.known = origin;
    await writing(this.path, () => writeFile(originPath(this.path), JSON.stringify(origin)));
  }

  async append(chunk: Uint8Array): Promise<void> {
    await writing(this.path, () => this.handle.appendFile(chunk));
    this.hasher.update(chunk);
  }

  /** Back to nothing. */
  async restart(): Promise<void> {
    await writing(this.path, () => this.handle.truncate(0));
    this.hasher = new Hasher();
    this.known = undefined;
    this.older = false;
  }

  fingerprint(): Fingerprint {
    return this.hasher.fingerprint();
  }

  /** The file is whole and goes elsewhere; {@link close} follows. */
  finish(): Promise<void> {
    return rm(originPath(this.path), { force: true });
  }

  /** An empty file is not worth keeping. */
  async close(): Promise<void> {
    await this.handle.close();
    if (this.size > 0) return;
    await rm(this.path, { force: true });
    await rm(originPath(this.path), { force: true });
  }
}

/** Bytes that have come of a file; 0 when none. */
export async function partialSize(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

const originPath = (path: string) => `${path}.origin`;

async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    const value: Partial<Origin> = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value.url !== 'string') return undefined;
    return {
      url: value.url,
      ...(typeof value.validator === 'string' && { validator: value.validator }),
    };
  } catch {
    return undefined;
  }
}
