import { arpFlagEdits, vendorEdits } from './arp-edits.js';
import { withIpvs } from './ipvs-tree.js';
import { type Edit, edited, merged, type Tree, textOf, treeOf } from './tree.js';

/** What is wrong with the sources of Linux and IPVS, or slow: for tests of what a builder does then. */
export interface Faults {
  /** The kernel panics at boot, or hangs. */
  readonly kernel?: 'panic' | 'hang';
  /** A source file that does not compile, by its path in a patched tree: `net/ipv4/devinet.c`, `net/ipv4/ipvs/ip_vs_wrr.c`. */
  readonly compileError?: string;
  /** A symbol that the module `dummy` needs, and nothing has. */
  readonly unresolved?: string;
  /** Each file that is compiled takes so much longer. Seconds; fractions may be given. */
  readonly secondsPerFile?: number;
}

export const linux2420 = () => treeOf('linux');

/** /boot/config-2.4.20-8 of a host with Red Hat 9: an initrd, ext3, loop and netfilter, no IPVS. */
export const redHat9Config = (): Promise<string> => textOf('config-2.4.20-8');

/** Red Hat's 2.4.20-8, which has the configurations of its kernels with it. */
export async function vendorTree(): Promise<Tree> {
  const tree = edited(await linux2420(), [
    { file: 'Makefile', find: 'EXTRAVERSION =\n', put: 'EXTRAVERSION = -8custom\n' },
    ...vendorEdits,
  ]);
  return merged(tree, new Map([['configs/kernel-2.4.20-i686.config', await redHat9Config()]]));
}

export async function linux2437(): Promise<Tree> {
  const edits: readonly Edit[] = [
    { file: 'Makefile', find: 'SUBLEVEL = 20\n', put: 'SUBLEVEL = 37\n' },
    ...arpFlagEdits,
  ];
  return withIpvs(edited(await linux2420(), edits));
}

/** What the patch from 2.4.37 to 2.4.37.11 does. */
export const stableEdits: readonly Edit[] = [
  { file: 'Makefile', find: 'EXTRAVERSION =\n', put: 'EXTRAVERSION = .11\n' },
  {
    file: 'net/socket.c',
    find: '	return family < 0;\n}\n\nint sock_create',
    put: '	return family < 0 || family > 31;\n}\n\nint sock_create',
  },
];

/** @throws Error for a file that the tree does not have */
export function faulty(tree: Tree, faults: Faults): Tree {
  const appended = (before: Tree, file: string, text: string) => {
    const found = before.get(file);
    if (found === undefined) throw new Error(`the twin has no ${file}`);
    return new Map(before).set(file, found + text);
  };
  let result = tree;
  if (faults.kernel) result = appended(result, 'arch/i386/boot/features', `feature ${faults.kernel}\n`);
  if (faults.compileError !== undefined)
    result = appended(result, faults.compileError, '\nthis is no declaration;\n');
  if (faults.unresolved !== undefined)
    result = appended(result, 'drivers/net/dummy.c', `\nextern int ${faults.unresolved}(void);\n`);
  if (faults.secondsPerFile !== undefined)
    result = edited(result, [
      { file: 'Makefile', find: 'AFTER_FILE	=\n', put: `AFTER_FILE	= @sleep ${faults.secondsPerFile}\n` },
    ]);
  return result;
}
