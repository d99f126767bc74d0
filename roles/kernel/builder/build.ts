import { basename } from 'node:path';
import type { StoredFile } from '../../../src/engine/store.js';
import { artifactNamed, type KernelBundle } from '../../../src/kernel/index.js';
import { type Sh, sh, shLines, trusted } from '../../../src/shell/index.js';

/** Uploaded sources, and bundles. */
export const SOURCES = '/usr/src/lvsctl';
export const LINK = '/usr/src/linux';

/** One file that a build uses, in the order of use. */
export interface Part {
  /** Name in the controller's store. */
  readonly artifact: string;
  readonly kind: 'source' | 'patch' | 'ipvs' | 'ipvsadm';
  /** Step that uses it. */
  readonly step: string;
  /** Version, where the catalogue has it. */
  readonly version?: string;
  /** What it is called, in messages and on the build host. */
  readonly file: string;
  /** Path on the build host. */
  readonly path: string;
  readonly stored: StoredFile | undefined;
}

/** One kernel that is to be built on a host. */
export interface Build {
  readonly bundle: KernelBundle;
  readonly release: string;
  /** `/usr/src/linux-RELEASE`: of these inputs alone, since the release is named by them. */
  readonly tree: string;
  /** Folder of stamps, logs and work in progress, in the tree. */
  readonly notes: string;
  /** Staging root: what goes into the bundle. */
  readonly root: string;
  /** The finished bundle on the build host. */
  readonly path: string;
  readonly parts: readonly Part[];
  /** Text that the configuration begins with; empty where the profile makes its own. */
  readonly config: string;
  readonly processors: number;
  /** Schedulers that the hosts are to direct by. */
  readonly schedulers: readonly string[];
}

export function buildOf(
  bundle: KernelBundle,
  config: string,
  stored: ReadonlyMap<string, StoredFile>,
  processors: number,
  schedulers: readonly string[] = [],
): Build {
  const { release, profile } = bundle;
  const tree = `/usr/src/linux-${release}`;
  return {
    bundle,
    release,
    tree,
    notes: `${tree}/.lvsctl`,
    root: `${tree}/.lvsctl/root`,
    path: `${SOURCES}/bundle-${release}.tar.gz`,
    parts: partsOf(profile.artifacts, profile.own === true, stored),
    config,
    processors,
    schedulers,
  };
}

function partsOf(
  artifacts: readonly string[],
  own: boolean,
  stored: ReadonlyMap<string, StoredFile>,
): Part[] {
  let patches = 0;
  return artifacts.map((artifact) => {
    const file = stored.get(artifact);
    const what = own ? ownPart(artifact, file) : cataloguePart(artifact);
    const step =
      what.kind === 'source' ? 'unpack' : what.kind === 'ipvsadm' ? 'ipvsadm' : `patch-${++patches}`;
    return { artifact, ...what, step, path: `${SOURCES}/${what.file}`, stored: file };
  });
}

const KINDS = {
  linux: 'source',
  'linux-patch': 'patch',
  hidden: 'patch',
  ipvs: 'ipvs',
  ipvsadm: 'ipvsadm',
} as const;

function cataloguePart(artifact: string): Pick<Part, 'kind' | 'version' | 'file'> {
  const { kind, version, file } = artifactNamed(artifact);
  return { kind: KINDS[kind], version, file };
}

/** `NAME:source`, `NAME:patch-1`, `NAME:ipvsadm`. Files of two profiles may have one name, so the profile's stands before it. */
function ownPart(artifact: string, file: StoredFile | undefined): Pick<Part, 'kind' | 'file'> {
  const [profile = '', role = ''] = artifact.split(':');
  const kind = role === 'source' || role === 'ipvsadm' ? role : 'patch';
  return { kind, file: `${profile}-${role}-${file ? basename(file.path) : 'file'}` };
}

/** Begins every step's script: an environment that no build trips over. `cd` prints and goes astray where CDPATH is set. */
export const prelude: Sh = shLines(
  sh`unset CDPATH MAKEFLAGS MFLAGS ARCH CROSS_COMPILE KBUILD_OUTPUT || :`,
  sh`PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL; umask 022`,
);

/** Words of make for this kernel. */
export function make({ bundle }: Build): Sh {
  const { arch } = bundle.profile.build;
  return arch === undefined ? sh`make` : sh`make ${`ARCH=${arch}`}`;
}

/**
 * Shell functions. `open FILE` prints a file's content, whatever it is packed by: its first bytes tell.
 * `unpack FILE` unpacks a tarball here; a file that breaks off fails, though a pipe's status is that of its end.
 * `top` is the one folder here.
 */
export const unpacking: Sh = trusted(`
open() {
  case $(dd if="$1" bs=6 count=1 2>/dev/null | od -An -tx1 | tr -d ' \\n') in
    1f8b*) gzip -dc < "$1" ;;
    425a68*) bzip2 -dc < "$1" ;;
    fd377a585a00) xz -dc < "$1" ;;
    *) cat "$1" ;;
  esac
}
unpack() {
  rm -f .broken
  whole=; { open "$1" || echo broken > .broken; } | tar xf - && whole=1
  if [ -z "$whole" ] || [ -f .broken ]; then echo "$1 can't be unpacked to its end: it is damaged, or the disk is full" >&2; return 1; fi
}
top() {
  set -- *
  if [ $# != 1 ] || [ ! -d "$1" ]; then echo "a source tarball holds one folder; this one holds: $*" >&2; return 1; fi
  echo "$1"
}
fail() {
  for line; do echo "$line" >&2; done
  exit 1
}`);
