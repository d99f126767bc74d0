import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureArtifacts,
  importArtifacts,
  strayPins,
  surveyArtifacts,
} from '../../../src/artifacts/index.js';
import { LvsctlError, UsageError } from '../../../src/errors.js';
import { type Mirror, startMirror } from '../../support/mirror.js';
import { artifactOf, type Desk, failureOf, hex, noise, openDesk } from './artifacts.js';
import { hiddenDiff } from './hidden-diff.js';

const NAME = 'hidden-2.4.20pre10-1';
const FILE = `${NAME}.diff`;
const diff = Buffer.from(hiddenDiff());
const rerolled = Buffer.from(hiddenDiff({ note: 'rolled again' }));

let desk: Desk;
let mirror: Mirror;

beforeEach(async () => {
  desk = openDesk();
  mirror = await startMirror();
  mirror.files.set(FILE, { content: diff });
});

afterEach(async () => {
  await mirror.stop();
  desk.clear();
});

const hidden = (changes = {}) =>
  artifactOf(diff, {
    name: NAME,
    file: FILE,
    kind: 'hidden',
    version: '2.4.20pre10-1',
    size: undefined,
    digests: [],
    mirrors: [mirror.url],
    ...changes,
  });
const word = { trustFirstUse: [NAME] };
const ensure = (changes = {}, artifact = hidden()) =>
  ensureArtifacts([artifact.name], desk.options([artifact], changes));
const pins = () => JSON.parse(readFileSync(desk.lockFile, 'utf8'));
const pin = {
  file: FILE,
  size: diff.length,
  sha256: hex('sha256', diff),
  from: 'http://mirror/',
  date: '2024-05-01',
};
const empty = () => rmSync(desk.cacheFolder, { recursive: true });

describe('a file without a known digest', () => {
  it('is not even asked for without the word', async () => {
    const failure = await failureOf(ensure());
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure.message).toContain(`no digest of ${NAME} is known`);
    expect(failure.hint).toContain(`--trust-first-use ${NAME}`);
    expect(mirror.served).toEqual([]);
  });

  it('stops the others too, before anything is fetched', async () => {
    const content = noise(1000);
    const linux = artifactOf(content, { mirrors: [mirror.url] });
    mirror.files.set(linux.file, { content });
    await failureOf(ensureArtifacts([linux.name, NAME], desk.options([linux, hidden()])));
    expect(mirror.served).toEqual([]);
  });

  it('is pinned with the word, and then needs none', async () => {
    await ensure(word);
    expect(readFileSync(desk.lockFile, 'utf8')).toBe(
      `${JSON.stringify({ version: 1, artifacts: { [NAME]: { ...pin, from: `${mirror.url}${FILE}` } } }, undefined, 2)}\n`,
    );
    await ensure();
    expect(mirror.served).toHaveLength(1);
    empty();
    await ensure();
    expect(mirror.served).toHaveLength(2);
  });

  it('is shown before the operator says yes', async () => {
    const seen: object[] = [];
    const confirm = async (found: object) => {
      seen.push(found);
      return true;
    };
    await ensure({ confirm });
    expect(seen).toEqual([
      { artifact: hidden(), size: diff.length, sha256: pin.sha256, from: `${mirror.url}${FILE}` },
    ]);
    expect(pins().artifacts[NAME].sha256).toBe(pin.sha256);
  });

  it('is neither kept nor pinned after a no', async () => {
    const failure = await failureOf(ensure({ confirm: async () => false }));
    expect(failure.message).toContain('is not trusted');
    expect(failure.hint).toContain(pin.sha256);
    expect(readdirSync(desk.folder)).toEqual(['cache']);
    expect(readdirSync(join(desk.cacheFolder, 'sha256'))).toEqual([]);
    expect(readdirSync(join(desk.cacheFolder, 'partial'))).toEqual([]);
  });

  it('is refused when it does not look right inside, word or not', async () => {
    mirror.files.set(FILE, { content: Buffer.from('<html>This domain is for sale</html>') });
    const failure = await failureOf(ensure(word));
    expect(failure.message).toContain(`${mirror.url}${FILE}: has no unified diff in it`);
    expect(readdirSync(desk.folder)).toEqual(['cache']);
  });

  it('is refused for good where nothing is known of its inside', async () => {
    const artifact = hidden({ kind: 'linux-patch' });
    const failure = await failureOf(ensure(word, artifact));
    expect(failure.message).toContain('no digest, and not what is in it');
  });

  it('is continued only where the server says that it is still the same', async () => {
    mirror.files.set(FILE, [
      { content: diff, cutAfter: 200 },
      { content: diff, status: 503 },
    ]);
    await failureOf(ensure(word));
    mirror.files.set(FILE, { content: rerolled });
    await ensure(word);
    expect(mirror.served.at(-1)).toMatchObject({ range: 'bytes=200-', ifRange: expect.stringMatching(/^"/) });
    expect(pins().artifacts[NAME].sha256).toBe(hex('sha256', rerolled));
  });

  it('is never put together from two mirrors', async () => {
    const second = await startMirror();
    second.files.set(FILE, { content: rerolled });
    mirror.files.set(FILE, [
      { content: diff, cutAfter: 200 },
      { content: diff, status: 503 },
    ]);
    try {
      await ensure(word, hidden({ mirrors: [mirror.url, second.url] }));
      expect(second.served).toEqual([{ path: FILE, range: undefined, ifRange: undefined }]);
    } finally {
      await second.stop();
    }
    expect(pins().artifacts[NAME].sha256).toBe(hex('sha256', rerolled));
  });
});

describe('a pin', () => {
  const write = (artifacts: object) =>
    writeFileSync(desk.lockFile, JSON.stringify({ version: 1, artifacts }));

  it('refuses another file later, naming both digests', async () => {
    write({ [NAME]: pin });
    mirror.files.set(FILE, { content: rerolled });
    const failure = await failureOf(ensure(word));
    expect(failure.message).toContain(
      `has sha256 ${hex('sha256', rerolled)}; lvsctl.lock.json pins sha256 ${pin.sha256}`,
    );
    expect(failure.hint).toContain(`take ${NAME} out of ${desk.lockFile}`);
    expect(pins().artifacts[NAME]).toEqual(pin);
  });

  it('is not overruled by a digest that the catalogue learns later', async () => {
    write({ [NAME]: pin });
    mirror.files.set(FILE, { content: rerolled });
    const learned = hidden({ digests: [{ algorithm: 'md5', hex: hex('md5', rerolled) }] });
    expect((await failureOf(ensure({}, learned))).message).toContain('lvsctl.lock.json pins');
    mirror.files.set(FILE, { content: diff });
    expect((await failureOf(ensure({}, learned))).message).toContain('the catalogue has md5');
    await ensure();
    expect((await failureOf(ensure({}, learned))).message).toContain('the catalogue has md5');
    expect(desk.texts().join()).not.toContain('damaged');
  });

  it('is sorted among the others, which stay as they are', async () => {
    const others = { zebra: pin, 'ipvs-1.0.9': { ...pin, file: 'ipvs-1.0.9.tar.gz' } };
    write(others);
    await ensure(word);
    expect(Object.keys(pins().artifacts)).toEqual([NAME, 'ipvs-1.0.9', 'zebra']);
    expect(pins().artifacts).toMatchObject(others);
    expect(await strayPins(desk.options([hidden()]))).toEqual(['ipvs-1.0.9', 'zebra']);
  });

  it.each([
    ['{', /JSON/],
    ['[]', /no "version": 1/],
    ['{"version":2,"artifacts":{}}', /no "version": 1/],
    [
      JSON.stringify({ version: 1, artifacts: { x: { ...pin, sha256: '../../etc/passwd' } } }),
      /64 lower-case hex/,
    ],
    [JSON.stringify({ version: 1, artifacts: { x: { ...pin, size: '5' } } }), /not a number of bytes/],
    [JSON.stringify({ version: 1, artifacts: { x: { ...pin, from: undefined } } }), /lacks/],
  ])('in a lock file %s stops everything', async (text, message) => {
    writeFileSync(desk.lockFile, text);
    const failure = await failureOf(ensure(word));
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure.message).toMatch(message);
    expect(mirror.served).toEqual([]);
  });

  it('that cannot be written is told, and the file is not used', async () => {
    const failure = await failureOf(
      ensure({ ...word, lockFile: join(desk.folder, 'no', 'lvsctl.lock.json') }),
    );
    expect(failure).toBeInstanceOf(LvsctlError);
    expect(failure.message).toContain("can't be written");
  });
});

describe('an import', () => {
  const content = noise(1000);
  let linux: ReturnType<typeof artifactOf>;
  let folder: string;
  const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
  const importIt = (changes = {}) => importArtifacts(folder, desk.options([linux, hidden()], changes));

  beforeEach(() => {
    linux = artifactOf(content, { mirrors: [mirror.url] });
    folder = join(desk.folder, 'usb');
    mkdirSync(join(folder, 'subfolder'), { recursive: true });
  });

  it('takes files by digest whatever their name, and tells the unknown ones', async () => {
    put('linux.tbz', content);
    put('notes.txt', noise(10));
    const first = await importIt();
    expect(first).toEqual([
      { file: 'linux.tbz', outcome: 'taken', artifact: linux.name },
      { file: 'notes.txt', outcome: 'unknown' },
    ]);
    expect(await importIt()).toContainEqual({ file: 'linux.tbz', outcome: 'known', artifact: linux.name });
    expect([...(await ensureArtifacts([linux.name], desk.options([linux]))).keys()]).toEqual([linux.name]);
    expect(mirror.served).toEqual([]);
    expect(readdirSync(folder)).toEqual(['linux.tbz', 'notes.txt', 'subfolder']);
  });

  it('refuses a file that has the name and not the digest', async () => {
    put(linux.file, noise(1000, 3));
    expect(await importIt()).toEqual([
      {
        file: linux.file,
        outcome: 'refused',
        artifact: linux.name,
        reason: expect.stringContaining(`the catalogue has sha256 ${hex('sha256', content)}`),
        hint: undefined,
      },
    ]);
  });

  it('wants the word for what has no known digest, and pins it', async () => {
    put(FILE, diff);
    expect(await importIt()).toMatchObject([
      { outcome: 'refused', hint: expect.stringContaining(`import FOLDER --trust-first-use ${NAME}`) },
    ]);
    expect(await importIt(word)).toEqual([{ file: FILE, outcome: 'taken', artifact: NAME }]);
    expect(pins().artifacts[NAME]).toEqual({ ...pin, from: `import ${FILE}` });
    put(FILE, rerolled);
    expect(await importIt(word)).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining(`lvsctl.lock.json pins sha256 ${pin.sha256}`) },
    ]);
  });

  it('looks inside first', async () => {
    put(FILE, gzipSync('no diff'));
    expect(await importIt(word)).toMatchObject([{ outcome: 'refused', reason: 'has no unified diff in it' }]);
  });

  it('says when there is no such folder', async () => {
    const failure = await failureOf(importArtifacts(join(folder, 'no'), desk.options([linux])));
    expect(failure).toBeInstanceOf(UsageError);
  });
});

describe('the survey', () => {
  it('tells what is here, and by what it is known', async () => {
    const content = noise(1000);
    const linux = artifactOf(content, { mirrors: [mirror.url] });
    const options = desk.options([linux, hidden()]);
    const survey = async (check = false) =>
      (await surveyArtifacts([linux, hidden()], options, check)).map(({ state, knownBy }) => [
        state,
        knownBy,
      ]);
    expect(await survey()).toEqual([
      ['absent', 'sha256'],
      ['absent', undefined],
    ]);
    await ensure(word);
    mirror.files.set(linux.file, [
      { content, cutAfter: 400 },
      { content, status: 500 },
    ]);
    await failureOf(ensureArtifacts([linux.name], options));
    expect(await survey(true)).toEqual([
      ['partial', 'sha256'],
      ['cached', 'pin'],
    ]);
    writeFileSync(join(desk.cacheFolder, 'sha256', pin.sha256), rerolled);
    expect(await survey(false)).toContainEqual(['cached', 'pin']);
    expect(await survey(true)).toContainEqual(['wrong', 'pin']);
  });
});
