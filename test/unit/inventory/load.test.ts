import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import { InventoryError, importDefault, loadInventory } from '../../../src/inventory/index.js';
import { thisMachine } from '../../../src/inventory/surroundings.js';
import { goodInventory } from './inventories.js';

let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-inventory-'));
  home = join(folder, 'home');
  mkdirSync(home);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const load = (path: string) => loadInventory(path, { ...thisMachine(), home, env: {} });

/** Message and hint of the refusal, with the test's folder as DIR. */
async function refusal(path: string): Promise<string> {
  const error: unknown = await load(path).catch((reason: unknown) => reason);
  if (!(error instanceof UsageError)) throw new Error(`no UsageError: ${String(error)}`);
  return `${error.message}${error.hint ? `\n→ ${error.hint}` : ''}`.replaceAll(folder, 'DIR');
}

const SMALL = `{ hosts: { d: { address: '10.0.0.1' } },
  services: { web: { vip: '10.0.0.9', port: 80, directors: ['d'], realServers: [{ host: 'd' }] } } }`;

describe('a file that can be loaded', () => {
  test('TypeScript with an enum, a type import without `type`, and another file without extension', async () => {
    write(
      'addresses.ts',
      `export interface Net { prefix: number }\nexport enum Last { director = 1, vip = 9 }\n`,
    );
    const path = write(
      'inventory.ts',
      `import { defineInventory, Inventory } from 'lvsctl';
import { Last, Net } from './addresses';
const net: Net = { prefix: 25 };
const inventory: Inventory = {
  hosts: { d: { address: \`10.0.0.\${Last.director}/\${net.prefix}\` } },
  services: { web: { vip: '10.0.0.' + Last.vip, port: 80, directors: ['d'], realServers: [{ host: 'd' }] } },
};
export default defineInventory(inventory);
`,
    );
    const cluster = await load(path);
    expect(cluster.hosts.get('d')).toMatchObject({ address: '10.0.0.1', prefix: 25 });
    expect(cluster.services[0]?.vip).toBe('10.0.0.9');
    expect(cluster.file).toBe(path);
  });

  test('JSON, plain JavaScript, CommonJS', async () => {
    await load(write('a.json', JSON.stringify(goodInventory())));
    await load(write('a.mjs', `export default ${SMALL}`));
    await load(write('a.cjs', `module.exports = ${SMALL}`));
  });

  test('is read anew each time', async () => {
    const path = write('inventory.ts', `export default ${SMALL}`);
    await load(path);
    write('inventory.ts', `export default ${SMALL.replaceAll('10.0.0.9', '10.0.0.8')}`);
    expect((await load(path)).services[0]?.vip).toBe('10.0.0.8');
  });

  test('lvsctl in it is this very lvsctl', async () => {
    const path = write('which.ts', `import { UsageError } from 'lvsctl';\nexport default UsageError;\n`);
    expect(await importDefault(path, { ...thisMachine(), home })).toBe(UsageError);
  });

  test('what is compiled is kept where only this user can write', async () => {
    const cache = join(home, '.cache/lvsctl/jiti');
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, 0o777);
    await load(write('inventory.ts', `export default ${SMALL} as object`));
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(readdirSync(cache)).not.toEqual([]);
  });

  test('a home that can’t be written to is no obstacle', async () => {
    home = join(write('file', ''), 'home');
    expect((await load(write('inventory.ts', `export default ${SMALL}`))).services).toHaveLength(1);
  });

  test.each([
    ['shop.ts', 'shop'],
    ['Shop & Co.ts', 'shop-co'],
    ['-.ts', 'cluster'],
    [`${'x'.repeat(40)}.ts`, 'x'.repeat(32)],
  ])('%s without a name is the cluster %s', async (file, name) => {
    expect((await load(write(file, `export default ${SMALL}`))).name).toBe(name);
  });

  test('inventory.ts without a name is called like its folder', async () => {
    mkdirSync(join(folder, 'Web_Shop'));
    expect((await load(write('Web_Shop/inventory.ts', `export default ${SMALL}`))).name).toBe('web-shop');
  });
});

describe('a file that can’t be loaded', () => {
  test('does not exist', async () => {
    expect(await refusal(join(folder, 'none.ts'))).toBe(
      'DIR/none.ts: there is no such file\n→ `lvsctl init` writes an inventory to begin with',
    );
  });

  test('is a folder', async () => {
    expect(await refusal(folder)).toBe('DIR is not a file\n→ name the inventory file itself');
  });

  test('exports nothing as default', async () => {
    expect(await refusal(write('a.ts', `export const inventory = ${SMALL};`))).toBe(
      'DIR/a.ts has no default export\n→ write `export default defineInventory({ … })`',
    );
  });

  test('has a syntax error', async () => {
    const path = write(
      'a.ts',
      `import { defineInventory } from 'lvsctl';
export default defineInventory({
  hosts: { d: { address: '10.0.0.1' },
  services: [1, 2
});
`,
    );
    expect(await refusal(path)).toBe(
      `DIR/a.ts:5:1: Unexpected token, expected ","
  4 |   services: [1, 2
> 5 | });
    | ^
  6 |
→ correct the syntax at the mark, or just before it`,
    );
  });

  test('has a syntax error in a line with tabs', async () => {
    expect(await refusal(write('a.ts', 'const a = 1;\n\tconst b: = 2;\nexport default a;\n'))).toBe(
      `DIR/a.ts:2:11: Unexpected token
  1 | const a = 1;
> 2 | \tconst b: = 2;
    | \t         ^
  3 | export default a;
→ correct the syntax at the mark, or just before it`,
    );
  });

  test('has a syntax error in a file that it imports', async () => {
    write('b.ts', 'export const x = ;\n');
    expect(await refusal(write('a.ts', `import { x } from './b';\nexport default x;\n`))).toBe(
      `DIR/b.ts:1:18: Unexpected token
> 1 | export const x = ;
    |                  ^
  2 |
→ correct the syntax at the mark, or just before it`,
    );
  });

  test('throws', async () => {
    const path = write(
      'a.ts',
      `interface Site { hosts?: { first: string } }
const site: Site = {};

function firstHost(): string {
  return site.hosts!.first;
}
export default { name: firstHost() };
`,
    );
    expect(await refusal(path)).toBe(
      `DIR/a.ts:5:22: TypeError: Cannot read properties of undefined (reading 'first')
  4 | function firstHost(): string {
> 5 |   return site.hosts!.first;
    |                      ^
  6 | }
→ the error comes from this line of the file itself`,
    );
  });

  test('uses a name that is not defined', async () => {
    expect(await refusal(write('a.ts', `// hosts\nexport default { hosts: machines };\n`))).toBe(
      `DIR/a.ts:2:25: ReferenceError: machines is not defined
  1 | // hosts
> 2 | export default { hosts: machines };
    |                         ^
  3 |
→ the error comes from this line of the file itself`,
    );
  });

  test('misspells what it imports from lvsctl', async () => {
    const path = write(
      'a.ts',
      `import { defineInventry } from 'lvsctl';\nexport default defineInventry({});\n`,
    );
    expect(await refusal(path)).toContain('DIR/a.ts:2:16: TypeError: ');
  });

  test.each([
    ['./addresses', 'correct the path, which is relative to the importing file'],
    ['address-book', 'install it beside the file: npm install address-book'],
  ])('imports %s, which is not there', async (name, hint) => {
    expect(
      await refusal(write('a.ts', `// a list\nimport list from '${name}';\nexport default list;\n`)),
    ).toBe(
      `DIR/a.ts:2:18: Cannot find module '${name}'
  1 | // a list
> 2 | import list from '${name}';
    |                  ^
  3 | export default list;
→ ${hint}`,
    );
  });

  test('throws what is not an error', async () => {
    expect(await refusal(write('a.ts', `throw 'tired';`))).toBe(
      'DIR/a.ts throws "tired"\n→ the inventory file must run through and export its value',
    );
  });

  test('is JSON with a mistake', async () => {
    expect(await refusal(write('a.json', '{\n  "hosts": {\n    "d": {},\n  }\n}\n'))).toBe(
      `DIR/a.json:4:3: Expected double-quoted property name
  3 |     "d": {},
> 4 |   }
    |   ^
  5 | }
→ correct the JSON`,
    );
    expect(await refusal(write('a.json', '{ "hosts": }'))).toMatch(/^DIR\/a\.json.*\bUnexpected token/);
  });
});

test('a problem of the inventory is shown in its source', async () => {
  const path = write(
    'a.ts',
    `import { defineInventory } from 'lvsctl';
const PORT = 70_000;
export default defineInventory({
  hosts: { d: { address: '10.0.0.1' } }, // one host
  services: {
    web: {
      vip: '10.0.0.9',
      port: PORT,
      directors: ['d'],
      realServers: [{ host: 'd' }],
    },
  },
});
`,
  );
  expect(await refusal(path)).toBe(
    `DIR/a.ts has a problem
  services.web.port = 70000: is out of range, 0 to 65535
    → Port that clients connect to, 1 to 65535; 0 is every port, and needs \`persistence\`.
    at DIR/a.ts:8:7
        7 |       vip: '10.0.0.9',
      > 8 |       port: PORT,
          |       ^
        9 |       directors: ['d'],`,
  );
  await expect(load(path)).rejects.toBeInstanceOf(InventoryError);
});
