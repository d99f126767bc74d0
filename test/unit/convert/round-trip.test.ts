import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { exportIpvsadm, exportKeepalived, importInventory } from '../../../src/convert/index.js';
import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { serviceIdentity, serviceKey, wantedTable } from '../../../src/ipvs/index.js';
import { clusterOfText, filled, SAMPLES, sample } from './inventories.js';

const EXPORTS = [
  ['ipvsadm', exportIpvsadm],
  ['keepalived', exportKeepalived],
] as const;

/** Beside what the samples say, what only lvsctl does. */
const withOwn = (cluster: Cluster): Cluster => ({
  ...cluster,
  services: cluster.services.map((service) => ({
    ...service,
    minAvailable: 1,
    ...(service.forwarding === 'nat' && { masquerade: 'clients' as const, gateway: false as const }),
    ...(service.forwarding === 'tun' && { mss: 1400 }),
  })),
});

/** An imported host has a number for its name. */
const nameless = (value: unknown): unknown => (typeof value === 'object' ? { ...value, host: '' } : value);

/** Without comments, in which names of services are. */
const bare = (text: string) => text.replace(/ *#.*/g, '');

/** What lvsctl writes by itself, whatever the inventory says. */
const OWN =
  /^(VRRP: |a setting of keepalived itself|which VRRP instance it follows|which services are on this address the file does not say)/;

/** What a service is beside its table, which is compared as a whole, and where an export tells that it has no words for it. */
const FIELDS = {
  checks: 'check',
  sorry: 'sorry',
  quorum: 'sorry',
  hysteresis: 'sorry',
  minAvailable: 'minAvailable',
  masquerade: 'masquerade',
  gateway: 'gateway',
  mss: 'mss',
} as const;

const ordered = ({ services }: Cluster) =>
  [...services].sort((a, b) => (serviceKey(serviceIdentity(a)) < serviceKey(serviceIdentity(b)) ? -1 : 1));

const first = (cluster: Cluster) => {
  const director = [...cluster.hosts.values()].find(({ name }) =>
    cluster.services.some(({ directors }) => directors.includes(name)),
  );
  if (director === undefined) throw new Error('no director');
  return director;
};

const tableOf = (cluster: Cluster) =>
  [...wantedTable(cluster, first(cluster).name, new Map()).services].sort((a, b) =>
    serviceKey(a.id) < serviceKey(b.id) ? -1 : 1,
  );

describe.each(SAMPLES)('%s', (name, format) => {
  const cluster = withOwn(
    clusterOfText(filled(importInventory(sample(name), format, { source: name }).text)),
  );

  it.each(EXPORTS)('is the same cluster after an export for %s and another import', (to, exporting) => {
    const { text, lost } = exporting(cluster, first(cluster));
    const directors = [...new Set(cluster.services.flatMap((service) => service.directors))].map((one) => {
      const { address, prefix } = cluster.hosts.get(one) ?? first(cluster);
      return { name: one, address, prefix };
    });
    const imported = importInventory(text, to, { source: 'exported', directors });
    const again = clusterOfText(filled(imported.text));
    expect(tableOf(again)).toEqual(tableOf(cluster));
    // Settings, checks and VRRP too: all that is not said by names.
    const other = exporting(again, first(again));
    expect(bare(other.text)).toBe(bare(text));
    const said = new Set(lost.map(({ subject }) => subject));
    for (const [index, service] of ordered(cluster).entries()) {
      const after: Partial<Service> = ordered(again)[index] ?? {};
      for (const [field, subject] of Object.entries(FIELDS) as [keyof typeof FIELDS, string][])
        if (
          !isDeepStrictEqual(nameless(service[field]), nameless(after[field])) &&
          !(field === 'quorum' && service[field] === 1)
        )
          expect(said).toContain(`services.${service.name}.${subject}`);
    }
    const told = imported.lost.filter(({ reason }) => !OWN.test(reason));
    expect(told.map((one) => `${one.line}: ${one.text}: ${one.reason}`)).toEqual([]);
  });
});
