import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lvsctl } from './run-cli.js';

let folder: string;

const inventory = (directors: readonly string[]) =>
  JSON.stringify({
    name: 'web',
    hosts: {
      lvs1: { address: '192.0.2.2/24' },
      lvs2: { address: '192.0.2.3/24' },
      rs1: { address: '192.0.2.11/24' },
    },
    services: {
      http: { vip: '192.0.2.100', port: 80, scheduler: 'rr', directors, realServers: [{ host: 'rs1' }] },
    },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lvsctl-export-'));
  await writeFile(join(folder, 'one.json'), inventory(['lvs1']));
  await writeFile(join(folder, 'two.json'), inventory(['lvs1', 'lvs2']));
});
afterAll(() => rm(folder, { recursive: true }));

describe('export', () => {
  it('prints the lines for ipvsadm -R and nothing else on stdout, and what they lack on stderr', async () => {
    const { status, stdout, stderr } = await lvsctl(folder, ['export', 'one.json', '--format', 'ipvsadm']);
    expect(status).toBe(0);
    expect(stdout).toBe('-A -t 192.0.2.100:80 -s rr\n-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 1\n');
    expect(stderr).toContain(
      'Not in it, for ipvsadm has no words for it:\n' +
        '  services.http.vip: the director must hold it:\n' +
        '      ip address add 192.0.2.100/32 dev eth0 label eth0:100\n',
    );
  });

  it('wants to know which director where there are several', async () => {
    const args = ['export', 'two.json', '--format', 'keepalived'];
    const refused = await lvsctl(folder, args);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('has 2 directors');
    expect(refused.stderr).toContain('--director lvs1, --director lvs2');
    const { status, stdout } = await lvsctl(folder, [...args, '--director', 'lvs2']);
    expect(status).toBe(0);
    expect(stdout).toContain('    unicast_src_ip 192.0.2.3\n    unicast_peer {\n        192.0.2.2\n    }\n');
    expect(stdout).toContain('    priority 240\n');
  });

  it('gives events with --json, and nothing else', async () => {
    const args = ['export', 'two.json', '--format', 'ipvsadm', '--director', 'lvs1', '--json'];
    const { status, stdout, stderr } = await lvsctl(folder, args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(events).toMatchObject([
      { type: 'run.start', command: 'export', cluster: 'web', hosts: ['lvs1'] },
      { type: 'export', format: 'ipvsadm', director: 'lvs1', text: expect.stringMatching(/^-A -t /) },
      { type: 'export.lost', subject: 'services.http.vip' },
      { type: 'export.lost', subject: 'hosts' },
      { type: 'run.end', exitStatus: 0 },
    ]);
  });

  it.each([
    [['export', 'one.json'], "required option '--format <format>' not specified"],
    [['export', 'one.json', '--format', 'haproxy'], 'Allowed choices are ipvsadm, keepalived.'],
    [
      ['export', 'two.json', '--format', 'ipvsadm', '--director', 'lvs3'],
      '--director: the inventory has no director lvs3\n    did you mean lvs1?',
    ],
    [
      ['export', 'two.json', '--format', 'ipvsadm', '--director', 'rs1'],
      '--director: the inventory has no director rs1',
    ],
  ])('%j is refused', async (args, message) => {
    const { status, stdout, stderr } = await lvsctl(folder, args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
