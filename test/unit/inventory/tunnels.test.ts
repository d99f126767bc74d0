import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { changedInventory, machine } from './inventories.js';

const six = {
  vip: 'fd00:83::100',
  port: 80,
  directors: ['director'],
  realServers: [{ host: 'rs1' }],
};
const parse = (put: Readonly<Record<string, unknown>>): Cluster =>
  parseInventory(changedInventory(put), '/x/inventory.ts', machine());
const rs1 = (cluster: Cluster) => cluster.services.at(-1)?.realServers[0]?.address;

describe('an IPv6 VIP by a tunnel', () => {
  const director = { 'hosts.director.address6': 'fd00:83::83/64' };

  it('reaches a real server that is known by IPv4 alone', () => {
    const cluster = parse({ ...director, 'services.six': { ...six, forwarding: 'tun' } });
    expect(rs1(cluster)).toBe('10.83.33.76');
  });

  it('prefers its IPv6 address', () => {
    const cluster = parse({
      ...director,
      'hosts.rs1.address6': 'fd00:83::76/64',
      'services.six': { ...six, forwarding: 'tun' },
    });
    expect(rs1(cluster)).toBe('fd00:83::76');
  });

  it('does not without a tunnel, nor from a director that has no such address', () => {
    expect(() => parse({ ...director, 'services.six': { ...six, forwarding: 'dr' } })).toThrow(
      'has an IPv4 address, but the VIP is IPv6',
    );
    expect(() =>
      parse({ 'hosts.director.address': 'fd00:83::83/64', 'services.six': { ...six, forwarding: 'tun' } }),
    ).toThrow('has an IPv4 address, but the VIP is IPv6');
  });
});

it('the segment size of a service is kept', () => {
  const cluster = parse({ 'services.ftp.forwarding': 'tun', 'services.ftp.mss': 1300 });
  expect(cluster.services[0]?.mss).toBe(1300);
});
