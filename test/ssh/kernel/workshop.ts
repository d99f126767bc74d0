import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { Store, StoredFile } from '../../../src/engine/store.js';
import { makeTwinSources, type TwinSourceOptions } from '../../../src/lab/twin-sources/index.js';
import { folderStore } from '../../support/folder-store.js';
import type { TestSshd } from '../../support/sshd.js';
import { type BuildHostOptions, startBuildHost } from './build-host.js';

/** A build host for one test. */
export async function buildHost(options?: BuildHostOptions): Promise<TestSshd> {
  const sshd = await startBuildHost(options);
  onTestFinished(() => sshd.stop());
  return sshd;
}

/** What is on a controller's disk: twin sources, and what was built. */
export interface Controller {
  readonly folder: string;
  /** By name in the catalogue, or in a profile of the inventory. */
  readonly given: ReadonlyMap<string, string>;
  /** As a new run would. */
  open(): Store;
}

export async function controller(
  options: TwinSourceOptions = {},
  more: (files: ReadonlyMap<string, string>) => Iterable<readonly [string, string]> = () => [],
): Promise<Controller> {
  const folder = scratch(onTestFinished);
  const files = new Map((await makeTwinSources(folder, options)).map(({ name, path }) => [name, path]));
  const given = new Map([...files, ...more(files)]);
  return { folder, given, open: () => folderStore(folder, given) };
}

function scratch(atTheEnd: (work: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-kernel-'));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One set of sources for all tests of a file; each controller has a store of its own. */
export async function controllers(names: TwinSourceOptions['names']): Promise<() => Controller> {
  const shared = scratch(afterAll);
  const files = await makeTwinSources(shared, names ? { names } : {});
  const given = new Map(files.map(({ name, path }) => [name, path]));
  return () => {
    const folder = mkdtempSync(join(shared, 'store-'));
    return { folder, given, open: () => folderStore(folder, given) };
  };
}

export interface Bundle {
  readonly release: string;
  readonly members: readonly string[];
  read(member: string): string;
}

export function bundlesOf(store: Store): Bundle[] {
  return [...store.files.values()].filter(({ name }) => name.startsWith('bundle ')).map(bundle);
}

function bundle({ name, path }: StoredFile): Bundle {
  const tar = (...args: string[]) => execFileSync('tar', args, { encoding: 'utf8' });
  return {
    release: name.replace('bundle ', ''),
    members: tar('tzf', path).trim().split('\n'),
    read: (member) => tar('xzOf', path, member),
  };
}
