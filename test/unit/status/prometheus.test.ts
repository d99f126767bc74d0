import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DirectorStatus, prometheusText, type Reading } from '../../../src/status/index.js';
import { readExposition } from './exposition.js';
import { captured, reading, unreachable } from './readings.js';

describe('the text for Prometheus', () => {
  const text = prometheusText([reading(captured), unreachable]);
  const samples = readExposition(text);
  const value = (name: string, labels: Record<string, string>) =>
    samples.find(
      (one) =>
        one.name === name && Object.entries(labels).every(([key, wanted]) => one.labels[key] === wanted),
    )?.value;

  it('is as it was', async () => {
    await expect(text).toMatchFileSnapshot('golden/captured.prom');
  });

  it('says which director could not be read, and nothing else of it', () => {
    expect(value('lvsctl_ipvs_director_up', { director: 'lvs' })).toBe(1);
    expect(value('lvsctl_ipvs_director_up', { director: 'lvs2' })).toBe(0);
    expect(samples.filter(({ labels }) => labels.director === 'lvs2')).toHaveLength(1);
  });

  it('has no sample for what is not known', () => {
    const [missing, there] = [{ host: 'ftp3' }, { host: 'ftp1', virtual_service: 'tcp 10.83.33.100:21' }];
    expect(value('lvsctl_ipvs_real_server_present', missing)).toBe(0);
    expect(value('lvsctl_ipvs_real_server_weight', missing)).toBeUndefined();
    expect(value('lvsctl_ipvs_real_server_connections_total', missing)).toBeUndefined();
    expect(value('lvsctl_ipvs_real_server_connections_total', there)).toBe(3);
    expect(value('lvsctl_ipvs_real_server_incoming_bytes_per_second', there)).toBe(13);
    expect(value('lvsctl_ipvs_real_server_upper_threshold', there)).toBe(500);
  });

  const count = fc.option(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
  const figures = fc.option(
    fc.record({
      connections: fc.nat(),
      incomingPackets: fc.nat(),
      outgoingPackets: fc.nat(),
      incomingBytes: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      outgoingBytes: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    }),
    { nil: undefined },
  );
  // Quotes, backslashes, line feeds, braces and commas among them.
  const name = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\n', 'n', '}', ','), fc.string()) });
  const given = <T extends object>(fields: T) =>
    Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== undefined));
  const realServer = fc.record({
    host: fc.option(name, { nil: undefined }),
    address: name,
    state: fc.constantFrom('serving', 'drained', 'missing', 'foreign', 'unknown'),
    weight: count,
    weightWanted: count,
    activeConnections: count,
    inactiveConnections: count,
    upperThreshold: count,
    lowerThreshold: count,
    counters: figures,
    rates: figures,
  });
  const service = fc.record({
    name: fc.option(name, { nil: undefined }),
    key: name,
    state: fc.constantFrom('present', 'missing', 'foreign', 'misplaced'),
    scheduler: fc.option(name, { nil: undefined }),
    counters: figures,
    rates: figures,
    realServers: fc.uniqueArray(realServer.map(given), { selector: (one) => one.address, maxLength: 4 }),
  });
  const status = fc
    .record({
      loaded: fc.boolean(),
      services: fc.uniqueArray(service.map(given), { selector: (one) => one.key, maxLength: 4 }),
      remarks: fc.constant([]),
    })
    .map((one) => one as unknown as DirectorStatus);
  const readings = fc.uniqueArray(
    fc.record({ director: name, status }).map((one): Reading => one),
    { selector: (one) => one.director, maxLength: 3 },
  );

  it('is read again by the format’s rules, every label and value as it was', () => {
    fc.assert(
      fc.property(readings, (all) => {
        const read = readExposition(prometheusText(all));
        for (const one of all) {
          if (!('status' in one)) continue;
          for (const { key, name: called = '', realServers } of one.status.services)
            for (const server of realServers) {
              const labels = {
                director: one.director,
                service: called,
                virtual_service: key,
                host: server.host ?? '',
                real_server: server.address,
              };
              const shown = (ending: string) =>
                read.find(
                  (sample) =>
                    sample.name === `lvsctl_ipvs_real_server_${ending}` &&
                    JSON.stringify(sample.labels) === JSON.stringify(labels),
                )?.value;
              expect(shown('weight')).toBe(server.weight);
              expect(shown('incoming_bytes_total')).toBe(server.counters?.incomingBytes);
              expect(shown('connections_per_second')).toBe(server.rates?.connections);
            }
        }
      }),
    );
  });
});
