import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  makeTwinSources,
  redHat9Config,
  type TwinSourceOptions,
  twinDepmod,
} from '../../../src/lab/twin-sources/index.js';

export interface Ended {
  readonly status: number | null;
  /** Of both streams: `make` says errors on the one, and what it does on the other. */
  readonly output: string;
}

/** A folder for one test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-twin-sources-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Surroundings {
  /** stdin; nothing when absent. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A line of sh in a folder, without a terminal: patch(1) would ask there. */
export function sh(cwd: string, line: string, { input = '', env = {} }: Surroundings = {}): Ended {
  const { CDPATH: _, ...own } = process.env;
  const { status, stdout, stderr } = spawnSync('setsid', ['-w', 'sh', '-c', line], {
    cwd,
    input,
    env: { ...own, LC_ALL: 'C', ...env },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** The same; a line that fails ends the test. Returns what it said. */
export function must(cwd: string, line: string, surroundings?: Surroundings): string {
  const { status, output } = sh(cwd, line, surroundings);
  if (status !== 0) throw new Error(`${line} in ${cwd} ended with ${status}:\n${output}`);
  return output;
}

/** Sources made into a folder for this test. */
export async function made(options?: TwinSourceOptions): Promise<string> {
  const folder = scratch();
  await makeTwinSources(folder, options);
  return folder;
}

export const IPVS_OPTIONS = ['', '_RR', '_WRR', '_LC', '_WLC', '_LBLC', '_LBLCR', '_DH', '_SH', '_FTP'].map(
  (name) => `CONFIG_IP_VS${name}`,
);

/** The configuration of Red Hat's kernel, and IPVS. */
export async function wantedConfig(value: 'm' | 'y' = 'm'): Promise<string> {
  const lines = IPVS_OPTIONS.map((name) => `${name}=${value}`);
  return `${await redHat9Config()}${lines.join('\n')}\n# CONFIG_IP_VS_DEBUG is not set\nCONFIG_IP_VS_TAB_BITS=16\n`;
}

/** linux-2.4.20 unpacked in `folder`. Returns the tree. */
export function unpacked(folder: string): string {
  must(folder, 'tar xjf linux-2.4.20.tar.bz2');
  return join(folder, 'linux-2.4.20');
}

/** The tutorial's kernel: 2.4.20 with hidden and IPVS. */
export function patched(folder: string): string {
  const tree = unpacked(folder);
  must(tree, 'patch -p1 < ../hidden-2.4.20pre10-1.diff');
  withIpvs(folder, tree);
  return tree;
}

export function withIpvs(folder: string, tree: string): void {
  must(folder, 'tar xzf ipvs-1.0.9.tar.gz');
  must(join(folder, 'ipvs-1.0.9'), `make patchkernel KERNELSOURCE=${tree}`);
  must(join(folder, 'ipvs-1.0.9'), `make installsource KERNELSOURCE=${tree}`);
}

/** The safer kernel: 2.4.37.11. */
export function safer(folder: string): string {
  must(folder, 'tar xjf linux-2.4.37.tar.bz2');
  const tree = join(folder, 'linux-2.4.37');
  must(tree, 'bzip2 -dc ../patch-2.4.37.11.bz2 | patch -p1');
  return tree;
}

export function configured(tree: string, config: string): void {
  writeFileSync(join(tree, '.config'), config);
  must(tree, "yes '' | make oldconfig");
}

/** Returns what the compiler was called for. */
export function built(tree: string): string {
  return must(tree, 'make dep && make clean && make bzImage && make modules');
}

export const twinKernel = (tree: string): string =>
  readFileSync(join(tree, 'arch/i386/boot/bzImage'), 'utf8');

/** Installs the modules below `root`, with our depmod. Returns what was said. */
export async function modulesInstalled(tree: string, root: string): Promise<string> {
  const depmod = join(root, 'depmod');
  must('/', `mkdir -p ${root}`);
  writeFileSync(depmod, await twinDepmod(), { mode: 0o755 });
  return must(tree, `make modules_install INSTALL_MOD_PATH=${root} DEPMOD=${depmod}`);
}

/** Paths of the files below a folder. */
export const filesOf = (folder: string): string[] =>
  must(folder, 'find . ! -type d -print | sort').split('\n').filter(Boolean);
