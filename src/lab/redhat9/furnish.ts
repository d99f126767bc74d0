import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeCommand } from './commandFolder.js';
import { homeFolder, type RedHat9Recipe, realFolder } from './recipe.js';

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
  await noteVersionPlaces(root);
  await acceptOldIpvs(join(root, realFolder, 'ipvsadm'));
}

/**
 * Notes where the module ip_vs of the kernel underneath tells its version 1.2.1 (x86-64): in /proc/net/ip_vs by three adjacent `mov` of
 * 1, 2 and 1 into r8d, ecx and edx; to ipvsadm by 0x010201, as `mov` into edx (netlink) or to the stack (getsockopt). modprobe puts the
 * booted kernel's version there.
 */
async function noteVersionPlaces(root: string): Promise<void> {
  const folder = `${homeFolder}/uml/lib/modules`;
  const lines: string[] = [];
  for (const release of await readdir(join(root, folder))) {
    const module = `${folder}/${release}/kernel/net/netfilter/ipvs/ip_vs.ko`;
    const code = await readFile(join(root, module), 'hex').catch(() => '');
    const places = [
      ...found(code, /41b801000000b902000000ba01000000/g, 0).map((at) => `moves ${at}`),
      ...found(code, /ba01020100/g, 1).map((at) => `code ${at}`),
      ...found(code, /c785[0-9a-f]{8}01020100/g, 6).map((at) => `code ${at}`),
    ];
    lines.push(...places.map((place) => `${place} ${module}\n`));
  }
  await writeFile(join(root, homeFolder, 'ip_vs.version'), lines.join(''));
}

/** ipvsadm of today warns when the kernel's IPVS is older than 1.1.4 (`cmp $0x10103,%eax`), at each call; that of Red Hat 9's time did not. */
async function acceptOldIpvs(program: string): Promise<void> {
  const content = await readFile(program);
  const [place, ...more] = found(content.toString('hex'), /3d03010100/g, 1);
  if (place === undefined || more.length > 0) return;
  content.writeUInt32LE(0, place);
  await writeFile(program, content);
}

/** Offsets in bytes of a pattern in hexadecimal digits, moved by some bytes. */
function found(hex: string, pattern: RegExp, move: number): number[] {
  return [...hex.matchAll(pattern)].flatMap(({ index }) => (index % 2 === 0 ? [index / 2 + move] : []));
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
