import { expect, test } from 'vitest';
import type { Service } from '../../../src/inventory/cluster.js';
import { vipChecks } from '../../../src/keepalived/index.js';
import { host, hostOf, service, tutorial } from '../roles/cluster.js';

const checks = [
  { type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 },
] as const satisfies Service['checks'];
const ftp = service({ directors: ['director', 'other'], checks });
const hosts = [
  host('director', '10.83.33.83'),
  host('other', '10.83.33.84'),
  host('rs0', '10.83.33.9'),
  host('rs1', '10.83.33.76'),
  host('rs2', '10.83.33.2'),
];

/** Marks by real server's address. */
function marks(services: readonly Service[]): Readonly<Record<string, number>> {
  const cluster = tutorial({ hosts, services });
  return Object.fromEntries(
    [...vipChecks(cluster, hostOf(cluster, 'director')).values()].map(({ mark, destination }) => [
      destination.address,
      mark,
    ]),
  );
}

const rs0 = { host: 'rs0', address: '10.83.33.9', port: 21, weight: 1 };

test('a real server keeps its mark when another comes in front of it, by itself or with a service', () => {
  const before = marks([ftp]);
  expect(Object.keys(before)).toEqual(['10.83.33.76', '10.83.33.2']);
  expect(marks([{ ...ftp, realServers: [rs0, ...ftp.realServers] }])).toMatchObject(before);
  const web = { ...ftp, name: 'web', vip: '10.83.33.101', port: 80, realServers: [rs0] };
  expect(marks([web, ftp])).toMatchObject(before);
  expect(marks([{ ...ftp, realServers: [...ftp.realServers].reverse() }])).toEqual(before);
});

test('the same real server by another method has another mark', () => {
  const tun = { ...ftp, name: 'tun', vip: '10.83.33.101', forwarding: 'tun' as const };
  const cluster = tutorial({ hosts, services: [ftp, tun] });
  const found = [...vipChecks(cluster, hostOf(cluster, 'director')).values()].map(({ mark }) => mark);
  expect(new Set(found).size).toBe(4);
  for (const mark of found) expect(mark).toBeGreaterThanOrEqual(0x10000);
});

test('the mark of a service is no check’s', () => {
  const { '10.83.33.76': mark = 0 } = marks([ftp]);
  expect(marks([{ ...ftp, name: 'marked', fwmark: mark, checks: [] }, ftp])['10.83.33.76']).toBe(mark + 1);
});

test('marks have no bit that other software looks at by itself, and are no small numbers', () => {
  const realServers = Array.from({ length: 2000 }, (_, n) => ({
    host: `s${n}`,
    address: `10.${90 + (n >> 8)}.33.${n & 255}`,
    port: 21,
    weight: 1,
  }));
  const found = Object.values(marks([{ ...ftp, realServers }]));
  expect(new Set(found).size).toBe(2000);
  // portmap 0x2000, Kubernetes 0x4000 and 0x8000, Calico 0x10000 to 0x80000, Weave Net 0x60000, Tailscale 0xc0000.
  for (const mark of found) expect(mark & 0xfe000).toBe(0);
  expect(Math.min(...found)).toBeGreaterThanOrEqual(0x100000);
  expect(Math.max(...found)).toBeLessThanOrEqual(0x7fffffff);
  // All others are in use.
  expect(found.reduce((bits, mark) => bits | mark, 0)).toBe(0x7ff01fff);
});

test('a mark of a service that is none of a check’s changes none', () => {
  const before = marks([ftp]);
  const { '10.83.33.76': mark = 0 } = before;
  for (const fwmark of [1, mark | 0x8000, mark & 0x1fff, mark | 0x80000])
    expect(marks([{ ...ftp, name: 'marked', fwmark, checks: [] }, ftp])).toEqual(before);
});
