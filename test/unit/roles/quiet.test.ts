import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arp, realserver } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import { fakeArptables, fakeIptables } from '../../support/fake-netfilter.js';
import { debian, redhat9 } from '../resources/facts.js';
import { fakeCommands, nothingChanging, said, shells, temporaryFolder } from '../resources/shells.js';
import { host, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const conf = '/proc/sys/net/ipv4/conf/all';

/** Red Hat 9 and its kin, by what their kernel shows and their userland has. */
function legacy(options: {
  release?: string;
  shows?: readonly string[];
  modules?: readonly string[];
  commands?: readonly string[];
  paths?: readonly string[];
}): Facts {
  const { release = '2.4.20-8', shows = [], modules = [], commands = [], paths = [] } = options;
  return {
    ...redhat9,
    kernel: { ...redhat9.kernel, release },
    commands: new Set([...redhat9.commands, ...commands]),
    paths: new Set([
      ...[...redhat9.paths].filter((path) => !path.startsWith(conf)),
      ...shows.map((name) => `${conf}/${name}`),
      ...paths,
    ]),
    modules: new Set(modules),
  };
}

const nat = { modules: ['iptable_nat', 'ipt_REDIRECT'], commands: ['iptables'] };
const kernels = {
  hidden: legacy({ release: '2.4.20-lvs3f2a1c9d', shows: ['hidden'] }),
  arptables: legacy({
    release: '2.4.21-4.EL',
    modules: ['arptable_filter', 'arpt_mangle'],
    commands: ['arptables'],
    paths: ['/etc/init.d/arptables_jf'],
  }),
  announce: legacy({
    release: '2.4.21-40.EL',
    shows: ['arp_announce'],
    modules: ['arptable_filter'],
    commands: ['arptables'],
  }),
  redirect: legacy(nat),
} as const;

const web = tutorial({
  services: [
    service({
      name: 'web',
      port: 80,
      realServers: [
        { host: 'rs1', address: '10.83.33.76', port: 8080, weight: 1 },
        { host: 'rs2', address: '10.83.33.2', port: 80, weight: 1 },
      ],
    }),
  ],
});
const both = tutorial({
  services: [...tutorial().services, service({ name: 'web6', vip: 'fd00:7::110', label: '' })],
});

const arpOf = (facts: Facts, of = tutorial()) => arp.resources(input(arp, of, 'rs1', facts));
const serverOf = (facts: Facts, of = tutorial()) => realserver.resources(input(realserver, of, 'rs1', facts));

describe('the role arp carries out what was decided', () => {
  it('hidden: for all and lo', () => {
    expect(ids(arpOf(kernels.hidden))).toEqual([
      'sysctl net.ipv4.conf.all.hidden',
      'sysctl net.ipv4.conf.lo.hidden',
      'sysctl.conf arp',
    ]);
  });

  it('arptables with its target mangle: rules, and saved where Red Hat’s service is', () => {
    const resources = arpOf(kernels.arptables);
    expect(ids(resources)).toEqual(['arptables rules', 'saved arptables_jf']);
    expect(changeOf(resources, 'arptables rules', '')?.diff).toBe(
      '+ IN -d 10.83.33.100 -j DROP\n+ OUT -s 10.83.33.100 -j mangle --mangle-ip-s 10.83.33.76\n',
    );
  });

  it('arptables without it: arp_announce keeps the VIP out of the host’s own requests', () => {
    const resources = arpOf(kernels.announce);
    expect(ids(resources)).toEqual([
      'sysctl net.ipv4.conf.all.arp_announce',
      'sysctl.conf arp',
      'arptables rules',
    ]);
    expect(changeOf(resources, 'arptables rules', '')?.diff).toBe('+ IN -d 10.83.33.100 -j DROP\n');
  });

  it('REDIRECT: nothing, since the VIP is not on the host; and it is told what that means', () => {
    expect(arpOf(kernels.redirect)).toEqual([]);
    expect(arp.remarks?.(input(arp, tutorial(), 'rs1', kernels.redirect))).toEqual([
      'ARP: no VIP is on the host, the service sees its own address, and a port serves one VIP or the host itself',
      'ARP: FTP (ftp) opens data connections to ports that no rule for port 21 takes',
    ]);
    expect(arp.remarks?.(input(arp, tutorial(), 'rs1', debian))).toEqual([]);
  });

  it('no way: the reasons and the way out', () => {
    expect(() => arpOf(legacy({}))).toThrow(
      "Linux 2.4.20-8 can't be kept from answering ARP for a VIP: the kernel shows neither arp_ignore nor hidden; Linux 2.4.20-8 is older than the ARP flags (2.4.26, 2.6.4); the inventory does not allow a rebuild",
    );
    expect(() => serverOf(legacy({}))).toThrow("can't be kept from answering ARP");
  });

  it('a rebuild that was not done: the stage that does it', () => {
    const allowed = tutorial({
      hosts: [
        host('director', '10.83.33.83'),
        host('rs1', '10.83.33.76', { kernel: { rebuild: true } }),
        host('rs2', '10.83.33.2'),
      ],
    });
    expect(() => arpOf(legacy({}), allowed)).toThrow(
      'the kernel stage has not run: it is to build and boot Linux 2.4.37.11',
    );
    expect(() => serverOf(kernels.redirect, allowed)).toThrow('the kernel stage has not run');
  });
});

describe('rules saved by arptables_jf', () => {
  const saved = arpOf(kernels.arptables).find(({ id }) => id === 'saved arptables_jf');
  const file =
    '*filter\n:IN ACCEPT [0:0]\n-A IN -d 10.83.33.100 -j DROP \n-A OUT -s 10.83.33.100 -j mangle --mangle-ip-s 10.83.33.76 \n';
  it.each([
    ['all there', `enabled\n${file}`, undefined],
    ['none saved', 'enabled\n', 'service arptables_jf save'],
    ['not at boot', file, 'chkconfig --level 2345 arptables_jf on'],
    ['neither', '', 'service arptables_jf save\nchkconfig --level 2345 arptables_jf on'],
    ['another address', `enabled\n${file.replace('10.83.33.76', '10.83.33.7')}`, 'service arptables_jf save'],
  ])('%s', (_name, stdout, commands) => {
    expect(saved?.plan(said(stdout), nothingChanging)?.apply.text).toBe(commands);
  });
  it('are saved again when the live ones change', () => {
    const change = saved?.plan(said(`enabled\n${file}`), { changing: new Set(['arptables rules']) });
    expect(change?.summary).toBe('save the rules of arptables in /etc/sysconfig/arptables');
  });
});

describe('the role realserver carries out what was decided', () => {
  it('REDIRECT: rules for each service, and no VIP', () => {
    const resources = serverOf(kernels.redirect, web);
    expect(ids(resources)).toEqual([
      'sysctl net.ipv4.ip_forward',
      'iptables redirect rules',
      'no address 10.83.33.100',
      'sysctl.conf realserver',
      'file /etc/lvsctl/realserver.sh',
      'block /etc/rc.d/rc.local realserver',
    ]);
    expect(changeOf(resources, 'iptables redirect rules', '')?.diff).toBe(
      '+ -p tcp -d 10.83.33.100 --dport 80 -j REDIRECT --to-ports 8080\n',
    );
    const held =
      'lo:100    Link encap:Local Loopback  \n          inet addr:10.83.33.100  Mask:255.255.255.255\n';
    expect(changeOf(resources, 'no address 10.83.33.100', held)).toMatchObject({
      summary: 'take 10.83.33.100/32 off lo:100',
      apply: { text: 'ifconfig lo:100 down' },
    });
    expect(changeOf(resources, 'no address 10.83.33.100', '')).toBeUndefined();
  });

  it('REDIRECT with ip(8): the VIP is taken off whatever holds it', () => {
    const facts = { ...kernels.redirect, commands: new Set([...kernels.redirect.commands, 'ip']) };
    const held =
      '1: lo    inet 10.83.33.100/32 scope global lo:100\\  \n2: eth0    inet 10.83.33.100/24 scope global eth0\\  \n';
    const change = changeOf(serverOf(facts, web), 'no address 10.83.33.100', held);
    expect(change?.summary).toBe('take 10.83.33.100/32 off lo, 10.83.33.100/24 off eth0');
    expect(change?.apply.text).toMatch(/take lo 10\.83\.33\.100\/32\ntake eth0 10\.83\.33\.100\/24$/);
  });

  it('REDIRECT leaves IPv6 alone', () => {
    const facts = { ...kernels.redirect, commands: new Set([...kernels.redirect.commands, 'ip']) };
    const all = ids(serverOf(facts, both));
    expect(all).toContain('address fd00:7::110 on lo');
    expect(all).not.toContain('address 10.83.33.100 on lo');
  });

  it('with any other way it holds the VIP', () => {
    for (const facts of [kernels.hidden, kernels.arptables, kernels.announce, debian])
      expect(ids(serverOf(facts))).toContain('address 10.83.33.100 on lo');
  });
});

const scripts = Object.entries(kernels).flatMap(([name, facts]) =>
  [false, true].map((byIp) => {
    const commands = new Set([...facts.commands, ...(byIp ? ['ip'] : [])]);
    const of = name === 'redirect' ? web : tutorial();
    return {
      name: `redhat9-${name}${byIp ? '-ip' : ''}-realserver.sh`,
      kernel: name as keyof typeof kernels,
      byIp,
      text: writtenText(serverOf({ ...facts, commands }, of), '/etc/lvsctl/realserver.sh'),
    };
  }),
);

describe.each(scripts)('$name', ({ name, kernel, byIp, text }) => {
  it('is the golden script', async () => {
    await expect(text).toMatchFileSnapshot(`golden/${name}`);
  });

  it('keeps quiet before the VIP comes up', () => {
    const quiet = text.search(/^(put 1 net\/ipv4\/conf\/all\/hidden|arp_rules|redirect tcp)/m);
    expect(quiet).toBeGreaterThan(0);
    expect(text.search(/^(hold|drop) 10/m)).toBeGreaterThan(quiet);
  });

  it.each(shells)(
    'leaves the VIP down on a kernel that can’t be kept quiet, by %s',
    (_, [program = '', ...args]) => {
      const folder = temporaryFolder();
      const refused = 'echo "not here" >&2; exit 1';
      const commands = fakeCommands({ arptables: refused, iptables: refused });
      const up = `echo "$*" >> '${folder}/up'`;
      const script = text
        .replace(
          /^PATH=.*$/m,
          `PATH='${commands}':$PATH; export PATH\nip() { ${up}; }\nifconfig() { ${up}; }\nroute() { ${up}; }`,
        )
        .replaceAll('/proc/sys/', `${folder}/`);
      const { status, stderr } = spawnSync(program, [...args, '-s'], { input: script });
      expect(status).toBe(1);
      if (kernel !== 'redirect')
        expect(stderr.toString()).toContain('answering ARP for the VIPs: they stay down');
      const done = existsSync(`${folder}/up`) ? readFileSync(`${folder}/up`, 'utf8') : '';
      expect(done).not.toMatch(/addr add|broadcast/);
    },
  );

  it.each(shells)('does so, and again when it is run again, by %s', (_, [program = '', ...args]) => {
    const folder = temporaryFolder();
    const [state, sys, log] = [join(folder, 'state'), join(folder, 'sys'), join(folder, 'log')];
    mkdirSync(state);
    for (const name of ['all', 'lo', 'eth0'])
      mkdirSync(join(sys, 'net/ipv4/conf', name), { recursive: true });
    const noted = (command: string) => `echo "${command} $*" >> '${log}'`;
    const held = '1: lo    inet 10.83.33.100/32 scope global lo';
    const commands = fakeCommands({
      arptables: fakeArptables(state, byIp ? 'later' : 'jf'),
      iptables: fakeIptables(state, byIp ? 'modern' : '1.2.7a'),
      ifconfig: noted('ifconfig'),
      route: noted('route'),
      ip: `case $1 in -o) ${kernel === 'redirect' ? `echo '${held}'` : ':'} ;; *) ${noted('ip')} ;; esac`,
    });
    // A function, since busybox's shell would take its own; the rest of the PATH is the machine's.
    const own = ['ip', 'ifconfig', 'route']
      .map((one) => `${one}() { '${commands}/${one}' "$@"; }`)
      .join('\n');
    const script = text
      .replace(/^PATH=.*$/m, `PATH='${commands}':$PATH; export PATH\n${own}`)
      .replaceAll('/proc/sys/', `${sys}/`);
    for (const time of ['first', 'second']) {
      const { status, stderr } = spawnSync(program, [...args, '-s'], { input: script });
      expect({ time, status, stderr: stderr.toString() }).toEqual({ time, status: 0, stderr: '' });
    }
    const rules = (file: string) => readFileSync(join(state, file), 'utf8');
    const done = readFileSync(log, 'utf8').trim().split('\n');
    const [input_, output] = byIp ? ['INPUT', 'OUTPUT'] : ['IN', 'OUT'];
    if (kernel === 'hidden')
      expect([
        readFileSync(`${sys}/net/ipv4/conf/all/hidden`, 'utf8'),
        readFileSync(`${sys}/net/ipv4/conf/lo/hidden`, 'utf8'),
      ]).toEqual(['1\n', '1\n']);
    if (kernel === 'arptables' || kernel === 'announce') expect(rules(input_)).toBe('DROP - 10.83.33.100\n');
    if (kernel === 'arptables')
      expect(rules(output)).toBe('mangle 10.83.33.100 - --mangle-ip-s 10.83.33.76\n');
    if (kernel === 'redirect') {
      expect(rules('rules')).toBe('tcp 10.83.33.100 80 8080\n');
      const off = byIp ? 'ip addr del 10.83.33.100/32 dev lo' : 'ifconfig lo:100 down';
      expect(done).toEqual([off, off]);
    } else
      expect(done[0]).toMatch(
        byIp ? /^ip addr add 10\.83\.33\.100\/32 dev lo/ : /^ifconfig lo:100 10\.83\.33\.100 /,
      );
  });
});
