import { describe, expect, it } from 'vitest';
import {
  asChecksLeft,
  parseSave,
  planTable,
  renderSave,
  serviceKey,
  stayingServices,
  type Table,
} from '../../../src/ipvs/index.js';

const SERVICE = '-t 10.0.0.9:80';
const key = 'tcp 10.0.0.9:80';
const owned = { vips: new Set(['10.0.0.9']), marks: new Set<string>() };
const table = (...servers: readonly string[]): Table =>
  parseSave([`-A ${SERVICE} -s wrr`, ...servers.map((one) => `-a ${SERVICE} -r ${one}`)].join('\n')).table;

/** What lvsctl would do to this table, as lines of ipvsadm. */
function operations(live: Table, wanted: Table, servers: boolean, sorry?: string): string[] {
  const checked = new Map([
    [key, { servers, sorry: sorry === undefined ? undefined : { address: sorry, port: 80 } }],
  ]);
  const { services } = wanted;
  const left = asChecksLeft(live, { services, held: [] }, checked);
  return planTable(live, left, owned).operations.map((one) =>
    one.kind === 'editDestination'
      ? `${one.kind} ${one.destination.address} ${one.destination.weight}`
      : one.kind === 'addDestination'
        ? `${one.kind} ${one.destination.address}`
        : one.kind,
  );
}

describe('a table that checks change too', () => {
  const wanted = table('10.0.0.1:80 -g -w 3', '10.0.0.2:80 -g -w 1');

  it('is as it should be while a failed real server has weight 0', () => {
    const live = table('10.0.0.1:80 -g -w 0', '10.0.0.2:80 -g -w 1');
    expect(operations(live, wanted, true)).toEqual([]);
    expect(operations(live, wanted, false)).toEqual(['editDestination 10.0.0.1 3']);
  });

  it('is not where a server has another weight, is gone, or serves though it is drained', () => {
    expect(operations(table('10.0.0.1:80 -g -w 2', '10.0.0.2:80 -g -w 1'), wanted, true)).toEqual([
      'editDestination 10.0.0.1 3',
    ]);
    expect(operations(table('10.0.0.1:80 -g -w 3'), wanted, true)).toEqual(['addDestination 10.0.0.2']);
    const drained = table('10.0.0.1:80 -g -w 0', '10.0.0.2:80 -g -w 1');
    expect(operations(wanted, drained, true)).toEqual(['editDestination 10.0.0.1 0']);
  });

  it('is not where the scheduler is another one or the service is gone', () => {
    const other = parseSave(renderSave(wanted).replace('wrr', 'rr')).table;
    expect(operations(other, wanted, true)).toEqual(['editService']);
    expect(operations({ services: [] }, wanted, true)).toEqual([
      'addService',
      'addDestination 10.0.0.1',
      'addDestination 10.0.0.2',
    ]);
  });

  it('keeps the sorry server as it is, and misses no real server while that one serves', () => {
    const waiting = table('10.0.0.1:80 -g -w 3', '10.0.0.2:80 -g -w 1', '10.0.0.7:80 -g -w 0');
    expect(operations(waiting, wanted, true, '10.0.0.7')).toEqual([]);
    expect(operations(waiting, wanted, true)).toEqual([]);
    expect(operations(table('10.0.0.7:80 -g -w 1'), wanted, true, '10.0.0.7')).toEqual([]);
    expect(operations(table('10.0.0.7:80 -g -w 0'), wanted, true, '10.0.0.7')).toEqual([
      'addDestination 10.0.0.1',
      'addDestination 10.0.0.2',
    ]);
  });
});

describe('what keepalived.conf holds', () => {
  const whole = table('10.0.0.1:80 -g -w 3', '10.0.0.2:80 -g -w 1').services;
  const live = (...connections: readonly number[]): Table => ({
    services: table(...connections.map((_, index) => `10.0.0.${index + 1}:80 -g -w 1`)).services.map(
      (one) => ({
        ...one,
        destinations: one.destinations.map((destination, index) => ({
          ...destination,
          activeConnections: connections[index],
          inactiveConnections: 0,
        })),
      }),
    ),
  });
  const staying = (
    present: Table,
    { services = whole, held = [] as readonly number[], kept = new Map<string, string>() } = {},
  ) =>
    stayingServices(
      present,
      {
        services: services.map((one) => ({
          ...one,
          destinations: one.destinations.filter(
            ({ address }) => !held.includes(Number(address.split('.')[3])),
          ),
        })),
        held: held.map((last) => ({
          service: { kind: 'address', protocol: 'tcp', address: '10.0.0.9', port: 80 },
          address: `10.0.0.${last}`,
          port: 80,
          reason: 'not ready',
        })),
      },
      services,
      owned,
      kept,
    ).map(({ id, destinations }) => [
      serviceKey(id),
      ...destinations.map(({ address, weight }) => `${address} ${weight}`),
    ]);

  it('a server that leaves stays with weight 0 as long as it has connections', () => {
    expect(staying(live(0, 0, 5))).toEqual([[key, '10.0.0.1 3', '10.0.0.2 1', '10.0.0.3 0']]);
    expect(staying(live(0, 0, 0))).toEqual([[key, '10.0.0.1 3', '10.0.0.2 1']]);
  });

  it('so does a service that leaves', () => {
    expect(staying(live(4, 0), { services: [] })).toEqual([[key, '10.0.0.1 0']]);
    expect(staying(live(0, 0), { services: [] })).toEqual([]);
  });

  it('a server that is held back stays where the table has it, and is not added where not', () => {
    expect(staying(live(0, 0), { held: [2] })).toEqual([[key, '10.0.0.1 3', '10.0.0.2 1']]);
    expect(staying(live(0), { held: [2] })).toEqual([[key, '10.0.0.1 3']]);
  });

  it('a sorry server is not one that leaves', () => {
    expect(staying(live(0, 0, 5), { kept: new Map([[key, '10.0.0.3:80']]) })).toEqual([
      [key, '10.0.0.1 3', '10.0.0.2 1'],
    ]);
  });
});
