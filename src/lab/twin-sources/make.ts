import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { LvsctlError } from '../../errors.js';
import { artifactNamed, type KernelArtifact } from '../../kernel/index.js';
import { foreignContext, fuzzyContext, hiddenEdits } from './arp-edits.js';
import { ipvsTree, withoutOption } from './ipvs-tree.js';
import { type Faults, faulty, linux2420, linux2437, stableEdits, vendorTree } from './linux-tree.js';
import { tar } from './tar.js';
import { edited, type Tree, textOf, treeOf } from './tree.js';
import { unified } from './unified.js';

/** A file in the shape of upstream's. */
export interface TwinSource extends Pick<KernelArtifact, 'name' | 'file' | 'kind' | 'version'> {
  /** Absolute if the folder was given so. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

export interface TwinSourceOptions extends Faults {
  /** Names in the catalogue; all there are when absent. */
  readonly names?: readonly TwinSourceName[];
  /** How hidden-2.4.20pre10-1 goes onto linux-2.4.20. */
  readonly hidden?: 'cleanly' | 'with fuzz' | 'rejected';
  /** linux-2.4.20 is Red Hat's 2.4.20-8: another top folder, and an arp.c onto which hidden does not go. */
  readonly vendor?: boolean;
  /** An option that no menu asks for, so that oldconfig drops it: `CONFIG_IP_VS_WRR`. */
  readonly vanishing?: string;
}

export const twinSourceNames = [
  'linux-2.4.20',
  'linux-2.4.20-gz',
  'linux-2.4.37',
  'patch-2.4.37.11',
  'ipvs-1.0.9',
  'hidden-2.4.20pre10-1',
  'ipvsadm-1.21',
  'ipvsadm-1.21-11',
] as const;
export type TwinSourceName = (typeof twinSourceNames)[number];

/** Seconds since 1970 of the releases, for the members of archives. */
const time = (date: string) => Date.parse(date) / 1000;
const LINUX_2420 = time('2002-11-28T23:53:15Z');
const LINUX_2437 = time('2008-12-02T08:01:34Z');
const IPVS_109 = time('2003-05-20T14:12:37Z');
const IPVSADM_121 = time('2002-11-12T15:30:09Z');

/**
 * Writes twins of upstream's files into a folder, which is made. Real tar, patch, make and cc work on them as on the real ones;
 * the kernel that comes out is a few lines of text, for a lab host's boot loader. The same options give the same bytes on one machine.
 * @throws LvsctlError where there is no bzip2
 */
export async function makeTwinSources(
  folder: string,
  options: TwinSourceOptions = {},
): Promise<TwinSource[]> {
  await mkdir(folder, { recursive: true });
  const sources: TwinSource[] = [];
  for (const name of options.names ?? twinSourceNames) {
    const { file, kind, version } = artifactNamed(name);
    const path = join(folder, file);
    const content = await makers[name](options);
    await writeFile(path, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    sources.push({ name, file, kind, version, path, size: content.length, sha256 });
  }
  return sources;
}

const makers: Readonly<Record<TwinSourceName, (options: TwinSourceOptions) => Promise<Buffer>>> = {
  'linux-2.4.20': async (options) => bzip2(await linux2420Tar(options)),
  'linux-2.4.20-gz': async (options) => gzip(await linux2420Tar(options)),
  'linux-2.4.37': async (options) => {
    const tree = faulty(menus(await linux2437(), options), options);
    return bzip2(tar(tree, 'linux-2.4.37', LINUX_2437));
  },
  'patch-2.4.37.11': async () => {
    const tree = await linux2437();
    return bzip2(
      unified(tree, edited(tree, stableEdits), {
        before: 'a',
        after: 'b',
        dates: ['2008-12-02 08:01:34', '2010-12-18 23:44:51'],
      }),
    );
  },
  'ipvs-1.0.9': async (options) => {
    const compileError = moduleOf(options);
    const tree = menus(await ipvsTree(await linux2420()), options);
    return gzip(
      tar(faulty(tree, compileError === undefined ? {} : { compileError }), 'ipvs-1.0.9', IPVS_109),
    );
  },
  'hidden-2.4.20pre10-1': async ({ hidden = 'cleanly' }) => {
    const slips = { cleanly: [], 'with fuzz': fuzzyContext, rejected: foreignContext }[hidden];
    const tree = await linux2420();
    const text = unified(edited(tree, slips), edited(edited(tree, hiddenEdits), slips), {
      before: 'v2.4.20/linux',
      after: 'linux',
      dates: ['Fri Nov 29 01:53:15 2002', 'Sat Nov 30 22:07:11 2002'],
    });
    return Buffer.from(text);
  },
  'ipvsadm-1.21': async () => gzip(tar(await treeOf('ipvsadm-1.21'), 'ipvsadm-1.21', IPVSADM_121)),
  'ipvsadm-1.21-11': async () => {
    // It belongs to the IPVS of 2.4.29 and later.
    const tree = edited(await treeOf('ipvsadm-1.21'), [
      { file: 'Makefile', find: ' $(POPT_DEFINE)\n', put: ' $(POPT_DEFINE) -DNEEDS_IP_VS=0x01000c\n' },
    ]);
    return gzip(tar(tree, 'ipvsadm-1.21', time('2005-01-19T10:00:00Z')));
  },
};

async function linux2420Tar(options: TwinSourceOptions): Promise<Buffer> {
  const { compileError, ...others } = options;
  const faults = moduleOf(options) === undefined ? options : others;
  const tree = faulty(await (options.vendor ? vendorTree() : linux2420()), faults);
  return tar(tree, options.vendor ? 'linux-2.4.20-8' : 'linux-2.4.20', LINUX_2420);
}

/** Where the file that does not compile lies in the tarball of IPVS, if it does. */
function moduleOf({ compileError }: TwinSourceOptions): string | undefined {
  const name = compileError?.replace(/^net\/ipv4\/ipvs\//, '');
  return name === compileError ? undefined : `ipvs/${name}`;
}

function menus(tree: Tree, { vanishing }: TwinSourceOptions): Tree {
  return vanishing === undefined ? tree : withoutOption(tree, vanishing);
}

/** zlib writes no time and no name into the head. */
const gzip = (content: Buffer) => gzipSync(content, { level: 9 });

async function bzip2(content: Buffer | string): Promise<Buffer> {
  const running = promisify(execFile)('bzip2', ['-9c'], { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 });
  // A bzip2 that is not there, or ends early, tells so below.
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(content);
  try {
    return (await running).stdout;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new LvsctlError(
      'there is no bzip2 on this machine: the lab packs the sources of its kernels by it',
      {
        hint: 'apt-get install bzip2',
        cause,
      },
    );
  }
}

/** An sh script that does for modules of a twin kernel what depmod of modutils 2.4 does; for /sbin/depmod. */
export const twinDepmod = (): Promise<string> => textOf('depmod');
