import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUnseen } from '../../../src/diagnose/check.js';
import { type Connections, connections, sumsOf } from '../../../src/diagnose/connections.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { evidenceScript, parseEvidence } from '../../../src/verify/evidence.js';
import { hostShells } from '../../support/host-shells.js';
import { cluster, ftp, ssh } from './observed.js';

const six: Service = { ...ftp, name: 'six', vip: 'fd00:83::100', port: 80 };
const marked: Service = {
  ...ftp,
  name: 'marked',
  vip: '10.83.33.102',
  fwmark: 5,
  ports: [{ first: 21, last: 65535 }],
};
const services = [ftp, ssh, six, marked];
const of = cluster({ services });
const host = of.hosts.get('director');
if (host === undefined) throw new Error('no director');
const site = { host, cluster: of, services };

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-connections-'));
const table = join(folder, 'ip_vs_conn');
const lines = 300_000;
/** Of addresses, that awk may have: the file has 22,000. */
const kilobytes = 16_384;

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
const line = (client: string, clientPort: number, to: string, port: number, server: string, state: string) =>
  `TCP ${client} ${hex(clientPort, 4)} ${to} ${hex(port, 4)} ${server} ${hex(port, 4)} ${state.padEnd(11)}     899`;

/** Every connection is of another client; those by mark go to every port there is. */
function* connectionLines(): Generator<string> {
  yield 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData';
  yield `TCP C0A80001 0000 0A532165 0016 0A532102 0016 NONE            60`;
  for (let n = 0; n < lines - 8; n++)
    yield line(
      hex(0xac100000 + n, 8),
      1024 + (n % 60_000),
      ...((n % 2 === 0 ? ['0A532164', 21] : ['0A532166', 21 + (n % 65_000)]) as [string, number]),
      n % 4 < 2 ? '0A53214C' : '0A532102',
      'ESTABLISHED',
    );
  for (const port of [40_000, 40_001]) yield line('C0A80001', port, '0A532165', 22, '0A532102', 'FIN_WAIT');
  // All are the number 0 to an awk that takes them for one.
  for (const client of ['0E000001', '0E000002', '0E000003', '0E000004'])
    yield line(client, 40_000, '0A532165', 22, '0A532102', 'TIME_WAIT');
  yield line(
    'fd00:0083:0000:0000:0000:0000:0000:0050',
    40_000,
    'fd00:0083:0000:0000:0000:0000:0000:0100',
    80,
    'fd00:0083:0000:0000:0000:0000:0000:0076',
    'SYN_RECV',
  );
  yield line('C0A80001', 40_000, '0A5321C8', 80, '0A532102', 'ESTABLISHED');
}

beforeAll(() => writeFileSync(table, `${[...connectionLines()].join('\n')}\n`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In so much memory as the test gives it. */
const run = ([program = '', ...args]: readonly string[], script: string) =>
  execa(program, [...args, '-c', `ulimit -v ${kilobytes}\n${script}\n`], {
    stdin: 'ignore',
    reject: false,
    // A locale is a mapping of megabytes.
    env: { LC_ALL: 'C' },
  });

const shown = (seen: Connections, service: Service) =>
  sumsOf(service, seen)
    .map(
      ({ count, severalClients, destination, state }) =>
        `${count} ${state} at ${destination} of ${severalClients ? 'several' : 'one'}`,
    )
    .sort();

describe.each(hostShells)('300,000 connections, by $name', ({ argv }) => {
  it('are counted by service, real server and state, in 16 megabytes', async () => {
    const script = connections.script(site).text.replaceAll('/proc/net/ip_vs_conn', table);
    const { stdout, stderr, exitCode } = await run(argv, script);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const seen = connections.read(stdout, site);
    if (isUnseen(seen)) throw new Error(seen.unseen);
    const half = (lines - 8) / 4;
    const both = [
      `${half} ESTABLISHED at 10.83.33.2 of several`,
      `${half} ESTABLISHED at 10.83.33.76 of several`,
    ];
    expect(seen.total).toBe(lines);
    expect(shown(seen, ftp)).toEqual(both);
    expect(shown(seen, marked)).toEqual(both);
    expect(shown(seen, ssh)).toEqual([
      '2 FIN_WAIT at 10.83.33.2 of one',
      '4 TIME_WAIT at 10.83.33.2 of several',
    ]);
    expect(shown(seen, six)).toEqual(['1 SYN_RECV at fd00:83::76 of one']);
  });

  it('are asked for those that wait, in that memory', async () => {
    const [line = ''] = evidenceScript.text.split('\n').filter((one) => one.includes('ip_vs_conn'));
    const { stdout } = await run(argv, line.replaceAll('/proc/net/ip_vs_conn', table));
    expect(parseEvidence(`== states\n${stdout}`).states).toEqual([
      { vip: six.vip, port: 80, destination: 'fd00:83::76', state: 'SYN_RECV', count: 1 },
    ]);
  });

  it('are unknown, not none, where awk fails', async () => {
    const script = connections.script(site).text.replaceAll('/proc/net/ip_vs_conn', table);
    const broken = await run(argv, `awk() { return 2; }\n${script}`);
    expect(connections.read(broken.stdout, site)).toEqual({
      unseen: 'its connections could not be counted: awk failed',
    });
    const without = await run(argv, script.replaceAll(table, join(folder, 'none')));
    expect(connections.read(without.stdout, site)).toEqual({ total: 0, sums: [] });
  });

  it('have more clients than fit in there', async () => {
    const { exitCode } = await run(argv, `awk '{ seen[$2] = 1 }' ${table}`);
    expect(exitCode).not.toBe(0);
  });
});
