import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { draftOf } from '../../../src/inventory/draft.js';
import { draftFromText, draftToText, exactText } from '../../../src/inventory/draft-text.js';
import { loadInventory } from '../../../src/inventory/index.js';
import { thisMachine } from '../../../src/inventory/surroundings.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsctl-kept-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const inventory = (port: number, more = ''): string => `export default {
  hosts: { d: { address: '10.0.0.1' }, r: { address: '10.0.0.2' } },
  services: { web: { vip: '10.0.0.9', port: ${port}, directors: ['d'], realServers: [{ host: 'r' }] } },${more}
};`;

describe('what is kept of an inventory', () => {
  const load = (text: string) => {
    const file = join(home, 'inventory.ts');
    writeFileSync(file, text);
    return loadInventory(file, { ...thisMachine(), home });
  };
  const kept = (kind: string): string[] =>
    readdirSync(join(home, '.cache/lvsctl/jiti')).filter((name) => name.endsWith(`.${kind}`));

  it('gives the same cluster the second time, from one translation and one draft', async () => {
    const first = await load(inventory(80));
    expect(await load(inventory(80))).toEqual(first);
    expect([kept('js').length, kept('draft').length]).toEqual([1, 1]);
  });

  it('is made anew when the file changes, and takes the place of the old', async () => {
    await load(inventory(80));
    expect((await load(inventory(81))).services[0]?.port).toBe(81);
    expect([kept('js').length, kept('draft').length]).toEqual([1, 1]);
  });

  it('does not make a bad inventory good', async () => {
    await load(inventory(80));
    await expect(load(inventory(80, ' nonsense: 1'))).rejects.toThrow(/unknown key/);
    await expect(load(inventory(80, ' nonsense: 1'))).rejects.toThrow(/unknown key/);
    await expect(load(inventory(80, ' nonsense: () => 1'))).rejects.toThrow(/unknown key/);
  });

  it('is not believed when it was made by something else', async () => {
    await load(inventory(80));
    const [name = ''] = kept('draft');
    const path = join(home, '.cache/lvsctl/jiti', name);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/^.*\n/, '// 0000\n').replaceAll('10.0.0.9', '10.0.0.8'),
    );
    expect((await load(inventory(80))).services[0]?.vip).toBe('10.0.0.9');
  });
});

describe('exactText', () => {
  it('stands for one value alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = exactText(value);
        if (text !== undefined) expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  it.each([
    ['a function', { a: () => 1 }],
    ['undefined', { a: undefined }],
    ['a date', { a: new Date(0) }],
    ['an instance', { a: new (class Host {})() }],
    ['not a number', { a: Number.NaN }],
    ['a hole', { a: new Array(2) }],
    ['a symbol', { [Symbol('a')]: 1 }],
    [
      'a getter',
      {
        get a() {
          return 1;
        },
      },
    ],
    ['its own JSON', { toJSON: () => 'x' }],
  ])('is not given for %s', (_, value) => expect(exactText(value)).toBe(undefined));
});

it('a draft survives its text', () => {
  const draft = draftOf({
    name: 'x',
    hosts: { d: { address: '10.0.0.1' } },
    groups: { g: { hosts: ['d'] } },
    services: { web: { vip: '10.0.0.9', port: 80, directors: ['d'], realServers: [{ host: 'd' }] } },
    roles: { ftp: { banner: 'hello' } },
    kernelProfiles: {
      own: {
        version: '2.4.31',
        source: { file: 'linux.tar', sha256: '0'.repeat(64) },
        flavour: '2.4',
        options: {},
        image: { target: 'bzImage', path: 'bzImage' },
        arp: 'hidden',
      },
    },
  });
  expect(draft.kernelProfiles.get('own')?.version).toBe('2.4.31');
  expect(draftFromText(draftToText(draft))).toEqual(draft);
});
