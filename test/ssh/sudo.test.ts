import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LvsctlError } from '../../src/errors.js';
import { sh, trusted } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const secret = `it's a "$ecret" \\x`;
const quoted = secret.replaceAll("'", `'\\''`);
let asked: string[] = [];
let host: Host | undefined;

/** Answers with what the test has for a name, and writes down what was asked. */
function answers(values: Record<string, string> = {}) {
  asked = [];
  return environmentPasswords({}, async (question) => {
    asked.push(question);
    return values[question.startsWith('sudo') ? 'sudo' : 'login'];
  });
}

afterEach(async () => {
  await host?.close();
  host = undefined;
});

describe.each(remoteShells)('root by sudo, sh = %s', (shell) => {
  let sshd: TestSshd;
  const open = async (user: string, sudoPassword?: string) => {
    host = await openHost(sshd.host({ user, sudo: true }), {
      passwords: answers(sudoPassword === undefined ? {} : { sudo: sudoPassword }),
    });
    return host;
  };

  beforeAll(async () => {
    sshd = await startSshd({
      shell,
      users: [
        { name: 'lvsfree', password: 'x', sudoers: 'lvsfree ALL=(ALL) NOPASSWD: ALL' },
        { name: 'lvsasked', password: quoted, sudoers: 'lvsasked ALL=(ALL) ALL' },
        { name: 'lvspty', password: quoted, sudoers: 'Defaults:lvspty use_pty\nlvspty ALL=(ALL) ALL' },
        { name: 'lvsnone', password: quoted },
        {
          name: 'lvstty',
          password: 'x',
          sudoers: 'Defaults:lvstty requiretty\nlvstty ALL=(ALL) NOPASSWD: ALL',
        },
      ],
    });
  });
  afterAll(async () => sshd?.stop());

  it('needs no password where sudo asks for none', async () => {
    const opened = await open('lvsfree');
    const { stdout, stderr, status } = await opened.run(sh`id -u; echo err >&2; exit 3`);
    expect({ stdout: stdout.toString(), stderr: stderr.toString(), status }).toEqual({
      stdout: '0\n',
      stderr: 'err\n',
      status: 3,
    });
    expect(asked).toEqual([]);
  });

  it.each(['lvsasked', 'lvspty'])(
    'hands the password over when sudo asks for it, once a run (%s)',
    async (user) => {
      const opened = await open(user, secret);
      const { stdout } = await opened.run(sh`id -u; cat`);
      expect(stdout.toString()).toBe('0\n');
      await opened.upload(`${sshd.folder}/by-${user}`, Buffer.from('root’s\0\n'));
      expect(readFileSync(`${sshd.folder}/by-${user}`, 'utf8')).toBe('root’s\0\n');
      expect(statSync(`${sshd.folder}/by-${user}`).uid).toBe(0);
      expect(asked).toEqual([`sudo password of ${user} at rs1`]);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      expect((await opened.run(sh`printf ${octal}`)).stdout).toEqual(bytes);
      const big = await opened.run(sh`head -c 3000000 /dev/zero | tr '\0' x`);
      expect(big.stdout.equals(Buffer.alloc(3_000_000, 'x'))).toBe(true);
    },
  );

  it('leaves the password on no command line and in no environment', async () => {
    const opened = await open('lvsasked', secret);
    const { stdout } = await opened.run(
      sh`for p in /proc/[0-9]*; do tr '\0' ' ' < $p/cmdline; tr '\0' ' ' < $p/environ; done 2>/dev/null; :`,
      { keep: 64 * 1024 * 1024 },
    );
    expect(stdout.toString()).toContain('sshd');
    // Without its first letter, so that this very test's command line is not what is found.
    expect(stdout.toString()).not.toContain(secret);
  });

  it('runs a long script, and a last one at close', async () => {
    const opened = await open('lvsasked', secret);
    const { stdout } = await opened.run(trusted(`${'# comment\n'.repeat(30_000)}id -u`));
    expect(stdout.toString()).toBe('0\n');
    const folder = mkdtempSync(`${sshd.folder}/last-`);
    await opened.close(sh`id -u > ${`${folder}/file`}`);
    for (;;) {
      const text = await Promise.resolve()
        .then(() => readFileSync(`${folder}/file`, 'utf8'))
        .catch(() => '');
      if (text !== '') {
        expect(text).toBe('0\n');
        return;
      }
      await pause(20);
    }
  });

  it.each([
    [
      'a wrong password',
      'lvsasked',
      'wrong-password',
      /it does not take the password/,
      /\$TEST_SUDO_PASSWORD/,
    ],
    ['no password', 'lvsasked', undefined, /it wants a password, and there is none/, /\$TEST_SUDO_PASSWORD/],
    ['a user without the right', 'lvsnone', secret, /not in the sudoers file/, /lvsnone ALL=\(ALL\) ALL/],
    ['a sudo that wants a terminal', 'lvstty', undefined, /tty/, /requiretty/],
  ])('says what is wrong: %s', async (_, user, password, message, hint) => {
    const failure = await open(user, password).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LvsctlError);
    expect((failure as LvsctlError).message).toMatch(message);
    expect((failure as LvsctlError).hint).toMatch(hint);
    expect(JSON.stringify([(failure as Error).message, (failure as LvsctlError).hint])).not.toMatch(
      /wrong-password|\$ecret/,
    );
  });
});
