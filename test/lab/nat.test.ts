import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lvsctl, onHost } from './support/program.js';
import { serveWeb } from './support/web.js';

/** LVS-NAT on real kernels: the client is in another network than director and real servers, and the lab routes between the two. */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-nat-'));
const inventory = join(folder, 'inventory.ts');
const name = `nat-${process.pid}`;

const director = { v4: '10.84.1.10', v6: 'fd00:84:1::10' };
const vip = { v4: '10.84.1.100', v6: 'fd00:84:1::100' };
const router = '10.84.1.254';

const inventoryText = (gateway = '') => `import { defineInventory } from 'lvsctl';

const nat = { vip: '${vip.v4}', forwarding: 'nat', scheduler: 'rr', directors: ['d1'], ${gateway} } as const;
const on = (port?: number) => ['rs1', 'rs2'].map((host) => ({ host, ...(port !== undefined && { port }) }));

export default defineInventory({
  name: '${name}',
  hosts: {
    d1: { address: '${director.v4}/24', address6: '${director.v6}/64' },
    rs1: { address: '10.84.1.11/24', address6: 'fd00:84:1::11/64' },
    rs2: { address: '10.84.1.12/24', address6: 'fd00:84:1::12/64' },
    client: { address: '10.84.2.20/24', address6: 'fd00:84:2::20/64' },
  },
  services: {
    ftp: { ...nat, port: 21, realServers: on() },
    web: { ...nat, port: 8080, masquerade: 'real-servers', realServers: on(80) },
    web6: { ...nat, vip: '${vip.v6}', gateway: '${director.v6}', port: 8080, masquerade: 'real-servers', realServers: on(80) },
    seen: { ...nat, port: 5300, protocol: 'udp', realServers: on(5301) },
    hidden: { ...nat, port: 5400, protocol: 'udp', masquerade: 'clients', realServers: on(5302) },
  },
  probes: ['client'],
  roles: { ftp: { banner: 'Welcome to FTP{n} server' } },
});
`;

const shell = (host: string, script: string): string => {
  const { status, stdout, stderr } = onHost(inventory, host, `PATH=$PATH:/usr/sbin:/sbin; ${script}`);
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
};

/** Answers each datagram with its own name and the address that it saw. */
const answerer = `
use Socket;
my $host = \`hostname\`; chomp $host;
for my $port (5301, 5302) {
  next if fork;
  socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; bind($s, sockaddr_in($port, INADDR_ANY)) or die;
  while (defined(my $from = recv($s, my $text, 100, 0))) {
    my (undef, $address) = sockaddr_in($from);
    send($s, "$host " . inet_ntoa($address), 0, $from);
  }
}
1 while wait != -1;
`;

const answererUnit = `[Service]
ExecStart=/usr/bin/perl /usr/local/sbin/answerer
[Install]
WantedBy=multi-user.target
`;

/** Of a port that was used within minutes IPVS remembers the real server. Of the kernel's own choice one in thousands is such a port. */
let freshPort = 20_000;

/** Asks with a socket of its own each time, as clients do, and prints what comes back in so many seconds, or nothing. */
const asker = (port: number, own: readonly number[], seconds: number): string => `perl -e '
use Socket;
for my $own (${own.join(', ')}) {
  socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; bind($s, sockaddr_in($own, INADDR_ANY)) or die; connect($s, sockaddr_in(${port}, inet_aton("${vip.v4}"))) or die;
  send($s, "?", 0); my $in = ""; vec($in, fileno($s), 1) = 1;
  if (select($in, undef, undef, ${seconds})) { recv($s, my $text, 100, 0); print "$text\\n" } else { print "nothing\\n" }
}'`;

function ask(host: string, port: number, seconds = 20): string[] {
  const own = [0, 1, 2, 3].map((n) => freshPort + n);
  freshPort += own.length;
  return shell(host, asker(port, own, seconds)).split('\n');
}

const download = (options: string, url = `ftp://${vip.v4}/hello`, seconds = 60): string =>
  shell('client', `curl -gsS -m ${seconds} ${options} '${url}' 2>&1 || :`);

/** The ways of FTP's data connection, as curl has them. */
const ways = {
  EPSV: '',
  PASV: '--disable-epsv',
  EPRT: '-P -',
  PORT: '-P - --disable-eprt',
};

beforeAll(async () => {
  writeFileSync(inventory, inventoryText());
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
  shell('client', '(apt-get -q update && apt-get -q -y install curl) >/dev/null');
  await Promise.all(
    ['rs1', 'rs2'].map(async (host) => {
      await serveWeb(inventory, host);
      shell(
        host,
        `printf '%s' '${answerer}' >/usr/local/sbin/answerer; printf '%s' '${answererUnit}' >/etc/systemd/system/answerer.service
        systemctl enable --now answerer 2>/dev/null; mkdir -p /srv/ftp; hostname >/srv/ftp/hello`,
      );
    }),
  );
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

/** All that the services do for a client. */
function expectService(): void {
  for (const [way, options] of Object.entries(ways)) expect(download(options), way).toMatch(/^rs[12]$/);
  for (const host of [vip.v4, `[${vip.v6}]`])
    expect(shell('client', `curl -gsS -m 60 http://${host}:8080/`)).toBe('ok');
  expect(ask('client', 5300).sort()).toEqual([
    'rs1 10.84.2.20',
    'rs1 10.84.2.20',
    'rs2 10.84.2.20',
    'rs2 10.84.2.20',
  ]);
  expect(ask('client', 5400).sort()).toEqual([
    `rs1 ${director.v4}`,
    `rs1 ${director.v4}`,
    `rs2 ${director.v4}`,
    `rs2 ${director.v4}`,
  ]);
}

describe('LVS-NAT', () => {
  it('is provisioned: each real server routes by the director, confirmed by a new login, and all services answer', async () => {
    const run = await lvsctl('provision', inventory, '--lab');
    expect(run.of('failure'), run.story).toEqual([]);
    expect(run.status, run.story).toBe(0);
    const confirmed = run.of('host.step').filter(({ step }) => step === 'confirm');
    expect(confirmed.map(({ host }) => host).sort()).toEqual(['rs1', 'rs1', 'rs2', 'rs2']);
    expect(
      run
        .of('verify.result')
        .map(({ report }) => [report.service, report.failedConnections, report.problems]),
    ).toEqual(['ftp', 'web', 'web6', 'seen', 'hidden'].map((service) => [service, 0, []]));
    for (const host of ['rs1', 'rs2']) {
      expect(shell(host, 'ip -4 route show default')).toBe(`default via ${director.v4} dev eth0`);
      expect(shell(host, 'ip -6 route show default')).toContain(
        `default via ${director.v6} dev eth0 metric 1 `,
      );
    }
    expectService();
  });

  it('needs ip_vs_ftp for the data connections of FTP: on a port that it does not watch they lead nowhere', () => {
    const service = `${vip.v4}:2121`;
    shell('d1', `ipvsadm -A -t ${service} -s rr; ipvsadm -a -t ${service} -r 10.84.1.11:21 -m`);
    const story = download('-v', `ftp://${service}/hello`, 15);
    expect(story).toMatch(/^< 230 /m);
    expect(story).not.toMatch(/^rs1$/m);
    expect(story).toMatch(/^curl: /m);
    shell('d1', `ipvsadm -D -t ${service}`);
  });

  it('does FTP by IPv6 with the same module', () => {
    shell(
      'rs1',
      `sysctl -q -w net.ipv6.bindv6only=1; sed 's/^listen=YES/listen_ipv6=YES/' /etc/vsftpd.conf >/root/six.conf
      echo background=YES >>/root/six.conf; vsftpd /root/six.conf
      until grep -q ' 0*:0015 0*:0000 0A ' /proc/net/tcp6; do sleep 0.2; done; sysctl -q -w net.ipv6.bindv6only=0`,
    );
    const service = `[${vip.v6}]:21`;
    shell('d1', `ipvsadm -A -t ${service} -s rr; ipvsadm -a -t ${service} -r [fd00:84:1::11]:21 -m`);
    for (const options of [ways.EPSV, ways.EPRT])
      expect(download(options, `ftp://[${vip.v6}]/hello`)).toBe('rs1');
    shell('d1', `ipvsadm -D -t ${service}`);
  });

  it('masquerades what real servers send to other networks, and leaves alone what stays in theirs', () => {
    const server = (host: string) =>
      shell(
        host,
        `perl -e 'use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); bind($s, sockaddr_in(7000, INADDR_ANY)) or die;
        listen($s, 5); exit if fork; close STDOUT; close STDERR; close STDIN; $SIG{ALRM} = sub { exit }; alarm 600;
        while (my $from = accept(my $c, $s)) { my (undef, $a) = sockaddr_in($from); syswrite($c, inet_ntoa($a) . "\\n"); close $c }'`,
      );
    const asked = (from: string, to: string) => shell(from, `nc -w 30 ${to} 7000 </dev/null`);
    server('client');
    server('rs2');
    expect(asked('rs1', '10.84.2.20')).toBe(director.v4);
    expect(asked('rs1', '10.84.1.12')).toBe('10.84.1.11');
  });

  it('serves a client in the real servers’ own network only where clients are masqueraded', () => {
    expect(ask('rs1', 5400).sort()).toEqual(
      ['rs1', 'rs1', 'rs2', 'rs2'].map((host) => `${host} ${director.v4}`),
    );
    // The other real server answers it straight, from an address that it did not ask.
    expect(ask('rs1', 5300, 2)).toContain('nothing');
  });

  it('is back after a reboot of every host: the plan is empty, and all services answer', async () => {
    const reboot = await lvsctl('lab', 'reboot', inventory);
    expect(reboot.status, reboot.story).toBe(0);
    const plan = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(plan.planned).toEqual([]);
    expect(plan.status, plan.story).toBe(0);
    const verify = await lvsctl('verify', inventory, '--lab');
    expect(verify.status, verify.story).toBe(0);
    expectService();
  });

  it('names a real server that has lost its default route by the director, and plans to mend that alone', async () => {
    shell('rs2', `ip route replace default via ${router}`);
    const verify = await lvsctl('verify', inventory, '--lab', '--service', 'web');
    expect(verify.status).toBe(1);
    expect(verify.of('verify.result').flatMap(({ report }) => report.problems)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^real server rs2 \\(10\\.84\\.1\\.12\\) has its default route by ${router.replaceAll('.', '\\.')}: LVS-NAT needs .*${director.v4.replaceAll('.', '\\.')}`,
        ),
      ),
    );
    const plan = await lvsctl('plan', inventory, '--lab');
    expect(plan.planned).toEqual(['rs2: default route']);
  });

  it('gets a host back that a new default route has cut off, and says what to do', async () => {
    // lvsctl's connection now comes from another network, so that its way back is the default route.
    const { stdout: before } = onHost(inventory, 'rs1', 'ip -4 route show default');
    execFileSync('ip', [
      '-n',
      `lvs-${name}`,
      'route',
      'replace',
      '10.84.1.11/32',
      'dev',
      'lab',
      'src',
      '10.84.2.254',
    ]);
    writeFileSync(inventory, inventoryText("gateway: '10.84.1.99'"));
    const run = await lvsctl('provision', inventory, '--lab', '--limit', 'rs1', '--roles', 'realserver');
    expect(run.status).toBe(1);
    expect(run.of('failure'), run.story).toMatchObject([
      {
        host: 'rs1',
        resource: 'default route',
        message: expect.stringContaining(
          'could not be reached with the change within 60 s, and has taken it back',
        ),
        hint: expect.stringContaining('see that 10.84.1.99 is up, forwards'),
      },
    ]);
    expect(shell('rs1', 'ip -4 route show default')).toBe(before.trim());
    expect(shell('rs1', 'cat /etc/lvsctl/realserver.sh')).not.toContain('10.84.1.99');
  });
});
