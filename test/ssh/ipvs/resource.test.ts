import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change, ProbeOutput, Resource } from '../../../src/engine/resource.js';
import { parseSave, type Table, wantedTable } from '../../../src/ipvs/index.js';
import { ipvsTable } from '../../../src/resources/index.js';
import { cluster } from '../../unit/ipvs/cluster.js';
import { FakeHost } from '../../unit/ipvs/fake-ipvsadm.js';
import { FakeKernel } from '../../unit/ipvs/fake-kernel.js';

const vip = '-t 10.83.33.100:21';
const nothing = { changing: new Set<string>() };

function kernelWith(lines: readonly string[]): FakeKernel {
  const kernel = new FakeKernel();
  for (const line of lines) expect(kernel.run(line.split(' ')), line).toEqual({ status: 0, output: '' });
  return kernel;
}

/** What the probe prints on a host with this kernel. */
function observed(kernel: FakeKernel): ProbeOutput {
  const stdout = `@@ proc\n${kernel.proc()}@@ save\n${kernel.save()}@@ thresholds\n${kernel.thresholds()}`;
  return { status: 0, stdout, stderr: '' };
}
const absent: ProbeOutput = { status: 0, stdout: '@@ not loaded\n', stderr: '' };

const tutorial = (): Resource => ipvsTable(wantedTable(cluster(), 'lvs', new Map()));
function plan(resource: Resource, output: ProbeOutput): Change {
  const change = resource.plan(output, nothing);
  if (change === undefined) throw new Error('nothing to do');
  return change;
}

describe('the resource', () => {
  it('takes a kernel without ip_vs for an empty table: the package comes earlier in the plan', () => {
    const change = plan(tutorial(), absent);
    expect(change.summary).toBe(
      'add service tcp 10.83.33.100:21 (wrr); add 10.83.33.76:21 to tcp 10.83.33.100:21 (dr, weight 3); ' +
        'add 10.83.33.2:21 to tcp 10.83.33.100:21 (dr, weight 1)',
    );
    expect(change.diff).toBe(
      `+ -A ${vip} -s wrr\n+ -a ${vip} -r 10.83.33.76:21 -g -w 3\n+ -a ${vip} -r 10.83.33.2:21 -g -w 1\n`,
    );
  });

  it('reads /proc/net/ip_vs where ipvsadm is not installed yet', () => {
    const kernel = kernelWith([`-A ${vip} -s wrr`, `-a ${vip} -r 10.83.33.76:21 -g -w 3`]);
    const change = plan(tutorial(), { status: 0, stdout: `@@ proc\n${kernel.proc()}`, stderr: '' });
    expect(change.summary).toBe('add 10.83.33.2:21 to tcp 10.83.33.100:21 (dr, weight 1)');
  });

  it('is converged when the table is', () => {
    const kernel = kernelWith([
      `-A ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
    ]);
    expect(tutorial().plan(observed(kernel), nothing)).toBeUndefined();
  });

  it('counts the steps of a larger change', () => {
    const servers = ['10.83.33.7', '10.83.33.8', '10.83.33.9'];
    const kernel = kernelWith([
      `-A ${vip} -s rr`,
      ...servers.map((server) => `-a ${vip} -r ${server}:21 -g -w 0`),
    ]);
    expect(plan(tutorial(), observed(kernel)).summary).toBe(
      'change the IPVS table in 6 steps: 1 services changed, 2 real servers added, 3 real servers removed',
    );
  });

  it('fails when the table can not be read', () => {
    const output = { status: 255, stdout: '@@ proc\n', stderr: 'Memory allocation problem' };
    expect(() => tutorial().plan(output, nothing)).toThrow(
      /can't be read \(exit 255\): Memory allocation problem/,
    );
  });

  describe('with ipvsadm 1.21 built without popt, which has neither -S nor -R', () => {
    const said = 'ipvsadm was not compiled with popt: it can neither save nor restore\n';
    const listHeader =
      'IP Virtual Server version 1.0.9 (size=65536)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n';
    const old = (services: string, list: string): ProbeOutput => ({
      status: 0,
      stdout: `@@ proc\n${listHeader}${services}@@ save\n${said}@@ unsaved 255\n${listHeader}${list}`,
      stderr: '',
    });
    const persistent = (): Resource =>
      ipvsTable(wantedTable(cluster({ persistence: { seconds: 300 } }), 'lvs', new Map()));
    const servers =
      '  -> 0A53214C:0015      Route   3      0          0\n  -> 0A532102:0015      Route   1      0          0\n';
    const service = (ticks: number) => `TCP  0A532164:0015 wrr persistent ${ticks} FFFFFFFF\n${servers}`;
    const listed = (seconds: number) => `TCP  10.83.33.100:21 wrr persistent ${seconds}\n`;

    it('reads the table of Linux 2.4 from /proc', () => {
      expect(tutorial().plan(old(`TCP  0A532164:0015 wrr\n${servers}`, ''), nothing)).toBeUndefined();
      expect(plan(tutorial(), old('TCP  0A532164:0015 wrr\n', '')).summary).toMatch(
        /^add 10\.83\.33\.76:21 .*; add /,
      );
    });

    it.each([
      ['100 ticks a second', 30_000, 300, undefined],
      ['512, as Red Hat built it', 153_600, 300, undefined],
      ['another time', 60_000, 600, /^change service tcp 10\.83\.33\.100:21/],
    ])('knows the times of persistence by the list: %s', (_name, ticks, seconds, summary) => {
      const change = persistent().plan(old(service(ticks), listed(seconds)), nothing);
      if (summary === undefined) expect(change).toBeUndefined();
      else expect(change?.summary).toMatch(summary);
    });

    it('makes every change a command of its own', () => {
      const realServers = Array.from({ length: 60 }, (_, n) => ({
        host: `rs${n}`,
        address: `10.84.0.${n + 1}`,
        port: 21,
        weight: 1,
      }));
      const many = ipvsTable(wantedTable(cluster({ realServers }), 'lvs', new Map()));
      const { apply, files } = plan(many, old('', ''));
      expect(files).toBeUndefined();
      expect(apply.text.match(/^step -a /gm)).toHaveLength(60);
    });

    it('is an error on a kernel whose /proc does not show all', () => {
      const now = old('', '').stdout.replaceAll('version 1.0.9', 'version 1.2.1');
      expect(() => tutorial().plan({ status: 0, stdout: now, stderr: '' }, nothing)).toThrow(
        "the table can't be read: `ipvsadm -Sn` fails (exit 255): ipvsadm was not compiled with popt",
      );
    });
  });

  it('fails at a line of ours that it does not understand, and leaves remarks on those of others', () => {
    const ours = `@@ proc\n@@ save\n-A ${vip} -s wrr --future\n@@ thresholds\n`;
    expect(() => tutorial().plan({ status: 0, stdout: ours, stderr: '' }, nothing)).toThrow(
      /line 1 of `ipvsadm -Sn` can't be understood \(unknown word --future\)/,
    );
    const theirs = '@@ proc\n@@ save\n-A -t 10.99.0.9:80 -s wrr --future\n@@ thresholds\n';
    expect(tutorial().remarks?.({ status: 0, stdout: theirs, stderr: '' })).toEqual([
      'not in the inventory, left alone: tcp 10.99.0.9:80',
      'not understood in `ipvsadm -Sn`, not ours, left alone: -A -t 10.99.0.9:80 -s wrr --future',
    ]);
  });

  it('remarks on what waits for its connections to end', () => {
    const kernel = kernelWith([`-A ${vip} -s wrr`, `-a ${vip} -r 10.83.33.9:21 -g -w 0`]);
    kernel.connect(vip, '10.83.33.9:21', 2, 3);
    expect(tutorial().remarks?.(observed(kernel))).toEqual([
      '10.83.33.9:21 leaves tcp 10.83.33.100:21: it has 5 connections, and stays with weight 0 until a run finds it without any',
    ]);
  });
});

const shells: readonly (readonly string[])[] = [
  ['/bin/dash'],
  ['/bin/bash', '--posix'],
  ['/bin/busybox', 'ash'],
].filter(([shell = '']) => existsSync(shell));

describe.each(shells.map((shell) => ({ shell })))('applied by $shell', ({ shell }) => {
  const kernel = { current: new FakeKernel() };
  let host: FakeHost;
  const startWith = (lines: readonly string[]) => {
    kernel.current = kernelWith(lines);
    host = new FakeHost(kernel.current);
    host.start();
    return kernel.current;
  };
  const table = (): Table => parseSave(kernel.current.save()).table;
  beforeEach(() => {
    expect(shell.length).toBeGreaterThan(0);
  });
  afterEach(() => host.stop());

  it('does what the plan says, and is then converged', async () => {
    const real = startWith([`-A ${vip} -s rr`, `-a ${vip} -r 10.83.33.9:21 -g -w 2`]);
    const result = await host.run(shell, plan(tutorial(), observed(real)));
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(host.commands.filter((command) => !command.startsWith('-Ln'))).toEqual([
      `-E ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
      `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
      `-e ${vip} -r 10.83.33.9:21 -g -w 0`,
      `-d ${vip} -r 10.83.33.9:21`,
    ]);
    expect(tutorial().plan(observed(real), nothing)).toBeUndefined();
  });

  it('stops at the first refusal, and says which line it was', async () => {
    const real = startWith([]);
    const change = plan(tutorial(), observed(real));
    host.onCommand = (command) => {
      // Someone else adds the server between the plan and its turn.
      if (command.startsWith('-A')) return;
      real.run(`-a ${vip} -r 10.83.33.76:21 -g -w 1`.split(' '));
    };
    const result = await host.run(shell, change);
    expect(result.status).toBe(255);
    expect(result.stderr).toBe(
      `refused (exit status 255): ipvsadm -a ${vip} -r 10.83.33.76:21 -g -w 3: Destination already exists\n`,
    );
    expect(table().services[0]?.destinations).toHaveLength(1);
  });

  it('ends with the first command where ip_vs can’t be loaded, and says what ipvsadm says of it', async () => {
    const real = startWith([]);
    real.loads = false;
    const result = await host.run(shell, plan(tutorial(), absent));
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(
      /^refused \(exit status 2\): ipvsadm -A -t 10\.83\.33\.100:21 -s wrr: Can't initialize ipvs: /,
    );
    expect(host.commands).toHaveLength(1);
  });

  describe('a scheduler that changes', () => {
    const limits = () =>
      ['icmp_ratelimit', 'icmp6_ratelimit'].map((name) => {
        const path = join(host.folder, name);
        return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
      });
    const start = (scheduler: string) => {
      const real = startWith([`-A ${vip} -s ${scheduler}`]);
      writeFileSync(join(host.folder, 'icmp_ratelimit'), '1000\n');
      const seen: unknown[] = [];
      host.onCommand = (command) => {
        if (command.startsWith('-E') || command.startsWith('-a')) seen.push(limits());
      };
      return { real, seen };
    };

    it('leaves no client refused meanwhile: the kernel says nothing of ports that are unreachable', async () => {
      const { real, seen } = start('rr');
      const result = await host.run(shell, plan(tutorial(), observed(real)));
      expect(result).toMatchObject({ status: 0, stderr: '' });
      const quiet = ['86400000', undefined];
      expect(seen).toEqual([quiet, quiet, quiet]);
      expect(limits()).toEqual(['1000', undefined]);
    });

    it('gives the limit back where the kernel refuses the change, and says so', async () => {
      const { real } = start('rr');
      host.broken = (command) => command.startsWith('-E');
      writeFileSync(join(host.folder, 'icmp6_ratelimit'), '0\n');
      const { status, stderr } = await host.run(shell, plan(tutorial(), observed(real)));
      expect([status, stderr]).toEqual([
        137,
        expect.stringContaining('refused (exit status 137): ipvsadm -E'),
      ]);
      expect(limits()).toEqual(['1000', '0']);
    });

    it('is the only change for which it does', async () => {
      const { real, seen } = start('wrr');
      await host.run(shell, plan(tutorial(), observed(real)));
      expect(seen).toEqual([
        ['1000', undefined],
        ['1000', undefined],
      ]);
    });
  });

  it('does not remove a server that got a connection after the table was read', async () => {
    const real = startWith([
      `-A ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
      `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
      `-a ${vip} -r 10.83.33.9:21 -g -w 1`,
      '-A -t 10.83.33.100:80 -s rr',
      '-a -t 10.83.33.100:80 -r 10.83.33.9:80 -g -w 1',
    ]);
    const change = plan(tutorial(), observed(real));
    real.connect(vip, '10.83.33.9:21', 1);
    real.connect('-t 10.83.33.100:80', '10.83.33.9:80', 0, 1);
    const result = await host.run(shell, change);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toContain('10.83.33.9:21 got connections meanwhile: it stays, drained');
    expect(result.stdout).toContain('-t 10.83.33.100:80 still has servers: it stays');
    const left = table().services.flatMap((s) => s.destinations.filter((d) => d.address === '10.83.33.9'));
    expect(left.map(({ port, weight }) => [port, weight])).toEqual([
      [21, 0],
      [80, 0],
    ]);
    expect(tutorial().plan(observed(real), nothing)).toBeUndefined();
  });

  const manyServers = Array.from({ length: 200 }, (_, n) => ({
    host: `rs${n}`,
    address: `10.84.0.${n + 1}`,
    port: 21,
    weight: 1,
  }));
  const large = (): Resource =>
    ipvsTable(wantedTable(cluster({ realServers: manyServers }), 'lvs', new Map()));

  it('sends many changes through one process', async () => {
    const real = startWith([]);
    const result = await host.run(shell, plan(large(), observed(real)));
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(host.commands).toEqual(['-R']);
    expect(large().plan(observed(real), nothing)).toBeUndefined();
  });

  it('is not taken in by an ipvsadm -R that hides what it refused', async () => {
    const real = startWith([]);
    const change = plan(large(), observed(real));
    // Nine servers, then one that the kernel refuses, then the rest: -R ends with status 0.
    const text =
      change.files?.['ipvs-changes']?.toString().replace('10.84.0.10:21 -g', '255.255.255.255:21 -g') ?? '';
    const result = await host.run(shell, { ...change, files: { 'ipvs-changes': Buffer.from(text) } });
    expect(result.status).toBe(1);
    expect(result.stderr).toBe(
      'ipvsadm -R refused some of 201 lines (exit status 0): Invalid operation.  Possibly wrong module version, address not unicast, ...\n' +
        'of those that add, these are not in the table:\n' +
        `-a ${vip} -r 255.255.255.255:21 -g -w 1\n`,
    );
  });

  it('takes many away through one process, but none that got a connection meanwhile', async () => {
    const real = startWith([
      `-A ${vip} -s wrr`,
      ...manyServers.map(({ address }) => `-a ${vip} -r ${address}:21 -g -w 1`),
      '-A -u 10.83.33.100:53 -s rr',
      '-a -u 10.83.33.100:53 -r 10.84.0.1:53 -g -w 1',
      '-A --sctp-service 10.83.33.100:2905 -s rr',
      '-A -t 10.83.33.100:80 -s rr',
      '-a -t 10.83.33.100:80 -r 10.84.0.1:80 -g -w 1',
    ]);
    const change = plan(tutorial(), observed(real));
    real.connect(vip, '10.84.0.7:21', 0, 1);
    real.connect('-t 10.83.33.100:80', '10.84.0.1:80', 1);
    const result = await host.run(shell, change);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(host.commands).toEqual(['-R', '-Ln', '-R']);
    expect(result.stdout).toContain('202 of 205 are idle and go; the others stay, drained');
    expect(real.save()).toBe(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.84.0.7:21 -g -w 0\n` +
        `-a ${vip} -r 10.83.33.76:21 -g -w 3\n-a ${vip} -r 10.83.33.2:21 -g -w 1\n` +
        '-A -t 10.83.33.100:80 -s rr\n-a -t 10.83.33.100:80 -r 10.84.0.1:80 -g -w 0\n',
    );
    expect(tutorial().plan(observed(real), nothing)).toBeUndefined();
  });

  it.each([
    ['few', 1],
    ['many', 60],
  ])('takes nothing away when the table can not be read again (%s)', async (_, count) => {
    const real = startWith([
      `-A ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
      `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
      ...Array.from({ length: count }, (_, n) => `-A -t 10.83.33.100:${8000 + n} -s rr`),
    ]);
    host.broken = (command) => command.startsWith('-Ln');
    const before = real.save();
    const result = await host.run(shell, plan(tutorial(), observed(real)));
    expect(result.status).not.toBe(0);
    expect(real.save()).toBe(before);
  });
});
