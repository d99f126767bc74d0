import { expect, it } from 'vitest';
import { parseRecord, recordDifferences } from '../../../src/ipvs/index.js';
import { cluster } from './cluster.js';

const both = cluster({ directors: ['lvs', 'lvs2'] });
const differences = (records: Readonly<Record<string, string>>, of = both) =>
  recordDifferences(of, new Map(Object.entries(records).map(([name, text]) => [name, parseRecord(text)])));

const drained = 'ftp1 ftp 0 2026-11-25T16:40:00Z alice@ops1 new disk';
const later = 'ftp1 ftp 7 2026-11-25T17:00:00Z bob@ops2';

it('is told of the director that does not say what the newest entry says, with both ways out', () => {
  expect(differences({ lvs: drained, lvs2: '' })).toEqual([
    {
      director: 'lvs2',
      text:
        'ftp1 in ftp is drained since 2026-11-25T16:40:00Z by alice@ops1: new disk: so says the record of lvs, and that of lvs2 ' +
        'says nothing of it; `lvsctl drain ftp1 --service ftp` has it so on all directors, ' +
        '`lvsctl undrain ftp1 --service ftp` the inventory’s weight',
    },
  ]);
  expect(differences({ lvs: drained, lvs2: later })).toMatchObject([
    {
      director: 'lvs',
      text: expect.stringMatching(/that it has weight 0; `lvsctl weight ftp1 ftp 7` has it so/),
    },
  ]);
});

it('of a host that a rolling run has taken out, and not given back everywhere, is told with ways back alone', () => {
  const rolling = 'ftp1 ftp 0 2026-11-25T18:00:00Z alice@ops1 rolling';
  const before = `, before: ${later.split(' ').slice(2).join(' ')}`;
  const [plain] = differences({ lvs: '', lvs2: rolling });
  expect(plain).toEqual({
    director: 'lvs',
    text:
      'ftp1 in ftp is drained since 2026-11-25T18:00:00Z by alice@ops1: rolling: so says the record of lvs2, and that of lvs ' +
      'says nothing of it; the rolling run, once it is run again, gives it back after a good check, ' +
      '`lvsctl undrain ftp1 --service ftp` does unchecked',
  });
  const [over] = differences({ lvs: later, lvs2: rolling + before });
  expect(over).toMatchObject({
    director: 'lvs',
    text: expect.stringMatching(
      /that it has weight 7; the rolling run, once .* check, `lvsctl weight ftp1 ftp 7` does unchecked, and `lvsctl undrain ftp1 --service ftp` with the inventory’s weight$/,
    ),
  });
  // An operator who says that word has drained it.
  expect(differences({ lvs: '', lvs2: `${drained} of rolling` })[0]?.text).toContain('`lvsctl drain ftp1');
});

it('is none where the weights are the same, whoever set them, where a record is not known, or one director is alone', () => {
  expect(differences({ lvs: drained, lvs2: 'ftp1 ftp 0 2026-11-26T00:00:00Z bob@ops2' })).toEqual([]);
  expect(differences({ lvs: drained })).toEqual([]);
  expect(differences({ lvs: drained, lvs2: '' }, cluster())).toEqual([]);
  // What is about nothing in the inventory goes with the next provision.
  expect(differences({ lvs: drained.replace('ftp1', 'gone'), lvs2: '' })).toEqual([]);
});
