import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { EventSink } from '../engine/events.js';
import { LvsctlError } from '../errors.js';
import type { LabFlavour } from '../inventory/cluster.js';
import { quote } from '../shell/index.js';
import { attempt, follow, run } from './command.js';
import { cpio, file, folder } from './cpio.js';
import { type CommonRecipe, type Flavour, flavourOf } from './flavour.js';
import { imageRoot } from './layout.js';
import { locked } from './lock.js';
import { programPath } from './requirements.js';

/** A finished image: a folder that guests share and never write. */
export interface Image {
  readonly directory: string;
  readonly kernel: string;
  /** Common part of every guest's initramfs. */
  readonly initramfs: string;
  /** Empty ext4 file system, sparse: each guest's disk begins as a copy. */
  readonly disk: string;
}

export function imageAt(directory: string): Image {
  return {
    directory,
    kernel: join(directory, 'linux'),
    initramfs: join(directory, 'initramfs'),
    disk: join(directory, 'disk'),
  };
}

/** The image of a flavour, its present recipe and kernel, made now unless the cache has it: about a minute, 350 MB. */
export async function image(name: LabFlavour, sink: EventSink): Promise<Image> {
  const kernel = programPath('linux.uml') ?? 'linux.uml';
  const flavour = await flavourOf(name);
  const sources = await aptSources();
  const hash = createHash('sha256')
    .update(JSON.stringify({ ...flavour.recipe, suite: sources.suite }))
    .update(await readFile(kernel))
    .digest('hex')
    .slice(0, 16);
  const directory = join(imageRoot(), hash);
  if (await exists(directory)) return imageAt(directory);
  const told = () => sink({ type: 'lab.progress', text: 'waiting for the image that another lab makes' });
  return locked(`image/${hash}`, told, async () => {
    if (await exists(directory)) return imageAt(directory);
    const making = join(imageRoot(), `${hash}.${process.pid}`);
    // The image's files are the guests' own: a strict umask of the operator's would lock their users out.
    const umask = process.umask(0o022);
    try {
      await removeRemains(hash);
      await make(making, flavour, kernel, sources, sink);
      await rename(making, directory);
    } catch (error) {
      await removeRemains(hash);
      throw error;
    } finally {
      process.umask(umask);
    }
    sink({ type: 'lab.progress', text: 'the image is ready', fraction: 1 });
    return imageAt(directory);
  });
}

/** What an image that was never finished has left; its mmdebstrap may still be writing for a moment. */
async function removeRemains(hash: string): Promise<void> {
  await mkdir(imageRoot(), { recursive: true });
  for (const name of await readdir(imageRoot()))
    if (name.startsWith(`${hash}.`))
      await rm(join(imageRoot(), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}

async function make(
  making: string,
  flavour: Flavour,
  kernel: string,
  sources: AptSources,
  sink: EventSink,
): Promise<void> {
  const progress = (fraction: number, text: string) => sink({ type: 'lab.progress', text, fraction });
  const root = join(making, 'root');
  const packages = join(making, 'packages');
  await mkdir(join(packages, 'partial'), { recursive: true });
  await chmod(making, 0o700);

  progress(0, `making the image of the lab's ${flavour.name} hosts (${sources.suite}, once)`);
  await bootstrap(root, packages, flavour.recipe, sources, progress);
  progress(0.9, 'adding kernel modules and packages');
  const version = (await run(kernel, ['--version'])).trim();
  await cp(`/usr/lib/uml/modules/${version}`, join(root, flavour.modulesFolder, version), {
    recursive: true,
  });
  await flavour.furnish(root, packages);
  const made = imageAt(making);
  await copyFile(kernel, made.kernel);
  await writeFile(made.initramfs, await commonInitramfs(making, root, flavour, version));
  await writeFile(made.disk, '');
  await truncate(made.disk, flavour.recipe.diskBytes);
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', made.disk]);
  await rm(packages, { recursive: true });
}

/** mmdebstrap's own words and how far it is when it says them. */
const milestones: readonly (readonly [RegExp, number, string])[] = [
  [/^I: running apt-get update/, 0.02, 'reading the package lists'],
  [/^I: downloading packages/, 0.08, 'downloading packages'],
  [/^I: extracting archives/, 0.2, 'unpacking the base system'],
  [/^I: installing essential/, 0.3, 'installing the base system'],
  [/^I: installing remaining/, 0.5, 'installing init and sshd'],
  [/^I: running --customize-hook/, 0.75, 'downloading the packages that roles install'],
  [/^I: cleaning/, 0.85, 'cleaning up'],
];

async function bootstrap(
  root: string,
  packages: string,
  recipe: CommonRecipe,
  sources: AptSources,
  progress: (fraction: number, text: string) => void,
): Promise<void> {
  const download = [
    'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --no-install-recommends --download-only',
    `-o Dir::Cache::archives=${quote(packages)} install ${recipe.carriedPackages.map(quote).join(' ')}`,
  ].join(' ');
  const args = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    ...recipe.excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${recipe.installedPackages.join(',')}`,
    ...(recipe.carriedPackages.length > 0 ? [`--customize-hook=${download}`] : []),
    sources.suite,
    root,
    ...sources.lines,
  ];
  let fraction = 0;
  const onLine = (line: string) => {
    for (const [pattern, reached, text] of milestones)
      if (reached > fraction && pattern.test(line)) {
        fraction = reached;
        progress(fraction, text);
      }
  };
  await follow('mmdebstrap', args, onLine).catch((cause: unknown) => {
    throw new LvsctlError(`the lab's image can't be made: ${(cause as Error).message}`, {
      cause,
      hint: "The packages come from this machine's own apt sources: see that apt-get update works.",
    });
  });
}

async function commonInitramfs(
  making: string,
  root: string,
  flavour: Flavour,
  version: string,
): Promise<Buffer> {
  const overlay = join(root, flavour.modulesFolder, version, 'kernel/fs/overlayfs/overlay.ko');
  return cpio([
    ...['bin', 'dev', 'disk', 'lab', 'lower', 'new', 'proc'].map((path) => folder(path)),
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    file('bin/busybox', await flavour.busybox(root, making), 0o755),
    file('overlay.ko', await readFile(overlay)),
    file('init', flavour.recipe.initScript, 0o755),
  ]);
}

interface AptSources {
  readonly suite: string;
  /** One-line entries for mmdebstrap. */
  readonly lines: readonly string[];
}

/** This machine's own sources of its own release: whatever mirror works for it works for the lab. */
async function aptSources(): Promise<AptSources> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const suite = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1];
  const format = 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = await attempt('apt-get', ['indextargets', '--format', format, 'Identifier: Packages']);
  const own = new RegExp(`^deb \\S+ ${suite}(-updates|-security)? (main|universe)$`);
  const lines = [...new Set(targets.split('\n'))].filter((line) => own.test(line));
  if (suite === undefined || !lines.some((line) => line.includes(` ${suite} main`)))
    throw new LvsctlError('the lab found no Debian or Ubuntu package source on this machine', {
      hint: 'Run it on Debian or Ubuntu, with apt sources that `apt-get update` can read.',
    });
  return { suite, lines };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
