import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lvsctl } from './run-cli.js';

const SAMPLES = fileURLToPath(new URL('../convert/samples/', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-import-'));
  for (const name of ['table.save', 'keepalived.conf', 'ldirectord.cf'])
    await copyFile(join(SAMPLES, name), join(folder, name));
});
afterEach(() => rm(folder, { recursive: true }));

const read = (name = 'inventory.ts') => readFile(join(folder, name), 'utf8');

describe('import', () => {
  it('writes an inventory that validates at once where the directors are known', async () => {
    await writeFile(
      join(folder, 'web.save'),
      '-A -t 192.0.2.100:80 -s wrr\n-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 3\n',
    );
    const written = await lvsctl(folder, [
      'import',
      'web.save',
      '--director',
      'lvs1=192.0.2.2/24,lvs2=192.0.2.3',
    ]);
    expect(written).toMatchObject({ status: 0, stderr: '' });
    expect(written.stdout).toContain(
      '✓ inventory.ts written from ipvsadm: 1 service, 1 real server in them, 3 hosts.',
    );
    expect(written.stdout).not.toContain('Fill in');
    const checked = await lvsctl(folder, ['validate']);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toContain('tcp 192.0.2.100:80  wrr, DR, by lvs1 and lvs2');
  });

  it('names the gaps, and validate names the same', async () => {
    const { status, stdout } = await lvsctl(folder, ['import', 'table.save']);
    expect(status).toBe(0);
    const gaps = ['hosts.director.address', 'services.mark-256.vip', 'services.mark-256.ports[0]'];
    for (const gap of gaps) expect(stdout).toContain(`\n    ${gap}\n`);
    const checked = await lvsctl(folder, ['validate']);
    expect(checked.status).toBe(2);
    for (const gap of gaps) expect(checked.stderr).toContain(gap);
  });

  it('tells on stderr what is not carried over, by reason and line, without passwords', async () => {
    const { stderr } = await lvsctl(folder, ['import', 'keepalived.conf', '-o', 'lvs.ts']);
    expect(stderr).toMatch(
      /^\d+ of \d+ lines of keepalived.conf are not in the inventory, or not as they stand:\n/,
    );
    expect(stderr).toContain(
      '  not all real servers of the service have this check, and the inventory has the checks of a service for all of them\n     66  HTTP_GET {\n',
    );
    expect(stderr).toContain('     27  auth_pass [secret]\n');
    expect(stderr).not.toContain('s3cret');
    expect(await read('lvs.ts')).toContain("lvs1: { address: '192.0.2.2/24' }");
  });

  it('prints the inventory alone with --output -', async () => {
    const { status, stdout } = await lvsctl(folder, ['import', 'ldirectord.cf', '--output', '-']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\/\/ From ldirectord.cf/);
    expect(stdout).toMatch(/\}\);\n$/);
    await expect(read()).rejects.toThrow('ENOENT');
  });

  it('gives events with --json, and nothing else', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['import', 'table.save', '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(events[1]).toMatchObject({
      type: 'import',
      format: 'ipvsadm',
      file: join(folder, 'inventory.ts'),
      services: 7,
      gaps: ['hosts.director.address', 'services.mark-256.vip', 'services.mark-256.ports[0]'],
    });
    expect(events.filter(({ type }) => type === 'import.lost').map(({ line }) => line)).toEqual([
      8, 19, 20, 21, 23, 24,
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 0 });
  });

  it('leaves a file that is there as it is, but with --force', async () => {
    await writeFile(join(folder, 'inventory.ts'), '// mine\n');
    const refused = await lvsctl(folder, ['import', 'table.save']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('inventory.ts is there already, and is left as it is');
    expect(await read()).toBe('// mine\n');
    expect((await lvsctl(folder, ['import', 'table.save', '--force'])).status).toBe(0);
    expect(await read()).toContain('defineInventory');
  });

  it('takes the word of --from for what a file is', async () => {
    await writeFile(join(folder, 'part.conf'), 'real_server 192.0.2.1 80 {\n}\n');
    const unknown = await lvsctl(folder, ['import', 'part.conf']);
    expect(unknown).toMatchObject({ status: 2 });
    expect(unknown.stderr).toContain('part.conf is not known');
    const known = await lvsctl(folder, ['import', 'part.conf', '--from', 'keepalived']);
    expect(known.status).toBe(1);
    expect(known.stderr).toContain('no service of it can be carried over');
  });

  it.each([
    [['import', 'table.save', '--director', '192.0.2.2'], 'is not a name and an address'],
    [['import', 'table.save', '--director', 'lvs=192.0.2.300'], 'is not a name and an address'],
    [['import', 'table.save', '--from', 'haproxy'], 'Allowed choices are ipvsadm, keepalived, ldirectord.'],
    [['import', 'no.save'], "no.save can't be read"],
    [['import', 'table.save', '-o', 'no/inventory.ts'], "no/inventory.ts can't be written"],
    [['import'], "missing required argument 'file'"],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await lvsctl(folder, args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
