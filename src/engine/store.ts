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

/** Bytes as they come. Not Node's streams: whoever writes roles may be without Node's types. */
export type Content = AsyncIterable<Uint8Array>;

/** Artifacts and what hosts have built, on this machine. */
export interface Store {
  /** What is here now, by name; grows with {@link look}, {@link ensure} and {@link keep}. */
  readonly files: ReadonlyMap<string, StoredFile>;
  /**
   * Takes in what of these artifacts is here, right by its digest, and fetches nothing.
   * @returns the names of those that are still to be fetched
   * @throws LvsctlError naming every one that no fetching would bring
   */
  look(names: readonly string[]): Promise<readonly string[]>;
  /**
   * Has each of these artifacts here, right by its digest, fetched if need be.
   * @throws LvsctlError naming every one that is not to be had
   */
  ensure(names: readonly string[]): Promise<void>;
  /** Takes what a host has built; replaced as a whole, or not at all. */
  keep(name: string, content: Content): Promise<StoredFile>;
  /** The bytes of a file that is here; they fail at their end when they are not what they were. */
  read(file: StoredFile): Content;
}
