import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS, importInventory } from '../../../src/convert/index.js';
import { readIpvsadm } from '../../../src/convert/ipvsadm.js';
import { readKeepalived } from '../../../src/convert/keepalived.js';
import { isKeepalivedContent, parseKeepalivedText } from '../../../src/convert/keepalived-text.js';
import { readLdirectord } from '../../../src/convert/ldirectord.js';
import { LvsctlError } from '../../../src/errors.js';
import {
  observe,
  parseConnections,
  parseDaemons,
  parseHeld,
  parseListing,
  parseProc,
  parseProcConnections,
  parseRates,
  parseRecord,
  parseSave,
  parseStats,
  parseThresholds,
  parseTimeouts,
  parseTotals,
} from '../../../src/ipvs/index.js';

const texts = (folder: string): string[] =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name !== 'README.md')
    .map((name) => readFileSync(new URL(`${folder}/${name}`, import.meta.url), 'utf8'));
const captures = [
  ...texts('captures'),
  'master sync daemon (mcast=eth0, syncid=7, maxlen=1400, group=224.0.0.81, port=8848, ttl=1)\n',
  'Timeout (tcp tcpfin udp): 900 120 300\n',
  '@@ save\n-A -f 256 -6 -s wlc -p 360\n@@ connections\nTCP 0A000001 1F90 0A532164 0050 0A000002 0050 ESTABLISHED 899\n',
  'rs1 ftp 0 2026-01-01T00:00:00Z root a reason\n',
];
const configurations = texts('../convert/samples');

/** As one that reads a pipe that was cut off, a console of another encoding, or a file that was patched in the wrong place. */
const broken = (of: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      text: fc.constantFrom(...of),
      other: fc.constantFrom(...of),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)),
      word: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.constantFrom('', '\0', '\r\n', '\n\n', '-', ':', '[', '[::]:', '{', '}', '"', '!', '#', ' -> '),
        fc.constantFrom(
          '4294967296',
          '99999999999999999999',
          '-1',
          '0x',
          '1e9',
          'NaN',
          '__proto__',
          'constructor',
        ),
      ),
      glued: fc.boolean(),
    })
    .map(({ text, other, from, length, word, glued }) => {
      const at = Math.floor(from * text.length);
      const rest = length === Number.POSITIVE_INFINITY ? '' : text.slice(at + length);
      return text.slice(0, at) + word + rest + (glued ? other.slice(at) : '');
    });

const bytes = fc
  .uint8Array({ maxLength: 300 })
  .map((some) => Buffer.from(some))
  .chain((some) => fc.constantFrom(some.toString('utf8'), some.toString('latin1')));

const anything = (of: readonly string[]) =>
  fc.oneof({ weight: 1, arbitrary: bytes }, { weight: 4, arbitrary: broken(of) });

const readers: readonly (readonly [name: string, of: readonly string[], read: (text: string) => unknown])[] =
  [
    ['parseSave', captures, parseSave],
    ['parseListing', captures, parseListing],
    ['parseStats', captures, parseStats],
    ['parseRates', captures, parseRates],
    ['parseThresholds', captures, parseThresholds],
    ['parseProc', captures, parseProc],
    ['parseProc with HZ', captures, (text) => parseProc(text, 250)],
    ['parseConnections', captures, parseConnections],
    ['parseProcConnections', captures, parseProcConnections],
    ['parseTotals', captures, parseTotals],
    ['parseTimeouts', captures, parseTimeouts],
    ['parseDaemons', captures, parseDaemons],
    ['parseHeld', captures, parseHeld],
    ['parseRecord', captures, parseRecord],
    [
      'observe',
      captures,
      (text) =>
        observe({
          save: parseSave(text).table,
          proc: parseProc(text).table,
          thresholds: parseThresholds(text),
        }),
    ],
    ['readIpvsadm', [...captures, ...configurations], readIpvsadm],
    ['readKeepalived', configurations, readKeepalived],
    ['readLdirectord', configurations, readLdirectord],
    ['parseKeepalivedText', configurations, parseKeepalivedText],
    ['isKeepalivedContent', configurations, isKeepalivedContent],
    ...FORMATS.map(
      (format) =>
        [
          `importInventory, ${format}`,
          configurations,
          (text: string) => {
            try {
              return importInventory(text, format, { source: 'broken' });
            } catch (error) {
              expect(error).toBeInstanceOf(LvsctlError);
              return undefined;
            }
          },
        ] as const,
    ),
  ];

/** Whether a number of it is none, as of a field that was taken for one without a look. */
function hasNoNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  const parts = value instanceof Map ? [...value] : Object.values(value);
  return parts.some(hasNoNumber);
}

describe('any text', () => {
  it.each(readers)('is read or refused by %s', (_, of, read) => {
    fc.assert(
      fc.property(anything(of), (text) => {
        if (hasNoNumber(read(text))) throw new Error('a number that is none');
      }),
      { numRuns: 2000 },
    );
  });
});
