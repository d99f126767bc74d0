import { describe, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/parse.js';
import { FOREIGN_SYSTEMS, isForeign, managedHosts, SYSTEMS } from '../../../src/inventory/systems.js';
import { changedInventory, machine } from './inventories.js';

const parse = (put: Readonly<Record<string, unknown>>) =>
  parseInventory(changedInventory(put), '/x/inventory.ts', machine());
const rs1 = (put: Readonly<Record<string, unknown>>) => parse(put).hosts.get('rs1');

test('every system but Linux has its traits, in the order of the documentation', () => {
  expect(['linux', ...Object.keys(FOREIGN_SYSTEMS)]).toEqual([...SYSTEMS]);
});

describe('a host’s system', () => {
  test.each([{}, { 'hosts.rs1.os': 'linux' }])('Linux is no foreign system: %j', (put) => {
    expect(rs1(put)).not.toHaveProperty('os');
  });

  test.each(Object.keys(FOREIGN_SYSTEMS))('%s is known, and lvsctl does not log in there', (os) => {
    const { hosts } = parse({ 'hosts.rs1.os': os });
    expect([...hosts.values()].filter(isForeign).map(({ name, os }) => [name, os])).toEqual([['rs1', os]]);
    expect(managedHosts(hosts.values()).map(({ name }) => name)).toEqual([
      'director',
      'rs2',
      'spare',
      'client',
    ]);
  });

  test('the global kernel settings are for Linux hosts', () => {
    const { hosts } = parse({ kernel: { rebuild: true }, 'hosts.rs1.os': 'freebsd' });
    expect(hosts.get('rs1')).not.toHaveProperty('kernel');
    expect(hosts.get('rs2')?.kernel).toEqual({ rebuild: true });
  });

  test('a jump host may be of any system', () => {
    const { hosts } = parse({ 'hosts.spare.os': 'openbsd', 'hosts.rs1.ssh': { jump: 'spare' } });
    expect(hosts.get('rs1')?.ssh.jump).toMatchObject({ hostName: '10.83.33.84' });
  });
});

describe('its NIC', () => {
  test.each([
    ['freebsd', 'em0'],
    ['solaris', 'net0'],
    ['hpux', 'lan0'],
    ['windows', 'Ethernet'],
  ])('%s: %s, whatever the Linux hosts have', (os, nic) => {
    expect(rs1({ interface: 'ens3', 'hosts.rs1.os': os })?.interface).toBe(nic);
  });

  test('its group’s, or its own', () => {
    const put = { 'hosts.rs1.os': 'openbsd', 'groups.old.interface': 'vio0' };
    expect(rs1(put)?.interface).toBe('vio0');
    expect(rs1({ ...put, 'hosts.rs1.interface': 'em1' })?.interface).toBe('em1');
  });

  test.each(['Local Area Connection', 'LAN & WAN (1)', "Büro's LAN", 'vEthernet | 2'])(
    'Windows may call it %s',
    (name) => {
      expect(rs1({ 'hosts.rs1.os': 'windows', 'hosts.rs1.interface': name })?.interface).toBe(name);
    },
  );
});

test('a label on lo concerns Linux hosts only', () => {
  const services = { label: '0123456789abc', realServers: [{ host: 'rs1' }], directors: ['director'] };
  const put = { interface: 'e', 'services.ftp': { ...services, vip: '10.83.33.100', port: 21 } };
  expect(() => parse(put)).toThrow('lo:0123456789abc');
  expect(parse({ ...put, 'hosts.rs1.os': 'netbsd' }).services[0]?.label).toBe('0123456789abc');
});
