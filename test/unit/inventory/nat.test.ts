import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { gatewayOf } from '../../../src/inventory/gateway.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { routersOf, subnetsOf } from '../../../src/lab/network.js';
import { changedInventory, machine } from './inventories.js';

const both = {
  'hosts.director.address6': 'fd00:83::83',
  'hosts.rs1.address6': 'FD00:83:0::76/64',
  'hosts.rs2.address6': 'fd00:83::2/64',
};

const six = { vip: 'fd00:83::100', port: 80, forwarding: 'nat', directors: ['director'] };

const parse = (put: Readonly<Record<string, unknown>>): Cluster =>
  parseInventory(changedInventory(put), '/x/inventory.ts', machine());

const gateway = (cluster: Cluster, host: string) => {
  const [service] = cluster.services;
  const target = cluster.hosts.get(host);
  if (!service || !target) throw new Error('not there');
  return gatewayOf(cluster, service, target);
};

describe('a second address', () => {
  it('serves where the VIP is IPv6, and nothing else changes', () => {
    const cluster = parse({ ...both, 'services.six': { ...six, realServers: [{ host: 'rs1' }] } });
    expect(cluster.hosts.get('rs1')).toMatchObject({
      address: '10.83.33.76',
      prefix: 24,
      address6: 'fd00:83::76',
      prefix6: 64,
      ssh: { hostName: '10.83.33.76' },
    });
    expect(cluster.services.map(({ realServers }) => realServers[0]?.address)).toEqual([
      '10.83.33.76',
      'fd00:83::76',
    ]);
    expect(cluster.hosts.get('client')).not.toHaveProperty('address6');
  });

  it('has a router of its own in the lab, whose address nobody else has', () => {
    const cluster = parse({
      ...both,
      'services.ftp.forwarding': 'nat',
      'services.ftp.gateway': '10.83.33.254',
    });
    const subnets = subnetsOf(cluster);
    const [director, client] = [cluster.hosts.get('director'), cluster.hosts.get('client')];
    if (!director || !client) throw new Error('not there');
    // .254 is the gateway's.
    expect(routersOf(subnets, director)).toEqual(['10.83.33.253', 'fd00:83::ffff:ffff:ffff:ffff']);
    expect(routersOf(subnets, client)).toEqual(['10.83.33.253']);
  });
});

describe('the gateway of a NAT real server', () => {
  const nat = { 'services.ftp.forwarding': 'nat' };

  it('is its only director', () => expect(gateway(parse(nat), 'rs1')).toEqual({ address: '10.83.33.83' }));

  it('is the director’s address of the VIP’s family', () => {
    const cluster = parse({
      ...both,
      'services.ftp': { ...six, realServers: [{ host: 'rs1' }] },
    });
    expect(gateway(cluster, 'rs1')).toEqual({ address: 'fd00:83::83' });
  });

  it('is what the inventory names, or nobody’s business', () => {
    const named = (value: unknown) => gateway(parse({ ...nat, 'services.ftp.gateway': value }), 'rs1');
    expect(named('10.83.33.99')).toEqual({ address: '10.83.33.99' });
    expect(named(false)).toBeUndefined();
  });

  it('is not needed with DR, by a director that serves itself, nor where clients are masqueraded', () => {
    expect(gateway(parse({}), 'rs1')).toBeUndefined();
    const itself = parse({ ...nat, 'services.ftp.directors': ['rs1'] });
    expect(gateway(itself, 'rs1')).toBeUndefined();
    expect(gateway(itself, 'rs2')).toEqual({ address: '10.83.33.76' });
    for (const masquerade of ['clients', 'both'])
      expect(gateway(parse({ ...nat, 'services.ftp.masquerade': masquerade }), 'rs1')).toBeUndefined();
    const own = parse({ ...nat, 'services.ftp.masquerade': 'real-servers' });
    expect(gateway(own, 'rs1')).toEqual({ address: '10.83.33.83' });
  });

  it('can’t be told with several directors, nor with one in another network', () => {
    expect(gateway(parse({ ...nat, 'services.ftp.directors': ['director', 'spare'] }), 'rs1')).toEqual({
      unknown:
        'ftp has 2 directors: name in `gateway` the address in the real servers’ network that the live one holds',
    });
    expect(gateway(parse({ ...nat, 'hosts.rs1.address': '10.83.34.76' }), 'rs1')).toEqual({
      unknown:
        'director (10.83.33.83) lies outside 10.83.34.0/24, the network of rs1: name in `gateway` of ftp the address that leads to it, or false where the network’s own routes do',
    });
  });
});
