import { describe, expect, it } from 'vitest';
import { realserver } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import { debian, redhat9 } from '../resources/facts.js';
import { said } from '../resources/shells.js';
import { service, tutorial } from './cluster.js';
import { changeOf, ids, input } from './play.js';
import { everyTunnel, tunnelled, v4, v6 } from './tunnels.js';

const resources = (of: typeof everyTunnel, facts: Facts = debian) =>
  realserver.resources(input(realserver, of, 'rs1', facts));
const only = (...services: ReturnType<typeof tunnelled>[]) => tutorial({ services });

describe('what a real server needs for LVS-TUN', () => {
  it.each([
    ['ipip', tunnelled(1, '10.83.33.101', v4), ['ipip'], 'tunl0', 'tunl0'],
    ['gue', tunnelled(1, '10.83.33.101', v4, { type: 'gue', port: 6080 }), ['ipip', 'fou'], 'tunl0', 'tunl0'],
    ['gre', tunnelled(1, '10.83.33.101', v4, { type: 'gre' }), ['ip_gre'], 'gre0', 'gre0'],
    [
      'gre with checksums',
      tunnelled(1, '10.83.33.101', v4, { type: 'gre', checksum: 'full' }),
      ['ip_gre'],
      'lvsgre',
      'lvsgre',
    ],
    ['IPv4 in IPv6', tunnelled(1, '10.83.33.101', v6), ['ip6_tunnel'], 'ip6tnl0', 'ip6tnl0'],
    ['IPv6', tunnelled(1, 'fd00:83::111', v6), ['ip6_tunnel'], 'ip6tnl0', 'lo'],
    ['IPv6 in IPv4', tunnelled(1, 'fd00:83::111', v4), ['sit'], 'sit0', 'lo'],
    ['gre of IPv6', tunnelled(1, 'fd00:83::111', v6, { type: 'gre' }), ['ip6_gre'], 'ip6gre0', 'lo'],
  ])('%s', (_, one, modules, device, holder) => {
    const all = ids(resources(only(one)));
    expect(all.filter((id) => /^(module|link) /.test(id))).toEqual([
      ...modules.map((module) => `module ${module}`),
      `link ${device}`,
    ]);
    expect(all).toContain(`address ${one.vip} on ${holder}`);
    expect(all.includes(`sysctl net.ipv4.conf.${device}.rp_filter`)).toBe(!one.vip.includes(':'));
    expect(all.indexOf(`address ${one.vip} on ${holder}`)).toBeGreaterThan(all.indexOf(`link ${device}`));
  });

  it('holds the VIP of DR and TUN on the tunnel, which both can use, and other VIPs on lo', () => {
    const dr = service({ name: 'ftp', vip: '10.83.33.101' });
    const other = service({ name: 'mail', vip: '10.83.33.109', port: 25 });
    expect(
      ids(resources(tutorial({ services: [dr, tunnelled(1, '10.83.33.101', v4), other] }))).filter((id) =>
        id.startsWith('address'),
      ),
    ).toEqual(['address 10.83.33.101 on tunl0', 'address 10.83.33.109 on lo']);
  });

  it('moves the VIP there from lo, and never lets go of it', () => {
    const list = resources(only(tunnelled(1, '10.83.33.101', v4)));
    const change = changeOf(
      list,
      'address 10.83.33.101 on tunl0',
      '1: lo    inet 10.83.33.101/32 scope global lo:1\\ \n',
    );
    expect(change?.summary).toBe('put 10.83.33.101/32 on tunl0, take 10.83.33.101/32 off lo');
    const text = change?.apply.text ?? '';
    expect(text.indexOf('ip addr add')).toBeLessThan(text.indexOf('\ntake lo'));
  });

  it('hides it there too, by the patch', () => {
    const hidden: Facts = {
      ...redhat9,
      paths: new Set([
        ...[...redhat9.paths].filter((path) => !path.includes('arp_')),
        '/proc/sys/net/ipv4/conf/all/hidden',
      ]),
    };
    const all = ids(resources(only(tunnelled(1, '10.83.33.101', v4)), hidden));
    expect(all).toContain('sysctl net.ipv4.conf.tunl0.hidden');
    expect(all.indexOf('sysctl net.ipv4.conf.tunl0.hidden')).toBeLessThan(
      all.indexOf('address 10.83.33.101 on tunl0'),
    );
  });

  it('opens each UDP port of GUE once a family', () => {
    const gue = { type: 'gue', port: 6080 } as const;
    const all = ids(
      resources(
        only(
          tunnelled(1, '10.83.33.101', v4, gue),
          tunnelled(2, '10.83.33.102', v4, gue),
          tunnelled(3, 'fd00:83::111', v6, gue),
          tunnelled(4, '10.83.33.103', v4, { type: 'gue', port: 6081 }),
        ),
      ),
    );
    expect(all.filter((id) => id.startsWith('gue'))).toEqual([
      'gue port 6080',
      'gue port 6080 IPv6',
      'gue port 6081',
    ]);
  });

  it.each<[string, Parameters<typeof only>, RegExp, string]>([
    [
      'one VIP by two tunnels',
      [tunnelled(1, '10.83.33.101', v4), { ...tunnelled(2, '10.83.33.101', v4, { type: 'gre' }), port: 81 }],
      /10\.83\.33\.101 reach it by several tunnels \(web1: ipip, web2: gre\)/,
      'give the services of one VIP the same type of tunnel to a real server',
    ],
    [
      'GRE with and without checksums',
      [
        tunnelled(1, '10.83.33.101', v4, { type: 'gre' }),
        tunnelled(2, '10.83.33.102', v4, { type: 'gre', checksum: 'full' }),
      ],
      /GRE packets of web1 and web2 come with and without checksums/,
      'give `tunnel.checksum` the same value in both services',
    ],
  ])('refuses what Linux can’t do: %s', (_, services, message, hint) => {
    expect(() => resources(only(...services))).toThrow(message);
    try {
      resources(only(...services));
    } catch (error) {
      expect((error as { hint?: string }).hint).toBe(hint);
    }
  });

  it('needs ip(8) for all but ipip', () => {
    expect(() => resources(only(tunnelled(1, '10.83.33.101', v4)), redhat9)).not.toThrow();
    expect(() =>
      resources(only(tunnelled(1, '10.83.33.101', v4, { type: 'gue', port: 6080 })), redhat9),
    ).toThrow('there is no ip(8)');
  });
});

describe('a UDP port of GUE', () => {
  const list = resources(only(tunnelled(1, '10.83.33.101', v4, { type: 'gue', port: 6080 })));
  const change = (stdout: string) => changeOf(list, 'gue port 6080', stdout);

  // As iproute2 6.1 shows them.
  it.each([
    ['nothing', '', 'ip fou add port 6080 gue '],
    ['the port', 'port 6080 gue\n', undefined],
    ['the port of IPv6 alone', 'port 6080 gue -6\n', 'ip fou add port 6080 gue '],
    ['both', 'port 6080 gue -6\nport 6080 gue\n', undefined],
    ['another port', 'port 60800 gue\n', 'ip fou add port 6080 gue '],
  ])('with %s', (_, stdout, apply) => expect(change(stdout)?.apply.text).toBe(apply));

  it('is not taken from somebody else', () => {
    expect(() => change('port 6080 ipproto 4\n')).toThrow('UDP port 6080 unwraps something else already');
  });
});

describe('devices', () => {
  const list = resources(everyTunnel);
  const shown = (mode: string) => `ip6tnl0: ${mode}/ipv6 remote :: local :: encaplimit 0 hoplimit inherit\n`;

  it('ip6tnl0 takes IPv4 once it is told', () => {
    expect(changeOf(list, 'protocols of ip6tnl0', shown('any'))).toBeUndefined();
    expect(changeOf(list, 'protocols of ip6tnl0', shown('ipv6'))?.apply.text).toBe(
      'ip -6 tunnel change ip6tnl0 mode any',
    );
    expect(() => changeOf(list, 'protocols of ip6tnl0', 'missing\n')).toThrow('there is no ip6tnl0');
    const loading = { changing: new Set(['module ip6_tunnel']) };
    expect(
      list.find(({ id }) => id === 'protocols of ip6tnl0')?.plan(said('missing\n'), loading)?.summary,
    ).toBe('let ip6tnl0 take IPv4 too');
  });

  it('a GRE tunnel with checksums is of our own, and made anew where it is another', () => {
    const text = (local: string, flags: string) =>
      `10: lvsgre@NONE: <NOARP,UP,LOWER_UP> mtu 1476 qdisc noqueue\n    gre remote any local ${local} ttl inherit ${flags}addrgenmode eui64\n`;
    const apply = (stdout: string) => changeOf(list, 'tunnel lvsgre', stdout)?.apply.text;
    const add = 'ip link add lvsgre type gre local 10.83.33.76 icsum';
    expect(apply(text(v4, 'icsum '))).toBeUndefined();
    expect(apply('')).toBe(add);
    expect(apply(text(v4, ''))).toBe(`ip link del lvsgre\n${add}`);
    expect(apply(text('10.83.33.77', 'icsum '))).toBe(`ip link del lvsgre\n${add}`);
  });
});
