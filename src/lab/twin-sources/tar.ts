import { Buffer } from 'node:buffer';
import { dirname } from 'node:path';
import type { Tree } from './tree.js';

const BLOCK = 512;

/**
 * A tree as a tar archive (POSIX ustar, which tar 1.13 reads) in one top folder. All is root's, and of one time, in seconds since 1970:
 * the same tree gives the same bytes. Scripts, told by their first two characters, may be executed.
 * @throws Error for a path longer than ustar's 100 bytes
 */
export function tar(tree: Tree, top: string, time: number): Buffer {
  const folders = new Set<string>();
  for (const path of tree.keys())
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  const members = [
    { path: `${top}/`, content: undefined },
    ...[...folders].map((path) => ({ path: `${top}/${path}/`, content: undefined })),
    ...[...tree].map(([path, content]) => ({ path: `${top}/${path}`, content })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  return Buffer.concat([
    ...members.flatMap(({ path, content }) => member(path, content, time)),
    Buffer.alloc(2 * BLOCK),
  ]);
}

/** A folder has no content. */
function member(path: string, text: string | undefined, time: number): Buffer[] {
  const name = Buffer.from(path);
  if (name.length > 100) throw new Error(`too long for a tar archive: ${path}`);
  const content = Buffer.from(text ?? '');
  const isFolder = text === undefined;
  const mode = isFolder || text.startsWith('#!') ? 0o755 : 0o644;
  const header = Buffer.alloc(BLOCK);
  name.copy(header);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(time, 136, 12);
  header.write(isFolder ? '5' : '0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('root', 265);
  header.write('root', 297);
  // The sum is of the header with blanks in its own place.
  header.fill(' ', 148, 156);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [header, content, padding];
}
