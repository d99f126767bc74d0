import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closes, heldScript, parseHeld } from '../../../src/ipvs/index.js';
import { hostShells } from '../../support/host-shells.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-held-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(addresses: readonly string[], table: string | URL): string {
  const path = table instanceof URL ? table.pathname : join(folder, 'ip_vs_conn');
  if (typeof table === 'string') writeFileSync(path, table);
  const text = heldScript(addresses).text.replaceAll('/proc/net/ip_vs_conn', path);
  return execFileSync('sh', ['-c', text], { encoding: 'utf8' });
}

const capture = new URL('captures/proc-conn-6.1.txt', import.meta.url);

describe('the count of connections', () => {
  it('is by state, of the servers asked about, without templates of persistence', () => {
    const { held, unread } = parseHeld(run(['192.168.7.1', '10.83.33.2'], capture));
    expect(unread).toEqual([]);
    expect(held.map(({ count, state, destination }) => [destination.address, state, count]).sort()).toEqual([
      ['10.83.33.2', 'SYN_RECV', 1],
      ['192.168.7.1', 'CLOSE', 5],
    ]);
    expect(held.find(({ state }) => state === 'CLOSE')).toEqual({
      count: 5,
      protocol: 'tcp',
      virtual: { address: '192.168.7.110', port: 8080 },
      destination: { address: '192.168.7.1', port: 80 },
      state: 'CLOSE',
    });
  });

  it.each(hostShells)('comes from $name', ({ argv: [program = '', ...args] }) => {
    const text = heldScript(['192.168.7.1']).text.replaceAll('/proc/net/ip_vs_conn', capture.pathname);
    const { status, stdout, stderr } = spawnSync(program, [...args, '-c', text], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '5 TCP C0A8076E 1F90 C0A80701 0050 CLOSE\n',
      stderr: '',
    });
  });

  it('knows IPv6, as the kernel writes it out', () => {
    const of = (last: string) =>
      `UDP fd00:0007:0000:0000:0000:0000:0000:0001 C350 fd00:0007:0000:0000:0000:0000:0000:0110 0035 fd00:0007:0000:0000:0000:0000:0000:${last} 0035 UDP             290\n`;
    expect(parseHeld(run(['fd00:7::2'], of('0002') + of('0003'))).held).toEqual([
      {
        count: 1,
        protocol: 'udp',
        virtual: { address: 'fd00:7::110', port: 53 },
        destination: { address: 'fd00:7::2', port: 53 },
        state: 'UDP',
      },
    ]);
  });

  it('is a line for each kind, however long the table is', () => {
    const line = (n: number) =>
      `TCP 0A${n.toString(16).padStart(6, '0').toUpperCase()} 9CEA 0A532164 0015 0A53214C 0015 ESTABLISHED     890\n`;
    const text = run(['10.83.33.76'], Array.from({ length: 100_000 }, (_, n) => line(n)).join(''));
    expect(text).toBe('100000 TCP 0A532164 0015 0A53214C 0015 ESTABLISHED\n');
  });

  it('is none where IPVS is not loaded', () => {
    const text = heldScript(['10.83.33.76']).text.replaceAll('/proc/net/ip_vs_conn', join(folder, 'absent'));
    expect(spawnSync('sh', ['-c', text], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('says what it can not read', () => {
    expect(parseHeld('3 TCP nonsense\n').unread).toEqual([
      { line: 1, text: '3 TCP nonsense', reason: 'not a count of connections' },
    ]);
  });

  it('tells those that end from those that somebody waits for', () => {
    expect(['ESTABLISHED', 'SYN_RECV', 'SYN_SENT', 'UDP', 'C-ECHOED'].filter(closes)).toEqual([]);
    const ended = ['FIN_WAIT', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'S-ACK_SENT', 'CLOSED'];
    expect(ended.every(closes)).toBe(true);
  });
});
