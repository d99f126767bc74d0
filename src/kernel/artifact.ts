export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

export interface ArtifactDigest {
  readonly algorithm: DigestAlgorithm;
  /** Lower case. */
  readonly hex: string;
  readonly sources: readonly string[];
}

/** A file of upstream's that a rebuild may need. */
export interface KernelArtifact {
  /** Unique in the catalogue: `ipvs-1.0.9`. */
  readonly name: string;
  /** As the mirrors call it: `ipvs-1.0.9.tar.gz`. */
  readonly file: string;
  readonly kind: 'linux' | 'linux-patch' | 'ipvs' | 'hidden' | 'ipvsadm';
  readonly version: string;
  /** Bytes; absent where no source tells, or where files of this name differed. */
  readonly size?: number;
  /**
   * A file that has any of these is accepted: some were rolled again under the same name.
   * Empty: none was ever established, and none is guessed; the file is used only with the operator's word.
   */
  readonly digests: readonly ArtifactDigest[];
  /** URLs to put the file's name behind, in the order in which they are tried. */
  readonly mirrors: readonly string[];
  /** What is known beside. */
  readonly note?: string;
}

const ALGORITHMS: Readonly<Record<number, DigestAlgorithm>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  128: 'sha512',
};

/** A digest as its source prints it; its length tells the algorithm. @throws Error for what is none: a slip in the catalogue */
export function digest(hex: string, ...sources: readonly string[]): ArtifactDigest {
  const algorithm = ALGORITHMS[hex.length];
  if (!algorithm || !/^[0-9a-f]+$/.test(hex)) throw new Error(`no digest: ${hex}`);
  return { algorithm, hex, sources };
}
