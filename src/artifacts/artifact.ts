/** A file of upstream's that a build needs: a kernel, a patch, the source of ipvsadm. */
export interface Artifact {
  /** What roles and operators call it, unique in the catalogue: `ipvs-1.0.9`. */
  readonly name: string;
  /** File name at the mirrors: `ipvs-1.0.9.tar.gz`. */
  readonly file: string;
  /** Bytes; absent where no source tells, or where the accepted files differ in it. */
  readonly size?: number;
  /**
   * A file is accepted when any of these is its digest: upstream has re-rolled some files under the same name.
   * None at all: the file is trusted on first use, with the operator's word, and pinned.
   */
  readonly digests: readonly Digest[];
  /** URL prefixes, tried in this order; `file` is appended as it is, so each ends with `/`. */
  readonly mirrors: readonly string[];
  /** What a file with no known digest must look like before it may be pinned. */
  readonly structure?: Structure;
}

/** Weakest first. */
export const algorithms = ['md5', 'sha1', 'sha256', 'sha512'] as const;
export type Algorithm = (typeof algorithms)[number];

export interface Digest {
  readonly algorithm: Algorithm;
  /** Lower case. */
  readonly hex: string;
}

export type Structure = ArchiveStructure | DiffStructure;

/** Paths may have `*` within one name: tarballs differ in what they call their top folder. */
export interface ArchiveStructure {
  readonly kind: 'archive';
  // Each must be matched by a member: '*/ipvs/ip_vs_core.c'.
  readonly members: readonly string[];
  /** What a member must say; see {@link versionMacro} and {@link makeVariable}. */
  readonly contents?: readonly ContentCheck[];
}

export interface ContentCheck {
  /** Path pattern; the first member that it matches is looked at. */
  readonly member: string;
  readonly pattern: RegExp;
  /** For messages: `IP_VS_VERSION_CODE 0x010009`. */
  readonly what: string;
}

/** A unified diff, plain or compressed. */
export interface DiffStructure {
  readonly kind: 'diff';
  /** Leading parts of the names in it that `patch -pN` takes off; 1 unless given. */
  readonly strip?: number;
  /** Files that it must change, after stripping. */
  readonly touches: readonly string[];
  /** Patterns of files that it may change as well; any other is refused. A last `**` stands for all below a folder. */
  readonly mayTouch?: readonly string[];
  /** What its added lines must say somewhere. */
  readonly adds?: readonly { readonly pattern: RegExp; readonly what: string }[];
}

/** `#define NAME VALUE` in a member. */
export function versionMacro(member: string, name: string, value: string): ContentCheck {
  const pattern = new RegExp(
    `^[ \\t]*#[ \\t]*define[ \\t]+${literal(name)}[ \\t]+${literal(value)}(?![\\w.])`,
    'm',
  );
  return { member, pattern, what: `${name} ${value}` };
}

/** `NAME = VALUE` in a Makefile. */
export function makeVariable(member: string, name: string, value: string): ContentCheck {
  const pattern = new RegExp(
    `^[ \\t]*${literal(name)}[ \\t]*:?=[ \\t]*${literal(value)}[ \\t]*(?:#.*)?\\r?$`,
    'm',
  );
  return { member, pattern, what: `${name} = ${value}` };
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
