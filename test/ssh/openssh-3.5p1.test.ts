import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { file } from '../../src/resources/index.js';
import { sh } from '../../src/shell/index.js';
import { ConnectLimiter, openHost } from '../../src/ssh/index.js';
import { provisionResources } from '../support/run-playbook.js';
import { makeKey } from '../support/sshd.js';
import { hosts, secrets, sshd, tcpServer } from './opening.js';

/** What OpenSSH 3.5p1 offers (its myproposal.h), in its order. */
const lists = [
  ['diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'],
  ['ssh-rsa', 'ssh-dss'],
  ...Array(2).fill(
    'aes128-cbc 3des-cbc blowfish-cbc cast128-cbc arcfour aes192-cbc aes256-cbc rijndael-cbc@lysator.liu.se'.split(
      ' ',
    ),
  ),
  ...Array(2).fill(
    'hmac-md5 hmac-sha1 hmac-ripemd160 hmac-ripemd160@openssh.com hmac-sha1-96 hmac-md5-96'.split(' '),
  ),
  ...Array(2).fill(['none', 'zlib']),
  ...Array(2).fill([]),
] as readonly (readonly string[])[];

const KEXINIT = 20;
/** KEXDH_INIT of a fixed group; a group exchange would begin with 34. */
const KEXDH_INIT = 30;

function kexInit(): Buffer {
  const names = lists.map((list) => {
    const text = Buffer.from(list.join(','));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, text]);
  });
  const payload = Buffer.concat([Buffer.from([KEXINIT]), Buffer.alloc(16, 7), ...names, Buffer.alloc(5)]);
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + padding + 1);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

/** Payloads of the packets that are whole, before encryption begins. */
function payloads(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) break;
    found.push(bytes.subarray(at + 5, at + 4 + length - (bytes[at + 4] as number)));
    at += 4 + length;
  }
  return found;
}

function nameLists(init: Buffer): string[][] {
  const found: string[][] = [];
  for (let at = 17; found.length < 8; ) {
    const length = init.readUInt32BE(at);
    found.push(init.toString('latin1', at + 4, at + 4 + length).split(','));
    at += 4 + length;
  }
  return found;
}

/**
 * Most channels that one connection had open at once, as its sshd logged the client's words for opening and closing them.
 * One that was refused, since the server had not yet cleared away what was closed, was none.
 */
function mostChannels(log: string): number {
  let [open, most] = [0, 0];
  for (const [line] of log.matchAll(
    /server_input_channel_open: (?:ctype|failure) session|channel \d+: rcvd close|Accepted publickey/g,
  )) {
    if (line.startsWith('Accepted')) open = 0;
    else open += line.includes('ctype') ? 1 : -1;
    most = Math.max(most, open);
  }
  return most;
}

describe('OpenSSH 3.5p1', () => {
  it('is understood: version 1.99, ended by a newline alone; and the fast key exchange is taken of its two', async () => {
    const server = await sshd();
    let heard = Buffer.alloc(0);
    const port = await tcpServer((socket) => {
      socket.write('SSH-1.99-OpenSSH_3.5p1\n');
      socket.write(kexInit());
      socket.on('data', (chunk) => {
        heard = Buffer.concat([heard, chunk]);
        const ident = heard.indexOf('\n');
        if (payloads(heard.subarray(ident + 1)).length >= 2) socket.destroy();
      });
    });
    const host = server.host({ port, algorithms: 'legacy', connectTimeoutSeconds: 20 });
    const limiter = new ConnectLimiter({ attempts: 1 });
    await expect(openHost(host, { passwords: secrets(), limiter })).rejects.toThrow();
    const ident = heard.indexOf('\n');
    expect(heard.toString('latin1', 0, ident)).toMatch(/^SSH-2\.0-/);
    const [init, next] = payloads(heard.subarray(ident + 1));
    expect([init?.[0], next?.[0]]).toEqual([KEXINIT, KEXDH_INIT]);
    const offered = nameLists(init as Buffer);
    // The first of the client's names that the server has (RFC 4253, section 7.1).
    const agreed = offered.map((names, i) => names.find((name) => lists[i]?.includes(name)));
    expect(agreed.slice(0, 4)).toEqual(['diffie-hellman-group1-sha1', 'ssh-rsa', 'aes128-cbc', 'aes128-cbc']);
    expect(agreed.slice(4, 6)).toEqual(['hmac-sha1', 'hmac-sha1']);
    expect(offered.flat().filter((name) => /blowfish|arcfour|cast128|rijndael/.test(name))).toEqual([]);
  });

  /** As much of it as an sshd of today can be made to be. */
  const config = [
    'KexAlgorithms diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1',
    'HostKeyAlgorithms ssh-rsa',
    'Ciphers aes128-cbc,3des-cbc,aes192-cbc,aes256-cbc',
    'MACs hmac-md5,hmac-sha1,hmac-sha1-96,hmac-md5-96',
    // It knows RSA and DSA keys; SHA-1 signatures alone can't be asked for, since an sshd of today always announces SHA-2.
    'PubkeyAcceptedAlgorithms ssh-rsa,rsa-sha2-256,rsa-sha2-512',
    'MaxStartups 10',
    'MaxSessions 10',
    'MaxAuthTries 6',
    'LogLevel DEBUG2',
  ];

  async function oldServer() {
    const server = await sshd({ config, hostKeyTypes: ['rsa'] });
    const identity = join(server.folder, 'id_rsa');
    makeKey(identity, 'rsa');
    writeFileSync(join(server.folder, 'authorized_keys'), readFileSync(`${identity}.pub`));
    return { server, settings: { identityFiles: [identity], algorithms: 'legacy' } as const };
  }

  it('is asked for nothing but commands, on eight channels at most', async () => {
    const { server, settings } = await oldServer();
    const host = await openHost(server.host(settings), { passwords: secrets() });
    hosts.push(host);
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255));
    const uploads = Array.from({ length: 20 }, (_, i) =>
      host.upload(join(server.folder, `file${i}`), content),
    );
    await Promise.all([...uploads, host.run(sh`sleep 1`)]);
    for (let i = 0; i < 20; i++) expect(readFileSync(join(server.folder, `file${i}`))).toEqual(content);

    const resources = Array.from({ length: 3 }, (_, i) =>
      file({ path: join(server.folder, `made${i}`), content: Buffer.alloc(50_000, i) }),
    );
    const { outcome, story } = await provisionResources(server.host(settings), resources);
    expect(outcome, story).toMatchObject({ changed: 3, failed: 0 });

    const log = server.log();
    const requests = [...log.matchAll(/server_input_channel_req: channel \d+ request (\S+)/g)].map(
      ([, name]) => name,
    );
    expect(requests.length).toBeGreaterThan(20);
    expect([...new Set(requests)]).toEqual(['exec']);
    expect(log).toContain('kex: algorithm: diffie-hellman-group1-sha1');
    expect(mostChannels(log)).toBe(8);
  });

  it('is not dialled by more at once than it takes', async () => {
    const { server, settings } = await oldServer();
    const limiter = new ConnectLimiter();
    const opened = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        openHost(server.host(settings, `rs${i}`), { passwords: secrets(), limiter }),
      ),
    );
    hosts.push(...opened);
    expect(opened.map(({ connections }) => connections)).toEqual(Array(24).fill(1));
    expect(server.log()).not.toMatch(/drop connection|MaxStartups throttling/);
  });
});
