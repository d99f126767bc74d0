import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beforeRolling,
  describeRecorded,
  emptyRecord,
  isRolling,
  parseRecord,
  type RecordedWeight,
  recordReason,
  recordWith,
  recordWithout,
  recordWord,
  renderRecord,
  rollingOver,
  rollingReason,
  staleEntries,
  withRecorded,
} from '../../../src/ipvs/index.js';
import { cluster } from './cluster.js';

const name = fc.constantFrom('rs1', 'rs2', 'ftp', 'a-b', 'web.2');
const entry: fc.Arbitrary<RecordedWeight> = fc.record({
  host: name,
  service: name,
  weight: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  when: fc.constant('2026-11-25T16:40:00Z'),
  who: fc.string({ unit: 'grapheme' }).map(recordWord),
  reason: fc.string({ unit: 'binary' }).map(recordReason),
});
const oneForEach = (entries: readonly RecordedWeight[]) => recordWith(emptyRecord, entries);

describe('the record of weights', () => {
  it('reads what it has written', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const record = oneForEach(entries);
        expect(parseRecord(renderRecord(record).join('\n'))).toEqual(record);
      }),
    );
  });

  it('gives back what a rolling run has written over, whatever it was', () => {
    fc.assert(
      fc.property(entry, (one) => {
        fc.pre(!isRolling(one));
        const over = { ...one, weight: 0, who: 'run', reason: rollingOver(one) };
        const [read] = parseRecord(renderRecord(oneForEach([over])).join('\n')).entries;
        expect(read && isRolling(read)).toBe(true);
        expect(read && beforeRolling(read)).toEqual(one);
      }),
    );
    expect(isRolling({ reason: rollingReason })).toBe(true);
    expect(
      ['rolling back a release', 'rolling, before: noon', ''].map((reason) => isRolling({ reason })),
    ).toEqual([false, false, false]);
  });

  it('takes any text, keeps what is no entry as it stands, and reads that again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const record = parseRecord(text);
        const again = parseRecord(renderRecord(record).join('\n'));
        expect(again.entries).toEqual(
          record.entries.map((one) => ({ ...one, reason: one.reason.trimEnd() })),
        );
        expect(again.unread).toHaveLength(record.unread.filter((one) => !one.text.startsWith('#')).length);
      }),
    );
  });

  it('says what is no entry, and lets the last of two count', () => {
    const text = 'rs1 ftp 0 T w\nrs1 ftp -1 T w\nrs1 ftp\nrs1 ftp 5 T w why not\n';
    expect(parseRecord(text)).toEqual({
      entries: [{ host: 'rs1', service: 'ftp', weight: 5, when: 'T', who: 'w', reason: 'why not' }],
      unread: [
        { line: 2, text: 'rs1 ftp -1 T w', reason: 'not HOST SERVICE WEIGHT WHEN WHO REASON' },
        { line: 3, text: 'rs1 ftp', reason: 'not HOST SERVICE WEIGHT WHEN WHO REASON' },
      ],
    });
  });

  it('is no file when it is empty', () => {
    expect(renderRecord(emptyRecord)).toEqual([]);
  });

  const of = (host: string, service: string, weight = 0): RecordedWeight => ({
    host,
    service,
    weight,
    when: '2026-11-25T16:40:00Z',
    who: 'alice@ops1',
    reason: '',
  });

  it('wins over the weights of the inventory, and over nothing else', () => {
    const site = cluster();
    const { services } = withRecorded(site, { entries: [of('ftp1', 'ftp'), of('ftp2', 'web')], unread: [] });
    expect(services).toEqual([
      {
        ...site.services[0],
        realServers: [{ ...site.services[0]?.realServers[0], weight: 0 }, site.services[0]?.realServers[1]],
      },
    ]);
    expect(withRecorded(site, emptyRecord)).toBe(site);
  });

  it('knows what is about nobody on this director any more', () => {
    const record = { entries: [of('ftp1', 'ftp'), of('ftp1', 'web'), of('ftp9', 'ftp')], unread: [] };
    expect(staleEntries(cluster(), 'lvs', record)).toEqual(record.entries.slice(1));
    expect(staleEntries(cluster(), 'lvs2', record)).toEqual(record.entries);
  });

  it('changes by host and service', () => {
    const record = oneForEach([of('rs1', 'ftp'), of('rs2', 'ftp', 4)]);
    expect(recordWith(record, [of('rs1', 'ftp', 7)]).entries.map(({ weight }) => weight)).toEqual([7, 4]);
    expect(recordWithout(record, [of('rs1', 'ftp')]).entries).toEqual([of('rs2', 'ftp', 4)]);
  });

  it('is told in words', () => {
    expect(describeRecorded({ ...of('rs1', 'ftp'), reason: 'new disk' })).toBe(
      'rs1 in ftp is drained since 2026-11-25T16:40:00Z by alice@ops1: new disk',
    );
    expect(describeRecorded(of('rs1', 'ftp', 5))).toBe(
      'rs1 in ftp has weight 5 since 2026-11-25T16:40:00Z by alice@ops1',
    );
  });
});
