import { describe, expect, it } from 'vitest';
import { leftOutRemark, requireInLab, twinOf } from '../../../src/lab/twin.js';
import { host, service, tutorial } from '../roles/cluster.js';

const served = (...names: readonly string[]) =>
  names.map((name) => ({ host: name, address: '10.83.33.76', port: 21, weight: 1 }));
const mixed = tutorial({
  hosts: [
    host('director', '10.83.33.83'),
    host('rs1', '10.83.33.76'),
    host('bsd1', '10.83.33.77', { os: 'freebsd' }),
    host('win1', '10.83.33.78', { os: 'windows' }),
    host('client', '10.83.33.50'),
  ],
  services: [
    service({ name: 'ftp', realServers: served('rs1', 'bsd1') }),
    service({ name: 'mail', realServers: served('win1') }),
  ],
});

describe('the twin of a cluster with hosts that are not Linux', () => {
  const twin = twinOf(mixed);

  it('has its Linux hosts, and the services that they serve', () => {
    expect([...twin.cluster.hosts.keys()]).toEqual(['director', 'rs1', 'client']);
    expect(
      twin.cluster.services.map(({ name, realServers }) => [name, realServers.map((one) => one.host)]),
    ).toEqual([['ftp', ['rs1']]]);
    expect(twin.cluster).toMatchObject({ name: mixed.name, file: mixed.file, probes: mixed.probes });
  });

  it('says whom it does without', () => {
    expect(leftOutRemark(twin)).toBe(
      'the lab boots Linux only: it does without bsd1 (FreeBSD), win1 (Windows), and its services are served by the others alone',
    );
  });

  it('refuses to speak to one of them', () => {
    expect(() => requireInLab(mixed, ['rs1'])).not.toThrow();
    expect(() => requireInLab(mixed, ['rs1', 'win1'])).toThrow(
      'the lab has no twin of win1, which runs Windows',
    );
  });
});

it('the twin of a Linux cluster is the cluster, without a remark', () => {
  const cluster = tutorial();
  expect(twinOf(cluster)).toEqual({ cluster, leftOut: [] });
  expect(leftOutRemark(twinOf(cluster))).toBeUndefined();
});
