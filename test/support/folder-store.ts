import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Store, StoredFile } from '../../src/engine/store.js';
import { LvsctlError } from '../../src/errors.js';
import { cksum } from '../../src/resources/cksum.js';

/** A store that has these files, by name, and keeps what hosts have built in a folder, from run to run. */
export function folderStore(folder: string, given: ReadonlyMap<string, string>): Store {
  const files = new Map<string, StoredFile>();
  const take = (name: string, path: string): StoredFile => {
    const content = readFileSync(path);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const file = { name, path, size: content.length, sha256, cksum: cksum(content) };
    files.set(name, file);
    return file;
  };
  const index = join(folder, 'kept.json');
  const kept = (): Record<string, string> =>
    existsSync(index) ? (JSON.parse(readFileSync(index, 'utf8')) as Record<string, string>) : {};
  for (const [name, path] of Object.entries(kept())) take(name, path);
  return {
    files,
    async look(names) {
      for (const name of names) {
        const path = given.get(name);
        if (path !== undefined) take(name, path);
      }
      return names.filter((name) => !files.has(name));
    },
    async ensure(names) {
      const missing = await this.look(names);
      if (missing.length > 0) throw new LvsctlError(`not to be had: ${missing.join(', ')}`);
    },
    async keep(name, content) {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk as Buffer);
      const path = join(folder, name.replaceAll(/\W+/g, '-'));
      writeFileSync(path, Buffer.concat(chunks));
      writeFileSync(index, JSON.stringify({ ...kept(), [name]: path }));
      return take(name, path);
    },
    read: ({ path }): Readable => createReadStream(path),
  };
}
