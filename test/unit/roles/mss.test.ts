import { describe, expect, it } from 'vitest';
import { realserver } from '../../../roles/index.js';
import { mssRules, tunnelOverhead } from '../../../roles/realserver/mss.js';
import { realServerVips } from '../../../roles/vips.js';
import type { Facts } from '../../../src/engine/facts.js';
import { debian, redhat9 } from '../resources/facts.js';
import { hostOf, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';
import { everyTunnel, tunnelled, v4, v6 } from './tunnels.js';

const rulesOf = (services: Parameters<typeof tutorial>[0], facts: Facts = debian) => {
  const cluster = tutorial(services);
  const host = hostOf(cluster, 'rs1');
  return mssRules(realServerVips(cluster, host), host, facts);
};
const withCommands = (...commands: string[]): Facts => ({
  ...debian,
  commands: new Set([...debian.commands, ...commands]),
});
const nft = withCommands('nft');
const list = (facts: Facts, services = [tunnelled(1, '10.83.33.101', v4)]) =>
  realserver.resources(input(realserver, tutorial({ services }), 'rs1', facts));

describe('the segments that fit a tunnel', () => {
  const vip6 = 'fd00:83::111';
  it.each([
    ['ipip', tunnelled(1, '10.83.33.101', v4), 1440],
    ['ipip of IPv6', tunnelled(1, vip6, v6), 1400],
    ['IPv6 in IPv4', tunnelled(1, vip6, v4), 1420],
    ['IPv4 in IPv6', tunnelled(1, '10.83.33.101', v6), 1420],
    ['gue', tunnelled(1, '10.83.33.101', v4, { type: 'gue', port: 6080, checksum: 'full' }), 1428],
    [
      'gue with remote checksums',
      tunnelled(1, '10.83.33.101', v4, { type: 'gue', port: 6080, checksum: 'remote' }),
      1420,
    ],
    ['gre', tunnelled(1, '10.83.33.101', v4, { type: 'gre' }), 1436],
    ['gre with checksums', tunnelled(1, '10.83.33.101', v4, { type: 'gre', checksum: 'full' }), 1432],
  ])('%s', (_, one, mss) => expect(rulesOf({ services: [one] })).toEqual([{ vip: one.vip, mss }]));

  it('are those of the NIC’s MTU, and the smallest of a VIP’s', () => {
    const jumbo = {
      ...debian,
      interfaces: debian.interfaces.map((one) => (one.name === 'eth0' ? { ...one, mtu: 9000 } : one)),
    };
    expect(rulesOf({ services: [tunnelled(1, '10.83.33.101', v4)] }, jumbo)).toMatchObject([{ mss: 8940 }]);
    const gue = tunnelled(2, '10.83.33.101', v4, { type: 'gue', port: 6080 });
    expect(rulesOf({ services: [tunnelled(1, '10.83.33.101', v4), { ...gue, port: 81 }] })).toMatchObject([
      { mss: 1428 },
    ]);
  });

  it('are what the inventory says', () =>
    expect(rulesOf({ services: [{ ...tunnelled(1, '10.83.33.101', v4), mss: 1200 }] })).toMatchObject([
      { mss: 1200 },
    ]));

  it('concern neither UDP nor direct routing', () => {
    const udp = { ...tunnelled(1, '10.83.33.101', v4), protocol: 'udp' as const };
    expect(rulesOf({ services: [service(), udp] })).toEqual([]);
    expect(ids(list(debian, [service()]))).not.toContain('segment sizes');
  });

  it('take all headers into account', () =>
    expect(
      tunnelOverhead({ vip: '', service: '', type: 'gre', local: v6, port: undefined, checksum: 'full' }),
    ).toBe(48));
});

describe('telling clients of them', () => {
  // nft 1.0.6, `nft -nn list table inet lvsctl_mss`
  const shown = (...rules: string[]) =>
    `@@ nft\ntable inet lvsctl_mss {\n\tchain output {\n\t\ttype filter hook output priority -150; policy accept;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
  const rule = 'ip saddr 10.83.33.101 tcp flags 0x2 / 0x2,0x4 tcp option maxseg size set 1440';

  it('by nft', () => {
    const resources = list(nft);
    expect(changeOf(resources, 'segment sizes', shown(rule))).toBeUndefined();
    const change = changeOf(resources, 'segment sizes', '@@ nft\n');
    expect(change?.summary).toBe(
      'announce TCP segments of at most (VIP and bytes): 10.83.33.101 1440 (by nft)',
    );
    expect(change?.apply.text).toContain(
      "'ip saddr 10.83.33.101 tcp flags & (syn | rst) == syn tcp option maxseg size set 1440'",
    );
  });

  it.each([
    ['another size', rule.replace('1440', '1460')],
    ['another VIP', rule.replace('.101', '.102')],
    ['a rule that is not ours', `${rule}\n\t\ttcp option maxseg size set 500`],
    ['other flags', rule.replace('0x2 / 0x2,0x4', '0x4 / 0x2,0x4')],
  ])('anew where there is %s', (_, line) =>
    expect(changeOf(list(nft), 'segment sizes', shown(line))?.apply.text).toContain('own_table'),
  );

  // iptables 1.8.9 and 1.4.7
  it.each([
    'TCPMSS     6    --  10.83.33.101         0.0.0.0/0            tcp flags:0x06/0x02 TCPMSS set 1440',
    'TCPMSS     tcp  --  10.83.33.101         0.0.0.0/0           tcp flags:0x06/0x02 TCPMSS set 1440 ',
  ])('by iptables: %s', (line) => {
    const resources = list(withCommands('iptables'));
    const text = (jump: string, rules: string) =>
      `@@ iptables\nChain OUTPUT (policy ACCEPT)\ntarget     prot opt source   destination\n${jump}\nChain LVSCTL-MSS (1 references)\ntarget     prot opt source               destination\n${rules}\n`;
    const jump = 'LVSCTL-MSS  0    --  0.0.0.0/0            0.0.0.0/0           ';
    expect(changeOf(resources, 'segment sizes', text(jump, line))).toBeUndefined();
    expect(changeOf(resources, 'segment sizes', text('', line))?.summary).toBe(
      'put the rules of segment sizes in order (by iptables)',
    );
    expect(changeOf(resources, 'segment sizes', text(jump, line.replace('1440', '1400')))?.diff).toBe(
      '- mss 10.83.33.101 1400\n+ mss 10.83.33.101 1440\n',
    );
    expect(changeOf(resources, 'segment sizes', '')?.apply.text).toContain(
      "'-A LVSCTL-MSS -s 10.83.33.101 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440' | own_chain iptables mangle LVSCTL-MSS OUTPUT -I",
    );
  });

  it('moves to iptables without a moment in which neither has it', () => {
    const text = changeOf(list(withCommands('iptables')), 'segment sizes', shown(rule))?.apply.text ?? '';
    const [come, go] = [text.search(/OUTPUT -I$/m), text.search(/^nft delete/m)];
    expect(come).toBeGreaterThan(-1);
    expect(come).toBeLessThan(go);
  });

  it('brings nft where there is nothing, and says what to do where it can’t', () => {
    expect(ids(list(debian))).toContain('packages nftables');
    const poor: Facts = { ...redhat9, packageManager: undefined };
    expect(ids(list(poor))).not.toContain('segment sizes');
    const cluster = tutorial({ services: [tunnelled(1, '10.83.33.101', v4)] });
    expect(realserver.remarks?.(input(realserver, cluster, 'rs1', poor))).toEqual([
      expect.stringContaining('1440 bytes for 10.83.33.101'),
    ]);
    expect(realserver.remarks?.(input(realserver, cluster, 'rs1', debian))).toEqual([]);
  });

  it('is in the boot script too, by whichever there is', () => {
    const text = (facts: Facts) =>
      writtenText(
        realserver.resources(input(realserver, everyTunnel, 'rs1', facts)),
        '/etc/lvsctl/realserver.sh',
      );
    expect(text(nft)).toContain(
      "'ip6 saddr fd00:83::111 tcp flags & (syn | rst) == syn tcp option maxseg size set 1400'",
    );
    expect(text(withCommands('iptables'))).toContain(
      "'-A LVSCTL-MSS -s fd00:83::111 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400'",
    );
  });
});
