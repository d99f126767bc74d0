import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/inventory/cluster.js';
import { loadInventory } from '../../src/inventory/index.js';
import { FAULTS, readyProgram, serveChecked } from './support/checked.js';
import { Hands } from './support/failover.js';
import { type Load, startLoad } from './support/load.js';
import { onGuest } from './support/login.js';
import { lvsctl } from './support/program.js';
import { inGuest } from './support/responder.js';

/**
 * Two directors that speak VRRP by multicast, on real kernels: every type of check, sorry servers with quorum and hysteresis, an IPv6 VIP, NAT
 * whose gateway moves with the VIPs, and a tunnel of another family than its VIP. The tests build on one another, in this order.
 */
const name = `checks-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-checks-'));
const inventory = join(folder, 'inventory.ts');
const playbook = join(folder, 'playbook.ts');
const hands = new Hands(inventory, name);
const directors = ['lvs1', 'lvs2'] as const;
const four = (n: number) => `10.86.1.${n}`;
const six = (n: number) => `fd00:86:1::${n}`;
/** NAT's client is in a network of its own, behind the router that the lab's namespace is. */
const farClient = '10.86.9.1';
const natGateway = four(99);

/** VIP, port, and what differs from a service of rs1 and rs2 by turns. */
const services: Readonly<Record<string, readonly [string, number, string]>> = {
  tcp: [four(100), 7000, check('tcp')],
  http: [four(100), 80, check('http', `path: '/health', status: [200]`)],
  https: [four(100), 443, check('https')],
  smtp: [four(100), 25, check('smtp', `helo: 'director.example'`)],
  dns: [four(100), 53, `protocol: 'udp', ${check('dns', `name: 'www.example', record: 'A'`)}`],
  misc: [
    four(100),
    7001,
    check('misc', `command: ['/usr/local/sbin/is-ready', '{address}', '{port}'], everySeconds: 2`),
  ],
  // The same servers, with checks that do not see what those above see.
  'http-open': [four(101), 80, check('tcp')],
  'https-open': [four(101), 443, check('tcp')],
  'smtp-open': [four(101), 25, check('tcp')],
  'dns-other': [four(101), 53, `protocol: 'udp', ${check('dns', `name: 'mail.example', record: 'A'`)}`],
  'misc-open': [four(101), 7001, check('tcp')],
  six: [
    six(100),
    80,
    `${check('http', `path: '/health'`)}, realServers: [{ host: 'rs1', weight: 2 }, { host: 'rs2', weight: 2 }],
      quorum: 3, hysteresis: 1, sorry: { host: 'rs3' }`,
  ],
  mixed: [four(103), 80, `forwarding: 'tun', ${check('http')}, realServers: [{ host: 'rs3' }]`],
  nat: [
    four(102),
    8080,
    `forwarding: 'nat', gateway: '${natGateway}', ${check('http', `path: '/health'`)},
      realServers: [{ host: 'rs1', port: 8000 }], sorry: { host: 'rs2', port: 8001 }`,
  ],
};
/** One of each kind; none of NAT, which serves nobody in the real servers' network, where the client is. */
const proven = ['http', 'dns', 'six', 'mixed'];

function check(type: string, more = ''): string {
  return `check: { type: '${type}', everySeconds: 1, timeoutSeconds: 10, retries: 2, ${more} }`;
}

const inventoryText = (): string => `import { defineInventory } from 'lvsctl';
const each = {
  scheduler: 'rr', directors: ['lvs1', 'lvs2'], realServers: [{ host: 'rs1' }, { host: 'rs2' }],
} as const;
export default defineInventory({
  name: '${name}',
  hosts: {
    lvs1: { address: '${four(2)}/24', address6: '${six(2)}/64' },
    lvs2: { address: '${four(3)}/24', address6: '${six(3)}/64' },
    rs1: { address: '${four(11)}/24', address6: '${six(11)}/64' },
    rs2: { address: '${four(12)}/24', address6: '${six(12)}/64' },
    rs3: { address: '${six(13)}/64' },
    client: { address: '${four(50)}/24', address6: '${six(50)}/64' },
  },
  keepalived: { id: 86, unicast: false },
  services: {
${Object.entries(services)
  .map(
    ([service, [vip, port, more]]) => `    '${service}': { ...each, vip: '${vip}', port: ${port}, ${more} },`,
  )
  .join('\n')}
  },
  probes: ['client'],
});
`;

let cluster: Cluster | undefined;

/** A script's output. */
async function shell(host: string, script: string): Promise<string> {
  if (cluster === undefined) throw new Error('there is no lab yet');
  const { status, output } = await onGuest(cluster, host, `PATH=/usr/sbin:/sbin:$PATH; ${script}`);
  expect(status, `${host}: ${script}\n${output}`).toBe(0);
  return output.trim();
}

/** Waits for what a busy machine may take long for; the limit is a hang guard. */
async function until<T>(what: string, expected: T, seen: () => Promise<T>): Promise<void> {
  const end = Date.now() + 180_000;
  for (let last = await seen(); !isDeepStrictEqual(last, expected); last = await seen()) {
    if (Date.now() > end) expect(last, what).toEqual(expected);
    await sleep(300);
  }
}

const endpoint = (vip: string, port: number): string => `${vip.includes(':') ? `[${vip}]` : vip}:${port}`;

const owners = new Map([
  [four(11), 'rs1'],
  [six(11), 'rs1'],
  [four(12), 'rs2'],
  [six(12), 'rs2'],
  [six(13), 'rs3'],
]);

/** Who gets connections of each service, by the table of a director. */
async function serving(director: string): Promise<Record<string, readonly string[]>> {
  const table = (await shell(director, 'ipvsadm -Sn')).split('\n');
  return Object.fromEntries(
    Object.entries(services).map(([service, [vip, port]]) => {
      const lines = table.filter((line) => line.includes(` ${endpoint(vip, port)} -r `));
      const hosts = lines.flatMap((line) => {
        const [, address = ''] = / -r \[?([\da-f.:]+?)\]?:\d+ /.exec(line) ?? [];
        return / -w 0( |$)/.test(line) ? [] : [owners.get(address) ?? address];
      });
      return [service, hosts.sort()];
    }),
  );
}

const sound: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.keys(services).map((service) => [
    service,
    service === 'mixed' ? ['rs3'] : service === 'nat' ? ['rs1'] : ['rs1', 'rs2'],
  ]),
);

/** Both directors' tables come to serve so, and no otherwise. */
const serves = (what: string, changed: Readonly<Record<string, readonly string[]>> = {}): Promise<void> =>
  until(
    what,
    directors.map(() => ({ ...sound, ...changed })),
    () => Promise.all(directors.map(serving)),
  );

async function planIsEmpty(): Promise<void> {
  const plan = await lvsctl('plan', inventory, '--lab', '--playbook', playbook);
  expect(plan.planned).toEqual([]);
  expect(plan.status, plan.story).toBe(0);
}

/** Who answers an HTTP request of the client's; nothing where nobody does. */
const answers = (vip: string, port = 80): Promise<string> =>
  shell('client', `curl -gs -m 10 http://${endpoint(vip, port)}/ || :`);

/** The same of a client in another network. */
function farAnswers(): Promise<string> {
  const words = ['netns', 'exec', `lvs-${name}`, 'curl', '-s', '-m', '10', '--interface', farClient];
  return promisify(execFile)('ip', [...words, `http://${endpoint(four(102), 8080)}/`]).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}

const everyAddress = [four(100), four(101), four(102), four(103), natGateway, six(100)];

/** One has every address of the services, the other none. */
const allHeldBy = (director: string): Promise<void> =>
  until(
    `all addresses on ${director} alone`,
    directors.map((host) => (host === director ? everyAddress : [])),
    async () => {
      const held = await Promise.all(directors.map((host) => shell(host, 'ip -o addr show dev eth0')));
      return held.map((text) => everyAddress.filter((address) => text.includes(` ${address}/`)));
    },
  );

const macOf = (host: string): Promise<string> => shell(host, 'cat /sys/class/net/eth0/address');
const macOfVip = async (vip: string): Promise<string> =>
  /lladdr (\S+)/.exec(await shell('client', `ip neigh show ${vip} dev eth0`))?.[1] ?? '';

let load: Load | undefined;

beforeAll(async () => {
  writeFileSync(inventory, inventoryText());
  writeFileSync(
    playbook,
    `import { definePlaybook } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
export default definePlaybook({ ...site, name: 'site without traffic', verify: false });
`,
  );
  const pem = (file: string) => join(folder, file);
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '365', '-subj', '/CN=checked'];
  execFileSync('openssl', [...request, '-keyout', pem('key.pem'), '-out', pem('cert.pem')], {
    stdio: 'ignore',
  });
  const certificate = {
    key: readFileSync(pem('key.pem'), 'utf8'),
    certificate: readFileSync(pem('cert.pem'), 'utf8'),
  };
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
  cluster = await loadInventory(inventory);
  const program = '/usr/local/sbin/is-ready';
  await Promise.all([
    ...['rs1', 'rs2', 'rs3'].map((host) =>
      serveChecked(inventory, host, certificate, [four(100), four(101)]),
    ),
    ...directors.map((host) =>
      inGuest(inventory, host, `cat >${program} <<'EOF'\n${readyProgram}EOF\nchmod 755 ${program}`),
    ),
    inGuest(inventory, 'client', 'apt-get -q update >/dev/null && apt-get -q -y install curl >/dev/null'),
    // The inventory knows it by IPv6 alone; its answers to IPv4 clients need an IPv4 network.
    inGuest(inventory, 'rs3', `ip addr add ${four(13)}/24 dev eth0`),
  ]);
  for (const words of [
    ['addr', 'add', `${farClient}/24`, 'dev', 'lab'],
    ['route', 'add', `${four(102)}/32`, 'dev', 'lab', 'src', farClient],
  ])
    execFileSync('ip', ['-n', `lvs-${name}`, ...words]);
});

afterAll(async () => {
  load?.kill();
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

describe('two directors that speak by multicast', () => {
  it('are provisioned: one holds every address, all real servers serve, nothing is left to do', async () => {
    const run = await lvsctl('provision', inventory, '--lab', '--playbook', playbook);
    expect(run.of('failure'), run.story).toEqual([]);
    expect(run.status, run.story).toBe(0);
    expect(await shell('lvs1', 'cat /etc/keepalived/keepalived.conf')).not.toContain('unicast');
    // Without preemption whoever starts first has them; what follows begins with lvs1.
    const holding = () =>
      Promise.all(
        directors.map(async (host) =>
          (await shell(host, 'ip -o addr show dev eth0')).includes(` ${four(100)}/`),
        ),
      );
    await until('a director with the VIPs', true, async () => (await holding()).includes(true));
    if ((await holding())[1]) await shell('lvs2', 'systemctl restart keepalived');
    await allHeldBy('lvs1');
    await serves('every real server in service');
    await planIsEmpty();
  });

  it('reach an IPv6 real server for an IPv4 VIP by a tunnel', async () => {
    await until('the answer', 'rs3', () => answers(four(103)));
  });

  it('serve a client of another network by NAT', async () => {
    await until('the answer', 'rs1', farAnswers);
    for (const host of ['rs1', 'rs2'])
      expect(await shell(host, 'ip -4 route show default')).toContain(`via ${natGateway} `);
  });
});

describe('checks', () => {
  const broken: Record<string, readonly string[]> = {};

  it.each(Object.entries(FAULTS))('%s: sees its own fault alone', async (type, { breaks }) => {
    await shell('rs2', breaks);
    broken[type] = ['rs1'];
    // Two services ask for the health of one server.
    if (type === 'http') broken.six = ['rs1'];
    await serves(`${type} without rs2`, broken);
  });

  it('leave no drift, and give back what is mended', async () => {
    await planIsEmpty();
    const mends = Object.values(FAULTS).map((fault) => fault.mends);
    await shell('rs2', mends.join('\n'));
    await serves('every real server back');
  });
});

describe('sorry servers', () => {
  const sick = 'rm /srv/checked/health';
  const well = 'echo well >/srv/checked/health';

  it('come in below quorum less hysteresis, and go at quorum and hysteresis', async () => {
    await shell('rs2', sick);
    // A weight of 2, which is not below 3 less 1.
    await serves('the one that is left', { http: ['rs1'], six: ['rs1'] });
    await until('its answer', 'rs1', () => answers(six(100)));
    await shell('rs1', sick);
    await serves('sorry servers', { http: [], six: ['rs3'], nat: ['rs2'] });
    await until('sorry', 'rs3', () => answers(six(100)));
    await until('NAT’s sorry', 'rs2', farAnswers);
    await planIsEmpty();
    await shell('rs1', well);
    // 2 again, which is not yet 3 and 1.
    await serves('NAT’s real server, and the sorry server still', { http: ['rs1'], six: ['rs3'] });
    await until('sorry still', 'rs3', () => answers(six(100)));
    await until('NAT’s real server', 'rs1', farAnswers);
    await shell('rs2', well);
    await serves('all real servers');
    await until('a real server', true, async () => /^rs[12]$/.test(await answers(six(100))));
  });
});

describe('the active director', () => {
  it('stopped: IPv4 and IPv6 VIPs move together, clients find them, and verify finds nothing wrong', async () => {
    const [mac1, mac2] = await Promise.all(directors.map(macOf));
    const vips = [six(100), four(103)];
    const macs = () => Promise.all(vips.map(macOfVip));
    await until('lvs1’s MAC', [mac1, mac1], async () => {
      await Promise.all(vips.map((vip) => answers(vip)));
      return macs();
    });
    await hands.lose('lvs1', 'stopped');
    await until('lvs2’s MAC', [mac2, mac2], macs);
    await until('IPv6 answers', true, async () => /^rs[12]$/.test(await answers(six(100))));
    await until('the tunnel', 'rs3', () => answers(four(103)));
    await hands.restore('lvs1', 'stopped');
    await serves('all real servers on both');
    await allHeldBy('lvs2');
    const run = await lvsctl('verify', inventory, '--lab', '-n', '4', '--service', proven.join(','));
    expect(run.status, run.story).toBe(0);
    expect(run.of('verify.result').map(({ report }) => report.service)).toEqual(proven);
  });

  it('killed: NAT’s gateway moves with its VIP, and clients are served', async () => {
    load = startLoad({ address: four(102), port: 8080, perSecond: 50 }, `lvs-${name}`);
    await load.until(({ requests }) => requests.ok >= 100);
    await hands.lose('lvs2', 'killed');
    const held = async () => (await shell('lvs1', 'ip -o addr show dev eth0')).includes(` ${natGateway}/`);
    await until('the gateway on lvs1', true, held);
    await until('an answer', 'rs1', farAnswers);
    load.phase('after');
    await load.until(({ phases }) => (phases.find((one) => one.name === 'after')?.ok ?? 0) >= 200);
    const { phases, requests } = await load.stop();
    expect(phases.find((one) => one.name === 'after')?.failures).toEqual({});
    console.log(`NAT, the active director killed: ${requests.longestGap} ms without an answer`);
    await hands.restore('lvs2', 'killed');
    await serves('all real servers on both');
    await allHeldBy('lvs1');
    await planIsEmpty();
  });
});
