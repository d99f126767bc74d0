import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connection, parseConnections, parseProcConnections } from '../../../src/ipvs/index.js';
import { hexAddress, hexPort, join } from './fake-formats.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');

const address = {
  4: fc.ipV4(),
  6: fc.constantFrom('fd00:7::', 'fd00:7::110', '2001:db8::1', '::1'),
} as const;
const port = fc.integer({ min: 0, max: 65535 });

/** Real connections and templates; of a mark, the virtual address is the mark. */
const connection: fc.Arbitrary<Connection> = fc.constantFrom(4 as const, 6 as const).chain((family) =>
  fc
    .record({
      protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
      client: fc.record({ address: address[family], port }),
      virtual: fc.record({ address: address[family], port }),
      destination: fc.record({ address: fc.oneof(address[family], address[6]), port }),
      state: fc.constantFrom('ESTABLISHED', 'SYN_RECV', 'FIN_WAIT', 'NONE', 'UDP', 'ASSURED'),
      expiresSeconds: fc.integer({ min: 0, max: 2678400 }),
      engine: fc.constantFrom(undefined, { name: 'sip', data: 'a84b4c76e66710@pc33' }),
    })
    .map(({ engine, ...rest }) => ({
      ...rest,
      template: rest.client.port === 0,
      ...(engine !== undefined && { engine }),
    })),
);

function listed({
  protocol,
  client,
  virtual,
  destination,
  state,
  expiresSeconds,
  engine,
}: Connection): string {
  const minutes = String(Math.floor(expiresSeconds / 60)).padStart(2, '0');
  const seconds = String(expiresSeconds % 60).padStart(2, '0');
  const ends = [client, virtual, destination].map((end) => join(end.address, end.port).padEnd(18));
  const tail = engine === undefined ? '' : ` ${engine.name.padEnd(6)} ${engine.data}`;
  return `${protocol.toUpperCase().padEnd(3)} ${`${minutes}:${seconds}`.padEnd(6)} ${state.padEnd(11)} ${ends.join(' ')}${tail}`;
}

const inHex = (end: { address: string; port: number }) =>
  `${hexAddress(end.address)
    .replace(/^\[|\]$/g, '')
    .toLowerCase()} ${hexPort(end.port)}`;

function inProc({
  protocol,
  client,
  virtual,
  destination,
  state,
  expiresSeconds,
  engine,
}: Connection): string {
  const ends = [client, virtual, destination].map(inHex).join(' ');
  const tail = engine === undefined ? '' : ` ${engine.name} ${engine.data}`;
  return `${protocol.toUpperCase().padEnd(3)} ${ends} ${state.padEnd(11)} ${String(expiresSeconds).padStart(7)}${tail}`;
}

const listHeader =
  'IPVS connection entries\npro expire state       source             virtual            destination\n';
const procHeader = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';

describe('connections', () => {
  it('are read from `ipvsadm -Lcn` as they were written', () => {
    fc.assert(
      fc.property(fc.array(connection), (connections) => {
        const text = `${listHeader}${connections.map((one) => `${listed(one)}\n`).join('')}`;
        expect(parseConnections(text)).toEqual({ connections, unread: [] });
      }),
    );
  });

  it('are read from /proc/net/ip_vs_conn as they were written', () => {
    fc.assert(
      fc.property(fc.array(connection), (connections) => {
        const text = `${procHeader}${connections.map((one) => `${inProc(one)}\n`).join('')}`;
        expect(parseProcConnections(text)).toEqual({ connections, unread: [] });
      }),
    );
  });

  it('of one kernel are the same in both captures, templates told apart', () => {
    const { connections, unread } = parseConnections(capture('connections-1.31.txt'));
    const proc = parseProcConnections(capture('proc-conn-6.1.txt'));
    expect([unread, proc.unread]).toEqual([[], []]);
    expect(proc.connections).toEqual(connections);
    expect(connections.filter(({ template }) => template)).toEqual([
      {
        protocol: 'tcp',
        client: { address: '192.168.7.0', port: 0 },
        virtual: { address: '192.168.7.110', port: 8080 },
        destination: { address: '192.168.7.1', port: 80 },
        state: 'NONE',
        expiresSeconds: 595,
        template: true,
      },
    ]);
  });

  it('of a mark: the template has it for an address, in either family', () => {
    const { connections, unread } = parseConnections(
      'IP  04:58  ASSURED     192.168.7.110:0    0.0.0.1:0          192.168.7.1:0\n' +
        'IP  04:58  ASSURED     [fd00:7::]:0       [ffff:fffe::]:0    192.168.7.9:0\n',
    );
    expect(unread).toEqual([]);
    expect(connections.map(({ mark, template }) => [mark, template])).toEqual([
      [1, true],
      [4294967294, true],
    ]);
  });

  it('that are none are told by line, and nothing throws', () => {
    const lines = ['TCP 14:58 ESTABLISHED 1.2.3.4:5', 'TCP x NONE 1.2.3.4:5 1.2.3.4:5 1.2.3.4:5', 'hello'];
    expect(parseConnections(lines.join('\n')).unread.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(parseProcConnections('TCP C0A80700 0000 C0A8076E\n').unread).toHaveLength(1);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const written = text.split('\n').filter((line) => line.trim() !== '').length;
        for (const { connections, unread } of [parseConnections(text), parseProcConnections(text)])
          expect(connections.length + unread.length).toBeLessThanOrEqual(written);
      }),
    );
  });
});
