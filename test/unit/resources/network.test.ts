import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import {
  address,
  announceAddress,
  hostRoute,
  kernelModule,
  linkUp,
  netmask,
} from '../../../src/resources/index.js';
import { sh, shLines, trusted } from '../../../src/shell/index.js';
import { alpine, debian, redhat9 } from './facts.js';
import { apply, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

const lo = '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever';
const eth0 =
  '2: eth0    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\\       valid_lft forever preferred_lft forever';
const vip = (device: string, prefix: number): string =>
  `2: ${device}    inet 10.83.33.100/${prefix} scope global ${device}:100\\       valid_lft forever preferred_lft forever`;

function plan(lines: readonly string[], facts: Facts = debian, device = 'eth0') {
  const resource = address({ address: '10.83.33.100', prefix: 32, interface: device, label: '100', facts });
  return resource.plan(said(`${lines.join('\n')}\n`), nothingChanging);
}

describe('address by ip(8)', () => {
  it.each<[string, string[], string | undefined]>([
    ['nothing', [lo, eth0], 'put 10.83.33.100/32 on eth0'],
    ['the address', [lo, eth0, vip('eth0', 32)], undefined],
    ['another label', [lo, '2: eth0    inet 10.83.33.100/32 scope global eth0\\ '], undefined],
    ['a wrong prefix', [lo, vip('eth0', 24)], 'put 10.83.33.100/32 on eth0, take 10.83.33.100/24 off eth0'],
    ['both prefixes', [vip('eth0', 32), vip('eth0', 24)], 'take 10.83.33.100/24 off eth0'],
    ['a wrong interface', [lo, vip('lo', 32)], 'put 10.83.33.100/32 on eth0, take 10.83.33.100/32 off lo'],
    [
      'a longer address',
      [lo, '2: eth0    inet 110.83.33.100/32 scope global eth0\\ '],
      'put 10.83.33.100/32 on eth0',
    ],
    [
      'a VLAN of another NIC',
      [lo, '3: eth0.5@eth0    inet 10.83.33.100/32 scope global eth0.5\\ '],
      'put 10.83.33.100/32 on eth0, take 10.83.33.100/32 off eth0.5',
    ],
  ])('with %s', (_name, lines, summary) => {
    expect(plan(lines)?.summary).toBe(summary);
  });

  it('adds with the tutorial’s label, then announces', () => {
    const announce = announceAddress({
      vip: '10.83.33.100',
      interface: 'eth0',
      neighbour: '10.83.33.76',
      facts: debian,
    });
    const resource = address({
      address: '10.83.33.100',
      prefix: 32,
      interface: 'eth0',
      label: '100',
      facts: debian,
      announce,
    });
    const apply = resource.plan(said(`${lo}\n`), nothingChanging)?.apply.text ?? '';
    expect(apply).toContain(
      'has eth0 10.83.33.100/32 || ip addr add 10.83.33.100/32 dev eth0 label eth0:100',
    );
    expect(apply.indexOf('arping')).toBeGreaterThan(apply.indexOf('ip addr add'));
  });

  it.each(shells)('gives up an address that stays whatever is done, by %s', (_, shell) => {
    const change = plan([vip('eth0', 24), vip('eth0', 32)]);
    // A function, since busybox's shell would take its own ip.
    const fake = trusted(
      `ip() { if [ "$1" = -o ]; then printf '%s\\n' ${sh`${vip('eth0', 24)} ${vip('eth0', 32)}`.text}; fi; }`,
    );
    expect(change && apply(shell, { ...change, apply: shLines(fake, change.apply) })).toMatchObject({
      status: 1,
      stderr: '10.83.33.100/24 is still on eth0 after 16 times ip addr del\n',
    });
  });

  it('leaves out a label that is longer than the kernel’s 15 characters', () => {
    const resource = address({
      address: '10.83.33.100',
      prefix: 32,
      interface: 'enp5s0f1np1',
      label: '1000',
      facts: debian,
    });
    expect(resource.plan(said(''), nothingChanging)?.apply.text).toMatch(/dev enp5s0f1np1$/);
  });

  it('holds IPv6 addresses without a label', () => {
    const resource = address({
      address: 'fd00:7::110',
      prefix: 128,
      interface: 'lo',
      label: '110',
      facts: debian,
    });
    expect(
      resource.plan(said('1: lo    inet6 fd00:7::110/128 scope global \\ \n'), nothingChanging),
    ).toBeUndefined();
    expect(
      resource.plan(said('1: lo    inet6 ::1/128 scope host \\ \n'), nothingChanging)?.apply.text,
    ).toContain('ip addr add fd00:7::110/128 dev lo nodad');
  });
});

const oldEth0 = `eth0      Link encap:Ethernet  HWaddr 00:0C:29:12:34:56
          inet addr:10.83.33.83  Bcast:10.83.33.255  Mask:255.255.255.0
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1`;
const oldAlias = (device: string, mask: string): string => `${device}  Link encap:Local Loopback
          inet addr:10.83.33.100  Mask:${mask}
          UP LOOPBACK RUNNING  MTU:16436  Metric:1`;

describe('address by ifconfig(8)', () => {
  it.each<[string, string[], string | undefined, string]>([
    ['nothing', [oldEth0], 'put 10.83.33.100/32 on lo', 'lo'],
    ['the alias of net-tools 1.60', [oldEth0, oldAlias('lo:100', '255.255.255.255')], undefined, 'lo'],
    [
      'the class’s mask, as the tutorial warns',
      [oldEth0, oldAlias('lo:100', '255.0.0.0')],
      'put 10.83.33.100/32 on lo, take 10.83.33.100/8 off lo:100',
      'lo',
    ],
    [
      'the alias of net-tools 2.10',
      [
        'eth0:100: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet 10.83.33.100  netmask 255.255.255.255  broadcast 10.83.33.100',
      ],
      undefined,
      'eth0',
    ],
  ])('with %s', (_name, lines, summary, device) => {
    const change = plan(lines, redhat9, device);
    expect(change?.summary).toBe(summary);
  });

  it('takes the wrong alias down before the right one comes, with mask and broadcast in one command', () => {
    expect(plan([oldAlias('lo:1', '255.0.0.0')], redhat9, 'lo')?.apply.text).toBe(
      'ifconfig lo:1 down\nifconfig lo:100 10.83.33.100 broadcast 10.83.33.100 netmask 255.255.255.255 up',
    );
  });

  it('never takes the main address off a NIC', () => {
    expect(() => plan([oldAlias('eth0', '255.255.255.0')], redhat9, 'lo')).toThrow('main address of eth0');
  });

  it('needs one of both', () => {
    expect(() => plan([], { ...debian, commands: new Set() })).toThrow('neither ip(8) nor ifconfig(8)');
  });
});

describe('netmask', () => {
  it.each([
    [32, '255.255.255.255'],
    [24, '255.255.255.0'],
    [1, '128.0.0.0'],
    [0, '0.0.0.0'],
  ])('/%i is %s', (prefix, mask) => expect(netmask(prefix)).toBe(mask));
});

describe('hostRoute', () => {
  const route = hostRoute({ address: '10.83.33.100', device: 'lo:100' });
  it.each([
    ['lo 6421530A\neth0 0021530A\n', undefined],
    ['lo 0A532164\n', undefined],
    ['eth0 6421530A\n', 'route 10.83.33.100 to lo:100'],
    ['', 'route 10.83.33.100 to lo:100'],
  ])('with %j', (stdout, summary) => {
    expect(route.plan(said(stdout), nothingChanging)?.summary).toBe(summary);
  });

  it.each(shells)('reads this machine’s table by %s', (_, shell) => {
    const output = probe(shell, route);
    expect(output).toMatchObject({ status: 0, stderr: '' });
    expect(output.stdout).toMatch(/^Iface Destination$/m);
  });
});

describe('linkUp', () => {
  it.each(shells)('tells lo up and a missing link by %s', (_, shell) => {
    const up = linkUp({ interface: 'lo', facts: debian });
    expect(up.plan(probe(shell, up), nothingChanging)).toBeUndefined();
    const missing = linkUp({ interface: 'no-such-nic', facts: debian });
    expect(() => missing.plan(probe(shell, missing), nothingChanging)).toThrow(
      'there is no interface no-such-nic',
    );
  });

  it.each([
    [debian, 'ip link set tunl0 up'],
    [redhat9, 'ifconfig tunl0 up'],
  ])('comes up once its module does', (facts, command) => {
    const tunnel = linkUp({ interface: 'tunl0', createdBy: 'module ipip', facts });
    const change = tunnel.plan(said('missing\n'), { changing: new Set(['module ipip']) });
    expect(change?.apply.text).toBe(command);
  });
});

describe('kernelModule', () => {
  it.each([
    ['loaded', undefined],
    ['builtin', undefined],
    ['absent', 'modprobe ip_vs_wrr'],
  ])('%s', (state, command) => {
    expect(kernelModule('ip_vs_wrr').plan(said(`${state}\n`), nothingChanging)?.apply.text).toBe(command);
  });

  it('that the running kernel lacks is an error of the plan', () => {
    const twos = kernelModule('ip_vs_twos', 'choose another scheduler');
    expect(() => twos.plan(said('missing 6.1.0-50-amd64\n'), nothingChanging)).toThrow(
      expect.objectContaining({
        message: 'Linux 6.1.0-50-amd64 has no module ip_vs_twos',
        hint: 'choose another scheduler',
      }),
    );
  });

  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  const lookFor =
    (shell: readonly string[]) =>
    (name: string, dep: string | undefined, modprobe = 'exit 1') => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, release));
      if (dep !== undefined) writeFileSync(join(folder, release, 'modules.dep'), dep);
      const text = kernelModule(name).probe.text.replaceAll('/lib/modules', folder);
      const PATH = `${fakeCommands({ modprobe: modprobe })}:${process.env.PATH}`;
      return probe(shell, { ...kernelModule(name), probe: trusted(text) }, { PATH }).stdout;
    };
  const dep = 'kernel/net/netfilter/ipvs/no_such_one.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz\n';

  // busybox ash may have a modprobe of its own, which knows no -n.
  it('is there as an alias that modprobe knows', () => {
    expect(lookFor(['/bin/sh'])('no_such_two', dep, '[ "$*" = "-n no_such_two" ]')).toBe('absent\n');
  });

  describe.each(shells)('looked for by %s', (_, shell) => {
    const look = lookFor(shell);

    it.each([
      ['is there as a file', 'no_such_one', dep, 'exit 1', 'absent\n'],
      [
        'is there as a file of Linux 2.4',
        'no_such_one',
        '/lib/x/no_such_one.o:\t/lib/x/ip_vs.o\n',
        'exit 1',
        'absent\n',
      ],
      ['is no file, and modprobe knows none', 'no_such_two', dep, 'exit 1', `missing ${release}\n`],
      ['has a name that only resembles one', 'such_one', dep, 'exit 1', `missing ${release}\n`],
      ['is not to be told of without modules.dep', 'no_such_two', undefined, 'exit 1', 'absent\n'],
    ])('%s', (_case, name, list, modprobe, found) => expect(look(name, list, modprobe)).toBe(found));
  });
});

describe('announceAddress', () => {
  it.each([
    ['debian', debian],
    ['redhat9', redhat9],
    ['alpine', alpine],
  ])('never fails on %s, whatever is missing', (_name, facts) => {
    const script = announceAddress({
      vip: '10.83.33.100',
      interface: 'no-such-nic',
      neighbour: '192.0.2.1',
      facts,
    });
    const { status } = spawnSync('/bin/sh', ['-ec', script.text], { env: { PATH: '/nonexistent' } });
    expect(status).toBe(0);
  });
});
