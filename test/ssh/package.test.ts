import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryJsonSchema } from '../../src/inventory/schema.js';
import { LanguageServer } from '../support/language-server.js';

/** What is built is packed, and installed as a user has it: in an empty folder without TypeScript and without Node's types. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-package-'));
const user = (name: string): string => join(folder, name);
const minutes = (count: number): number => count * 60_000;

const inventory = `import { defineInventory } from 'lvsctl';

export default defineInventory({
  name: 'mine',
  ssh: { hostKeys: 'strict' },
  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
  },
  services: {
    ftp: { vip: '10.83.33.100', port: 21, directors: ['director'], realServers: [{ host: 'rs1' }] },
  },
  ownRoles: { motd: { greeting: 'hello' } },
});
`;

const playbook = `import { definePlaybook, defineRole, type Resource, sh } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
import { file } from 'lvsctl/resources';
import { arp, realserver } from 'lvsctl/roles';
import { z } from 'zod';

const motd = defineRole({
  name: 'motd',
  description: 'a greeting',
  params: z.strictObject({ greeting: z.string() }),
  appliesTo: () => true,
  resources: ({ host, params }): Resource[] => [
    file({ path: '/etc/motd', content: \`\${params.greeting} from \${host.name}\\n\` }),
    file({ path: '/etc/bytes', content: new Uint8Array([1, 2, 3]) }),
    { id: 'uptime', probe: sh\`uptime\`, plan: () => undefined },
  ],
});

export default definePlaybook({
  name: 'mine',
  stages: [...site.stages, { name: 'again', hosts: 'all', roles: [arp, realserver, motd], strategy: 'rolling' }],
  verify: true,
});
`;

interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, ...args: readonly string[]): Promise<Finished> {
  try {
    return { status: 0, ...(await promisify(execFile)(command, args, { cwd: folder })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

const tsc = (...args: readonly string[]) => run(join(root, 'node_modules', '.bin', 'tsc'), ...args);

beforeAll(async () => {
  await promisify(execFile)('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  expect(tarball).toBeDefined();
  writeFileSync(user('package.json'), '{ "name": "mine", "private": true, "type": "module" }');
  const install = [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `./${tarball}`,
  ];
  expect(await run('npm', ...install)).toMatchObject({ status: 0 });
  writeFileSync(user('inventory.ts'), inventory);
  writeFileSync(user('site.ts'), playbook);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    module: 'NodeNext',
    target: 'ES2023',
    types: [],
    skipLibCheck: false,
  };
  writeFileSync(user('tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
}, minutes(10));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, installed in an empty folder', () => {
  it('is a program', async () => {
    const help = await run('npx', '--no-install', 'lvsctl', '--help');
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: lvsctl') });
  });

  it('reads an inventory that imports it', async () => {
    const { status, stdout, stderr } = await run('npx', '--no-install', 'lvsctl', 'validate', 'inventory.ts');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('✓ mine: the inventory is sound');
  });

  it('reads a playbook with roles and resources of its own, and says what its role wants', async () => {
    const wrong = inventory.replace("greeting: 'hello'", 'greeting: 7');
    expect(wrong).not.toBe(inventory);
    writeFileSync(user('wrong.ts'), wrong);
    const plan = await run('npx', '--no-install', 'lvsctl', 'plan', 'wrong.ts', '--playbook', 'site.ts');
    rmSync(user('wrong.ts'));
    expect(plan).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('motd.greeting') });
  });

  it('writes an inventory that is sound', async () => {
    expect(await run('npx', '--no-install', 'lvsctl', 'init', 'first.ts')).toMatchObject({ status: 0 });
    expect(await run('npx', '--no-install', 'lvsctl', 'validate', 'first.ts')).toMatchObject({ status: 0 });
  });

  it('has types that are whole without any other package’s', async () => {
    expect(await tsc('-p', '.')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('lets the type checker find mistakes in an inventory', async () => {
    writeFileSync(user('mistaken.ts'), inventory.replace("hostKeys: 'strict'", "hostKeys: 'lax'"));
    const { status, stdout } = await tsc('-p', '.');
    rmSync(user('mistaken.ts'));
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/^mistaken\.ts\(5,10\): error TS2322: Type '"lax"' is not assignable/);
  });
});

describe('an editor', () => {
  // One field an object, since a field that is there already is not offered again.
  const file = user('fields.ts');
  const text = `import { defineInventory } from 'lvsctl';
export default defineInventory({ services: { ftp: { realServers: [{ host: 'rs1' }] } } });
export const hosts = defineInventory({ hosts: { rs1: { ssh: { hostName: 'rs1' } } } });
export const ssh = defineInventory({ ssh: { user: 'root' } });
`;
  let server: LanguageServer;
  beforeAll(async () => {
    writeFileSync(file, text);
    server = new LanguageServer(folder);
    await server.start();
    server.open(file, text);
  });
  afterAll(() => server.stop());

  const { $defs } = inventoryJsonSchema() as {
    $defs: Record<string, { description: string; properties: Record<string, Described> }>;
  };
  interface Described {
    readonly description?: string;
    readonly $ref?: string;
  }

  it.each([
    ['the inventory', 'services', $defs.Inventory?.properties],
    ['a service', 'realServers', $defs.ServiceOptions?.properties],
    ['a real server', "host: 'rs1'", $defs.RealServerOptions?.properties],
    ['a host', 'ssh: { hostName', $defs.HostOptions?.properties],
    ['the SSH settings of a host', 'hostName', $defs.HostSshOptions?.properties],
    ['the SSH settings of all hosts', 'user', $defs.SshOptions?.properties],
  ])('completes every field of %s with its doc comment', async (_, mark, fields = {}) => {
    const before = text.slice(0, text.indexOf(mark)).split('\n');
    const cursor = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const offered = await server.completions(file, cursor);
    expect(Object.keys(fields)).not.toEqual([]);
    for (const [name, { description, $ref = '' }] of Object.entries(fields)) {
      const said = description ?? $defs[$ref.replace('#/$defs/', '')]?.description;
      expect(said, name).toBeTypeOf('string');
      expect(offered.get(name), name).toBe(said);
    }
  });
});
