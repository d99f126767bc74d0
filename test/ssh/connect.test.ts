import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PasswordSource, SshSettings } from '../../src/inventory/cluster.js';
import { Secret } from '../../src/secret.js';
import { sh } from '../../src/shell/index.js';
import { ConnectLimiter, environmentPasswords, openHost } from '../../src/ssh/index.js';
import { freePort, makeKey, type TestSshd } from '../support/sshd.js';
import { answers, hosts, open, refused, secrets, sshd, tcpServer } from './opening.js';

describe('algorithms', () => {
  const old = [
    'KexAlgorithms diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1,diffie-hellman-group14-sha1',
    'HostKeyAlgorithms ssh-rsa',
    'Ciphers aes128-cbc,3des-cbc',
    'MACs hmac-md5,hmac-sha1',
  ];
  it('legacy: an old server is reached, without the slow group exchange', async () => {
    const server = await sshd({ config: [...old, 'LogLevel DEBUG1'], hostKeyTypes: ['rsa'] });
    const host = await open(server, { algorithms: 'legacy' });
    await answers(host);
    expect(server.log()).toContain('kex: algorithm: diffie-hellman-group14-sha1');
    await host.upload(`${server.folder}/old`, Buffer.alloc(100_000, 1));
  });

  it.each([
    ['KexAlgorithms diffie-hellman-group1-sha1', 'kex: algorithm: diffie-hellman-group1-sha1'],
    [
      'KexAlgorithms diffie-hellman-group-exchange-sha1',
      'kex: algorithm: diffie-hellman-group-exchange-sha1',
    ],
    ['Ciphers 3des-cbc', 'cipher: 3des-cbc MAC: hmac-sha1'],
    ['MACs hmac-md5', 'cipher: aes128-cbc MAC: hmac-md5'],
  ])('legacy: %s', async (line, negotiated) => {
    const server = await sshd({ config: [line, ...old, 'LogLevel DEBUG1'], hostKeyTypes: ['rsa'] });
    await answers(await open(server, { algorithms: 'legacy' }));
    expect(server.log()).toContain(negotiated);
  });

  it('legacy: a new server is reached by new algorithms', async () => {
    const server = await sshd({ config: ['LogLevel DEBUG1'] });
    await answers(await open(server, { algorithms: 'legacy' }));
    expect(server.log()).toMatch(/kex: algorithm: curve25519-sha256/);
    expect(server.log()).toMatch(/kex: host key algorithm: ssh-ed25519/);
  });

  it('modern: an old server is refused, and the way out is told', async () => {
    const server = await sshd({ config: old, hostKeyTypes: ['rsa'] });
    const error = await refused(open(server));
    expect(error.message).toMatch(/no key exchange that both sides know/);
    expect(error.hint).toContain(`ssh.algorithms to 'legacy'`);
  });

  it('modern: group exchange is left for the server that has nothing else', async () => {
    const server = await sshd({
      config: [
        'LogLevel DEBUG1',
        'KexAlgorithms diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256',
      ],
    });
    await answers(await open(server));
    expect(server.log()).toContain('kex: algorithm: diffie-hellman-group14-sha256');
  });
});

describe('a server that is not there', () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await sshd();
  });

  it('nothing listens', async () => {
    const error = await refused(open(server, { port: await freePort() }));
    expect(error.message).toMatch(/rs1: 127.0.0.1 port \d+: nothing listens there \(ECONNREFUSED\)/);
    expect(error.hint).toContain('ssh.port');
  });

  it('the name has no address', async () => {
    const error = await refused(open(server, { hostName: 'no-such-host.invalid' }));
    expect(error.message).toMatch(/no-such-host.invalid port \d+: the name (has no address|service)/);
  });

  it('it listens and says nothing', async () => {
    const port = await tcpServer(() => undefined);
    const error = await refused(open(server, { port, connectTimeoutSeconds: 0.3 }));
    expect(error.message).toMatch(/no login within 0.3 s/);
    expect(error.hint).toContain('ssh.connectTimeoutSeconds');
  });

  it('a dial that never comes to an end', async () => {
    const host = server.host({ connectTimeoutSeconds: 0.2 });
    const error = await refused(openHost(host, { passwords: secrets(), dial: () => new Promise(() => {}) }));
    expect(error.message).toMatch(/no login within 0.2 s/);
  });

  it('the time limit stands still while the operator types', async () => {
    const typing: PasswordSource = {
      get: async () => {
        await pause(9000);
        return new Secret('the passphrase');
      },
    };
    makeKey(`${server.folder}/slow`, 'ed25519', 'the passphrase');
    execFileSync('sh', ['-c', `cat '${server.folder}/slow.pub' >> '${server.folder}/authorized_keys'`]);
    const changes = { identityFiles: [`${server.folder}/slow`], connectTimeoutSeconds: 8 };
    hosts.push(await openHost(server.host(changes), { passwords: typing }));
  });

  it('it is another kind of server', async () => {
    const port = await tcpServer((socket) => socket.end('220 ftp ready\r\n'.repeat(3)));
    const error = await refused(openHost(server.host({ port }), { passwords: secrets(), limiter: quick(2) }));
    expect(error.message).toMatch(/dropped the connection before it said who it is/);
    expect(error.hint).toMatch(/no SSH server/);
  });
});

function quick(attempts: number): ConnectLimiter {
  return new ConnectLimiter({ attempts, pauseMs: 5 });
}

describe('connection starts', () => {
  it('30 at once against MaxStartups 10:30:100', async () => {
    const server = await sshd({ config: ['MaxStartups 10:30:100'] });
    const limiter = new ConnectLimiter();
    const passwords = environmentPasswords({}, async () => undefined);
    const opened = await Promise.all(
      Array.from({ length: 30 }, (_, i) => openHost(server.host({}, `rs${i}`), { passwords, limiter })),
    );
    hosts.push(...opened);
    await Promise.all(opened.map(answers));
    expect(opened.map(({ connections }) => connections)).toEqual(Array(30).fill(1));
  });

  it('30 at once against a server that takes two and is busy with others', async () => {
    const server = await sshd({ config: ['MaxStartups 2:100:2'] });
    const limiter = new ConnectLimiter({ attempts: 30, pauseMs: 20 });
    const passwords = environmentPasswords({}, async () => undefined);
    const opened = await Promise.all(
      Array.from({ length: 30 }, (_, i) => openHost(server.host({}, `rs${i}`), { passwords, limiter })),
    );
    hosts.push(...opened);
    await Promise.all(opened.map(answers));
    expect(server.log()).toMatch(/drop connection|beginning MaxStartups throttling/);
  });

  it.each(['close', 'reset'] as const)('a drop by %s is tried again, and only so often', async (how) => {
    const server = await sshd();
    let tries = 0;
    const port = await tcpServer((socket, count) => {
      tries = count;
      if (count > 3) {
        const onward = tcp(server.port, '127.0.0.1');
        socket.pipe(onward).pipe(socket);
        onward.on('error', () => undefined);
      } else if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    });
    const host = server.host({
      port,
      hostKeys: 'accept-new',
      knownHostsFiles: [`${server.folder}/known-${how}`],
    });
    const error = await refused(openHost(host, { passwords: secrets(), limiter: quick(3) }));
    expect(tries).toBe(3);
    expect(error.message).toMatch(/dropped the connection/);
    const opened = await openHost(host, { passwords: secrets(), limiter: quick(3) });
    hosts.push(opened);
    await answers(opened);
    expect(tries).toBe(4);
  });

  it('nothing else is tried again', async () => {
    const server = await sshd();
    let dials = 0;
    const dial = async () => {
      dials++;
      throw Object.assign(new Error('connect EHOSTUNREACH'), { code: 'EHOSTUNREACH' });
    };
    const error = await refused(openHost(server.host(), { passwords: secrets(), dial, limiter: quick(5) }));
    expect(error.message).toMatch(/no route to the host \(EHOSTUNREACH\)/);
    expect(dials).toBe(1);
  });
});

describe('a jump host', () => {
  let far: TestSshd;
  let near: TestSshd;
  beforeAll(async () => {
    far = await sshd();
    near = await sshd();
  });
  const jump = (changes: Partial<SshSettings> = {}) => ({ jump: near.settings(changes) });

  it('is logged in to and gone through', async () => {
    const host = await open(far, jump());
    await answers(host);
    await host.upload(`${far.folder}/jumped`, Buffer.alloc(300_000, 7));
    expect(near.log()).toMatch(/Accepted publickey/);
    expect(far.log()).toMatch(/Accepted publickey/);
    const path = `${far.folder}/last`;
    await host.close(sh`echo last > ${path}`);
    while (!existsSync(path)) await pause(20);
  });

  it('two of them', async () => {
    const host = await open(far, { jump: { ...near.settings(), jump: far.settings() } });
    await answers(host);
  });

  it('has a host key of its own to be known', async () => {
    const error = await refused(open(far, jump({ knownHostsFiles: [far.knownHosts] })));
    expect(error.message).toMatch(
      new RegExp(`jump host of rs1: the host key of 127.0.0.1 port ${near.port}`),
    );
  });

  it('does not make the host’s own key known', async () => {
    const error = await refused(open(far, { ...jump(), knownHostsFiles: [near.knownHosts] }));
    expect(error.message).toMatch(new RegExp(`rs1: the host key of 127.0.0.1 port ${far.port}`));
  });

  it('that is down, or can’t reach the host, or may not forward', async () => {
    const down = await refused(open(far, jump({ port: await freePort() })));
    expect(down.message).toMatch(/jump host of rs1: .* nothing listens there/);
    const closed = await freePort();
    const unreachable = await refused(open(far, { ...jump(), port: closed }));
    expect(unreachable.message).toMatch(
      new RegExp(`rs1: the jump host can't reach 127.0.0.1 port ${closed}: Connection refused`),
    );
    const strict = await sshd({ config: ['AllowTcpForwarding no'] });
    const forbidden = await refused(open(far, { jump: strict.settings() }));
    expect(forbidden.message).toMatch(
      /the jump host can't reach .*: (open failed|administratively prohibited)/,
    );
    expect(forbidden.hint).toContain('AllowTcpForwarding');
  });

  it('is dialled in place of the host when there is a dial of its own', async () => {
    const dialled: number[] = [];
    const host = await openHost(far.host({ hostName: '127.0.0.1', ...jump() }), {
      passwords: secrets(),
      dial: async (_, port) => {
        dialled.push(port);
        return tcp(port, '127.0.0.1');
      },
    });
    hosts.push(host);
    await answers(host);
    expect(dialled).toEqual([near.port]);
  });
});
