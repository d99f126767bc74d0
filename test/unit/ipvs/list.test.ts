import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListing, parseSave } from '../../../src/ipvs/index.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');

describe('parseListing', () => {
  const listed = parseListing(capture('list-1.31.txt'));

  it('says the same of a live table as `ipvsadm -Sn` does, and connections too', () => {
    expect(listed.unread).toEqual([]);
    const { table } = parseSave(capture('save-1.31.txt'));
    const unsaid = { tunnel: undefined, activeConnections: undefined, inactiveConnections: undefined };
    const comparable = (services: typeof table.services) =>
      services.map((service) => ({
        ...service,
        destinations: service.destinations.map((one) => ({ ...one, ...unsaid })),
      }));
    expect(comparable(listed.table.services)).toEqual(comparable(table.services));
    const ftp = listed.table.services.find(({ id }) => id.kind === 'address' && id.port === 21);
    expect(ftp?.destinations.map((one) => [one.activeConnections, one.inactiveConnections])).toEqual([
      [1, 0],
      [3, 0],
    ]);
  });

  it('keeps apart the servers below a line that it does not understand', () => {
    const { table, unread } = parseListing(
      'TCP  10.0.0.1:80 rr\n  -> 10.0.0.2:80 Route 1 0 0\nXYZ  10.0.0.1:81 rr\n  -> 10.0.0.3:81 Route 1 0 0\n',
    );
    expect(table.services.map(({ destinations }) => destinations.length)).toEqual([1]);
    expect(unread.map(({ line }) => line)).toEqual([3, 4]);
  });

  it('takes an entry that stands there twice once', () => {
    const { table, unread } = parseListing(
      'TCP  10.0.0.1:80 rr\n  -> 10.0.0.2:80 Route 1 0 0\n  -> 10.0.0.2:80 Route 2 0 0\nTCP  10.0.0.1:80 wrr\n',
    );
    expect(table.services).toHaveLength(1);
    expect(table.services[0]?.destinations.map(({ weight }) => weight)).toEqual([1]);
    expect(unread.map(({ reason }) => reason)).toEqual(['10.0.0.2:80 again', 'tcp 10.0.0.1:80 again']);
  });

  it('takes any text', () => {
    const words = fc.constantFrom(
      'TCP',
      'FWM',
      '->',
      '10.0.0.1:80',
      'rr',
      'persistent',
      'mask',
      '()',
      '1',
      'x',
    );
    const lines = fc.array(fc.array(words).map((line) => line.join(' ')));
    fc.assert(
      fc.property(lines, (text) => {
        const { table, unread } = parseListing(text.join('\n'));
        const read = table.services.length + table.services.flatMap((one) => one.destinations).length;
        expect(read + unread.length).toBe(text.filter((line) => line.trim() !== '').length);
      }),
    );
  });
});
