export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

/**
 * One state in which a file was published. All that is said of it here is said of the same bytes, so that a file must agree
 * with every size and digest of one variant.
 */
export interface ArtifactVariant {
  readonly bytes?: number;
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>;
  readonly sources: readonly string[];
}

/** A file that lvsctl may fetch. */
export interface Artifact {
  /** Its name, unique in the catalogue. */
  readonly file: string;
  readonly kind: 'linux' | 'linux-patch' | 'ipvs' | 'hidden' | 'ipvsadm';
  readonly version: string;
  /** Any one will do: files were rolled again under the same name. Empty: no digest was ever established, and none is guessed. */
  readonly variants: readonly ArtifactVariant[];
  /** In the order in which they are tried. */
  readonly mirrors: readonly string[];
  /** What is known beside. */
  readonly note?: string;
}

const HEX_LENGTH: Readonly<Record<DigestAlgorithm, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };

/** @throws Error for a digest of the wrong form: a slip in the catalogue */
export function variant(
  source: string | readonly string[],
  digests: ArtifactVariant['digests'],
  bytes?: number,
): ArtifactVariant {
  for (const [algorithm, hex] of Object.entries(digests))
    if (!/^[0-9a-f]+$/.test(hex) || hex.length !== HEX_LENGTH[algorithm as DigestAlgorithm])
      throw new Error(`no ${algorithm}: ${hex}`);
  return { digests, sources: typeof source === 'string' ? [source] : source, ...(bytes && { bytes }) };
}

/** What a file on disk is: all digests that {@link digestsWanted} names, in lower-case hex. */
export interface FileState {
  readonly bytes: number;
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>;
}

/** Digests to be taken of a file before {@link matchingVariant} can judge it. */
export function digestsWanted(artifact: Artifact): readonly DigestAlgorithm[] {
  return [...new Set(artifact.variants.flatMap(({ digests }) => Object.keys(digests) as DigestAlgorithm[]))];
}

/** The variant that a file is, or undefined. Never one of an artifact without digests. */
export function matchingVariant(artifact: Artifact, state: FileState): ArtifactVariant | undefined {
  return artifact.variants.find(({ bytes, digests }) => {
    const wanted = Object.entries(digests) as [DigestAlgorithm, string][];
    return (
      wanted.length > 0 &&
      (bytes === undefined || bytes === state.bytes) &&
      wanted.every(([algorithm, hex]) => state.digests[algorithm] === hex)
    );
  });
}

/** True where the operator's word is needed at first use, since nothing tells a right file from a wrong one. */
export function isUnproven(artifact: Artifact): boolean {
  return artifact.variants.length === 0;
}
