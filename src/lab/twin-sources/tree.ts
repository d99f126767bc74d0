import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The text files of a source tree, by their path in it. */
export type Tree = ReadonlyMap<string, string>;

/** Text that stands once in a file, and what stands there afterwards. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const packed = (path: string) => fileURLToPath(new URL(`./files/${path}`, import.meta.url));

/** One of `files/`. */
export const textOf = (path: string): Promise<string> => readFile(packed(path), 'utf8');

/** A folder of `files/`, where the sources lie as they are packed. */
export async function treeOf(folder: string): Promise<Tree> {
  const root = packed(folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return new Map(paths.map((path, index) => [relative(root, path), texts[index] ?? '']));
}

/** @throws Error for an edit whose text is not there, or is there twice: a slip in ours */
export function edited(tree: Tree, edits: readonly Edit[]): Tree {
  const result = new Map(tree);
  for (const { file, find, put } of edits) {
    const [before, after, ...more] = result.get(file)?.split(find) ?? [];
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${JSON.stringify(find)} does not stand once in ${file}`);
    result.set(file, `${before}${put}${after}`);
  }
  return result;
}

/** Those of `trees` that come later replace files of the same path. */
export function merged(...trees: readonly Tree[]): Tree {
  return new Map(trees.flatMap((tree) => [...tree]));
}

/** A tree put into a folder of another. */
export function below(folder: string, tree: Tree): Tree {
  return new Map([...tree].map(([path, text]) => [`${folder}/${path}`, text]));
}
