import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sh } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { startSshd, type TestSshd } from '../support/sshd.js';

const gibibyte = 1024 * 1024 * 1024;
const passwords = environmentPasswords({}, async () => undefined);
let sshd: TestSshd;
let host: Host;

beforeAll(async () => {
  // The server begins new session keys all the time, as it does after gigabytes in earnest.
  sshd = await startSshd({ config: ['RekeyLimit 200M'] });
  host = await openHost(sshd.host(), { passwords });
});
afterAll(async () => {
  await host?.close();
  await sshd?.stop();
});

describe('output without end', () => {
  it('1 GiB in bounded memory, whole and in order, with marks of frames in between', async () => {
    let seen = 0;
    let chunks = 0;
    let peak = 0;
    const before = process.memoryUsage().rss;
    const result = await host.run(sh`echo begin; head -c ${gibibyte} /dev/zero; printf '\001x 0\001end'`, {
      keep: 1024 * 1024,
      onStdout: (chunk) => {
        seen += chunk.length;
        if (++chunks % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
      },
    });
    expect(seen).toBe('begin\n'.length + gibibyte + '\x01x 0\x01end'.length);
    expect(result).toMatchObject({ status: 0, truncated: true });
    expect(result.stdout.length).toBe(1024 * 1024);
    expect(result.stdout.subarray(0, 8).toString('latin1')).toBe('begin\n\0\0');
    expect(Math.max(peak, process.memoryUsage.rss()) - before).toBeLessThan(200 * 1024 * 1024);
    expect((await host.run(sh`echo next`)).stdout.toString()).toBe('next\n');
    expect(host.connections).toBe(1);
  });

  it('stdout and stderr at once, every byte', async () => {
    const hashes = { stdout: createHash('sha256'), stderr: createHash('sha256') };
    const { status, stdout } = await host.run(
      sh`f=${`${sshd.folder}/random`}; head -c 30000000 /dev/urandom > $f; cat $f & cat $f >&2; wait`,
      {
        keep: 64 * 1024 * 1024,
        onStdout: (chunk) => hashes.stdout.update(chunk),
        onStderr: (chunk) => hashes.stderr.update(chunk),
      },
    );
    const sum = (await host.run(sh`sha256sum < ${`${sshd.folder}/random`}`)).stdout.toString().slice(0, 64);
    expect(status).toBe(0);
    expect(hashes.stdout.digest('hex')).toBe(sum);
    expect(hashes.stderr.digest('hex')).toBe(sum);
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(sum);
  });

  it('millions of short lines that are kept', async () => {
    const result = await host.run(sh`yes x | head -n 2000000`);
    expect(result.stdout.length).toBe(4_000_000);
    expect(result.truncated).toBe(false);
  });
});
