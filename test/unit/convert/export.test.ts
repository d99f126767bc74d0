import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Exported,
  type ExportFormat,
  exportIpvsadm,
  exportKeepalived,
  importInventory,
} from '../../../src/convert/index.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { parseSave, serviceKey, type VirtualService, wantedTable } from '../../../src/ipvs/index.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';
import { anyCluster, checkedCluster, twoDirectors } from './clusters.js';
import { clusterOfText, filled } from './inventories.js';

const FORMATS: readonly (readonly [ExportFormat, (cluster: Cluster, director: ClusterHost) => Exported])[] = [
  ['ipvsadm', exportIpvsadm],
  ['keepalived', exportKeepalived],
];

function hostOf(cluster: Cluster, name: string): ClusterHost {
  const host = cluster.hosts.get(name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

const tableOf = (cluster: Cluster, director: string): VirtualService[] =>
  [...wantedTable(cluster, director, new Map()).services].sort((one, other) =>
    serviceKey(one.id) < serviceKey(other.id) ? -1 : 1,
  );

describe.each(FORMATS)('%s', (format, exporting) => {
  it.each(['lvs1', 'lvs2'])('has these words for a cluster with all there is, on %s', async (director) => {
    const cluster = twoDirectors();
    const { text, lost } = exporting(cluster, hostOf(cluster, director));
    const told = lost.map(({ subject, reason }) => `${subject}: ${reason}\n`).join('');
    await expect(`${text}\n${told}`).toMatchFileSnapshot(`golden/export-${format}-${director}.txt`);
  });

  it.each([4, 6] as const)('is imported again as the same services (IPv%i)', (family) => {
    fc.assert(
      fc.property(anyCluster(family), (cluster) => {
        const director = hostOf(cluster, 'lvs1');
        const { text } = exporting(cluster, director);
        // A file doesn't tell which service has several directors, and one of several is no real server.
        const isLocal = cluster.services.some(({ realServers }) =>
          realServers.some(({ host }) => host === 'lvs1'),
        );
        const directors = (isLocal ? ['lvs1'] : ['lvs1', 'lvs2']).map((name) => {
          const { address, prefix } = hostOf(cluster, name);
          return { name, address, prefix };
        });
        const imported = importInventory(text, format, { source: 'exported', directors });
        const again = clusterOfText(filled(imported.text, '', family));
        expect(tableOf(again, 'lvs1')).toEqual(tableOf(cluster, 'lvs1'));
        // What is lost again is what the inventory had no words for in the first place.
        const why = new Set(imported.lost.map(({ reason }) => reason.replace(/:.*/s, '')));
        const known = [
          'VRRP',
          'a setting of keepalived itself',
          'which services are on this address the file does not say',
          ...(isLocal ? ['--director does not name 192.0.2.3', '--director does not name 2001'] : []),
        ];
        expect([...why].filter((reason) => !known.includes(reason))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('keepalived, with checks', () => {
  it.each([4, 6] as const)('is imported and exported again as the same file (IPv%i)', (family) => {
    fc.assert(
      fc.property(checkedCluster(family), (cluster) => {
        const { text } = exportKeepalived(cluster, hostOf(cluster, 'lvs1'));
        const directors = ['lvs1', 'lvs2'].map((name) => ({ ...hostOf(cluster, name) }));
        const imported = importInventory(text, 'keepalived', { source: 'exported', directors });
        const again = clusterOfText(filled(imported.text, '', family));
        const bare = (of: string) => of.replace(/ *#.*/g, '');
        expect(bare(exportKeepalived(again, hostOf(again, 'lvs1')).text)).toBe(bare(text));
        expect(
          imported.lost
            .filter(({ reason }) => !/^(VRRP|a setting of keepalived itself)/.test(reason))
            .map(({ text, reason }) => `${text}: ${reason}`),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('ipvsadm', () => {
  it.each([4, 6] as const)('takes each line with -R, and has the table then (IPv%i)', (family) => {
    fc.assert(
      fc.property(anyCluster(family), (cluster) => {
        const kernel = new FakeKernel();
        const { text } = exportIpvsadm(cluster, hostOf(cluster, 'lvs1'));
        expect(kernel.restore(text)).toEqual({ status: 0, output: '' });
        const { table } = parseSave(kernel.save());
        expect(table.services.map(({ id }) => serviceKey(id)).sort()).toEqual(
          tableOf(cluster, 'lvs1').map(({ id }) => serviceKey(id)),
        );
        const wanted = tableOf(cluster, 'lvs1').flatMap(({ destinations }) =>
          destinations.map(({ upperThreshold, lowerThreshold }) => [upperThreshold, lowerThreshold]),
        );
        expect(
          kernel
            .thresholds()
            .match(/-> \S+ +\d+ +\d+/g)
            ?.map((row) => row.split(/ +/).slice(2).map(Number))
            .sort(),
        ).toEqual(wanted.sort());
      }),
      { numRuns: 60 },
    );
  });
});

describe('what it has no words for', () => {
  it('is told by its path in the inventory', () => {
    const cluster = twoDirectors();
    const subjects = Object.fromEntries(
      FORMATS.map(([format, exporting]) => [
        format,
        exporting(cluster, hostOf(cluster, 'lvs1')).lost.map(({ subject }) => subject),
      ]),
    );
    expect(subjects).toEqual({
      ipvsadm: [
        ...['services.web.vip', 'services.dns.vip', 'services.all.vip', 'services.ftp.ports'],
        ...[
          'services.web.check',
          'services.web.sorry',
          'services.ftp.minAvailable',
          'services.ftp.masquerade',
        ],
        ...['ipvs.timeouts', 'ipvs.sync', 'hosts', 'roles.ftp'],
      ],
      keepalived: [
        ...['services.dns.vip', 'services.ftp.ports', 'services.ftp.minAvailable', 'services.ftp.masquerade'],
        ...['services.dns.check', 'services.ftp.check'],
        ...['services.all.check', 'services.sip.check', 'services', 'hosts', 'roles.ftp'],
      ],
    });
  });
});
