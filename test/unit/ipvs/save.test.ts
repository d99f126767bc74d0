import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSave, renderSave, serviceKey, type Table } from '../../../src/ipvs/index.js';
import { table } from './arbitrary.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');

/** What `-Sn` can carry of a table. */
function withoutThresholds({ services }: Table): Table {
  return {
    services: services.map((service) => ({
      ...service,
      destinations: service.destinations.map((destination) => ({
        ...destination,
        upperThreshold: undefined,
        lowerThreshold: undefined,
      })),
    })),
  };
}

describe('parseSave', () => {
  it('reads what renderSave writes', () => {
    fc.assert(
      fc.property(table, (any) => {
        expect(parseSave(renderSave(any))).toEqual({ table: withoutThresholds(any), unread: [] });
      }),
    );
  });

  it('is total: any text gives a table, and every line that it drops is told', () => {
    const word = fc.constantFrom(
      ...'-A -a -t -u -f -6 -s -p -M -r -g -m -w -b -o --pe pe ops wrr 10.0.0.1:80 10.0.0.2:80 [fd00::1]:1 300 -1 x'.split(
        ' ',
      ),
    );
    const line = fc.oneof(
      fc.array(word, { maxLength: 10 }).map((words) => words.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const { table: read, unread } = parseSave(lines.join('\n'));
        const entries = read.services.length + read.services.flatMap((s) => s.destinations).length;
        const told = new Set(unread.map(({ line: number }) => number)).size;
        const given = lines
          .join('\n')
          .split('\n')
          .filter((text) => text.trim() !== '').length;
        expect(entries + told).toBeGreaterThanOrEqual(given);
      }),
    );
  });

  it('and renderSave write a real table of ipvsadm 1.31 back to the byte, but for flag-3', () => {
    const text = capture('save-1.31.txt');
    const { table: read, unread } = parseSave(text);
    expect(unread).toEqual([]);
    const expected = text.replace('-s sh -b \n', '-s sh\n').replaceAll('-f -1 ', '-f 4294967295 ');
    expect(renderSave(read)).toBe(expected);
  });

  it('knows that it does not know the flags of a service whose -b is empty', () => {
    const flags = parseSave(capture('save-1.31.txt')).table.services.find(
      ({ id }) => serviceKey(id) === 'tcp 192.168.7.110:83',
    );
    expect(flags?.scheduler).toBe('sh');
    expect(flags?.schedulerFlags).toBeUndefined();
  });

  it('takes no default for what the format does not carry', () => {
    const [service] = parseSave('-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1').table
      .services;
    expect(service?.destinations[0]).toMatchObject({
      upperThreshold: undefined,
      lowerThreshold: undefined,
      activeConnections: undefined,
    });
  });

  it('reads 1.26, which prints pe and ops without dashes', () => {
    const { table: read, unread } = parseSave(capture('save-1.26.txt'));
    expect(unread).toEqual([]);
    const byKey = new Map(read.services.map((service) => [serviceKey(service.id), service]));
    expect(byKey.get('udp 192.168.7.110:53')?.onePacket).toBe(true);
    expect(byKey.get('udp 192.168.7.110:5060')?.persistence).toEqual({
      timeoutSeconds: 60,
      netmask: '255.255.255.255',
      engine: 'sip',
    });
    expect(byKey.get('fwmark 256 (IPv6)')?.destinations).toHaveLength(1);
  });

  it('reads 1.21', () => {
    const { table: read, unread } = parseSave(capture('save-1.21.txt'));
    expect(unread).toEqual([]);
    expect(read.services.map(({ id }) => serviceKey(id))).toEqual([
      'tcp 10.83.33.100:21',
      'tcp 10.83.33.100:80',
      'fwmark 1',
    ]);
    expect(read.services[0]?.destinations.map(({ address, weight }) => [address, weight])).toEqual([
      ['10.83.33.2', 1],
      ['10.83.33.76', 3],
    ]);
  });

  it('reads thresholds where somebody wrote them for -R, and says which line each entry is from', () => {
    const places: unknown[] = [];
    const text = '-A -t 10.0.0.1:80 -s rr\n\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1 -x 500 -y 300\n';
    const { table: read, unread } = parseSave(text, (line, { service, destination }) =>
      places.push([line, serviceKey(service), destination]),
    );
    expect(unread).toEqual([]);
    expect(read.services[0]?.destinations[0]).toMatchObject({ upperThreshold: 500, lowerThreshold: 300 });
    expect(places).toEqual([
      [1, 'tcp 10.0.0.1:80', undefined],
      [3, 'tcp 10.0.0.1:80', { address: '10.0.0.2', port: 80 }],
    ]);
    expect(parseSave(text.replace('300', 'many')).unread).toMatchObject([
      { line: 3, reason: 'no threshold after -y' },
    ]);
  });

  it.each([
    ['-A -t 10.0.0.1:80 -s rr --newer', 'unknown word --newer'],
    ['-A -t 10.0.0.1:80', 'no scheduler'],
    ['-A -t 10.0.0.300:80 -s rr', 'not a service or real server'],
    ['-A -t 10.0.0.1:65536 -s rr', 'not a service or real server'],
    ['-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1', 'no service tcp 10.0.0.1:80 above'],
    ['-C', 'not a service or real server'],
    ['--set 900 120 300', 'not a service or real server'],
  ])('tells of %s', (text, reason) => {
    expect(parseSave(text).unread).toEqual([{ line: 1, text, reason }]);
  });
});
