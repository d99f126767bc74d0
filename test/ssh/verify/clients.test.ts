import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { type Sh, sh } from '../../../src/shell/index.js';
import { perlLane } from '../../../src/verify/clients/perl.js';
import { pythonLane } from '../../../src/verify/clients/python.js';
import { AttemptReader, type Dialogue, trafficScript } from '../../../src/verify/traffic.js';
import { freePort } from '../../support/sshd.js';
import {
  ftpServer,
  greetingServer,
  halfDumbFtpServer,
  httpServer,
  type Listening,
  rootServers,
  udpServer,
} from '../../unit/verify/servers.js';

const which = (name: string): string | undefined => {
  try {
    // The interpreter itself: what is called python3 may be a script that looks for it.
    if (name === 'python3')
      return execFileSync('python3', ['-c', 'import sys; print(sys.executable)']).toString().trim();
    return execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]).toString().trim();
  } catch {
    return undefined;
  }
};

/** A folder with nothing but these commands, to be the PATH of a poor probe host. */
const folders: string[] = [];
function pathWith(commands: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-path-'));
  folders.push(folder);
  for (const command of commands) {
    const found = which(command);
    if (found?.startsWith('/')) symlinkSync(found, join(folder, command));
  }
  return folder;
}
const basics = ['sleep', 'tr', 'cut', 'sed', 'cat'];

const shells: [string, readonly string[]][] = [
  ['dash', ['/bin/dash']],
  ['bash --posix', ['/bin/bash', '--posix']],
  ['busybox sh', ['/bin/busybox', 'sh']],
];

const open: Listening[] = [];
afterAll(async () => {
  await Promise.all(open.map((server) => server.close()));
  for (const folder of folders) rmSync(folder, { recursive: true });
});
async function serve(server: Promise<Listening>): Promise<Listening> {
  open.push(await server);
  return server;
}

async function connect(
  dialogue: Dialogue,
  port: number,
  connections: number,
  shell: readonly string[] = ['/bin/dash'],
  path = process.env.PATH ?? '',
  limit = 20,
): Promise<AttemptReader> {
  const labels = Array.from({ length: connections }, (_, i) => `c${i + 1}`);
  const script = trafficScript(dialogue, [{ address: '127.0.0.1', port, labels }], [], limit).text;
  const [program = '', ...args] = shell;
  const { stdout } = await execa(program, [...args, '-c', script], {
    env: { PATH: path },
    extendEnv: false,
    stdin: 'ignore',
  });
  const reader = new AttemptReader();
  reader.push(`${stdout}\n`);
  return reader;
}

function tally(reader: AttemptReader): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome, text } of reader.attempts)
    counts[`${outcome} ${text}`.trim()] = (counts[`${outcome} ${text}`.trim()] ?? 0) + 1;
  return counts;
}

const fourGreetings = [
  '220 Welcome to FTP1 server',
  '220 Welcome to FTP1 server',
  '220-Hi',
  '220 Welcome to FTP1 server',
];
fourGreetings[2] = '220-Welcome to\r\n220 FTP2 server';

const clients: [string, readonly string[]][] = [
  ['bash', ['bash', ...basics]],
  ['python3', ['python3', ...basics]],
  ['perl', ['perl', ...basics]],
  ['busybox nc', ['busybox', ...basics]],
];

describe.concurrent.each(shells)('run by %s', (_, shell) => {
  it('logs in by FTP and tells the greetings', async () => {
    const server = await serve(ftpServer(fourGreetings));
    const reader = await connect('ftp', server.port, 40, shell);
    expect(tally(reader)).toEqual({
      'login 220 Welcome to FTP1 server': 30,
      'login 220-Welcome to 220 FTP2 server': 10,
    });
    expect(new Set(reader.attempts.map(({ label }) => label)).size).toBe(40);
    expect(server.heard.filter((line) => line === 'QUIT')).toHaveLength(40);
  });
});

describe.concurrent.each(clients)('with nothing but %s', (name, commands) => {
  const path = pathWith(commands);

  it('is the client that is chosen', async () => {
    const server = await serve(ftpServer(['220 x']));
    expect((await connect('ftp', server.port, 1, ['/bin/dash'], path)).client).toBe(name);
  });

  it('logs in by FTP', async () => {
    const server = await serve(ftpServer(['220 one', '220 two']));
    expect(tally(await connect('ftp', server.port, 6, ['/bin/dash'], path))).toEqual({
      'login 220 one': 3,
      'login 220 two': 3,
    });
  });

  it('is content with the greeting where nobody may log in', async () => {
    const server = await serve(ftpServer(['220 one'], false));
    expect(tally(await connect('ftp', server.port, 3, ['/bin/dash'], path))).toEqual({ 'answer 220 one': 3 });
  });

  it('takes a 421 for a failure, with its text', async () => {
    const server = await serve(ftpServer(['421 too many']));
    expect(tally(await connect('ftp', server.port, 2, ['/bin/dash'], path))).toEqual({
      'fail 421 too many': 2,
    });
  });

  it('reads the body of a page', async () => {
    const server = await serve(httpServer(['<p>rs1</p>\nbye', '<p>rs2</p>\n']));
    expect(tally(await connect('http', server.port, 4, ['/bin/dash'], path))).toEqual({
      'answer <p>rs1</p> bye': 2,
      'answer <p>rs2</p>': 2,
    });
  });

  it('takes a 503 for a failure', async () => {
    const server = await serve(httpServer(['busy'], '503 Service Unavailable'));
    expect(tally(await connect('http', server.port, 1, ['/bin/dash'], path))).toEqual({
      'fail HTTP/1.0 503 Service Unavailable': 1,
    });
  });

  it('reads a greeting', async () => {
    const server = await serve(greetingServer('SSH-2.0-OpenSSH_3.5p1'));
    expect(tally(await connect('greeting', server.port, 2, ['/bin/dash'], path))).toEqual({
      'answer SSH-2.0-OpenSSH_3.5p1': 2,
    });
  });

  it('fails where nobody listens', async () => {
    const reader = await connect('ftp', await freePort(), 3, ['/bin/dash'], path);
    expect(reader.attempts.map(({ outcome }) => outcome)).toEqual(['fail', 'fail', 'fail']);
    expect(reader.attempts[0]?.text).toMatch(/refused/i);
  });

  it('goes on after a server that hangs', async () => {
    const server = await serve(halfDumbFtpServer());
    const reader = await connect('ftp', server.port, 6, ['/bin/dash'], path, 8);
    const outcomes = reader.attempts.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['answer', 'answer', 'answer', 'fail', 'fail', 'fail']);
  });
});

describe.concurrent.each([...clients.slice(0, 3), ['nc', ['nc', ...basics]] as [string, readonly string[]]])(
  'datagrams, with nothing but %s',
  (name, commands) => {
    const path = pathWith(commands);
    // bash reads a datagram's first byte and loses the rest.
    const told = (text: string) => (name === 'bash' ? 'answer' : `answer ${text}`);

    it('sends datagrams, and tells the answers', async () => {
      const server = await serve(udpServer((question) => (question === '\n' ? 'rs1 here\n' : undefined)));
      expect(tally(await connect('datagram', server.port, 3, ['/bin/dash'], path))).toEqual({
        [told('rs1 here')]: 3,
      });
    });

    it('tells that nobody answered, and hears the next answer all the same', async () => {
      let asked = 0;
      const server = await serve(udpServer(() => (++asked > 3 ? 'rs1' : undefined)));
      const { attempts } = await connect('datagram', server.port, 4, ['/bin/dash'], path);
      expect(attempts.map(({ outcome }) => outcome).sort()).toEqual(['answer', 'sent', 'sent', 'sent']);
    });

    it('asks a DNS server what every one of them answers, and does not tell what', async () => {
      const answer = Buffer.from('LV\x81\x85\0\x01\0\0\0\0\0\0\0\0\x02\0\x01', 'latin1');
      const server = await serve(udpServer((question) => (question === rootServers ? answer : undefined)));
      expect(tally(await connect('dns', server.port, 3, ['/bin/dash'], path))).toEqual({ answer: 3 });
    });
  },
);

/** Tells its process id as soon as it is bound, and answers each datagram by the port that it came from. */
const portTeller = `use IO::Socket;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 7007, Proto => "udp") or die;
print "$$\\n"; close STDOUT; alarm 60;
while (my $from = $s->recv(my $text, 9)) { $s->send($s->peerport, 0, $from) }`;

describe.concurrent.each<[string, (words: readonly string[]) => Sh]>([
  ['python3', (words) => sh`python3 -c ${pythonLane} ${words}`],
  ['perl', (words) => sh`perl -e ${perlLane} -- ${words}`],
])('a lane of datagrams, with %s', (_, lane) => {
  it('uses no port twice, which IPVS would take for the same flow, where there are just enough', async () => {
    const labels = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const script = sh`ip link set lo up
echo 40000 40007 >/proc/sys/net/ipv4/ip_local_port_range
perl -e ${portTeller} | { read pid; ${lane(['datagram', '20', '127.0.0.1', '7007', ...labels])}; kill $pid; }`;
    const { stdout } = await execa('unshare', ['-n', 'sh', '-c', script.text]);
    const reader = new AttemptReader();
    reader.push(`${stdout}\n`);
    expect(reader.attempts.map(({ text }) => text).sort()).toEqual(labels.map((_, i) => String(40000 + i)));
  });
});

// netcats don't tell a refusal from silence.
describe.concurrent.each(clients.slice(0, 3))('where a datagram is refused, with %s', (_, commands) => {
  it('fails', async () => {
    const { attempts } = await connect('datagram', await freePort(), 2, ['/bin/dash'], pathWith(commands));
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['fail', 'fail']);
    expect(attempts[0]?.text).toMatch(/refused/i);
  });
});

describe.concurrent.each(clients.slice(0, 3))('a service that says nothing, with %s', (_, commands) => {
  it('is open', async () => {
    const server = await serve(greetingServer(''));
    expect(tally(await connect('greeting', server.port, 6, ['/bin/dash'], pathWith(commands)))).toEqual({
      open: 6,
    });
  });
});

describe('with nothing but a netcat that has no UDP', () => {
  it('there is no client for a datagram', async () => {
    const path = pathWith(['busybox', ...basics]);
    expect(execFileSync('/bin/sh', ['-c', 'busybox nc --help 2>&1']).toString()).not.toContain('-u');
    expect(await connect('datagram', 9, 1, ['/bin/dash'], path)).toMatchObject({
      client: 'none',
      attempts: [],
    });
  });
});

describe('with nothing but curl', () => {
  const path = pathWith(['curl', ...basics]);
  it('reads the body of a page', async () => {
    const server = await serve(httpServer(['<p>rs1</p>\nbye', '<p>rs2</p>\n']));
    const reader = await connect('http', server.port, 4, ['/bin/dash'], path);
    expect(reader.client).toBe('curl');
    expect(tally(reader)).toEqual({ 'answer <p>rs1</p> bye': 2, 'answer <p>rs2</p>': 2 });
  });
  it('takes a 503 for a failure', async () => {
    const server = await serve(httpServer(['busy'], '503 Service Unavailable'));
    const reader = await connect('http', server.port, 1, ['/bin/dash'], path);
    expect(tally(reader)).toEqual({ 'fail busy': 1 });
  });
});

describe('with a bash that is slow to start', () => {
  it('makes no connection twice', async () => {
    const path = pathWith(basics);
    writeFileSync(
      join(path, 'bash'),
      `#!/bin/sh\ncase $3 in *talk_ftp*) sleep 3 ;; esac\nexec ${which('bash')} "$@"\n`,
      { mode: 0o755 },
    );
    const server = await serve(ftpServer(['220 one', '220 two']));
    const reader = await connect('ftp', server.port, 6, ['/bin/dash'], path, 2);
    expect(tally(reader)).toEqual({ 'login 220 one': 3, 'login 220 two': 3 });
    expect(server.heard.filter((line) => line === 'QUIT')).toHaveLength(6);
  });
});

describe('with no client at all', () => {
  it('says so', async () => {
    const reader = await connect('ftp', 21, 2, ['/bin/dash'], pathWith(basics));
    expect(reader.client).toBe('none');
    expect(reader.attempts).toEqual([]);
  });
});
