import { describe, expect, it } from 'vitest';
import { vipChecks } from '../../../src/keepalived/index.js';
import { directorStatus, prometheusText, readObserved, statusLines } from '../../../src/status/index.js';
import { hostOf } from '../roles/cluster.js';
import { captured, cluster, reading, unreachable } from './readings.js';

const of = (output: string, only?: readonly string[]) =>
  directorStatus(cluster(), 'lvs', readObserved(output), only);
const service = (name: string, output = captured) => of(output).services.find((one) => one.name === name);
const text = (...readings: Parameters<typeof statusLines>[0]) =>
  `${statusLines(readings, '2026-11-25 15:00:00 +00:00')
    .map((line) => line.text)
    .join('\n')}\n`;

describe('a reading of the captured table', () => {
  it('names real servers by the inventory, and says how far they are from it', () => {
    const state = (name: string) =>
      service(name)?.realServers.map((one) => [one.host, one.state, one.weight, one.weightWanted]);
    expect(state('ftp')).toEqual([
      ['ftp1', 'serving', 3, 3],
      ['ftp2', 'serving', 1, 2],
      ['ftp3', 'missing', undefined, 1],
    ]);
    expect(state('web')).toEqual([
      ['web2', 'drained', 0, 1],
      [undefined, 'foreign', 1, undefined],
    ]);
  });

  it('says which weights operators have set, and who and why', () => {
    const record = '@@ weights\n# x\nftp2 ftp 1 2026-11-25T16:40:00Z alice@ops1 slow disk\nftp1 web 0 T x\n';
    expect(service('ftp', captured + record)?.realServers.map(({ recorded }) => recorded)).toEqual([
      undefined,
      { weight: 1, when: '2026-11-25T16:40:00Z', who: 'alice@ops1', reason: 'slow disk' },
      undefined,
    ]);
    expect(service('ftp')?.realServers.some((one) => 'recorded' in one)).toBe(false);
    const shown = text(reading(captured + record, ['ftp']));
    expect(shown).toMatch(/^ {2}ftp2 +10\.83\.33\.2:21 +in rotation, recorded +1 +2 /m);
    expect(shown).toContain(
      '\n  ftp2 in ftp has weight 1 since 2026-11-25T16:40:00Z by alice@ops1: slow disk\n',
    );
    expect(prometheusText([reading(captured + record)])).toContain(
      'lvsctl_ipvs_real_server_weight_recorded{director="lvs",service="ftp"',
    );
  });

  it('carries connections, thresholds, totals and rates', () => {
    expect(service('ftp')?.realServers[0]).toEqual({
      host: 'ftp1',
      address: '10.83.33.76:21',
      state: 'serving',
      weight: 3,
      weightWanted: 3,
      forwarding: 'dr',
      activeConnections: 3,
      inactiveConnections: 0,
      upperThreshold: 500,
      lowerThreshold: 300,
      counters: {
        connections: 3,
        incomingPackets: 3,
        outgoingPackets: 0,
        incomingBytes: 180,
        outgoingBytes: 0,
      },
      rates: { connections: 0, incomingPackets: 0, outgoingPackets: 0, incomingBytes: 13, outgoingBytes: 0 },
    });
  });

  it('tells services that are missing, foreign and of another director', () => {
    const states = of(captured).services.map(({ name, key, state }) => [name ?? key, state]);
    expect(states.slice(0, 5)).toEqual([
      ['ftp', 'present'],
      ['web', 'present'],
      ['dns', 'present'],
      ['smtp', 'missing'],
      ['marked', 'misplaced'],
    ]);
    expect(states.slice(5).every(([, state]) => state === 'foreign')).toBe(true);
    expect(states).toHaveLength(15);
  });

  it('is of the services asked for only', () => {
    expect(of(captured, ['web']).services.map(({ name }) => name)).toEqual(['web']);
  });

  it('is shown as text', async () => {
    await expect(text(reading(captured), unreachable)).toMatchFileSnapshot('golden/captured.txt');
  });
});

describe('what a host does not tell', () => {
  // ipvsadm 1.21 has neither --thresholds nor --exact, and this one no --rate either.
  const list = captured.slice(0, captured.indexOf('@@ thresholds'));
  const old = `${list}@@ thresholds\n@@ thresholds\n@@ stats\n@@ stats\n@@ rate\n@@ rate\n@@ rate\n`;

  it('is absent, not 0', () => {
    const server = service('ftp', old)?.realServers[0];
    expect(server).toMatchObject({ weight: 3, activeConnections: 3 });
    for (const field of ['counters', 'rates', 'upperThreshold', 'lowerThreshold'])
      expect(server).not.toHaveProperty(field);
    expect(of(old).remarks).toEqual([
      'not known, for this host’s ipvsadm does not tell: thresholds, totals, rates',
    ]);
  });

  it('is shown as a question mark', async () => {
    await expect(text(reading(old, ['ftp']))).toMatchFileSnapshot('golden/unknown.txt');
  });

  it('is not taken from a usage text that ends with status 0', () => {
    const usage = old.replace('@@ rate\n@@ rate\n@@ rate\n', '@@ rate\nusage: ipvsadm [-h]\n  -> 1 2 3\n');
    expect(service('ftp', usage)).not.toHaveProperty('rates');
  });

  it('is the whole table where IPVS is not loaded: everything is missing, nothing unknown', () => {
    const { loaded, services, remarks } = of('@@ not loaded\n');
    expect(loaded).toBe(false);
    expect(services.map(({ state }) => state)).toEqual(['missing', 'missing', 'missing', 'missing']);
    expect(remarks).toEqual(['IPVS is not loaded: the table is empty']);
  });

  it('is read from /proc where there is no ipvsadm', () => {
    const proc =
      '@@ proc\nIP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n' +
      'TCP  0A532164:0015 wrr persistent 30000 FFFFFFFF\n  -> 0A53214C:0015      Route   3      1          5\n';
    expect(service('ftp', proc)).toMatchObject({
      state: 'present',
      realServers: [{ host: 'ftp1', activeConnections: 1, inactiveConnections: 5 }, {}, {}],
    });
    expect(text(reading(proc, ['ftp']))).toContain('persistent time not known');
  });

  it('is told by line where the table is not understood, without control characters', () => {
    const odd = captured.replace('@@ thresholds', 'XYZ  10.0.0.1:80 \u001b[31mrr\n@@ thresholds');
    expect(text(reading(odd))).toContain(
      '\nnot understood in the table (not a service with a scheduler): XYZ  10.0.0.1:80 rr\n',
    );
  });
});

describe('who holds a VIP', () => {
  const pair = (() => {
    const all = cluster();
    const [ftp] = all.services;
    if (ftp === undefined) throw new Error('no service');
    const checks = [
      { type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 },
    ] as const;
    const hosts = new Map(all.hosts);
    const lvs = hosts.get('lvs');
    if (lvs === undefined) throw new Error('no host lvs');
    hosts.set('lvs2', { ...lvs, name: 'lvs2', address: '10.83.33.84' });
    return { ...all, hosts, services: [{ ...ftp, directors: ['lvs', 'lvs2'], checks }] };
  })();
  const table = '@@ list\nIP Virtual Server version 1.2.1 (size=4096)\nTCP  10.83.33.100:21 wrr\n';
  const at = (director: string, addresses: string) => ({
    director,
    status: directorStatus(pair, director, readObserved(`@@ addresses\n${addresses}${table}`)),
  });
  const own = '2: eth0    inet 10.83.33.83/24 scope global eth0\n';
  const vip = '2: eth0    inet 10.83.33.100/32 scope global eth0:100\n';

  it('is told beside its name', () => {
    const shown = text(at('lvs', own + vip), at('lvs2', own));
    expect(shown).toContain('lvs  2026-11-25 15:00:00 +00:00  holds 10.83.33.100\n');
    expect(shown).toContain('lvs2  2026-11-25 15:00:00 +00:00\n');
    expect(shown).not.toContain('✗');
  });

  it('two are a split brain; one on lo is a real server’s', () => {
    expect(text(at('lvs', own + vip), at('lvs2', own + vip))).toContain(
      '✗ lvs and lvs2 hold 10.83.33.100 at the same time: a split brain\n',
    );
    const onLo = '1: lo    inet 10.83.33.100/32 scope global lo:100\n';
    expect(text(at('lvs', own + onLo), at('lvs2', own))).toContain('✗ nobody holds 10.83.33.100\n');
    expect(at('lvs', '').status.holds).toBeUndefined();
    expect(text(at('lvs', own), { ...unreachable, director: 'lvs2' })).not.toContain('nobody');
  });

  it('by ifconfig too', () => {
    const old =
      'eth0:100  Link encap:Ethernet  HWaddr 02:00:0A:53:21:53\n          inet addr:10.83.33.100  Mask:255.255.255.255\n' +
      'lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n';
    expect(at('lvs', old).status.holds).toEqual(['10.83.33.100']);
    expect(readObserved(`@@ addresses\n${old}`).addresses).toEqual(new Set(['10.83.33.100']));
  });

  it('the ways of keepalived’s checks are no services', () => {
    const [{ mark } = { mark: 0 }] = vipChecks(pair, hostOf(pair, 'lvs')).values();
    const way = `FWM  ${mark} rr\n  -> 10.83.33.76:0   Route   1 0 0\n`;
    const keys = (marks: string) =>
      directorStatus(pair, 'lvs', readObserved(`${table}${marks}`)).services.map(({ key }) => key);
    expect(keys(way)).toEqual(['tcp 10.83.33.100:21']);
    expect(keys(way.replace(String(mark), '9'))).toEqual(['tcp 10.83.33.100:21', 'fwmark 9']);
  });
});
