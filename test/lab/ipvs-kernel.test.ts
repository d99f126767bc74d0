import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change, ProbeOutput, Resource } from '../../src/engine/resource.js';
import {
  destinationKey,
  parseConnections,
  parseDaemons,
  parseProcConnections,
  parseRates,
  parseTimeouts,
  parseTotals,
  serviceKey,
  wantedTable,
} from '../../src/ipvs/index.js';
import { labDown, labUp } from '../../src/lab/index.js';
import {
  ipvsTable,
  ipvsTimeouts,
  kernelModule,
  type MarkRule,
  packetMarks,
  syncDaemons,
} from '../../src/resources/index.js';
import { nested, type Sh, sh, trusted } from '../../src/shell/index.js';
import { cluster as tutorial } from '../unit/ipvs/cluster.js';
import { FakeKernel } from '../unit/ipvs/fake-kernel.js';
import {
  casesWithoutIpvs,
  kernelCases,
  listedServices,
  restoreCases,
  tableAfterCases,
  thresholdsAfterCases,
} from '../unit/ipvs/kernel-cases.js';
import { labCluster } from './support/cluster.js';
import { onGuest } from './support/login.js';

/** What the unit tests believe of the kernel and of ipvsadm, asked of the real ones. */

const lab = labCluster(`t${process.pid}k`, { director: '10.83.33.83' });
const nothing = { changing: new Set<string>() };
const vip = '-t 10.83.33.100:21';

/** As the engine's root shell does; sshd's own PATH has no sbin. */
const withPath = (script: Sh) => `PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n${script.text}`;

async function run(script: Sh): Promise<string> {
  const { status, output } = await onGuest(lab, 'director', withPath(script));
  expect(status, output).toBe(0);
  return output;
}

async function probe(resource: Resource): Promise<ProbeOutput> {
  const { status, output } = await onGuest(lab, 'director', withPath(sh`sh -c ${nested(resource.probe)}`));
  return { status, stdout: output, stderr: '' };
}

async function apply(change: Change): Promise<string> {
  const files = Object.entries(change.files ?? {}).map(
    ([name, content]) => sh`printf '%s' ${content.toString()} >/tmp/${name}`.text,
  );
  return run(trusted([...files, sh`LVSCTL_FILES=/tmp sh -e -c ${nested(change.apply)}`.text].join('\n')));
}

/** Applies what the plan says and proves that nothing is left; the summary, or undefined when there was nothing to do. */
async function converge(resource: Resource): Promise<string | undefined> {
  const change = resource.plan(await probe(resource), nothing);
  if (change === undefined) return undefined;
  await apply(change);
  expect(resource.plan(await probe(resource), nothing)).toBeUndefined();
  return change.summary;
}

const table = (change: Parameters<typeof tutorial>[0] = {}): Resource =>
  ipvsTable(wantedTable(tutorial(change), 'lvs', new Map()));

beforeAll(() => labUp(lab, () => {}));
afterAll(() => labDown(lab, () => {}));

describe('a kernel of its own', () => {
  it('without ip_vs and ipvsadm has an empty table, and reading it loads nothing', async () => {
    const observed = await probe(table());
    expect(observed).toMatchObject({ status: 0, stdout: '@@ not loaded\n' });
    expect(table().plan(observed, nothing)?.summary).toMatch(/^add service tcp 10\.83\.33\.100:21/);
    await run(trusted('! grep -q ^ip_vs /proc/modules'));
  });

  it('with ip_vs but without ipvsadm is read by /proc alone', async () => {
    await run(trusted('modprobe ip_vs'));
    const observed = await probe(table());
    expect(observed.stdout).toMatch(/^@@ proc\nIP Virtual Server version [^@]*$/);
    expect(table().plan(observed, nothing)?.summary).toMatch(/^add service tcp 10\.83\.33\.100:21/);
    await run(
      trusted(
        '{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ipvsadm; } >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }',
      ),
    );
  });

  it('that has no ip_vs to load is told by ipvsadm, whatever it is to do', async () => {
    const commands = casesWithoutIpvs.map(({ args }) => `said=$(ipvsadm ${args} 2>&1); echo "@@ $? $said"`);
    // It asks modprobe, as the kernel does, and says what that says too.
    const answers = await run(
      trusted(
        [
          "modprobe -r ip_vs; echo 'install ip_vs false' >/etc/modprobe.d/ip_vs.conf",
          ...commands,
          'rm /etc/modprobe.d/ip_vs.conf; ! grep -q ^ip_vs /proc/modules',
        ].join('\n'),
      ),
    );
    const said = answers.trimEnd().split('@@ ').slice(1);
    expect(
      said.map((one) => `${one.split(' ')[0]} ${one.trimEnd().split('\n').slice(-2).join('\n')}`),
    ).toEqual(casesWithoutIpvs.map(({ status, output }) => `${status} ${output}`));
  });

  it('answers every case as the fake kernel does', async () => {
    const commands = kernelCases.map(({ args }) => `said=$(ipvsadm ${args} 2>&1); echo "$? $said"`);
    const script = [
      'modprobe ip_vs',
      ...commands,
      'echo @@; ipvsadm -Sn | LC_ALL=C sort; echo @@; ipvsadm -Ln --thresholds -t 192.168.7.110:443',
      'echo @@; ipvsadm -Ln; echo @@; ipvsadm -Ln -f 256 -6; echo @@; ipvsadm -Ln --thresholds; echo @@; cat /proc/net/ip_vs',
      'ipvsadm -C',
    ].join('\n');
    const [answers = '', saved, limits = '', ...listings] = (await run(trusted(script))).split('@@\n');
    expect(answers.split('\n').slice(0, -1)).toEqual(
      kernelCases.map(({ status, output = '' }) => `${status} ${output}`),
    );
    expect(saved).toBe(tableAfterCases);
    for (const [server, [upper, lower]] of Object.entries(thresholdsAfterCases))
      expect(limits).toMatch(new RegExp(`-> ${server} +${upper} +${lower} `));
    const fake = new FakeKernel();
    for (const { args } of kernelCases) fake.run(args.split(' '));
    const shown = ['-Ln', '-Ln -f 256 -6'].map((args) => fake.run(args.split(' ')).output);
    expect(listings.map(listedServices)).toEqual(
      [...shown, fake.thresholds(), fake.proc()].map(listedServices),
    );
  });

  it('has as much of a list of commands as the fake kernel has', async () => {
    const script = restoreCases.map(
      ({ lines }) =>
        sh`said=$(printf '%s\n' ${lines} | ipvsadm -R 2>&1); echo "@@ $? $said"; ipvsadm -Sn; ipvsadm -C`
          .text,
    );
    const answers = (await run(trusted(script.join('\n')))).split('@@ ').slice(1);
    expect(answers).toEqual(
      restoreCases.map(({ status, output, ports }) =>
        [`${status} ${output}`, ...ports.map((port) => `-A -t 192.168.7.110:${port} -s rr`), ''].join('\n'),
      ),
    );
  });
});

describe('the resource on a real table', () => {
  it('builds it, mends what drifted, leaves alone what is not ours, and is converged after each', async () => {
    expect(await converge(table())).toMatch(/^add service tcp 10\.83\.33\.100:21 \(wrr\); add /);
    expect(await converge(table())).toBeUndefined();
    await run(
      trusted(`
        ipvsadm -E ${vip} -s rr -p 300
        ipvsadm -d ${vip} -r 10.83.33.2:21
        ipvsadm -e ${vip} -r 10.83.33.76:21 -g -w 3 -x 100 -y 50
        ipvsadm -a ${vip} -r 10.83.33.9:21 -g -w 7
        ipvsadm -A -t 10.99.0.9:80 -s sh -b sh-port
        ipvsadm -A -f 9 -6 -s rr`),
    );
    const observed = await probe(table());
    expect(table().plan(observed, nothing)?.diff).toBe(
      `- -A ${vip} -s rr -p 300\n+ -A ${vip} -s wrr\n` +
        `+ -a ${vip} -r 10.83.33.2:21 -g -w 1\n` +
        `- -a ${vip} -r 10.83.33.76:21 -g -w 3 -x 100 -y 50\n+ -a ${vip} -r 10.83.33.76:21 -g -w 3\n` +
        `- -a ${vip} -r 10.83.33.9:21 -g -w 7\n+ -a ${vip} -r 10.83.33.9:21 -g -w 0\n` +
        `- -a ${vip} -r 10.83.33.9:21 -g -w 0\n`.replace('-w 0', '-w 7'),
    );
    expect(table().remarks?.(observed)).toEqual([
      'not in the inventory, left alone: tcp 10.99.0.9:80, fwmark 9 (IPv6)',
    ]);
    await converge(table());
    expect(await run(trusted('ipvsadm -Sn'))).toBe(
      '-A -t 10.83.33.100:21 -s wrr\n-a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\n' +
        '-a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3\n-A -t 10.99.0.9:80 -s sh -b sh-port\n-A -f 9 -6 -s rr\n',
    );
  });

  it('says which line the kernel refused', async () => {
    const resource = table({ scheduler: 'twos' });
    const change = resource.plan(await probe(resource), nothing);
    const { status, output } = await onGuest(
      lab,
      'director',
      withPath(sh`sh -e -c ${nested(change?.apply ?? trusted(''))}`),
    );
    expect(status).toBe(255);
    expect(output).toContain(
      `refused (exit status 255): ipvsadm -E ${vip} -s twos: Scheduler or persistence engine not found\n`,
    );
  });

  it('sends many changes at once', async () => {
    const realServers = Array.from({ length: 200 }, (_, n) => ({
      host: `rs${n}`,
      address: `10.84.0.${n + 1}`,
      port: 80,
      weight: 1 + (n % 3),
    }));
    const many = table({ port: 80, realServers });
    expect(await converge(many)).toMatch(
      /^change the IPVS table in \d+ steps: 1 services added, 200 real servers added/,
    );
  });

  it('drains a server that has a connection, and removes it when that has ended', async () => {
    const dns = { port: 53, protocol: 'udp', scheduler: 'rr' } as const;
    const one = { host: 'ftp1', address: '10.83.33.76', port: 53, weight: 1 };
    const two = { host: 'ftp2', address: '10.83.33.2', port: 53, weight: 1 };
    const before = table({ ...dns, realServers: [one] });
    await converge(before);
    // The connection is remembered for so many seconds from its last datagram.
    const ask = (seconds: number) =>
      trusted(`ipvsadm --set 0 0 ${seconds}; echo question | nc -u -p 40053 -w 1 10.83.33.100 53 || :`);
    await run(trusted('ip address add 10.83.33.100/32 dev lo'));
    await run(ask(3600));
    const after = table({ ...dns, realServers: [two] });
    const observed = await probe(after);
    expect(after.remarks?.(observed)).toContain(
      '10.83.33.76:53 leaves udp 10.83.33.100:53: it has 1 connection, and stays with weight 0 until a run finds it without any',
    );
    await converge(after);
    expect(await run(trusted('ipvsadm -Sn'))).toContain('-a -u 10.83.33.100:53 -r 10.83.33.76:53 -g -w 0\n');
    await run(ask(1));
    await run(
      trusted('until ipvsadm -Ln -u 10.83.33.100:53 | grep -q "10.83.33.76:53 .* 0 *0 *$"; do sleep 1; done'),
    );
    expect(await converge(after)).toBe('remove 10.83.33.76:53 from udp 10.83.33.100:53');
    expect(await run(trusted('ipvsadm -Sn'))).not.toContain('10.83.33.76:53');
  });
});

describe('what an inventory can say of a table', () => {
  const realServer = (last: number) => ({
    host: `rs${last}`,
    address: `10.83.33.${last}`,
    port: 0,
    weight: 1,
  });
  const ports = [
    { first: 21, last: 21 },
    { first: 50000, last: 50100 },
  ];

  /** One service for each thing that can be said, each on a port of its own. */
  const changes = [
    { scheduler: 'sh', schedulerFlags: ['sh-fallback', 'sh-port'] },
    { scheduler: 'mh', schedulerFlags: ['mh-fallback', 'mh-port'] },
    { persistence: { seconds: 300, netmask: '255.255.255.0' } },
    { vip: 'fd00:7::110', persistence: { seconds: 60, netmask: '64' }, realServers: [] },
    { protocol: 'udp', persistence: { seconds: 60, engine: 'sip' } },
    { protocol: 'udp', onePacket: true },
    { protocol: 'sctp', scheduler: 'fo' },
    // With those above and below, all that this kernel has but ovf, which a test below loads.
    ...(['rr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq'] as const).map((scheduler) => ({
      scheduler,
    })),
    { port: 0, persistence: { seconds: 300 } },
    { fwmark: 256, ports, persistence: { seconds: 300 } },
    { vip: 'fd00:7::110', fwmark: 4294967295, ports, realServers: [] },
    {
      realServers: [
        { ...realServer(76), upperThreshold: 70000, lowerThreshold: 70000 },
        { ...realServer(2), upperThreshold: 3, weight: 2 ** 31 - 1 },
        { ...realServer(3), weight: 0 },
      ],
    },
    {
      forwarding: 'tun',
      realServers: [
        realServer(76),
        { ...realServer(2), tunnel: { type: 'gue', port: 6080, checksum: 'remote' } },
        { ...realServer(3), tunnel: { type: 'gue', port: 6081 } },
        { ...realServer(4), tunnel: { type: 'gre', checksum: 'full' } },
        { ...realServer(5), tunnel: { type: 'ipip' } },
      ],
    },
    { forwarding: 'nat', realServers: [{ ...realServer(76), port: 2121 }] },
  ] as const;

  const everything = wantedTable(
    {
      ...tutorial(),
      services: changes.flatMap((change, index) => {
        const { services } = tutorial({ port: 1000 + index, realServers: [realServer(76)], ...change });
        return services.map((service) => ({
          ...service,
          name: `s${index}`,
          realServers: service.realServers.map((server) =>
            server.port === 2121 ? server : { ...server, port: service.port },
          ),
        }));
      }),
    },
    'lvs',
    new Map(),
  );

  it('is taken by the kernel, shown as it was wanted, and not lost by an edit of the weights', async () => {
    await run(trusted('ipvsadm -C'));
    await converge(ipvsTable(everything));
    const services = everything.services.map((service) => ({
      ...service,
      destinations: service.destinations.map((server) => ({ ...server, weight: 7 })),
    }));
    expect(await converge(ipvsTable({ ...everything, services }))).toMatch(
      /^change the IPVS table in \d+ steps: \d+ real servers changed$/,
    );
    const rates = parseRates(await run(trusted('ipvsadm -Ln --rate')));
    expect(rates.unread).toEqual([]);
    const shown = [...rates.services].map(([key, { destinations }]) => [
      key,
      [...destinations.keys()].sort(),
    ]);
    const wanted = services.map(({ id, destinations }) => [
      serviceKey(id),
      destinations.map(destinationKey).sort(),
    ]);
    expect(shown.sort()).toEqual(wanted.sort());
  });

  it('timeouts and sync daemons', async () => {
    expect(await converge(ipvsTimeouts({ tcp: 7200, udp: 2147483 }))).toMatch(
      /^set the timeout of TCP to 7200 s/,
    );
    expect(parseTimeouts(await run(trusted('ipvsadm -L --timeout')))).toMatchObject({
      tcp: 7200,
      udp: 2147483,
    });
    await converge(syncDaemons({ interface: 'eth0', id: 7 }));
    const daemons = { interface: 'eth0', id: 9, port: 8849, ttl: 2, group: '224.0.0.82' };
    expect(await converge(syncDaemons(daemons))).toBe(
      'start the master sync daemon anew on eth0; start the backup sync daemon anew on eth0',
    );
    expect(parseDaemons(await run(trusted('ipvsadm -L --daemon')))).toMatchObject([
      { state: 'master', ...daemons },
      { state: 'backup', ...daemons },
    ]);
    await run(trusted('ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup'));
  });

  it('a scheduler that this kernel has not is told by the plan, before anything is changed', async () => {
    const twos = kernelModule('ip_vs_twos');
    const observed = await probe(twos);
    expect(() => twos.plan(observed, nothing)).toThrow(/^Linux 6\.\S+ has no module ip_vs_twos$/);
    await run(trusted('modprobe -r ip_vs_ovf 2>/dev/null; :'));
    expect(await converge(kernelModule('ip_vs_ovf'))).toBe('load the module ip_vs_ovf');
  });

  it('marks are put and taken by iptables, and bring all their ports to one service (this kernel has no nftables for IP)', async () => {
    await run(
      trusted(
        '{ DEBIAN_FRONTEND=noninteractive apt-get install -y iptables; } >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }',
      ),
    );
    const rules: MarkRule[] = [
      { mark: 256, vip: '10.83.33.100', protocol: 'tcp', ports },
      { mark: 4294967295, vip: 'fd00:7::110', protocol: 'udp', ports: [{ first: 53, last: 53 }] },
      { mark: 3, vip: '10.83.33.101', protocol: 'sctp', ports: [{ first: 2905, last: 2906 }] },
    ];
    await run(trusted('ipvsadm -C'));
    const itself = { host: 'lvs', address: '10.83.33.83', port: 21, weight: 1 };
    await converge(table({ fwmark: 256, ports, persistence: { seconds: 300 }, realServers: [itself] }));
    await run(
      trusted(`
        ip address add 10.83.33.100/32 dev lo 2>/dev/null || :
        ip netns add client
        ip link add v0 type veth peer name v1 netns client
        ip address add 192.168.9.1/24 dev v0
        ip link set v0 up
        ip netns exec client sh -c 'ip address add 192.168.9.2/24 dev v1; ip link set v1 up; ip route add default via 192.168.9.1'
        cat >/tmp/serve.pl <<'END'
use IO::Socket::INET;
for my $port (21, 50001, 49999) {
  next if fork;
  my $s = IO::Socket::INET->new(Listen => 9, LocalPort => $port, ReuseAddr => 1) or die;
  while (my $c = $s->accept) { print $c "port $port\n"; close $c }
}
END
        setsid perl /tmp/serve.pl >/dev/null 2>&1 </dev/null &
        cat >/tmp/ask.pl <<'END'
use IO::Socket::INET;
for my $port (21, 50001, 49999) {
  my $s = IO::Socket::INET->new(PeerAddr => "10.83.33.100:$port", Timeout => 9) or die "$port: $@";
  print scalar <$s>;
}
END
        for port in 0015 C351 C34F; do until grep -q ":$port 00000000:0000 0A " /proc/net/tcp; do sleep 0.2; done; done`),
    );
    const viaService = async () => {
      await run(trusted('ip netns exec client perl /tmp/ask.pl'));
      const listed = parseConnections(await run(trusted('ipvsadm -Lcn')));
      const shown = parseProcConnections(await run(trusted('cat /proc/net/ip_vs_conn')));
      expect([listed.unread, shown.unread]).toEqual([[], []]);
      expect(shown.connections.length).toBe(listed.connections.length);
      const real = listed.connections.filter(({ template }) => !template);
      return {
        ports: [...new Set(real.map(({ virtual }) => virtual.port))].sort((a, b) => a - b),
        marks: [...new Set(listed.connections.flatMap(({ mark = [] }) => mark))],
      };
    };
    expect((await viaService()).ports).toEqual([]);
    await converge(packetMarks({ rules, by: 'iptables' }));
    expect(await converge(packetMarks({ rules, by: 'iptables' }))).toBeUndefined();
    expect(await viaService()).toEqual({ ports: [21, 50001], marks: [256] });
    await converge(packetMarks({ rules: [], by: 'iptables' }));
    expect(await run(trusted('iptables-legacy -t mangle -S; ip6tables-legacy -t mangle -S'))).not.toMatch(
      /lvsctl/i,
    );
    expect(
      parseTotals(await run(trusted('cat /proc/net/ip_vs_stats')))?.counters.connections,
    ).toBeGreaterThanOrEqual(2);
  });
});
