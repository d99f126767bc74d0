import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Surroundings } from './surroundings.js';

/** Keeps one text for each of a user's files, until what it was made from changes. */
export interface Kept {
  /** The text, if it was made from this. */
  recall(file: string, madeFrom: string): string | undefined;
  /** A cache that can't be written is no error. */
  keep(file: string, madeFrom: string, text: string): void;
}

/**
 * A cache below ~/.cache/lvsctl, for this user alone: whoever can write there can run code as us.
 * @param kind ending of its files
 */
export function keptTexts(surroundings: Surroundings, kind: string): Kept {
  const folder = cacheFolder(surroundings);
  if (folder === false) return { recall: () => undefined, keep: () => {} };
  const pathOf = (file: string): string => join(folder, `${digest(file)}.${kind}`);
  const header = (madeFrom: string): string => `// ${digest([thisBuild(), madeFrom].join('\0'))}\n`;
  return {
    recall(file, madeFrom) {
      const text = read(pathOf(file));
      const wanted = header(madeFrom);
      return text?.startsWith(wanted) ? text.slice(wanted.length) : undefined;
    },
    keep(file, madeFrom, text) {
      // Half a file under the right name would be worse than none.
      const path = pathOf(file);
      const fresh = `${path}.${process.pid}`;
      try {
        writeFileSync(fresh, header(madeFrom) + text, { mode: 0o600 });
        renameSync(fresh, path);
      } catch {}
    },
  };
}

export function cacheFolder({ home }: Surroundings): string | false {
  const folder = join(home, '.cache', 'lvsctl', 'jiti');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const { uid } = statSync(folder);
    return uid === process.getuid?.() ? folder : false;
  } catch {
    return false;
  }
}

let build: string | undefined;

/** What was made by another build of lvsctl, or for another Node, is made anew: an installed or rebuilt file has another time. */
function thisBuild(): string {
  const own = fileURLToPath(import.meta.url);
  const { mtimeMs, ino } = statSync(own);
  build ??= [own, mtimeMs, ino, process.version].join(' ');
  return build;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
