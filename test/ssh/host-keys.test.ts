import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SshSettings } from '../../src/inventory/cluster.js';
import { sh } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { startSshd, type TestSshd } from '../support/sshd.js';

const passwords = environmentPasswords({}, async () => undefined);
let sshd: TestSshd;
let other: TestSshd;
let host: Host | undefined;
let count = 0;

beforeAll(async () => {
  sshd = await startSshd({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'], config: ['LogLevel DEBUG1'] });
  other = await startSshd();
});
afterEach(async () => host?.close());
afterAll(async () => {
  await sshd?.stop();
  await other?.stop();
});

function known(...lines: string[]): string {
  const path = `${sshd.folder}/known-${count++}`;
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

async function answers(changes: Partial<SshSettings>): Promise<void> {
  host = await openHost(sshd.host(changes), { passwords });
  expect((await host.run(sh`echo fine`)).stdout.toString()).toBe('fine\n');
}

describe('host keys of a real server', () => {
  it.each([
    ['ed25519', 'ssh-ed25519'],
    ['ecdsa', 'ecdsa-sha2-nistp256'],
    ['rsa', 'rsa-sha2-512'],
  ] as const)('the type that is known is asked for: %s', async (type, algorithm) => {
    const from = sshd.log().length;
    await answers({ knownHostsFiles: [known(`[127.0.0.1]:${sshd.port} ${sshd.hostKey(type)}`)] });
    expect(sshd.log().slice(from)).toContain(`kex: host key algorithm: ${algorithm}`);
  });

  it('names that ssh-keygen hashed', async () => {
    const file = known(`rs9 ${other.hostKey('rsa')}`, `[127.0.0.1]:${sshd.port} ${sshd.hostKey('rsa')}`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).not.toContain('127.0.0.1');
    await answers({ knownHostsFiles: [file] });
  });

  it('what ssh-keyscan prints, as the error’s hint has it', async () => {
    const file = known();
    const error = await openHost(sshd.host({ knownHostsFiles: [file] }), { passwords }).catch(
      (failure: unknown) => failure as Error & { hint: string },
    );
    const command = /run: (ssh-keyscan [^;]*)/.exec((error as { hint: string }).hint)?.[1] ?? 'false';
    execFileSync('sh', ['-c', command], { stdio: 'ignore' });
    await answers({ knownHostsFiles: [file] });
  });

  it('an unknown one is refused, and nothing is written', async () => {
    const file = known();
    await expect(openHost(sshd.host({ knownHostsFiles: [file] }), { passwords })).rejects.toThrow(
      /ssh-ed25519 SHA256:\S{43}, is not known/,
    );
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('accept-new: the first one is written down as OpenSSH can read it, a changed one refused', async () => {
    const file = `${sshd.folder}/new/known_hosts`;
    await answers({ knownHostsFiles: [file], hostKeys: 'accept-new' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const found = execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file], {
      encoding: 'utf8',
    });
    expect(found).toContain(sshd.hostKey('ed25519'));
    await host?.close();
    await answers({ knownHostsFiles: [file], hostKeys: 'strict' });
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${other.hostKey('ed25519')}\n`);
    const changed = openHost(sshd.host({ knownHostsFiles: [file], hostKeys: 'accept-new' }), { passwords });
    await expect(changed).rejects.toThrow(`is not the one known from ${file}:1`);
  });

  it('20 openings at once under accept-new leave a file of whole lines', async () => {
    const file = known();
    const settings = { knownHostsFiles: [file], hostKeys: 'accept-new' } as const;
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => openHost(sshd.host(settings), { passwords })),
    );
    await Promise.all(opened.map((each) => each.close()));
    const line = `[127.0.0.1]:${sshd.port} ${sshd.hostKey('ed25519')}`;
    expect(new Set(readFileSync(file, 'utf8').trimEnd().split('\n'))).toEqual(new Set([line]));
  });

  it('a revoked one is refused', async () => {
    const revoked = known(`@revoked * ${sshd.hostKey('ed25519')}`);
    const opening = openHost(sshd.host({ knownHostsFiles: [sshd.knownHosts, revoked] }), { passwords });
    await expect(opening).rejects.toThrow(`is revoked by ${revoked}:1`);
  });

  it('no login is tried on a server whose key is refused', async () => {
    const from = sshd.log().length;
    await openHost(sshd.host({ knownHostsFiles: [] }), { passwords }).catch(() => undefined);
    expect(sshd.log().slice(from)).not.toContain('userauth-request');
  });
});
