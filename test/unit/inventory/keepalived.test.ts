import { expect, test } from 'vitest';
import type { ClusterHost } from '../../../src/inventory/cluster.js';
import { keepalivedRuns, vrrpInstances, vrrpOf, vrrpPriority } from '../../../src/inventory/keepalived.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { changedInventory, machine } from './inventories.js';

const parse = (put: Readonly<Record<string, unknown>> = {}) =>
  parseInventory(changedInventory(put), '/x/inventory.ts', machine());

const PAIR = { 'services.ftp.directors': ['director', 'spare'] };

const runs = (put: Readonly<Record<string, unknown>>) => {
  const cluster = parse(put);
  return [...cluster.hosts.values()]
    .filter((host: ClusterHost) => keepalivedRuns(cluster, host))
    .map(({ name }) => name);
};

test('keepalived runs on the directors of a service that has several, and on all directors where the inventory has the key', () => {
  expect(runs({})).toEqual([]);
  expect(runs(PAIR)).toEqual(['director', 'spare']);
  expect(runs({ keepalived: {} })).toEqual(['director']);
  const alone = { vip: '10.83.33.101', port: 80, directors: ['rs2'], realServers: [{ host: 'rs1' }] };
  expect(runs({ ...PAIR, 'services.web': alone })).toEqual(['director', 'spare']);
  expect(runs({ ...PAIR, 'services.web': alone, keepalived: {} })).toEqual(['director', 'rs2', 'spare']);
});

const PAIRS = {
  ...PAIR,
  'hosts.director.address6': '2001:db8::83/64',
  'hosts.spare.address6': '2001:db8::84/64',
  'hosts.rs1.address6': '2001:db8::76/64',
};
const web = { port: 80, directors: ['director', 'spare'], realServers: [{ host: 'rs1' }] };

test('an instance for each family and list of directors; those of one list are one group, with one number', () => {
  const cluster = parse({
    ...PAIRS,
    keepalived: { id: { web: 7, other: 8 } },
    'services.web': { ...web, vip: '10.83.33.101' },
    'services.other': { ...web, vip: '10.83.33.102', directors: ['spare', 'director'] },
    'services.web6': { ...web, vip: '2001:db8::9' },
  });
  expect(
    vrrpInstances(cluster).map(({ services, ...rest }) => ({
      ...rest,
      vips: services.map(({ vip }) => vip),
    })),
  ).toEqual([
    {
      name: 'VI_director',
      group: 'VG_director',
      routerId: 7,
      family: 'IPv4',
      directors: ['director', 'spare'],
      vips: ['10.83.33.100', '10.83.33.101'],
    },
    {
      name: 'VI6_director',
      group: 'VG_director',
      routerId: 7,
      family: 'IPv6',
      directors: ['director', 'spare'],
      vips: ['2001:db8::9'],
    },
    {
      name: 'VI_spare',
      group: 'VG_spare',
      routerId: 8,
      family: 'IPv4',
      directors: ['spare', 'director'],
      vips: ['10.83.33.102'],
    },
  ]);
});

/** Names and numbers of the instances, by directors and family. */
const numbered = (put: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    vrrpInstances(parse(put)).map(({ directors, family, name, routerId }) => [
      `${directors.join(' ')} ${family}`,
      `${name} ${routerId}`,
    ]),
  );

test('what stands in front, and who directs beside the first, leaves an instance its name and number', () => {
  const { services } = changedInventory(PAIRS) as { services: Record<string, unknown> };
  const before = numbered(PAIRS)['director spare IPv4'];
  expect(before).toMatch(/^VI_director \d+$/);
  const front = { ...web, vip: '10.83.33.101', directors: ['spare', 'director'] };
  const six = { ...web, vip: '2001:db8::9' };
  for (const put of [{ front }, { six }, { front, six }]) {
    const after = numbered({ ...PAIRS, services: { ...put, ...services } });
    expect(after['director spare IPv4']).toBe(before);
    const behind = numbered({ ...PAIRS, services: { ...services, ...put } });
    expect(behind).toEqual(after);
  }
  const third = numbered({ ...PAIRS, 'services.ftp.directors': ['director', 'spare', 'client'], probes: [] });
  expect(third['director spare client IPv4']).toBe(before);
  expect(numbered({ keepalived: {} })['director IPv4']).toBe(before);
});

test('other clusters, whose directors have other addresses, have other numbers', () => {
  const [one] = vrrpInstances(parse(PAIR));
  const [other] = vrrpInstances(parse({ ...PAIR, 'hosts.director.address': '10.83.34.7/24' }));
  expect(one?.routerId).not.toBe(other?.routerId);
});

test('a list that begins with the director of another one has another name and number', () => {
  const third = { ...web, vip: '10.83.33.101', directors: ['director', 'rs2'] };
  const [one, other] = vrrpInstances(parse({ ...PAIR, 'services.web': third }));
  expect([one?.name, other?.name]).toEqual(['VI_director_spare', 'VI_director']);
  expect(Math.abs((one?.routerId ?? 0) - (other?.routerId ?? 0))).toBe(1);
});

test('an explicit number is that of its list, and no other gets it', () => {
  const [free] = vrrpInstances(parse(PAIR));
  const other = { ...web, vip: '10.83.33.101', directors: ['spare', 'director'] };
  const numbers = vrrpInstances(
    parse({ ...PAIR, keepalived: { id: { web: free?.routerId } }, 'services.web': other }),
  ).map(({ routerId }) => routerId);
  expect(numbers).toEqual([((free?.routerId ?? 0) % 255) + 1, free?.routerId]);
  expect(vrrpInstances(parse({ ...PAIR, keepalived: { id: 51 } })).map(({ routerId }) => routerId)).toEqual([
    51,
  ]);
});

test('no instance for a service with a single director, unless the inventory has the key', () => {
  expect(vrrpInstances(parse())).toEqual([]);
  expect(vrrpInstances(parse({ keepalived: {} }))).toHaveLength(1);
});

test('the first director has the highest priority, and the last of 25 still one', () => {
  const directors = Array.from({ length: 25 }, (_, index) => `d${index}`);
  expect(['d0', 'd1', 'd24'].map((name) => vrrpPriority({ directors }, name))).toEqual([250, 240, 10]);
});

test('VRRP settings have their defaults, and only what the inventory says is in the cluster', () => {
  expect(vrrpOf(parse())).toEqual({
    id: undefined,
    interface: undefined,
    advertSeconds: 1,
    unicast: true,
    preempt: false,
    preemptDelaySeconds: 0,
    syncGroup: true,
  });
  expect(parse()).not.toHaveProperty('keepalived');
  expect(parse({ keepalived: { advertSeconds: 0.1, preempt: undefined } }).keepalived).toEqual({
    advertSeconds: 0.1,
  });
});

test('VRRP may speak by an interface of its own, by multicast, or without another director', () => {
  const eth1 = { interface: 'eth1' };
  expect(parse({ ...PAIR, keepalived: { ...eth1, unicast: false } }).keepalived).toMatchObject(eth1);
  expect(parse({ keepalived: eth1 }).keepalived).toMatchObject(eth1);
  expect(parse({ ...PAIR, keepalived: eth1, interface: 'eth1' }).keepalived).toMatchObject(eth1);
});

test('checks have their defaults; a single one is a list of one', () => {
  const times = { everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 };
  const [plain] = parse({ 'services.ftp.check': { type: 'tcp', port: 2121 } }).services;
  expect(plain?.checks).toEqual([{ type: 'tcp', port: 2121, ...times }]);
  const [service] = parse({
    keepalived: {},
    'services.ftp.check': [
      { type: 'http', hostName: 'www.example.org', status: [200, '300-302'], retries: 3 },
      { type: 'https' },
      { type: 'smtp', helo: 'lvs.example.org' },
      { type: 'dns' },
      { type: 'misc', command: ['/usr/local/sbin/check', '{address}'] },
    ],
    'services.ftp.sorry': { host: 'spare' },
  }).services;
  expect(service?.checks).toEqual([
    {
      type: 'http',
      path: '/',
      hostName: 'www.example.org',
      status: [
        { first: 200, last: 200 },
        { first: 300, last: 302 },
      ],
      ...times,
      retries: 3,
    },
    { type: 'https', path: '/', status: [{ first: 200, last: 299 }], ...times },
    { type: 'smtp', helo: 'lvs.example.org', ...times },
    { type: 'dns', name: '.', record: 'SOA', ...times },
    { type: 'misc', command: ['/usr/local/sbin/check', '{address}'], user: 'nobody', ...times },
  ]);
  expect(service).toMatchObject({ sorry: { host: 'spare', address: '10.83.33.84', port: 21 }, quorum: 1 });
  expect(parse().services[0]).not.toHaveProperty('checks');
});
