import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseDaemons,
  parseRates,
  parseTimeouts,
  parseTotals,
  type SyncDaemon,
} from '../../../src/ipvs/index.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');
const counts = fc.array(fc.nat({ max: 99_999_999 }), { minLength: 5, maxLength: 5 });

const named = ([connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes]: number[]) => ({
  connections,
  incomingPackets,
  outgoingPackets,
  incomingBytes,
  outgoingBytes,
});

describe('rates', () => {
  it('of a live director', () => {
    const { services, unread } = parseRates(capture('rate-1.31.txt'));
    expect(unread).toEqual([]);
    expect(services.size).toBe(14);
    const ftp = services.get('tcp 10.83.33.100:21');
    expect(ftp).toMatchObject({ connections: 0, incomingBytes: 17 });
    expect(ftp?.destinations.get('10.83.33.76:21')?.incomingBytes).toBe(13);
    expect(services.get('fwmark 256 (IPv6)')?.destinations.has('[fd00:7::9]:0')).toBe(true);
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(counts, counts, (service, server) => {
        const row = (values: number[]) => values.map((value) => String(value).padStart(9)).join('');
        const text = `FWM  256 IPv6                    ${row(service)}\n  -> [fd00:7::9]:0        ${row(server)}\n`;
        const { services, unread } = parseRates(text);
        expect(unread).toEqual([]);
        expect([...services]).toEqual([
          [
            'fwmark 256 (IPv6)',
            { ...named(service), destinations: new Map([['[fd00:7::9]:0', named(server)]]) },
          ],
        ]);
      }),
    );
  });
});

describe('totals of the table', () => {
  it('are hexadecimal', () => {
    expect(parseTotals(capture('proc-stats-6.1.txt'))).toEqual({
      counters: named([9, 9, 5, 0x21c, 0xc8]),
      rates: named([1, 1, 0, 0x26, 0xe]),
    });
  });

  it('are read as they were written', () => {
    const row = (values: number[]) => {
      const hex = values.map((value) => value.toString(16).toUpperCase());
      return hex.map((text, i) => text.padStart(i < 3 ? 8 : 16)).join(' ');
    };
    const big = fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(big, counts, (counters, rates) => {
        const text = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
${row(counters)}

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
${row(rates)}
`;
        expect(parseTotals(text)).toEqual({ counters: named(counters), rates: named(rates) });
      }),
    );
  });

  it('of anything else are unknown', () => {
    fc.assert(fc.property(fc.string(), (text) => parseTotals(text) === undefined));
    expect(parseTotals(capture('proc-stats-6.1.txt').replace('21C', '21G'))).toBeUndefined();
  });
});

describe('timeouts', () => {
  it('are read as they were written', () => {
    const seconds = fc.nat({ max: 2678400 });
    fc.assert(
      fc.property(seconds, seconds, seconds, (tcp, tcpFin, udp) => {
        const text = `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`;
        expect(parseTimeouts(text)).toEqual({ tcp, tcpFin, udp });
      }),
    );
  });

  it('of anything else are unknown', () => {
    fc.assert(fc.property(fc.string(), (text) => parseTimeouts(text) === undefined));
    expect(parseTimeouts('Timeout (tcp tcpfin udp): 900 120\n')).toBeUndefined();
  });
});

describe('sync daemons', () => {
  const daemon: fc.Arbitrary<SyncDaemon> = fc.record({
    state: fc.constantFrom('master' as const, 'backup' as const),
    interface: fc.constantFrom('eth0', 'v0', 'eth0.100'),
    id: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
    maxLength: fc.option(fc.constantFrom(1400, 65507), { nil: undefined }),
    group: fc.option(fc.constantFrom('224.0.0.81', 'ff02::81'), { nil: undefined }),
    port: fc.option(fc.constant(8848), { nil: undefined }),
    ttl: fc.option(fc.constant(1), { nil: undefined }),
  });

  it('are read as each version writes them, one that says less leaving more unknown', () => {
    fc.assert(
      fc.property(fc.array(daemon, { maxLength: 2 }), (daemons) => {
        const lines = daemons.map(({ state, ...rest }) => {
          const { interface: name, id, maxLength, group, port, ttl } = rest;
          const said = { mcast: name, syncid: id, maxlen: maxLength, group, port, ttl };
          const parts = Object.entries(said).flatMap(([key, value]) =>
            value === undefined ? [] : [`${key}=${value}`],
          );
          return `${state} sync daemon (${parts.join(', ')})\n`;
        });
        expect(parseDaemons(lines.join(''))).toEqual(daemons);
      }),
    );
  });

  it('are none in anything else', () => {
    fc.assert(fc.property(fc.string(), (text) => parseDaemons(text).length === 0));
    expect(parseDaemons('master sync daemon (syncid=7)\n')).toEqual([]);
  });
});
