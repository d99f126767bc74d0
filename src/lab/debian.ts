import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LvsctlError } from '../errors.js';
import { run } from './command.js';
import { recipe } from './recipe.js';

/** Makes a Debian root the lab's small Debian server, with the packages (.debs in a folder) that its apt can install. */
export async function furnishDebian(root: string, packages: string): Promise<void> {
  await carryPackages(root, packages);
  await writeFiles(root);
}

/** The static busybox that the image carries as a .deb. */
export async function carriedBusybox(root: string, making: string): Promise<Buffer> {
  const debs = join(root, recipe.packageFolder);
  const busybox = (await readdir(debs)).find((name) => name.startsWith('busybox-static_'));
  if (busybox === undefined) throw new LvsctlError('the lab image got no busybox-static');
  const unpacked = join(making, 'busybox');
  await run('dpkg-deb', ['-x', join(debs, busybox), unpacked]);
  const program = await readFile(join(unpacked, 'bin/busybox')).catch(() =>
    readFile(join(unpacked, 'usr/bin/busybox')),
  );
  await rm(unpacked, { recursive: true });
  return program;
}

/** Moves the .debs in and indexes them, as apt-ftparchive would, without needing it. */
async function carryPackages(root: string, packages: string): Promise<void> {
  const target = join(root, recipe.packageFolder);
  await mkdir(target, { recursive: true });
  const debs = (await readdir(packages)).filter((name) => name.endsWith('.deb')).sort();
  const stanzas: string[] = [];
  for (const deb of debs) {
    const content = await readFile(join(packages, deb));
    // apt unescapes %3a in a Filename before it opens the file.
    const name = deb.replaceAll('%3a', ':').replaceAll(':', '.');
    await writeFile(join(target, name), content);
    const control = (await run('dpkg-deb', ['-f', join(packages, deb)])).trimEnd();
    const sum = createHash('sha256').update(content).digest('hex');
    stanzas.push(`${control}\nFilename: ./${name}\nSize: ${content.length}\nSHA256: ${sum}\n`);
  }
  const index = stanzas.join('\n');
  await writeFile(join(target, 'Packages'), index);
  // Without a Release file apt tries each compression in turn before it reads the plain index.
  const sum = createHash('sha256').update(index).digest('hex');
  await writeFile(
    join(target, 'Release'),
    `Suite: lab\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sum} ${Buffer.byteLength(index)} Packages\n`,
  );
}

async function writeFiles(root: string): Promise<void> {
  for (const path of recipe.imageRemovals) await rm(join(root, path), { force: true });
  for (const [path, content] of Object.entries(recipe.imageFiles)) {
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), content);
  }
  for (const [path, target] of Object.entries(recipe.imageLinks)) {
    await rm(join(root, path), { force: true });
    await symlink(target, join(root, path));
  }
  // systemd compares /usr with these and runs its first-boot services when they are older.
  for (const path of ['etc/.updated', 'var/.updated']) {
    await writeFile(join(root, path), '');
    const { mtime } = await stat(join(root, 'usr'));
    await utimes(join(root, path), mtime, mtime);
  }
}
