import { describe, expect, it } from 'vitest';
import { type Destination, planTable, type Table, type VirtualService } from '../../../src/ipvs/index.js';

/** Reads of addresses and ports, by which servers are told apart: what a comparison of each with each would multiply. */
let reads = 0;

function counted(host: number, weight: number): Destination {
  const [address, port] = [`10.${1 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`, 80];
  return {
    get address() {
      reads++;
      return address;
    },
    get port() {
      reads++;
      return port;
    },
    forwarding: 'nat',
    weight,
    tunnel: undefined,
    upperThreshold: 0,
    lowerThreshold: 0,
    activeConnections: 0,
    inactiveConnections: 0,
  };
}

/** So many real servers in services of so many each, from one host number on. */
function tableOf(servers: number, each: number, from: number, weight: number): Table {
  const services = Array.from({ length: servers / each }, (_, index): VirtualService => {
    const hosts = Array.from({ length: each }, (_server, at) => counted(from + index * each + at, weight));
    return {
      id: { kind: 'address', protocol: 'tcp', address: '10.0.0.1', port: index + 1 },
      scheduler: 'wrr',
      schedulerFlags: [],
      persistence: 'none',
      onePacket: false,
      destinations: hosts,
    };
  });
  return { services };
}

const owned = { vips: new Set(['10.0.0.1']), marks: new Set<string>() };

function readsFor(current: Table, wanted: Table): number {
  reads = 0;
  planTable(current, { services: wanted.services, held: [] }, owned);
  return reads;
}

describe('planning a table reads as much for each real server, however many there are', () => {
  const [few, many] = [1000, 10_000];

  it.each([
    ['the same table', (servers: number, each: number) => tableOf(servers, each, 0, 1)],
    ['another weight everywhere', (servers: number, each: number) => tableOf(servers, each, 0, 2)],
    ['other servers everywhere', (servers: number, each: number) => tableOf(servers, each, servers, 1)],
    ['half of them new', (servers: number, each: number) => tableOf(servers, each, each / 2, 1)],
    ['none', () => ({ services: [] })],
  ] as const)('%s', (_, wanted) => {
    for (const each of [10, 1000]) {
      const [small, large] = [few, many].map((servers) =>
        readsFor(tableOf(servers, each, 0, 1), wanted(servers, each)),
      );
      expect((large ?? 0) / many).toBeCloseTo((small ?? 0) / few, 5);
      expect((large ?? 0) / many).toBeLessThan(20);
    }
  });
});
