import { describe, expect, it } from 'vitest';
import { masquerades, masquerading, trackingSettings } from '../../../roles/director/masquerade.js';
import { director, ipvsadm } from '../../../roles/index.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { debian, redhat9 } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';
import { host, hostOf, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const web = (extra: Partial<Service>): Service =>
  service({
    name: 'web',
    port: 80,
    forwarding: 'nat',
    realServers: [
      { host: 'rs1', address: '10.83.33.76', port: 8080, weight: 1 },
      { host: 'rs2', address: '10.83.33.2', port: 80, weight: 1 },
    ],
    ...extra,
  });

const cluster = (...services: readonly Partial<Service>[]) => tutorial({ services: services.map(web) });
const wanted = (of: ReturnType<typeof cluster>) => masquerades(of, hostOf(of, 'director'));

describe('what a director sends under its own address', () => {
  it('is nothing where the inventory does not say so', () => expect(wanted(cluster({}))).toEqual([]));

  it('is clients’ packets to real servers, by their ports there', () => {
    expect(wanted(cluster({ masquerade: 'clients' }))).toEqual([
      { to: '10.83.33.76', protocol: 'tcp', ports: { first: 8080, last: 8080 } },
      { to: '10.83.33.2', protocol: 'tcp', ports: { first: 80, last: 80 } },
    ]);
    const [every] = wanted(cluster({ masquerade: 'clients', port: 0 }));
    expect(every).toEqual({ to: '10.83.33.76' });
    const [ftp] = wanted(cluster({ masquerade: 'clients', port: 21 }));
    expect(ftp).toEqual({ to: '10.83.33.76' });
    const ports = [
      { first: 80, last: 80 },
      { first: 443, last: 444 },
    ];
    expect(wanted(cluster({ masquerade: 'clients', fwmark: 7, ports })).slice(0, 2)).toEqual(
      ports.map((range) => ({ to: '10.83.33.76', protocol: 'tcp', ports: range })),
    );
  });

  it('is what real servers send out of their network, each once for all services', () => {
    const own = { from: '10.83.33.76', network: '10.83.33.0/24' };
    const both = cluster({ masquerade: 'real-servers' }, { name: 'b', port: 81, masquerade: 'both' });
    expect(wanted(both).filter((one) => 'from' in one)).toEqual([
      own,
      { from: '10.83.33.2', network: '10.83.33.0/24' },
    ]);
  });

  it('is clients’ packets first, since a real server may be a client', () => {
    const mixed = cluster({ masquerade: 'real-servers' }, { name: 'b', port: 81, masquerade: 'clients' });
    expect(wanted(mixed).map((one) => 'from' in one)).toEqual([false, false, true, true]);
  });

  it('is of the VIP’s family', () => {
    const hosts = [
      host('director', '10.83.33.83'),
      host('rs1', '10.83.33.76', { address6: 'fd00:83::76', prefix6: 64 }),
    ];
    const six = web({
      vip: 'fd00:83::100',
      masquerade: 'real-servers',
      realServers: [{ host: 'rs1', address: 'fd00:83::76', port: 80, weight: 1 }],
    });
    expect(wanted(tutorial({ hosts, services: [six] }))).toEqual([
      { from: 'fd00:83::76', network: 'fd00:83::/64' },
    ]);
  });

  it('is not what a director that serves itself sends, nor a director of other services', () => {
    const itself = cluster({ masquerade: 'both', directors: ['rs1'] });
    expect(
      masquerades(itself, hostOf(itself, 'rs1')).map((one) => ('from' in one ? one.from : one.to)),
    ).toEqual(['10.83.33.2', '10.83.33.2']);
    expect(wanted(itself)).toEqual([]);
  });
});

describe('the director', () => {
  it('has IPVS track connections only where clients are masqueraded, once ip_vs is there', () => {
    const of = cluster({ masquerade: 'clients' });
    const resources = director.resources(input(director, of, 'director', debian));
    const name = 'sysctl net.ipv4.vs.conntrack';
    expect(ids(resources).indexOf(name)).toBeGreaterThan(ids(resources).indexOf('ipvs table'));
    const setting = resources.find(({ id }) => id === name);
    expect(setting?.plan(said('missing'), { changing: new Set(['ipvs table']) })?.summary).toBe(
      'set net.ipv4.vs.conntrack to 1 (not there yet)',
    );
    expect(() => setting?.plan(said('missing'), nothingChanging)).toThrow(
      'this kernel has no net.ipv4.vs.conntrack',
    );
    expect(changeOf(resources, 'sysctl.conf director', '')?.diff).toContain('net.ipv4.vs.conntrack = 1');
    for (const masquerade of [undefined, 'real-servers'] as const) {
      const other = cluster(masquerade === undefined ? {} : { masquerade });
      expect(trackingSettings(other, hostOf(other, 'director'))).toEqual([]);
    }
  });

  it('gets the package of who keeps the rules, where it lacks and there are rules', () => {
    const of = cluster({ masquerade: 'both' });
    const resources = (facts = debian, from = of) => ids(masquerading(from, hostOf(from, 'director'), facts));
    expect(resources()).toEqual(['packages nftables', 'masquerading']);
    expect(resources(redhat9)).toEqual(['packages iptables', 'masquerading']);
    expect(resources(debian, cluster({}))).toEqual(['masquerading']);
  });

  it('loads ip_vs_ftp for FTP by NAT, by port or by mark, and for nothing else', () => {
    const modules = (extra: Partial<Service>) => {
      const of = cluster(extra);
      return writtenText(
        ipvsadm.resources(input(ipvsadm, of, 'director', debian)),
        '/etc/modules-load.d/lvsctl-ipvsadm.conf',
      ).includes('ip_vs_ftp\n');
    };
    expect(modules({ port: 21 })).toBe(true);
    expect(modules({ fwmark: 7, port: 21, ports: [{ first: 20, last: 21 }] })).toBe(true);
    expect(modules({})).toBe(false);
    expect(modules({ port: 21, forwarding: 'dr' })).toBe(false);
    expect(modules({ port: 21, protocol: 'udp' })).toBe(false);
  });
});
