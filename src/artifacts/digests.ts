import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Algorithm, algorithms, type Digest } from './artifact.js';

/** What a file is: its bytes counted, and its digests in lower case. */
export interface Fingerprint {
  readonly size: number;
  readonly digests: Readonly<Record<Algorithm, string>>;
}

/** All digests of a stream at once, while it flows. */
export class Hasher {
  private readonly hashes = new Map<Algorithm, Hash>(algorithms.map((name) => [name, createHash(name)]));
  private bytes = 0;

  update(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    for (const hash of this.hashes.values()) hash.update(chunk);
  }

  get size(): number {
    return this.bytes;
  }

  /** Of what came so far; more may follow. */
  fingerprint(): Fingerprint {
    const hex = (name: Algorithm) => this.hashes.get(name)?.copy().digest('hex') ?? '';
    return {
      size: this.bytes,
      digests: { md5: hex('md5'), sha1: hex('sha1'), sha256: hex('sha256'), sha512: hex('sha512') },
    };
  }
}

export async function fingerprintOfFile(path: string, signal?: AbortSignal): Promise<Fingerprint> {
  const hasher = new Hasher();
  for await (const chunk of createReadStream(path, { ...(signal && { signal }) })) hasher.update(chunk);
  return hasher.fingerprint();
}

export const isAccepted = (accepted: readonly Digest[], { digests }: Fingerprint): boolean =>
  accepted.some(({ algorithm, hex }) => digests[algorithm] === hex);

/** `has md5 111…; the catalogue has md5 222… or 333…`: all in full, to be compared with another source. */
export function mismatch(accepted: readonly Digest[], { digests }: Fingerprint, by: string): string {
  const used = algorithms.filter((name) => accepted.some(({ algorithm }) => algorithm === name));
  const found = used.map((name) => `${name} ${digests[name]}`).join(', ');
  const wanted = used.map((name) => {
    const hexes = accepted.filter(({ algorithm }) => algorithm === name).map(({ hex }) => hex);
    return `${name} ${hexes.join(' or ')}`;
  });
  return `has ${found}; ${by} ${wanted.join(', or ')}`;
}
