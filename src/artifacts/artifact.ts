/** A file of upstream's that a rebuild needs. */
export interface Artifact {
  /** What roles and operators call it, unique in the catalogue: `ipvs-1.0.9`. */
  readonly name: string;
  /** As the mirrors call it: `ipvs-1.0.9.tar.gz`. */
  readonly file: string;
  /** Tells, with the version, what the file must look like inside. */
  readonly kind: 'linux' | 'linux-patch' | 'ipvs' | 'hidden' | 'ipvsadm';
  readonly version: string;
  /** Bytes; absent where no source tells, or where the accepted files differ in it. */
  readonly size?: number;
  /**
   * A file is accepted when any of these is its digest: upstream has re-rolled some files under the same name.
   * None at all: the file is trusted on first use, with the operator's word, and pinned.
   */
  readonly digests: readonly Digest[];
  /** URL prefixes, tried in this order; `file` is appended. */
  readonly mirrors: readonly string[];
}

/** Weakest first. */
export const algorithms = ['md5', 'sha1', 'sha256', 'sha512'] as const;
export type Algorithm = (typeof algorithms)[number];

export interface Digest {
  readonly algorithm: Algorithm;
  /** Lower case. */
  readonly hex: string;
}
