import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureArtifacts } from '../../../src/artifacts/index.js';
import { LvsctlError, UsageError } from '../../../src/errors.js';
import { etagOf, type Mirror, startMirror } from '../../support/mirror.js';
import { artifactOf, type Desk, failureOf, hex, noise, openDesk } from './artifacts.js';

const content = noise(300_000);
const right = hex('sha256', content);
const other = noise(300_000, 7);
const FILE = 'linux-2.4.20.tar.bz2';
const NAME = 'linux-2.4.20';

let desk: Desk;
let mirror: Mirror;
let second: Mirror;

beforeEach(async () => {
  desk = openDesk();
  [mirror, second] = await Promise.all([startMirror(), startMirror()]);
});

afterEach(async () => {
  await Promise.all([mirror.stop(), second.stop()]);
  desk.clear();
});

const linux = (changes = {}) => artifactOf(content, { mirrors: [mirror.url, second.url], ...changes });

/** The sha256 of what is there then. */
async function ensure(artifact = linux(), changes = {}): Promise<string> {
  const paths = await ensureArtifacts([artifact.name], desk.options([artifact], changes));
  return hex('sha256', readFileSync(paths.get(artifact.name) as string));
}

const leftOver = () => readdirSync(join(desk.cacheFolder, 'partial'));

describe('a file', () => {
  it('is fetched once, and then comes from the cache by any of its digests', async () => {
    mirror.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(readdirSync(join(desk.cacheFolder, 'sha256'))).toEqual([right]);
    for (const algorithm of ['md5', 'sha1', 'sha512'] as const) {
      const digests = [{ algorithm, hex: hex(algorithm, content) }];
      expect(await ensure(linux({ digests }))).toBe(right);
    }
    expect(mirror.served).toEqual([{ path: FILE, range: undefined, ifRange: undefined }]);
    expect(leftOver()).toEqual([]);
  });

  it('is told while it comes', async () => {
    mirror.files.set(FILE, { content });
    await ensure();
    const told = desk.events.filter((event) => event.type === 'artifact.progress');
    expect(told[0]).toMatchObject({ artifact: NAME, state: 'fetching', done: 0, total: content.length });
    expect(told).toContainEqual(expect.objectContaining({ done: content.length, total: content.length }));
    expect(told.at(-1)).toMatchObject({ state: 'ready' });
  });

  it('may be any of several that upstream published under the name', async () => {
    const digests = [content, other].map((one) => ({ algorithm: 'md5' as const, hex: hex('md5', one) }));
    for (const one of [content, other]) {
      mirror.files.set('ipvsadm-1.21.tar.gz', { content: one });
      const artifact = linux({ name: 'ipvsadm-1.21', file: 'ipvsadm-1.21.tar.gz', digests, size: undefined });
      const cacheFolder = join(desk.folder, hex('md5', one));
      expect(await ensure(artifact, { cacheFolder })).toBe(hex('sha256', one));
    }
  });

  it('that was damaged in the cache is fetched again', async () => {
    mirror.files.set(FILE, { content });
    await ensure();
    writeFileSync(join(desk.cacheFolder, 'sha256', hex('sha256', content)), 'damaged');
    expect(await ensure()).toBe(right);
    expect(desk.texts().join()).toContain('is damaged, and fetched again');
    expect(mirror.served).toHaveLength(2);
  });

  it('is not unpacked, whatever a server calls its encoding', async () => {
    mirror.files.set(FILE, { content, headers: { 'Content-Encoding': 'x-gzip' } });
    expect(await ensure()).toBe(right);
  });

  it('is looked for at the mirrors that the operator names first, with or without a slash', async () => {
    second.files.set(`lvs/${FILE}`, { content });
    expect(await ensure(linux({ mirrors: [mirror.url] }), { mirrors: [`${second.url}lvs`] })).toBe(right);
    expect(mirror.served).toEqual([]);
  });
});

describe('a cut connection', () => {
  it('is taken up where it ended', async () => {
    mirror.files.set(FILE, [{ content, cutAfter: 100_000 }, { content, cutAfter: 50_000 }, { content }]);
    expect(await ensure()).toBe(right);
    expect(mirror.served.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    expect(mirror.served.at(-1)?.ifRange).toBe(etagOf(content));
    expect(second.served).toEqual([]);
  });

  it('is taken up at another mirror', async () => {
    mirror.files.set(FILE, [
      { content, cutAfter: 100_000 },
      { content, status: 503 },
    ]);
    second.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(second.served).toEqual([{ path: FILE, range: 'bytes=100000-', ifRange: undefined }]);
  });

  it('leaves what came for the next run', async () => {
    mirror.files.set(FILE, [
      { content, cutAfter: 100_000 },
      { content, status: 503 },
    ]);
    const failure = await failureOf(ensure());
    expect(failure.message).toContain('HTTP 503');
    expect(failure.hint).toContain('100000 bytes that came are kept');
    mirror.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(mirror.served.at(-1)?.range).toBe('bytes=100000-');
  });

  it('ends a mirror that brings nothing more', async () => {
    mirror.files.set(FILE, [
      { content, cutAfter: 100_000 },
      { content, cutAfter: 0 },
    ]);
    second.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(mirror.served).toHaveLength(2);
  });

  it('is noticed without a length too', async () => {
    mirror.files.set(FILE, [{ content: content.subarray(0, 200_000), chunked: true }, { content }]);
    expect(await ensure()).toBe(right);
    expect(mirror.served.map(({ range }) => range)).toEqual([undefined, 'bytes=200000-']);
  });
});

describe('a part that is there already', () => {
  const part = (bytes: Uint8Array) => {
    mkdirSync(join(desk.cacheFolder, 'partial'), { recursive: true });
    writeFileSync(join(desk.cacheFolder, 'partial', NAME), bytes);
  };

  it('is overwritten when the server has no ranges', async () => {
    part(content.subarray(0, 1000));
    mirror.files.set(FILE, { content, ranges: false });
    expect(await ensure()).toBe(right);
  });

  it('of another file is noticed in the end, and thrown away once', async () => {
    part(other.subarray(0, 1000));
    mirror.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(mirror.served.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  it('that is whole is not fetched', async () => {
    part(content);
    expect(await ensure()).toBe(right);
    expect(mirror.served).toEqual([]);
  });

  it('that is whole though no size is known is not fetched again either', async () => {
    part(content);
    mirror.files.set(FILE, { content });
    expect(await ensure(linux({ size: undefined }))).toBe(right);
    expect(mirror.served.map(({ range }) => range)).toEqual(['bytes=300000-']);
  });

  it('that is too long is thrown away', async () => {
    part(noise(400_000));
    mirror.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(mirror.served.map(({ range }) => range)).toEqual([undefined]);
  });

  it('is thrown away when a server answers with another range', async () => {
    part(content.subarray(0, 1000));
    const odd = { 'Content-Range': `bytes 0-${content.length - 1001}/${content.length}` };
    mirror.files.set(FILE, [{ content, headers: odd }, { content }]);
    expect(await ensure()).toBe(right);
    expect(desk.texts().join()).not.toContain('does not fit');
  });
});

describe('what is not the file', () => {
  it('is refused by its digest, naming both, and the next mirror is tried', async () => {
    mirror.files.set(FILE, { content: other });
    second.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    const said = desk.texts().join('\n');
    expect(said).toContain(`has sha256 ${hex('sha256', other)}; the catalogue has sha256 ${right}`);
  });

  it('stops everything when no mirror has the right one, and nothing of it is kept', async () => {
    mirror.files.set(FILE, { content: other });
    const failure = await failureOf(ensure());
    expect(failure).toBeInstanceOf(LvsctlError);
    expect(failure.message.split('\n')).toEqual([
      `no mirror gave ${FILE}`,
      `${mirror.url}${FILE}: has sha256 ${hex('sha256', other)}; the catalogue has sha256 ${right}`,
      `${second.url}${FILE}: HTTP 404`,
    ]);
    expect(leftOver()).toEqual([]);
    expect(readdirSync(join(desk.cacheFolder, 'sha256'))).toEqual([]);
  });

  it('is not even fetched when its size is wrong', async () => {
    mirror.files.set(FILE, { content: other.subarray(0, 200_000), hangAfter: 0 });
    expect((await failureOf(ensure())).message).toContain('offers 200000 bytes; the catalogue has 300000');
  });

  it('is stopped when it goes on and on', async () => {
    mirror.files.set(FILE, { content: Buffer.concat([content, other]), chunked: true, hangAfter: 500_000 });
    expect((await failureOf(ensure())).message).toContain('sends more than 300000 bytes');
    expect(leftOver()).toEqual([]);
  });
});

describe('a mirror', () => {
  it('that hangs is given up: before its answer, and within it', async () => {
    const mute: Server = createServer(() => undefined);
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const address = mute.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    mirror.files.set(FILE, { content, hangAfter: 1000 });
    second.files.set(FILE, { content });
    const mirrors = [`http://127.0.0.1:${port}/`, mirror.url, second.url];
    try {
      expect(await ensure(linux({ mirrors }), { stallSeconds: 2 })).toBe(right);
    } finally {
      mute.close();
    }
    const said = desk.texts();
    expect(said).toContain(`${mirrors[0]}${FILE}: no byte for 2 s`);
    expect(said).toContain(`${mirror.url}${FILE}: no byte for 2 s`);
    expect(second.served[0]?.range).toBe('bytes=1000-');
  });

  it('that nobody runs is told as such', async () => {
    await second.stop();
    const failure = await failureOf(
      ensure(linux({ mirrors: [second.url, 'http://[::1]:1/', 'gopher://x/'] })),
    );
    expect(failure.message).toContain(`${second.url}${FILE}: connection refused`);
    expect(failure.message).toContain('gopher://x/linux-2.4.20.tar.bz2" is no http or https URL');
  });

  it('may redirect, relatively and to another host', async () => {
    mirror.files.set(FILE, { content: other, status: 302, headers: { Location: `/there/${FILE}` } });
    mirror.files.set(`there/${FILE}`, {
      content: other,
      status: 301,
      headers: { Location: `${second.url}x` },
    });
    second.files.set('x', { content });
    expect(await ensure()).toBe(right);
  });

  it('may not redirect for ever, or to what is no web', async () => {
    mirror.files.set(FILE, { content, status: 302, headers: { Location: FILE } });
    second.files.set(FILE, { content, status: 302, headers: { Location: 'file:///etc/passwd' } });
    const { message } = await failureOf(ensure());
    expect(message).toContain('redirects more than 5 times');
    expect(message).toContain('the redirect to "file:///etc/passwd" is no http or https URL');
  });

  it('with a password in its URL never shows it', async () => {
    const secret = second.url.replace('//', '//user:hunter2@');
    const failure = await failureOf(ensure(linux({ mirrors: [secret] })));
    expect(failure.message).toContain(`${second.url}${FILE}: HTTP 404`);
    expect(failure.message + JSON.stringify(desk.events)).not.toContain('hunter2');
  });

  it('may be reached through a proxy', async () => {
    // A proxy is asked for the whole URL.
    second.files.set(`ttp://mirror.invalid/${FILE}`, { content });
    const env = { http_proxy: `http://user:pass@127.0.0.1:${second.port}` };
    expect(await ensure(linux({ mirrors: ['http://mirror.invalid/'] }), { env })).toBe(right);
  });
});

describe('all of them', () => {
  it('are tried, and all that is missing is told at once', async () => {
    const one = linux();
    const two = linux({ name: 'ipvsadm-1.24', file: 'ipvsadm-1.24.tar.gz' });
    const three = artifactOf(other, {
      name: 'linux-2.4.28',
      file: 'linux-2.4.28.tar.bz2',
      mirrors: [mirror.url],
    });
    mirror.files.set(three.file, { content: other });
    const failure = await failureOf(
      ensureArtifacts([one.name, two.name, three.name], desk.options([one, two, three])),
    );
    expect(failure.message).toContain('2 artifacts are not to be had');
    expect(failure.message).toContain(`artifact ${one.name}: no mirror gave ${one.file}`);
    expect(failure.message).toContain(`artifact ${two.name}: no mirror gave ${two.file}`);
    expect(
      desk.events.filter((event) => event.type === 'artifact.progress' && event.state === 'failed'),
    ).toHaveLength(2);
  });

  it('must be in the catalogue', async () => {
    const failure = await failureOf(ensureArtifacts(['linux-2.4.2'], desk.options([linux()])));
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure.hint).toBe('there are linux-2.4.20');
    expect(mirror.served).toEqual([]);
  });

  it('can be interrupted, and go on later', async () => {
    mirror.files.set(FILE, { content, hangAfter: 100_000 });
    const stop = new AbortController();
    const sink = (event: { readonly type: string; readonly done?: number }) => {
      if (event.type === 'artifact.progress' && (event.done ?? 0) > 0) stop.abort(new Error('Ctrl-C'));
    };
    const failure = await failureOf(ensure(linux(), { signal: stop.signal, sink }));
    expect(failure.message).toBe('interrupted');
    mirror.files.set(FILE, { content });
    expect(await ensure()).toBe(right);
    expect(mirror.served.at(-1)?.range).toMatch(/^bytes=\d+-$/);
    expect(leftOver()).toEqual([]);
  });

  it('that two ask for at once are fetched once', async () => {
    mirror.files.set(FILE, { content });
    const both = await Promise.all([ensure(), ensure(), ensure()]);
    expect(both).toEqual([right, right, right]);
    expect(mirror.served).toHaveLength(1);
  });
});
