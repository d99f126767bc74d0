import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { StoredFile } from '../engine/store.js';
import { Cksum } from '../resources/cksum.js';

export type Fingerprint = Pick<StoredFile, 'size' | 'sha256' | 'cksum'>;

/** What a stream is known by, while it flows. */
export class Fingerprinter {
  readonly #hash = createHash('sha256');
  readonly #cksum = new Cksum();
  #size = 0;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#cksum.update(chunk);
    this.#size += chunk.length;
  }

  /** Ends it. */
  digest(): Fingerprint {
    return { size: this.#size, sha256: this.#hash.digest('hex'), cksum: this.#cksum.value };
  }
}

/** @throws what reading the file throws */
export async function fingerprintOf(path: string, signal?: AbortSignal): Promise<Fingerprint> {
  const found = new Fingerprinter();
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal && { signal }) }))
    found.update(chunk as Buffer);
  return found.digest();
}
