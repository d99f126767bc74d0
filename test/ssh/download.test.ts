import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LvsctlError, OutcomeUnknownError } from '../../src/errors.js';
import { sh } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { startDelayProxy } from '../support/delay-proxy.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const passwords = environmentPasswords({}, async () => undefined);

describe.each(remoteShells)('download, sh = %s', (shell) => {
  let sshd: TestSshd;
  let host: Host;
  let folder: string;

  beforeAll(async () => {
    sshd = await startSshd({
      shell,
      users: [{ name: 'lvsfree', password: 'x', sudoers: 'lvsfree ALL=(ALL) NOPASSWD: ALL' }],
    });
    folder = `${sshd.folder}/down`;
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
    ['what looks like another size', Buffer.from('12\n34\n')],
    ['3 MB at random', randomBytes(3_000_001)],
  ])('is exact: %s', async (_, content) => {
    const path = `${folder}/it's a "$name"`;
    writeFileSync(path, content);
    const { trips } = host;
    const { size, content: came } = await host.download(path);
    expect(size).toBe(content.length);
    expect((await buffer(came)).equals(content)).toBe(true);
    expect([host.trips, host.connections]).toEqual([trips, 1]);
  });

  it('reads as root after sudo what the login may not', async () => {
    const path = `${folder}/for root`;
    writeFileSync(path, 'kernel');
    chmodSync(path, 0o600);
    const user = await openHost(sshd.host({ user: 'lvsfree', sudo: true }), { passwords });
    try {
      const { content } = await user.download(path);
      expect((await buffer(content)).toString()).toBe('kernel');
    } finally {
      await user.close();
    }
  });

  it.each([
    ['is not there', '/nowhere/at all', 'there is no such file'],
    ['is a folder', '/etc', 'there is no such file'],
  ])('refuses what %s', async (_, path, words) => {
    const failure = await host.download(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LvsctlError);
    expect(failure).not.toBeInstanceOf(OutcomeUnknownError);
    expect((failure as Error).message).toBe(`rs1: ${path} was not fetched: ${words}`);
  });

  it.each([
    [
      'grows',
      (path: string) => writeFileSync(path, 'more', { flag: 'a' }),
      '67108868 bytes came of the 67108864',
    ],
    ['is cut short', (path: string) => truncateSync(path, 0), / bytes came of the 67108864/],
  ])('fails for a file that %s while it is read', async (_, change, words) => {
    const path = `${folder}/changing`;
    closeSync(openSync(path, 'w'));
    truncateSync(path, 64 * 1024 * 1024);
    const { content } = await host.download(path);
    // It waits for its reader, so most of it is still on the host.
    change(path);
    const failure = await buffer(content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LvsctlError);
    expect((failure as Error).message).toMatch(words);
  });

  it('gives its channel back when nobody wants the rest', async () => {
    const path = `${folder}/unwanted`;
    closeSync(openSync(path, 'w'));
    truncateSync(path, 64 * 1024 * 1024);
    // More than sshd gives at once.
    for (let i = 0; i < 12; i++) {
      const { content } = await host.download(path);
      content.destroy();
    }
    expect((await host.run(sh`echo ok`)).stdout.toString()).toBe('ok\n');
    expect(host.connections).toBe(1);
  });
});

describe('a download over a connection that is lost', () => {
  it.each(['reset', 'close'] as const)('by %s: never the end of the file', async (how) => {
    const sshd = await startSshd();
    const proxy = await startDelayProxy(sshd.port, 1);
    try {
      const host = await openHost(sshd.host(), {
        passwords,
        dial: async () => {
          const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
          await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
          return socket;
        },
      });
      const path = `${sshd.folder}/big`;
      const file = openSync(path, 'w');
      for (let i = 0; i < 32; i++) writeSync(file, randomBytes(1024 * 1024));
      closeSync(file);
      const { content } = await host.download(path);
      const hash = createHash('sha256');
      const failure = await (async () => {
        for await (const chunk of content) {
          hash.update(chunk as Buffer);
          proxy.cut(how);
        }
        return 'ended';
      })().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(OutcomeUnknownError);
      // The next one comes by another connection.
      const again = await host.download(path);
      expect((await buffer(again.content)).length).toBe(32 * 1024 * 1024);
      expect(host.connections).toBe(2);
      await host.close();
    } finally {
      await proxy.stop();
      await sshd.stop();
    }
  });
});
