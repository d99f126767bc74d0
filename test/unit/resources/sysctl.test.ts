import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import { persistentSysctl, sysctl, sysctlName } from '../../../src/resources/index.js';
import { debian, redhat9 } from './facts.js';
import { nothingChanging, probe, said, shells } from './shells.js';

const key = 'net/ipv4/conf/all/arp_ignore';

describe('sysctl', () => {
  it.each(shells)('reads the running kernel by %s', (_, shell) => {
    const resource = sysctl({ key: 'kernel/pid_max', value: 1 });
    expect(resource.plan(probe(shell, resource), nothingChanging)?.summary).toMatch(
      /^set kernel\.pid_max to 1 \(is \d+\)$/,
    );
    const range = sysctl({ key: 'net/ipv4/ip_local_port_range', value: '1 2' });
    expect(range.plan(probe(shell, range), nothingChanging)?.summary).toMatch(/\(is \d+ \d+\)$/);
    const missing = sysctl({
      key: 'net/ipv4/conf/no-such-nic/arp_ignore',
      value: 1,
      hint: 'set `interface`',
    });
    expect(() => missing.plan(probe(shell, missing), nothingChanging)).toThrow(
      'this kernel has no net.ipv4.conf.no-such-nic.arp_ignore',
    );
  });

  it.each([
    ['is 1\n', undefined],
    ['is 0\n', 'set net.ipv4.conf.all.arp_ignore to 1 (is 0)'],
  ])('%j gives %j', (stdout, summary) => {
    const change = sysctl({ key, value: 1 }).plan(said(stdout), nothingChanging);
    expect(change?.summary).toBe(summary);
    if (change) expect(change.apply.text).toBe(`printf '%s\\n' 1 > /proc/sys/${key}`);
  });

  it('takes blanks and tabs for the same', () => {
    const range = sysctl({ key: 'net/ipv4/ip_local_port_range', value: '1024 65000' });
    expect(range.plan(said('is 1024\t65000\n'), nothingChanging)).toBeUndefined();
  });

  it('waits for the change that brings the key into being', () => {
    const resource = sysctl({ key: 'net/ipv4/conf/tunl0/rp_filter', value: 2, createdBy: 'module ipip' });
    expect(resource.plan(said('missing\n'), { changing: new Set(['module ipip']) })?.summary).toBe(
      'set net.ipv4.conf.tunl0.rp_filter to 2 (not there yet)',
    );
  });

  it('leaves a kernel alone that lacks what is optional', () => {
    const resource = sysctl({ key: 'net/ipv4/vs/conn_reuse_mode', value: 2, optional: true });
    expect(resource.plan(said('missing\n'), nothingChanging)).toBeUndefined();
    expect(resource.plan(said('is 1\n'), nothingChanging)?.summary).toBe(
      'set net.ipv4.vs.conn_reuse_mode to 2 (is 1)',
    );
    // The module may come, and the key not with it.
    const created = sysctl({
      key: 'net/ipv4/no_such_key',
      value: 2,
      optional: true,
      createdBy: 'ipvs table',
    });
    const change = created.plan(said('missing\n'), { changing: new Set(['ipvs table']) });
    expect(spawnSync('sh', ['-c', change?.apply.text ?? 'exit 1'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('keeps the slashes where a part has a dot', () => {
    expect(sysctlName('net/ipv4/conf/eth0.100/arp_ignore')).toBe('net/ipv4/conf/eth0.100/arp_ignore');
    expect(sysctlName(key)).toBe('net.ipv4.conf.all.arp_ignore');
  });
});

const own = '/etc/sysctl.d/zz-lvsctl-arp.conf';
const ownText = [
  `${own}:1:# Written by lvsctl, which will write it again.`,
  `${own}:2:net.ipv4.conf.all.arp_ignore = 1`,
];
const block = (from: number): string[] =>
  ['# BEGIN lvsctl arp', 'net.ipv4.conf.all.arp_ignore = 1', '# END lvsctl arp'].map(
    (line, i) => `/etc/sysctl.conf:${from + i}:${line}`,
  );

function plan(lines: readonly string[], facts: Facts = debian) {
  const resource = persistentSysctl({ name: 'arp', settings: [{ key, value: 1 }], facts });
  return resource.plan(said(output(lines)), nothingChanging);
}

/** What the probe prints: /etc/sysctl.conf stands as a whole behind the others. */
function output(lines: readonly string[]): string {
  const conf: string[] = [];
  const others: string[] = [];
  for (const line of lines) {
    const [, number, text = ''] = /^\/etc\/sysctl\.conf:(\d+):(.*)$/.exec(line) ?? [];
    if (number === undefined) others.push(`${line}\n`);
    else conf[Number(number) - 1] = text;
  }
  const whole = Array.from(conf, (text) => `${text ?? ''}\n`).join('');
  return others.join('') + (conf.length > 0 ? `@@ /etc/sysctl.conf\n${whole}` : '');
}

describe('persistentSysctl on systemd', () => {
  it('writes a file that sorts behind the usual ones', () => {
    const change = plan(['/etc/sysctl.d/99-mine.conf:3:net.ipv4.conf.all.arp_ignore=0']);
    expect(change?.summary).toBe(`keep 1 settings in ${own}`);
    expect(change?.diff).toContain('+net.ipv4.conf.all.arp_ignore = 1');
  });

  it.each<[string, string[]]>([
    ['nothing else', []],
    ['earlier files that say otherwise', ['/etc/sysctl.d/99-mine.conf:3:net.ipv4.conf.all.arp_ignore=0']],
    ['a later file that says the same', ['/etc/sysctl.d/zzz.conf:1:net.ipv4.conf.all.arp_ignore=1']],
    ['a later file on other keys', ['/etc/sysctl.d/zzz.conf:1:net.ipv4.conf.eth1.arp_ignore=0']],
    ['a comment in a later file', ['/etc/sysctl.d/zzz.conf:1:#net.ipv4.conf.all.arp_ignore=0']],
    [
      'a pattern in a later file, which yields to names',
      ['/etc/sysctl.d/zzz.conf:1:net.ipv4.conf.*.arp_ignore=0'],
    ],
    ['/etc/sysctl.conf saying the same', ['/etc/sysctl.conf:9:net/ipv4/conf/all/arp_ignore = 1']],
    [
      'a later file hidden by one of the same name in /etc',
      ['/etc/sysctl.d/zzz.conf:1:# nothing', '/usr/lib/sysctl.d/zzz.conf:1:net.ipv4.conf.all.arp_ignore=0'],
    ],
  ])('is converged with %s', (_name, lines) => {
    expect(plan([...ownText, ...lines])).toBeUndefined();
  });

  it.each([
    ['/etc/sysctl.d/zzz.conf', 'net.ipv4.conf.all.arp_ignore=0'],
    ['/etc/sysctl.d/zz-my.conf', '-net.ipv4.conf.all.arp_ignore = 0'],
    ['/usr/lib/sysctl.d/zz-z.conf', '  net/ipv4/conf/all/arp_ignore=2'],
  ])('names a later line in %s that overrides it', (path, line) => {
    expect(() => plan([...ownText, `${path}:7:${line}`])).toThrow(
      `${path}:7 sets ${line.trim()}, and is read after ${own}`,
    );
  });

  it('mends its file when edited', () => {
    const change = plan([ownText[0] ?? '', `${own}:2:net.ipv4.conf.all.arp_ignore = 0`]);
    expect(change?.diff).toContain('-net.ipv4.conf.all.arp_ignore = 0\n+net.ipv4.conf.all.arp_ignore = 1');
  });

  it('puts a block behind a line of /etc/sysctl.conf, which `sysctl --system` reads last', () => {
    const rival = '/etc/sysctl.conf:1:net.ipv4.conf.all.arp_ignore = 0';
    const change = plan([...ownText, rival]);
    expect(change?.summary).toBe(
      'keep 1 settings at the end of /etc/sysctl.conf, since line 1 says net.ipv4.conf.all.arp_ignore = 0',
    );
    expect(plan([...ownText, rival, ...block(2)])).toBeUndefined();
  });
});

describe('persistentSysctl on sysv and OpenRC', () => {
  it('keeps a block at the end of /etc/sysctl.conf', () => {
    expect(plan([], redhat9)?.diff).toContain('+# BEGIN lvsctl arp\n+net.ipv4.conf.all.arp_ignore = 1');
    expect(plan(block(1), redhat9)).toBeUndefined();
    expect(
      plan(['/etc/sysctl.conf:1:net.ipv4.conf.all.arp_ignore = 0', ...block(2)], redhat9),
    ).toBeUndefined();
  });

  it('moves the block behind a line that overrides it', () => {
    const rival = '/etc/sysctl.conf:4:net.ipv4.conf.all.arp_ignore = 0';
    const change = plan([...block(1), rival], redhat9);
    expect(change?.summary).toContain('since line 4 says net.ipv4.conf.all.arp_ignore = 0');
    expect(change?.apply.text).toContain(
      'net.ipv4.conf.all.arp_ignore = 0\n# BEGIN lvsctl arp\nnet.ipv4.conf.all.arp_ignore = 1\n# END lvsctl arp\n',
    );
  });

  it('puts back what was edited in the block', () => {
    const edited = block(1).map((line) => line.replace('= 1', '= 0'));
    expect(plan(edited, redhat9)?.apply.text).toContain(
      "'# BEGIN lvsctl arp\nnet.ipv4.conf.all.arp_ignore = 1\n# END lvsctl arp\n'",
    );
  });

  it.each(shells)('reads every file of this machine by %s', (_, shell) => {
    const resource = persistentSysctl({ name: 'arp', settings: [{ key, value: 1 }], facts: redhat9 });
    const output = probe(shell, resource);
    expect(output.status).toBe(0);
    expect(output.stderr).toBe('');
    const [listed = '', conf] = output.stdout.split('@@ /etc/sysctl.conf\n');
    for (const line of listed.split('\n').filter((text) => text !== ''))
      expect(line).toMatch(/^\/.*\.conf:\d+:/);
    const present = existsSync('/etc/sysctl.conf') ? readFileSync('/etc/sysctl.conf', 'utf8') : undefined;
    expect(conf).toBe(present);
  });
});
