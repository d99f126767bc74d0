import type { Readable } from 'node:stream';

/** A file that the controller keeps for its hosts. */
export interface StoredFile {
  readonly name: string;
  /** Absolute, on this machine; only to be read. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower case hex. */
  readonly sha256: string;
  /** As cksum(1) prints it for stdin, `CRC SIZE`: what the oldest host can compute too. */
  readonly cksum: string;
}

/** Artifacts and what hosts have built, on this machine. */
export interface Store {
  /** What is here now, by name; grows with {@link ensure} and {@link keep}. */
  readonly files: ReadonlyMap<string, StoredFile>;
  /**
   * Has each of these artifacts here, right by its digest, fetched if need be.
   * @throws LvsctlError naming every one that is not to be had
   */
  ensure(names: readonly string[]): Promise<void>;
  /** Takes what a host has built; replaced as a whole, or not at all. */
  keep(name: string, content: Readable): Promise<StoredFile>;
}
