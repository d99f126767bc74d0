import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LvsctlError, OutcomeUnknownError } from '../../src/errors.js';
import { sh } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { startDelayProxy } from '../support/delay-proxy.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const passwords = environmentPasswords({}, async () => undefined);

describe.each(remoteShells)('upload, sh = %s', (shell) => {
  let sshd: TestSshd;
  let host: Host;
  let folder: string;

  beforeAll(async () => {
    sshd = await startSshd({ shell });
    folder = `${sshd.folder}/up`;
    mkdirSync(folder);
    host = await openHost(sshd.host(), { passwords });
  });
  afterAll(async () => {
    await host?.close();
    await sshd?.stop();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['all bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['no newline at the end', Buffer.from('a\nb')],
    ['newlines and NULs at the end', Buffer.from('a\n\n\0\0\n\0')],
    ['3 MB at random', randomBytes(3_000_001)],
  ])('is exact: %s', async (_, content) => {
    const path = `${folder}/it's a "$name"`;
    await host.upload(path, content);
    expect(readFileSync(path).equals(content)).toBe(true);
    await host.upload(path, Readable.from([content.subarray(0, 7), content.subarray(7)]));
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(readdirSync(folder)).toEqual([`it's a "$name"`]);
  });

  it('is for root alone unless a mode is given, and replaces the file that is there', async () => {
    const path = `${folder}/mode`;
    await host.upload(path, Buffer.from('1'));
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    await host.upload(path, Buffer.from('2'), { mode: 0o755 });
    expect(statSync(path).mode & 0o7777).toBe(0o755);
    expect(readFileSync(path, 'utf8')).toBe('2');
  });

  it('counts no trip and stays on the connection', async () => {
    const { trips } = host;
    await host.upload(`${folder}/trip`, Buffer.from('1'));
    expect(host.trips).toBe(trips);
    expect(host.connections).toBe(1);
  });

  it('goes ahead while a command runs', async () => {
    const wait = host.run(sh`while [ ! -f ${`${folder}/go`} ]; do sleep 0.05; done; echo gone`);
    await host.upload(`${folder}/go`, Buffer.from('1'));
    expect((await wait).stdout.toString()).toBe('gone\n');
  });

  it('sends 30 files at once over channels that the server gives', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => host.upload(`${folder}/${name}`, Buffer.from(name))));
    for (const name of names) expect(readFileSync(`${folder}/${name}`, 'utf8')).toBe(name);
  });

  it('waits for a channel when the server has none left for a moment', async () => {
    const tight = await startSshd({ shell, config: ['MaxSessions 3'] });
    const far = await openHost(tight.host(), { passwords });
    const names = Array.from({ length: 12 }, (_, i) => `tight-${i}`);
    await Promise.all(names.map((name) => far.upload(`${tight.folder}/${name}`, Buffer.from(name))));
    for (const name of names) expect(readFileSync(`${tight.folder}/${name}`, 'utf8')).toBe(name);
    await far.close();
    await tight.stop();
  });

  it.each([
    ['a folder that is not there', (at: string) => `${at}/none/file`, /none/],
    ['a folder in place of the file', (at: string) => at, /is a directory/],
    ['a file in place of the folder', () => '/dev/null/x', /Not a directory|can't create|cannot create/i],
  ])('fails with the host’s words: %s', async (_, path, words) => {
    const before = readdirSync(folder);
    const failure = await host.upload(path(folder), randomBytes(500_000)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LvsctlError);
    expect(failure).not.toBeInstanceOf(OutcomeUnknownError);
    expect((failure as Error).message).toMatch(words);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('keeps the old file and leaves nothing behind when the file system is full', async () => {
    const small = `${sshd.folder}/small`;
    // By the host: the test server has a mount namespace of its own.
    await host.run(sh`mkdir ${small} && mount -t tmpfs -o size=256k tmpfs ${small}`);
    const path = `${small}/full`;
    await host.upload(path, Buffer.from('old'));
    await expect(host.upload(path, randomBytes(2_000_000))).rejects.toThrow(
      /small\/full was not written: .*No space left on device/,
    );
    const { stdout } = await host.run(sh`ls ${small}; cat ${path}; umount ${small}`);
    expect(stdout.toString()).toBe('full\nold');
  });

  it('keeps the old file and leaves nothing behind when the source fails', async () => {
    const path = `${folder}/source`;
    await host.upload(path, Buffer.from('old'));
    const before = readdirSync(folder);
    const source = Readable.from(
      (async function* () {
        yield randomBytes(400_000);
        throw new Error('the disk is gone');
      })(),
    );
    await expect(host.upload(path, source)).rejects.toThrow(/its source failed: the disk is gone/);
    while (readdirSync(folder).length > before.length) await pause(20);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect((await host.run(sh`echo fine`)).stdout.toString()).toBe('fine\n');
  });

  it.each(['reset', 'close'] as const)(
    'keeps the old file and leaves nothing behind when the connection is lost by %s',
    async (how) => {
      const proxy = await startDelayProxy(sshd.port, 1);
      const far = await openHost(sshd.host(), {
        passwords,
        dial: async () => connect({ port: proxy.port, host: '127.0.0.1', noDelay: true }),
      });
      const path = `${folder}/cut`;
      writeFileSync(path, 'old');
      const before = readdirSync(folder);
      let sent = 0;
      const source = Readable.from(
        (async function* () {
          for (;;) {
            yield randomBytes(100_000);
            if (++sent === 20) proxy.cut(how);
            await pause(1);
          }
        })(),
      );
      await expect(far.upload(path, source)).rejects.toThrow(OutcomeUnknownError);
      while (readdirSync(folder).length > before.length) await pause(20);
      expect(readFileSync(path, 'utf8')).toBe('old');
      await far.close();
      await proxy.stop();
    },
  );

  it('streams 200 MB in bounded memory', async () => {
    const path = `${folder}/big`;
    const block = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    const before = process.memoryUsage().rss;
    let peak = 0;
    const source = Readable.from(
      (function* () {
        for (let i = 0; i < 200; i++) {
          hash.update(block);
          peak = Math.max(peak, process.memoryUsage().rss);
          yield block;
        }
      })(),
    );
    await host.upload(path, source);
    const { stdout } = await host.run(sh`sha256sum < ${path}; rm ${path}`);
    expect(stdout.toString().slice(0, 64)).toBe(hash.digest('hex'));
    expect(peak - before).toBeLessThan(150 * 1024 * 1024);
  });
});
