import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeKey, type TestSshd } from '../support/sshd.js';
import { answers, open, refused, secrets, sshd } from './opening.js';

describe('login', () => {
  const password = `pass "word" it's`;
  let server: TestSshd;
  let folder: string;
  beforeAll(async () => {
    server = await sshd({
      config: [
        'LogLevel DEBUG1',
        'UsePAM yes',
        'PasswordAuthentication yes',
        'KbdInteractiveAuthentication yes',
      ],
      users: [{ name: 'lvsuser', password: password.replaceAll("'", `'\\''`) }],
    });
    folder = server.folder;
    makeKey(`${folder}/stranger`, 'ed25519');
    makeKey(`${folder}/rsa`, 'rsa');
    makeKey(`${folder}/locked`, 'ed25519', 'the passphrase');
    execFileSync('sh', [
      '-c',
      `cat '${folder}/rsa.pub' '${folder}/locked.pub' >> '${folder}/authorized_keys'`,
    ]);
  });
  const methods = (log: string) => [...log.matchAll(/service ssh-connection method (\S+)/g)].map((m) => m[1]);
  const newLog = async (act: () => Promise<unknown>) => {
    const before = server.log().length;
    await act();
    return server.log().slice(before);
  };

  it('with a key, without asking what else there is, and without delay on the line', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    const log = await newLog(async () => answers(await open(server)));
    expect(new Set(methods(log))).toEqual(new Set(['publickey']));
    expect(noDelay).toHaveBeenCalledWith(true);
  });

  it('with the keys in their order', async () => {
    const passwords = secrets();
    const identityFiles = [`${folder}/none`, `${folder}/stranger`, `${folder}/rsa`, server.identity];
    const log = await newLog(async () => answers(await open(server, { identityFiles }, passwords)));
    expect(log).toMatch(/Accepted publickey for root .* RSA/);
    expect(passwords.asked).toEqual([]);
  });

  it('with an encrypted key, whose passphrase is asked for', async () => {
    const passwords = secrets({ TEST_PASSPHRASE: 'the passphrase' });
    await answers(await open(server, { identityFiles: [`${folder}/locked`] }, passwords));
    expect(passwords.asked).toEqual(['TEST_PASSPHRASE']);
  });

  it('with a plain key, though an encrypted one stands before it', async () => {
    const passwords = secrets();
    await answers(await open(server, { identityFiles: [`${folder}/locked`, server.identity] }, passwords));
    expect(passwords.asked).toEqual([]);
  });

  it('with a password, or by keyboard-interactive where the server takes only that', async () => {
    const passwords = secrets({ TEST_PASSWORD: password });
    const log = await newLog(async () =>
      answers(await open(server, { user: 'lvsuser', identityFiles: [] }, passwords)),
    );
    expect(log).toMatch(/Accepted password for lvsuser/);
    expect(passwords.asked).toEqual(['TEST_PASSWORD']);
    const other = await sshd({
      config: ['UsePAM yes', 'KbdInteractiveAuthentication yes'],
      users: [{ name: 'lvsuser', password: password.replaceAll("'", `'\\''`) }],
    });
    await answers(await open(other, { user: 'lvsuser', identityFiles: [`${folder}/stranger`] }, passwords));
    expect(other.log()).toMatch(/Accepted keyboard-interactive\/pam for lvsuser/);
  });

  it('with a key and then a password, where the server wants both', async () => {
    const both = await sshd({
      config: ['UsePAM yes', 'PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
      users: [{ name: 'lvsuser', password: 'simple' }],
    });
    const passwords = secrets({ TEST_PASSWORD: 'simple' });
    await answers(await open(both, { user: 'lvsuser' }, passwords));
    expect(passwords.asked).toEqual(['TEST_PASSWORD']);
  });

  it('says what was tried when nothing opens, and no secret', async () => {
    const passwords = secrets({ TEST_PASSPHRASE: 'wrong phrase', TEST_PASSWORD: 'wrong word' });
    const identityFiles = [
      `${folder}/none`,
      `${folder}/stranger`,
      `${folder}/locked`,
      `${folder}/rsa.pub`,
      '/etc/passwd',
    ];
    const error = await refused(open(server, { user: 'lvsuser', identityFiles }, passwords));
    expect(error.message).toContain(`rs1: login as lvsuser at 127.0.0.1 port ${server.port} refused`);
    expect(error.message).toContain(`key ${folder}/none (no such file)`);
    expect(error.message).toContain(`key ${folder}/stranger (refused)`);
    expect(error.message).toContain(`key ${folder}/locked (encrypted, and the passphrase does not open it)`);
    expect(error.message).toContain(`key ${folder}/rsa.pub (a public key; name the private one)`);
    expect(error.message).toMatch(/key \/etc\/passwd \(not readable as a key/);
    expect(error.message).toContain('password (refused)');
    expect(error.message).toContain('keyboard-interactive (refused)');
    expect(error.hint).toContain(`ssh -p ${server.port} lvsuser@127.0.0.1`);
    expect(`${error.message} ${error.hint}`).not.toMatch(/wrong (phrase|word)/);
  });

  it('names the variables that would have helped', async () => {
    const error = await refused(open(server, { identityFiles: [`${folder}/locked`] }));
    expect(error.message).toContain('encrypted, and no passphrase: $TEST_PASSPHRASE is not set');
    expect(error.hint).toContain('set $TEST_PASSPHRASE, $TEST_PASSWORD');
  });

  it('says what the server takes when there is nothing to try', async () => {
    const keysOnly = await sshd();
    const error = await refused(open(keysOnly, { identityFiles: [] }));
    expect(error.message).toMatch(/nothing to try; the server takes publickey/);
  });

  it('says so when the server has enough of it', async () => {
    const strict = await sshd({ config: ['MaxAuthTries 2'] });
    const identityFiles = [`${folder}/stranger`, `${folder}/rsa`, `${folder}/stranger`];
    const error = await refused(open(strict, { identityFiles }));
    expect(error.message).toMatch(/Too many authentication failures.*stranger \(refused\)/);
  });

  describe('with an agent', () => {
    let agent: ChildProcess;
    let socket: string;
    beforeAll(async () => {
      socket = `${folder}/agent`;
      agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      while (!existsSync(socket)) await pause(20);
    });
    afterAll(() => {
      agent.kill();
    });
    const add = (...args: string[]) =>
      execFileSync('ssh-add', ['-q', ...args], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });

    it('that has the key: no passphrase is asked for', async () => {
      add(`${folder}/stranger`);
      add(server.identity);
      const passwords = secrets();
      const identityFiles = [`${folder}/locked`];
      const log = await newLog(async () =>
        answers(await open(server, { agent: socket, identityFiles }, passwords)),
      );
      expect(new Set(methods(log))).toEqual(new Set(['publickey']));
      expect(passwords.asked).toEqual([]);
    });

    it('that has no key, or is not there: the other ways are tried, and the error tells', async () => {
      add('-D');
      const passwords = secrets({ TEST_PASSPHRASE: 'the passphrase' });
      const identityFiles = [`${folder}/locked`];
      await answers(await open(server, { agent: socket, identityFiles }, passwords));
      await answers(await open(server, { agent: `${folder}/no-agent`, identityFiles }, passwords));
      const error = await refused(open(server, { agent: `${folder}/no-agent`, identityFiles: [] }));
      expect(error.message).toMatch(/no-agent \(Failed to connect to agent\)/);
    });
  });
});
