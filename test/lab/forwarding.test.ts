import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifyReport } from '../../src/verify/index.js';
import { type Answer, lvsctl, onHost } from './support/program.js';
import { inGuest, respond } from './support/responder.js';

/**
 * Direct routing and tunnels, IPv4 and IPv6, TCP and UDP, FTP by mark with its data connections, and persistence: one inventory, on hosts
 * that are rebooted. The tests build on one another, in this order. NAT has a lab of its own.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-forwarding-'));
const inventory = join(folder, 'inventory.ts');
const playbook = join(folder, 'playbook.ts');
const servers = ['rs1', 'rs2'] as const;
const udp = 7007;
const tcp = 7008;
const four = (n: number) => `10.83.33.${n}`;
const six = (n: number) => `fd00:83::${n}`;

/** VIP, port, and what differs from a service of direct routing by turns over TCP. */
const services: Readonly<Record<string, readonly [string, number, string?]>> = {
  'web-dr': [four(100), 80],
  'web-dr6': [six(100), 80],
  'echo-dr': [four(100), udp, `protocol: 'udp'`],
  'echo-dr6': [six(100), udp, `protocol: 'udp'`],
  'web-ipip': [four(101), 80, tunnel()],
  'web-ipip6': [six(101), 80, tunnel()],
  'echo-ipip': [four(101), udp, `protocol: 'udp', ${tunnel()}`],
  'echo-ipip6': [six(101), udp, `protocol: 'udp', ${tunnel()}`],
  'web-gue': [four(102), 80, tunnel(`{ type: 'gue', port: 6080, checksum: 'full' }`)],
  'web-gue6': [six(102), 80, tunnel(`{ type: 'gue', port: 6080 }`)],
  'web-gre': [four(103), 80, tunnel(`{ type: 'gre', checksum: 'full' }`)],
  'web-gre6': [six(103), 80, tunnel(`{ type: 'gre' }`)],
  'sink-ipip': [four(101), tcp, tunnel()],
  'sink-ipip6': [six(101), tcp, tunnel()],
  'web-sticky': [four(105), 80, 'persistence: 60'],
};
const proven = Object.keys(services).filter((name) => !name.startsWith('sink'));

function tunnel(of?: string): string {
  const servers = ['rs1', 'rs2'].map((host) => `{ host: '${host}'${of ? `, tunnel: ${of}` : ''} }`);
  return `forwarding: 'tun', realServers: [${servers.join(', ')}]`;
}

function inventoryText(): string {
  const lines = Object.entries(services).map(
    ([name, [vip, port, more = '']]) => `    '${name}': { ...each, vip: '${vip}', port: ${port}, ${more} },`,
  );
  const host = (name: string, n: number) =>
    `    ${name}: { address: '${four(n)}/24', address6: '${six(n)}/64' },`;
  return `import { defineInventory } from 'lvsctl';
const each = { scheduler: 'rr', directors: ['director'], realServers: [{ host: 'rs1' }, { host: 'rs2' }] } as const;
export default defineInventory({
  name: 'forwarding-${process.pid}',
  hosts: {
${[host('director', 83), host('rs1', 76), host('rs2', 2), host('client', 50)].join('\n')}
  },
  services: {
${lines.join('\n')}
    ftp: { ...each, vip: '${four(104)}', fwmark: 21, ports: [21], persistence: 300 },
  },
  probes: ['client'],
  roles: { ftp: { banner: 'FTP{n}', passivePorts: '50000-50020' } },
});
`;
}

const on = (host: string, script: string): Answer => onHost(inventory, host, script);

/** The script's output. */
function shell(host: string, script: string): string {
  const { status, stdout, stderr } = on(host, script);
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
}

const plan = () => lvsctl('plan', inventory, '--lab', '--exit-code', '--playbook', playbook);
const provision = () => lvsctl('provision', inventory, '--lab', '--playbook', playbook);

async function verified(names: readonly string[], connections: number): Promise<Map<string, VerifyReport>> {
  const run = await lvsctl(
    'verify',
    inventory,
    '--lab',
    '-n',
    String(connections),
    '--service',
    names.join(','),
  );
  expect(run.status, run.story).toBe(0);
  return new Map(run.of('verify.result').map(({ report }) => [report.service, report]));
}

const webSetUp = (host: string) => `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null && apt-get -q -y install nginx-light >/dev/null
echo ${host} >/var/www/html/index.html; mkdir -p /srv/ftp; echo ${host} >/srv/ftp/name`;

beforeAll(async () => {
  writeFileSync(inventory, inventoryText());
  writeFileSync(
    playbook,
    `import { definePlaybook } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
export default definePlaybook({ ...site, name: 'site without traffic', verify: false });
`,
  );
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
  const held = [four(100), four(101), six(100), six(101)];
  const own = { rs1: [four(76), six(76)], rs2: [four(2), six(2)] };
  const serve = async (host: 'rs1' | 'rs2') => {
    await inGuest(inventory, host, webSetUp(host));
    await respond(inventory, host, { udp, tcp }, [...own[host], ...held]);
  };
  const tools = 'apt-get -q update >/dev/null && apt-get -q -y install curl iptables >/dev/null';
  await Promise.all([...servers.map(serve), inGuest(inventory, 'client', tools)]);
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

describe('direct routing and tunnels, IPv4 and IPv6, TCP and UDP', () => {
  it('are provisioned, and a second run changes nothing', async () => {
    const first = await provision();
    expect(first.status, first.story).toBe(0);
    const second = await provision();
    expect(second.status, second.story).toBe(0);
    expect(second.planned).toEqual([]);
  });

  it('are verified, each by who answered', async () => {
    const reports = await verified([...proven, 'ftp'], 8);
    for (const name of proven.filter((each) => each !== 'web-sticky'))
      expect(
        reports.get(name)?.shares.map(({ host, answered, counted }) => [host, answered, counted]),
        name,
      ).toEqual([
        ['rs1', 4, 4],
        ['rs2', 4, 4],
      ]);
    for (const [name, { arp }] of reports)
      expect(
        arp.map(({ host }) => host),
        name,
      ).toEqual(['director']);
  });

  it('go by the tunnels that the inventory says', () => {
    const table = shell('director', 'ipvsadm -Ln --tun-info');
    for (const info of ['ipip', 'gue:6080:+c', 'gue:6080:-c', 'gre:+c', 'gre:-c'])
      expect(table).toContain(` ${info} `);
  });
});

describe('clients that stay', () => {
  it('log in by FTP and fetch data by passive connections, all from one real server', () => {
    const fetched = shell(
      'client',
      `for i in 1 2 3 4 5 6; do curl -sS -m 60 ftp://${four(104)}/name || exit 1; done`,
    ).split('\n');
    expect(fetched).toHaveLength(6);
    expect(new Set(fetched).size).toBe(1);
    // The template of a service by mark names the mark as an address, 0.0.0.21.
    expect(shell('director', 'ipvsadm -Lcn')).toMatch(/ 10\.83\.33\.50:0 +0\.0\.0\.21:0 +10\.83\.33\./);
  });

  it('come back to the same real server by HTTP', () => {
    const fetched = shell(
      'client',
      `for i in 1 2 3 4 5 6; do curl -sS -m 60 http://${four(105)}/ || exit 1; done`,
    ).split('\n');
    expect(fetched).toHaveLength(6);
    expect(new Set(fetched).size).toBe(1);
    expect(shell('director', 'ipvsadm -Lcn')).toMatch(/ 10\.83\.33\.50:0 +10\.83\.33\.105:80 /);
  });
});

describe('an upload through a tunnel, by a client that does not hear of too large packets', () => {
  const bytes = '200000';
  const tables = ['iptables-legacy', 'ip6tables-legacy'];
  const upload = (vip: string, seconds: number) =>
    on('client', `head -c ${bytes} /dev/zero | timeout ${seconds} nc -N ${vip} ${tcp}`).stdout.trim();
  const uploads = (seconds = 60) => [upload(four(101), seconds), upload(six(101), seconds)];

  it('comes through, since the real server has told it what fits', () => {
    shell(
      'client',
      `iptables-legacy -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP
ip6tables-legacy -A INPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP`,
    );
    expect(uploads()).toEqual([bytes, bytes]);
  });

  it('hangs without that, which plan tells and provision mends', async () => {
    for (const host of servers)
      shell(host, tables.map((table) => `${table} -t mangle -F LVSCTL-MSS`).join('\n'));
    expect(uploads(8)).toEqual(['', '']);
    const run = await provision();
    expect(run.status, run.story).toBe(0);
    expect(run.planned).toEqual(servers.map((host) => `${host}: segment sizes`));
    expect(uploads()).toEqual([bytes, bytes]);
  });
});

describe('an IPv6 VIP', () => {
  const vip = six(100);

  it('is nobody’s source', () => {
    expect(shell('director', `ip -6 route get ${six(76)}`)).toContain(` src ${six(83)} `);
  });

  it('that another host has answered for is told, comes anew, and the neighbours hear of it', async () => {
    // The lab's guests do without duplicate address detection, since they begin with their addresses.
    const entry = `ip -6 neigh replace ${vip} lladdr 02:00:00:00:00:99 nud reachable dev eth0`;
    shell('client', `ip addr add ${vip}/128 dev eth0 nodad`);
    shell(
      'director',
      `echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad; ip addr del ${vip}/128 dev eth0; ip addr add ${vip}/128 dev eth0
n=0; until ip -o addr show dev eth0 to ${vip} | grep -q dadfailed || [ $n -ge 60 ]; do n=$((n+1)); sleep 1; done`,
    );
    shell('client', `ip addr del ${vip}/128 dev eth0; ${entry}`);
    expect(shell('director', `ip -o addr show dev eth0 to ${vip}`)).toContain(' dadfailed ');
    const run = await provision();
    expect(run.status, run.story).toBe(0);
    expect(run.of('change.planned').map(({ host, summary }) => [host, summary])).toEqual([
      [
        'director',
        `put ${vip}/128 on eth0 anew: it is dadfailed, another host of the network answered for it`,
      ],
    ]);
    const mac = shell('director', 'cat /sys/class/net/eth0/address');
    expect(shell('client', `ip -6 neigh show ${vip} dev eth0`)).toContain(` lladdr ${mac} `);
    expect(shell('client', `curl -g -sS -m 60 http://[${vip}]/`)).toMatch(/^rs[12]$/);
  });
});

describe('after a reboot of all hosts', () => {
  it('the plan is empty, and all of it works', async () => {
    const reboot = await lvsctl('lab', 'reboot', inventory);
    expect(reboot.status, reboot.story).toBe(0);
    const after = await plan();
    expect(after.planned).toEqual([]);
    expect(after.status, after.story).toBe(0);
    await verified(['echo-dr6', 'web-gue', 'ftp'], 4);
    expect(shell('client', `curl -sS -m 60 ftp://${four(104)}/name`)).toMatch(/^rs[12]$/);
    for (const host of servers)
      expect(shell(host, 'iptables-legacy -t mangle -S LVSCTL-MSS')).toContain(` -s ${four(101)}/32 `);
  });
});
