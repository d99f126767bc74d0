import { chmod, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeCommand } from './commandFolder.js';
import { type RedHat9Recipe, realFolder } from './recipe.js';

/** Folders of programs on a Red Hat 9 host; Debian has links or one folder in place of the first two. */
const programFolders = ['/bin', '/sbin', '/usr/bin', '/usr/sbin'];

/** Makes a Debian root a Red Hat 9 host's: today's programs go out of every PATH, and what Red Hat 9 had comes in their place. */
export async function furnishRedHat9(root: string, recipe: RedHat9Recipe): Promise<void> {
  const inside = (path: string) => join(root, path);
  await mkdir(inside(realFolder), { recursive: true });
  for (const folder of ['/usr/bin', '/usr/sbin'])
    for (const name of await readdir(inside(folder)))
      await moveProgram(inside(join(folder, name)), inside(join(realFolder, name)));
  for (const folder of programFolders) {
    if ((await lstat(inside(folder))).isSymbolicLink()) await rm(inside(folder));
    await mkdir(inside(folder), { recursive: true });
  }
  for (const path of recipe.removals) await rm(inside(path), { recursive: true, force: true });
  for (const path of recipe.folders) await mkdir(inside(path), { recursive: true });
  for (const [path, command] of Object.entries(recipe.commands)) {
    const target = 'link' in command ? command.link : '';
    await writeCommand(inside(path), target, 'text' in command ? command.text : undefined);
  }
  for (const [path, content] of Object.entries(recipe.files)) {
    await mkdir(dirname(inside(path)), { recursive: true });
    await rm(inside(path), { force: true });
    await writeFile(inside(path), content);
    if (content.startsWith('#!')) await chmod(inside(path), 0o755);
  }
  for (const [path, target] of Object.entries(recipe.links)) {
    await mkdir(dirname(inside(path)), { recursive: true });
    await rm(inside(path), { force: true });
    await symlink(target, inside(path));
  }
}

/** A link to another program goes on pointing to it: all of them end up in one folder. */
async function moveProgram(from: string, to: string): Promise<void> {
  if (!(await lstat(from)).isSymbolicLink()) return rename(from, to);
  const target = await readlink(from);
  const isProgram = /^(?:[^/]+|(?:\.\.\/)*(?:\/?usr\/)?\/?s?bin\/[^/]+)$/.test(target);
  await rm(from);
  if (isProgram && basename(target) === basename(to)) return;
  await rm(to, { force: true });
  await symlink(isProgram ? basename(target) : target, to);
}
