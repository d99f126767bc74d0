import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writing } from '../artifacts/index.js';
import type { Content, StoredFile } from '../engine/store.js';
import { type Fingerprint, Fingerprinter } from './fingerprint.js';

/** What stands beside a bundle, in `NAME.json`. */
interface Note extends Fingerprint {
  readonly name: string;
  /** Beside it. */
  readonly file: string;
}

/** A file that came in part and was not touched for so long has nobody any more who writes it: a day, milliseconds. */
const LEFT_OVER = 24 * 3600 * 1000;

/**
 * What hosts have built: each a file with its digest in its name, and a note that names it. The note is what counts, and it is
 * replaced as a whole; so a bundle is the old one or the new one, whatever ends the process.
 */
export class Bundles {
  constructor(readonly folder: string) {}

  /** Those whose file is there; its content is checked when it is read. */
  async list(): Promise<StoredFile[]> {
    const names = await readdir(this.folder).catch(() => []);
    const found = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.#noted(join(this.folder, name))),
    );
    return found.filter((file) => file !== undefined);
  }

  /** @throws LvsctlError when the folder can't be written; what the content throws is thrown as it is */
  async keep(name: string, content: Content): Promise<StoredFile> {
    const base = encodeURIComponent(name);
    if (name === '' || name.startsWith('.')) throw new Error(`no name for a bundle: ${JSON.stringify(name)}`);
    await writing(this.folder, () => mkdir(this.folder, { recursive: true, mode: 0o700 }));
    const part = join(this.folder, `${base}.${randomBytes(6).toString('hex')}.part`);
    try {
      const found = await this.#write(part, content);
      const file = `${base}.${found.sha256.slice(0, 16)}`;
      const note: Note = { name, file, ...found };
      await writing(part, () => rename(part, join(this.folder, file)));
      await writing(part, async () => {
        await writeFile(part, `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 });
        await rename(part, join(this.folder, `${base}.json`));
      });
      await this.#sweep(base, file);
      return { name, path: join(this.folder, file), ...found };
    } finally {
      await rm(part, { force: true });
    }
  }

  async #write(path: string, content: Content): Promise<Fingerprint> {
    const found = new Fingerprinter();
    const handle = await writing(path, () => open(path, 'wx', 0o600));
    try {
      for await (const chunk of content) {
        found.update(chunk);
        await writing(path, () => handle.appendFile(chunk));
      }
      // It may be the work of hours.
      await writing(path, () => handle.sync());
    } finally {
      await handle.close();
    }
    return found.digest();
  }

  /** Files of this bundle that no note names any more, and what a killed process left. */
  async #sweep(base: string, file: string): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const isOld = name.startsWith(`${base}.`) && /^[0-9a-f]{16}$/.test(name.slice(base.length + 1));
      const isLeft =
        name.endsWith('.part') &&
        Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now()) > LEFT_OVER;
      if ((isOld && name !== file) || isLeft) await rm(path, { force: true });
    }
  }

  /** A note that says nothing sound is none: the bundle is made again. */
  async #noted(path: string): Promise<StoredFile | undefined> {
    try {
      const { name, file, size, sha256, cksum }: Partial<Note> = JSON.parse(await readFile(path, 'utf8'));
      const sound = [name, file, sha256, cksum].every((value) => typeof value === 'string');
      if (!sound || name === undefined || file === undefined || sha256 === undefined || cksum === undefined)
        return undefined;
      if (!file.startsWith(`${encodeURIComponent(name)}.`) || file.includes('/')) return undefined;
      const whole = join(this.folder, file);
      const { size: there } = await stat(whole);
      return there === size ? { name, path: whole, size, sha256, cksum } : undefined;
    } catch {
      return undefined;
    }
  }
}
