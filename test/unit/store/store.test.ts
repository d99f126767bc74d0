import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Artifact } from '../../../src/artifacts/index.js';
import { importArtifacts } from '../../../src/artifacts/index.js';
import type { Store } from '../../../src/engine/index.js';
import { LvsctlError } from '../../../src/errors.js';
import { type LocalFile, openStore } from '../../../src/store/index.js';

let work: string;
let bundles: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-store-'));
  bundles = join(work, 'cache', 'bundles');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

const artifact = (name: string, content: string): Artifact => ({
  name,
  file: `${name}.tar.bz2`,
  kind: 'linux',
  version: '2.4.20',
  digests: [{ algorithm: 'sha256', hex: sha256(content) }],
  mirrors: [],
});

const catalogue = [artifact('linux-1', 'one'), artifact('linux-2', 'two')];

const options = (local: Record<string, LocalFile> = {}) => ({
  artifacts: {
    catalogue,
    lockFile: join(work, 'lvsctl.lock.json'),
    cacheFolder: join(work, 'cache', 'artifacts'),
  },
  local: new Map(Object.entries(local)),
  bundles,
});

/** As if fetched. */
async function cached(file: string, content: string): Promise<void> {
  const folder = join(work, 'import');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), content);
  await importArtifacts(folder, options().artifacts);
}

const failure = (work: Promise<unknown>): Promise<LvsctlError> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(LvsctlError);
      return error as LvsctlError;
    },
  );

const contentOf = (store: Store, name: string): Promise<Buffer> => {
  const file = store.files.get(name);
  if (!file) throw new Error(`no ${name}`);
  return buffer(store.read(file));
};

describe('what hosts have built', () => {
  const name = 'bundle 2.4.20-lvs3f2a1c9d';

  it('is kept with its digests, read again, and there for the next run', async () => {
    const content = randomBytes(3_000_001);
    const store = await openStore(options());
    const kept = await store.keep(name, Readable.from([content.subarray(0, 9), content.subarray(9)]));
    expect(kept).toEqual({
      name,
      path: kept.path,
      size: content.length,
      sha256: sha256(content),
      cksum: execFileSync('cksum', { input: content, encoding: 'utf8' }).trim(),
    });
    expect(readFileSync(kept.path).equals(content)).toBe(true);
    expect(store.files.get(name)).toEqual(kept);

    const next = await openStore(options());
    expect(next.files.get(name)).toEqual(kept);
    expect((await contentOf(next, name)).equals(content)).toBe(true);
    expect(statSync(bundles).mode & 0o777).toBe(0o700);
    expect(statSync(kept.path).mode & 0o777).toBe(0o600);
  });

  it('is replaced as a whole: a stream that breaks leaves the old one, and nothing beside it', async () => {
    const store = await openStore(options());
    const old = await store.keep(name, Readable.from([Buffer.from('old')]));
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('half of the n');
        throw new Error('the link is gone');
      })(),
    );
    await expect(store.keep(name, breaking)).rejects.toThrow('the link is gone');
    expect(readdirSync(bundles).sort()).toEqual([
      `bundle%202.4.20-lvs3f2a1c9d.${old.sha256.slice(0, 16)}`,
      'bundle%202.4.20-lvs3f2a1c9d.json',
    ]);
    expect((await contentOf(await openStore(options()), name)).toString()).toBe('old');

    const fresh = await store.keep(name, Readable.from([Buffer.from('new')]));
    expect(readdirSync(bundles)).toHaveLength(2);
    expect((await openStore(options())).files.get(name)).toEqual(fresh);
  });

  it('is not taken for itself when its file is cut, gone or changed', async () => {
    const store = await openStore(options());
    const { path } = await store.keep(name, Readable.from([Buffer.from('bundle')]));
    writeFileSync(path, 'bungle');
    // As long as before: found when it is read for use.
    const error = await failure(contentOf(await openStore(options()), name));
    expect(error.message).toContain(`${path} has changed`);
    expect(error.hint).toContain('remove the file');
    writeFileSync(path, 'bun');
    expect((await openStore(options())).files.has(name)).toBe(false);
    rmSync(path);
    expect((await openStore(options())).files.has(name)).toBe(false);
  });

  it.each(['', 'null', '{}', '{"name":"x","file":"../../etc/passwd","size":1,"sha256":"a","cksum":"b"}'])(
    'is made again when its note says %j',
    async (note) => {
      const store = await openStore(options());
      await store.keep(name, Readable.from([Buffer.from('bundle')]));
      const path = join(bundles, 'bundle%202.4.20-lvs3f2a1c9d.json');
      writeFileSync(path, note);
      expect([...(await openStore(options())).files.keys()]).toEqual([]);
    },
  );

  it('sweeps what killed runs left, and leaves alone what another one may be writing', async () => {
    const store = await openStore(options());
    mkdirSync(bundles, { recursive: true });
    const [stale, present] = [join(bundles, 'a.0123456789ab.part'), join(bundles, 'b.0123456789ab.part')];
    for (const path of [stale, present]) writeFileSync(path, 'x');
    utimesSync(stale, 1, 1);
    await store.keep(name, Readable.from([Buffer.from('bundle')]));
    expect(readdirSync(bundles).filter((file) => file.endsWith('.part'))).toEqual(['b.0123456789ab.part']);
  });

  it('says what to do when the folder cannot be written', async () => {
    mkdirSync(join(work, 'cache'));
    writeFileSync(bundles, 'a file in its place');
    const store = await openStore(options());
    const error = await failure(store.keep(name, Readable.from([Buffer.from('x')])));
    expect(error.message).toContain(bundles);
    expect(error.hint).toContain('XDG_CACHE_HOME');
  });
});

describe('artifacts', () => {
  it('are not looked for before they are asked for, and look fetches nothing', async () => {
    await cached('linux-1.tar.bz2', 'one');
    const store = await openStore(options());
    expect(store.files.size).toBe(0);
    expect(await store.look(['linux-1', 'linux-2'])).toEqual(['linux-2']);
    expect([...store.files.keys()]).toEqual(['linux-1']);
    expect(store.files.get('linux-1')).toMatchObject({ size: 3, sha256: sha256('one') });
    expect((await contentOf(store, 'linux-1')).toString()).toBe('one');
  });

  it('are missing when the cached file is not what its name says', async () => {
    await cached('linux-1.tar.bz2', 'one');
    writeFileSync(join(work, 'cache', 'artifacts', 'sha256', sha256('one')), 'eno');
    const store = await openStore(options());
    expect(await store.look(['linux-1'])).toEqual(['linux-1']);
    expect(store.files.size).toBe(0);
  });

  it('that no mirror has are named', async () => {
    await cached('linux-1.tar.bz2', 'one');
    const store = await openStore(options());
    await store.ensure(['linux-1']);
    expect([...store.files.keys()]).toEqual(['linux-1']);
    const error = await failure(store.ensure(['linux-1', 'linux-2']));
    expect(error.message).toContain('no mirror gave linux-2.tar.bz2');
    expect(error.resource).toBe('artifact linux-2');
  });

  it('of the inventory or the lab are files of this machine, before the catalogue’s, and never fetched', async () => {
    const file = join(work, 'mine.tar.gz');
    writeFileSync(file, 'mine');
    const local = { file, sha256: sha256('mine'), saidBy: 'the lab' };
    const store = await openStore(options({ 'mine:source': local, 'linux-1': local }));
    expect(await store.look(['mine:source', 'linux-1'])).toEqual([]);
    await store.ensure(['mine:source', 'linux-1']);
    expect(store.files.get('linux-1')).toMatchObject({ name: 'linux-1', path: file, sha256: sha256('mine') });
  });

  it('of the inventory that are absent or wrong are all named, with who says so, and nothing is fetched', async () => {
    const file = join(work, 'mine.tar.gz');
    writeFileSync(file, 'mine');
    const saidBy = 'kernelProfiles.mine of inventory.ts';
    const store = await openStore(
      options({
        'mine:source': { file, sha256: sha256('other'), saidBy },
        'mine:patch-1': { file: join(work, 'nowhere'), sha256: sha256(''), saidBy },
      }),
    );
    const names = ['mine:source', 'mine:patch-1', 'linux-2'];
    for (const ask of [() => store.look(names), () => store.ensure(names)]) {
      const { message } = await failure(ask());
      expect(message).toContain('2 artifacts are not right');
      expect(message).toContain(
        `artifact mine:source: ${file} has sha256 ${sha256('mine')}; ${saidBy} says ${sha256('other')}`,
      );
      expect(message).toContain(
        `artifact mine:patch-1: ${join(work, 'nowhere')}, which ${saidBy} names, can't be read`,
      );
      expect(message).not.toContain('linux-2');
    }
    expect((await failure(store.look(['mine:source']))).resource).toBe('artifact mine:source');
  });
});
