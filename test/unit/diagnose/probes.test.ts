import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { isUnseen, type Probe } from '../../../src/diagnose/check.js';
import { CATALOGUE } from '../../../src/diagnose/index.js';
import { bootScripts, conntrack, schedulers, tcpSettings } from '../../../src/diagnose/probes.js';
import { routes, routeTo } from '../../../src/diagnose/routes.js';
import { hostShells } from '../../support/host-shells.js';
import { cluster } from './observed.js';

const of = cluster();
const host = of.hosts.get('director');
if (host === undefined) throw new Error('no director');
const site = { host, cluster: of, services: of.services };

function seen<T>(probe: Probe<T>, text: string): T {
  const value = probe.read(text, site);
  if (isUnseen(value)) throw new Error(value.unseen);
  return value;
}

/** All that send nothing: the others speak to addresses that are nobody's here. */
const silent = new Map(
  CATALOGUE.flatMap(({ probes }) => probes.map((probe) => [probe.name, probe] as const)).filter(
    ([name]) => name !== 'traffic' && name !== 'at the VIP',
  ),
);

describe.each(hostShells)('the probes of this machine, by $name', ({ argv: [program = '', ...args] }) => {
  it.each([...silent.keys()])('%s runs to its end without a complaint', async (name) => {
    const probe = silent.get(name);
    if (probe === undefined) throw new Error(name);
    const { stderr, exitCode, stdout } = await execa(
      program,
      [...args, '-c', `${probe.script(site).text}\n`],
      { stdin: 'ignore', reject: false },
    );
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(() => probe.read(stdout, site)).not.toThrow();
  });
});

describe.each(hostShells)('numbers of /proc/sys, by $name', ({ argv: [program = '', ...args] }) => {
  it('are read whole', async () => {
    const [count, max] = ['/proc/sys/kernel/threads-max', '/proc/sys/kernel/pid_max'];
    const script = conntrack
      .script(site)
      .text.replaceAll('/proc/sys/net/netfilter/nf_conntrack_count', count)
      .replaceAll('/proc/sys/net/netfilter/nf_conntrack_max', max);
    const { stdout } = await execa(program, [...args, '-c', script], { stdin: 'ignore' });
    const numbers = [count, max].map((path) => Number(readFileSync(path, 'utf8')));
    expect(Math.min(...numbers)).toBeGreaterThan(9);
    expect(seen(conntrack, stdout)).toEqual({ count: numbers[0], max: numbers[1] });
  });
});

describe('probes', () => {
  it('read tracked connections of Linux 2.4 too', () => {
    expect(seen(conntrack, '12 8184\n')).toEqual({ count: 12, max: 8184 });
    expect(seen(conntrack, '')).toEqual({ count: 0, max: 0 });
  });

  it('read which scripts run at boot', () => {
    expect([...seen(bootScripts, 'director:1\nrealserver:0\n')]).toEqual([
      ['director', true],
      ['realserver', false],
    ]);
  });

  it('ask for the schedulers of the services, and no others', () => {
    expect(schedulers.script(site).text).toContain('for name in wrr wlc;');
  });

  it('read settings, and leave out what is no number', () => {
    expect([...seen(tcpSettings, 'tcp_timestamps:1\nbroken\ntcp_rmem:4096\t131072\n')]).toEqual([
      ['tcp_timestamps', 1],
      ['tcp_rmem', 4096],
    ]);
  });

  it('find the route that a packet takes', () => {
    const table = seen(
      routes,
      `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	FE21530A	0003	0	0	0	00000000	0	0	0
eth1	0021530A	00000000	0001	0	0	100	00FFFFFF	0	0	0
eth0	0021530A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth2	0221530A	4C21530A	0007	0	0	0	FFFFFFFF	0	0	0
eth3	0921530A	00000000	0201	0	0	0	FFFFFFFF	0	0	0
`,
    );
    expect(routeTo(table, '10.83.33.50')).toMatchObject({ device: 'eth0' });
    expect(routeTo(table, '10.83.33.50')?.gateway).toBeUndefined();
    expect(routeTo(table, '10.83.33.2')).toMatchObject({ device: 'eth2', gateway: '10.83.33.76' });
    expect(routeTo(table, '192.0.2.1')).toMatchObject({ device: 'eth0', gateway: '10.83.33.254' });
    expect(routeTo([], '192.0.2.1')).toBeUndefined();
  });
});

describe('README', () => {
  it('has a row for each check', () => {
    const text = readFileSync(new URL('../../../src/diagnose/README.md', import.meta.url), 'utf8');
    const parts = { director: 'director', realServer: 'real server', probe: 'probe host' } as const;
    const rows = CATALOGUE.map(
      ({ id, where, severity, symptom }) => `| \`${id}\` | ${parts[where]} | ${severity} | ${symptom} |`,
    );
    expect(text.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
  });
});
