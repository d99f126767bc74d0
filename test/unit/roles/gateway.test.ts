import { describe, expect, it } from 'vitest';
import { director, forwarding, realserver } from '../../../roles/index.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { alpine, debian, redhat9 } from '../resources/facts.js';
import { host, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const nat = (extra: Partial<Service> = {}) => service({ forwarding: 'nat', ...extra });
const hosts = [
  host('director', '10.83.33.83', { address6: 'fd00:83::83', prefix6: 64 }),
  host('rs1', '10.83.33.76', { address6: 'fd00:83::76', prefix6: 64 }),
  host('rs2', '10.83.33.2'),
];
const six = nat({
  name: 'six',
  vip: 'fd00:83::100',
  label: '',
  realServers: [{ host: 'rs1', address: 'fd00:83::76', port: 21, weight: 1 }],
});

const onServer = (services: readonly Service[], facts = debian) =>
  realserver.resources(input(realserver, tutorial({ hosts, services }), 'rs1', facts));
const remarks = (services: readonly Service[]) =>
  director
    .remarks?.(input(director, tutorial({ hosts, services }), 'director', debian))
    .filter((text) => text.includes('route'));

describe('a real server of NAT services', () => {
  it('takes no shorter ways from routers, and routes by the director before its boot script says so', () => {
    const resources = onServer([nat(), six]);
    expect(ids(resources).slice(0, 6)).toEqual([
      'sysctl net.ipv4.conf.all.accept_redirects',
      'sysctl net.ipv4.conf.eth0.accept_redirects',
      'sysctl net.ipv6.conf.all.accept_redirects',
      'sysctl net.ipv6.conf.eth0.accept_redirects',
      'default route',
      'default route (IPv6)',
    ]);
    const [v4, v6] = ['default route', 'default route (IPv6)'].map((id) => changeOf(resources, id, ''));
    expect(v4?.summary).toContain('make 10.83.33.83 on eth0 the default gateway');
    expect(v6?.summary).toContain('make fd00:83::83 on eth0 the default gateway');
    expect(v4?.confirm).toMatchObject({
      withinSeconds: 60,
      hint: 'see that 10.83.33.83 is up, forwards, and lets this machine’s packets through in both directions; or name another `gateway`, or `gateway: false` to leave the route to you',
    });
  });

  it('holds no VIP, forwards for nobody’s sake one way or the other, and is quiet about nothing', () => {
    const all = ids(onServer([nat()])).join('\n');
    expect(all).not.toMatch(/ip_forward|address |arp_/);
  });

  it('that serves DR, too, does what both need', () => {
    const all = ids(onServer([nat(), service({ name: 'dr', vip: '10.83.33.101', label: '101' })]));
    expect(all).toContain('sysctl net.ipv4.ip_forward');
    expect(all).toContain('address 10.83.33.101 on lo');
    expect(all).toContain('default route');
  });

  it.each([
    [
      debian,
      'ip -4 route replace default via 10.83.33.83 dev eth0 || failed=1\nip -6 route replace default via fd00:83::83 dev eth0 metric 1 || failed=1\n',
    ],
    [
      alpine,
      'ip -4 route replace default via 10.83.33.83 dev eth0 || failed=1\nip -6 route replace default via fd00:83::83 dev eth0 metric 1 || failed=1\n',
    ],
    [redhat9, 'default_route 10.83.33.83 eth0 || failed=1\ndefault_route fd00:83::83 eth0 1 || failed=1\n'],
  ])('routes so at boot', (facts, lines) => {
    const script = writtenText(onServer([nat(), six], facts), '/etc/lvsctl/realserver.sh');
    expect(script).toContain(lines);
    expect(script).toContain('put 0 net/ipv6/conf/eth0/accept_redirects\n');
    expect(script).toContain(
      '# LVS real server rs1 of the cluster tutorial: answers through the director.\n',
    );
  });

  it('keeps its route where nobody can tell another, and the director says why', () => {
    const two = [nat({ directors: ['director', 'rs2'] })];
    expect(realserver.appliesTo(hosts[1] ?? host('', ''), tutorial({ hosts, services: two }))).toBe(false);
    expect(remarks(two)).toEqual([
      'the default route of ftp’s real servers is left alone: ftp has 2 directors: name in `gateway` the address in the real servers’ network that the live one holds',
    ]);
    expect(remarks([nat()])).toEqual([]);
  });

  it('can’t have two gateways', () => {
    expect(() => onServer([nat(), nat({ name: 'web', port: 80, gateway: '10.83.33.99' })])).toThrow(
      'rs1 has one default route, and ftp wants it by 10.83.33.83, web by 10.83.33.99',
    );
  });
});

it('the director forwards before real servers route through it', () => {
  const of = tutorial({ hosts, services: [nat(), six, service({ name: 'dr', vip: '10.83.33.101' })] });
  expect(ids(forwarding.resources(input(forwarding, of, 'director', debian)))).toEqual([
    'sysctl net.ipv4.ip_forward',
    'sysctl net.ipv4.conf.all.send_redirects',
    'sysctl net.ipv4.conf.default.send_redirects',
    'sysctl net.ipv4.conf.eth0.send_redirects',
    'sysctl net.ipv6.conf.all.forwarding',
  ]);
});
