import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lvsctl } from './run-cli.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-render-'));
  const inventory = {
    name: 'mixed',
    ssh: { agent: false, connectTimeoutSeconds: 1, port: 1 },
    hosts: {
      director: { address: '192.0.2.10/24', ssh: { hostName: '127.0.0.1' } },
      rs1: { address: '192.0.2.11/24', ssh: { hostName: '127.0.0.1' } },
      bsd1: { address: '192.0.2.12/24', os: 'freebsd' },
      win1: { address: '192.0.2.13/24', os: 'windows', interface: 'Local Area Connection' },
      client: { address: '192.0.2.14/24', ssh: { hostName: '127.0.0.1' } },
    },
    services: {
      web: {
        vip: '192.0.2.100',
        port: 80,
        directors: ['director'],
        realServers: [{ host: 'rs1' }, { host: 'bsd1' }, { host: 'win1' }],
      },
    },
  };
  await writeFile(join(folder, 'inventory.json'), JSON.stringify(inventory));
});
afterAll(() => rm(folder, { recursive: true }));

const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('render', () => {
  it('prints the commands, whole, to be copied', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['render', 'inventory.json', 'win1']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      '\n    netsh interface ipv4 set interface interface="Local Area Connection" weakhostreceive=enabled\n',
    );
    expect(stdout).toContain('not run on Windows');
    expect(stdout).toContain(`\n  lvsctl verify ${folder}/inventory.json --service web\n`);
  });

  it('gives the same as an event with --json', async () => {
    const { status, stdout } = await lvsctl(folder, ['render', 'inventory.json', 'bsd1', '--json']);
    expect(status).toBe(0);
    const [start, told, end] = events(stdout);
    expect(start).toMatchObject({ type: 'run.start', command: 'render', hosts: ['bsd1'] });
    expect(told).toMatchObject({
      type: 'instructions',
      host: 'bsd1',
      instructions: {
        os: 'freebsd',
        system: 'FreeBSD',
        editions: [
          {
            now: [
              {
                kind: 'shell',
                lines: ['ifconfig lo0 alias 192.0.2.100 netmask 0xffffffff -arp up'],
                sources: [{ name: 'LVS-HOWTO, Non-Linux Realservers', general: false }],
              },
            ],
          },
        ],
      },
    });
    expect(end).toMatchObject({ type: 'run.end', exitStatus: 0, failed: 0 });
  });

  it.each([
    ['director', ['/etc/lvsctl/director.sh  as a director']],
    ['rs1', ['/etc/lvsctl/realserver.sh  as a real server']],
    ['client', ['it holds no VIP']],
  ])('says of %s, which is Linux, what lvsctl writes there', async (host, told) => {
    const { status, stdout } = await lvsctl(folder, ['render', 'inventory.json', host]);
    expect(status).toBe(0);
    for (const text of [`by lvsctl provision ${folder}/inventory.json`, ...told])
      expect(stdout).toContain(text);
    const json = await lvsctl(folder, ['render', 'inventory.json', host, '--json']);
    expect(events(json.stdout)[1]).toMatchObject({ type: 'instructions', instructions: { system: 'Linux' } });
  });

  it.each([
    [['render', 'inventory.json'], "missing required argument 'host'"],
    [['render', 'inventory.json', 'bsd2'], 'render: the inventory has no host bsd2\n    did you mean bsd1?'],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await lvsctl(folder, args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('other commands on such a host', () => {
  it('explain says that there is nothing to decide, and where the commands are', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['explain', 'inventory.json', 'bsd1']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('runs FreeBSD, and lvsctl does not log in there');
    expect(stdout).toContain(`lvsctl render ${folder}/inventory.json bsd1`);
    const json = await lvsctl(folder, ['explain', 'inventory.json', 'bsd1', '--json']);
    expect(events(json.stdout)).toMatchObject([
      { type: 'run.start', command: 'explain' },
      { type: 'remark', host: 'bsd1' },
      { type: 'run.end', exitStatus: 0 },
    ]);
  });

  it('validate shows its system', async () => {
    const { stdout } = await lvsctl(folder, ['validate', 'inventory.json']);
    expect(stdout).toMatch(/ bsd1 .* em0 .* real server on FreeBSD$/m);
    expect(stdout).toMatch(/ win1 .* Local Area Connection .* real server on Windows$/m);
    expect(stdout).toMatch(/ rs1 .* real server$/m);
  });

  it('plan --limit to it contacts nobody and succeeds', async () => {
    const { status, stdout } = await lvsctl(folder, ['plan', 'inventory.json', '--limit', 'win1']);
    expect(status).toBe(0);
    expect(stdout).toContain(`lvsctl render ${folder}/inventory.json win1`);
  });
});
