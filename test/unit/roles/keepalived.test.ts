import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { director, ipvsadm, realserver } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import type { Cluster, HealthCheck } from '../../../src/inventory/cluster.js';
import { vipChecks } from '../../../src/keepalived/index.js';
import { debian } from '../resources/facts.js';
import { nothingChanging, said, shells } from '../resources/shells.js';
import { host, hostOf, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const tcp: HealthCheck = { type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 };
const pair: Cluster = tutorial({
  hosts: [
    host('director', '10.83.33.83'),
    host('other', '10.83.33.84'),
    host('rs1', '10.83.33.76'),
    host('rs2', '10.83.33.2'),
  ],
  services: [service({ directors: ['director', 'other'], checks: [tcp] })],
});
const CONF = 'keepalived /etc/keepalived/keepalived.conf';
const resources = (cluster: Cluster = pair) =>
  director.resources(input(director, cluster, 'director', debian));

const TABLE =
  '@@ proc\nIP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
const observed = (file: string | undefined, { stamp = true, table = TABLE } = {}): string =>
  `@@@ stamp\n${stamp ? 'yes\n' : ''}@@@ table\n${table}${file === undefined ? '' : `@@@ file\n${file}`}`;

/** What it writes where there is no file. */
function written(cluster: Cluster = pair, table?: string): string {
  const change = changeOf(resources(cluster), CONF, observed(undefined, { ...(table && { table }) }));
  const lines = (change?.diff ?? '')
    .split('\n')
    .filter((line) => line.startsWith('+') && !line.startsWith('+++'));
  return lines.map((line) => `${line.slice(1)}\n`).join('');
}

describe('a director with keepalived', () => {
  it('leaves VIP, timeouts and sync daemons to it, and keeps table, settings and marks', () => {
    const all = ids(resources({ ...pair, ipvs: { timeouts: { tcp: 60 }, sync: { id: 1 } } }));
    expect(all.filter((id) => /^(address|ipvs|sync|route|keepalived|service|packages)/.test(id))).toEqual([
      'ipvs table',
      'packages keepalived',
      CONF,
      'service keepalived',
    ]);
    expect(all).toContain('sysctl net.ipv4.conf.eth0.accept_local');
    const text = writtenText(resources(), '/etc/lvsctl/director.sh');
    expect(text).toContain('put 1 net/ipv4/conf/eth0/accept_local');
    expect(text).not.toMatch(/^(service|server|hold|announce|sync_daemon) /m);
  });

  it('starts at boot behind the script, so that no VIP comes before the marks of its services', () => {
    const unit = '/etc/systemd/system/lvsctl-director.service';
    expect(writtenText(resources(), unit)).toContain('\nBefore=keepalived.service\n');
    const single = { ...pair, services: [service({ directors: ['director'] })] };
    expect(writtenText(resources(single), unit)).not.toContain('Before=');
  });

  it('has the settings that IPVS brings with it after a boot too: its module is loaded before they are set', () => {
    const script = writtenText(resources(), '/etc/lvsctl/director.sh');
    const setting = script.indexOf('put 2 net/ipv4/vs/conn_reuse_mode');
    expect(setting).toBeGreaterThan(0);
    expect(script.indexOf('modprobe "$module"')).toBeLessThan(setting);
    expect(script).toMatch(/^for module in ip_vs /m);
    // Where sysctl.d has them, systemd has loaded the module before: systemd-sysctl.service comes behind systemd-modules-load.service.
    expect(changeOf(resources(), 'sysctl.conf director', '')?.diff).toContain(
      '+net.ipv4.vs.conn_reuse_mode = 2\n',
    );
    const modules = ipvsadm.resources(input(ipvsadm, pair, 'director', debian));
    expect(writtenText(modules, '/etc/modules-load.d/lvsctl-ipvsadm.conf')).toMatch(/^ip_vs$/m);
  });

  it('has the way of each check in the table', () => {
    const change = changeOf(resources(), 'ipvs table', TABLE);
    const marks = [...vipChecks(pair, hostOf(pair, 'director')).values()].map(({ mark }) => mark);
    expect(change?.diff).toContain(`+ -A -f ${marks[0]} -s rr\n`);
    expect(change?.diff).toContain(`+ -a -f ${marks[1]} -r 10.83.33.2:0 -g -w 1\n`);
  });

  it('has the way of a check through a tunnel once, by the family of the VIP', () => {
    const realServers = [{ host: 'six', address: 'fd00:83::99', port: 21, weight: 1 }];
    const mixed = tutorial({
      hosts: [
        host('director', '10.83.33.83', { address6: 'fd00:83::83', prefix6: 64 }),
        host('other', '10.83.33.84', { address6: 'fd00:83::84', prefix6: 64 }),
        host('six', 'fd00:83::99', { prefix: 64 }),
      ],
      services: [
        service({ directors: ['director', 'other'], checks: [tcp], forwarding: 'tun', realServers }),
      ],
    });
    const [way] = vipChecks(mixed, hostOf(mixed, 'director')).values();
    expect(changeOf(resources(mixed), 'ipvs table', TABLE)?.diff).toContain(`+ -A -f ${way?.mark} -s rr\n`);
    expect(written(mixed)).toContain(`virtual_server fwmark ${way?.mark} {\n    ip_family inet\n`);
  });

  it('is converged with the file that it wrote, once keepalived has read it', () => {
    const text = written();
    expect(text).toMatch(/^# Written by lvsctl/);
    expect(changeOf(resources(), CONF, observed(text))).toBeUndefined();
    expect(changeOf(resources(), CONF, observed(text, { stamp: false }))?.summary).toBe(
      'have keepalived read /etc/keepalived/keepalived.conf',
    );
  });

  it('keeps a server that leaves in the file while it has connections', () => {
    const busy = `${TABLE}TCP  0A532164:0015 wrr  \n  -> 0A532103:0015      Route   1      2          0\n`;
    expect(written(pair, busy)).toContain('real_server 10.83.33.3 21 {\n        weight 0\n');
    expect(written()).not.toContain('10.83.33.3 21');
  });

  it('names no more VIPs in its signs of life than fit a packet; the others move with them', () => {
    const of = (count: number, vip: (n: number) => string) =>
      written({
        ...pair,
        hosts: new Map(
          [...pair.hosts].map(([name, one]) => [name, { ...one, address6: `fd00:83::${name.length}` }]),
        ),
        services: Array.from({ length: count }, (_, n) =>
          service({ name: `s${n}`, vip: vip(n), label: `${n}`, directors: ['director', 'other'] }),
        ),
      });
    const told = (text: string, head: string) =>
      new RegExp(`^    ${head} \\{\\n((?: {8}.*\\n)*)`, 'm').exec(text)?.[1]?.trimEnd().split('\n').length ??
      0;
    const four = of(300, (n) => `192.0.${2 + Math.floor(n / 200)}.${1 + (n % 200)}`);
    expect([told(four, 'virtual_ipaddress'), told(four, 'virtual_ipaddress_excluded')]).toEqual([200, 100]);
    const six = of(61, (n) => `fd00:9::${n.toString(16)}`);
    expect([told(six, 'virtual_ipaddress'), told(six, 'virtual_ipaddress_excluded')]).toEqual([60, 1]);
    expect(told(written(), 'virtual_ipaddress_excluded')).toBe(0);
  });

  it('refuses a file of somebody else, and takes it over when told to', () => {
    const foreign = observed('vrrp_instance VI_1 {\n}\n');
    expect(() => changeOf(resources(), CONF, foreign)).toThrow(/lvsctl did not write it/);
    const taking = changeOf(resources({ ...pair, keepalived: { takeOver: true } }), CONF, foreign);
    expect(taking?.apply.text).toContain('keepalived.conf.lvsctl-orig');
    expect(changeOf(resources(), CONF, observed('\n'))?.summary).toBe(
      'change /etc/keepalived/keepalived.conf',
    );
  });

  it('stops sync daemons where their line changes, which a reload does not', () => {
    const apply = (before: Cluster, after: Cluster) =>
      changeOf(resources(after), CONF, observed(written(before)))?.apply.text ?? '';
    const [one, other] = [1, 2].map((id) => ({ ...pair, ipvs: { sync: { id } } }));
    if (one === undefined || other === undefined) throw new Error('no clusters');
    expect(apply(one, pair)).toContain('--stop-daemon');
    expect(apply(one, other)).toContain('--stop-daemon');
    expect(apply(one, { ...one, keepalived: { id: 9 } })).toMatch(/kill -HUP/);
    expect(apply(one, { ...one, keepalived: { id: 9 } })).not.toContain('--stop-daemon');
  });

  it('starts it with what proves that it lives on', () => {
    const apply = changeOf(
      resources(),
      'service keepalived',
      'ActiveState=inactive\nUnitFileState=disabled\n',
    )?.apply.text;
    expect(apply).toContain('systemctl enable keepalived.service');
    expect(apply).toContain('keepalived does not live on');
  });

  it('stops sync daemons that are in the way of its own before it starts, and none afterwards', () => {
    const started = (cluster: Cluster) =>
      changeOf(resources(cluster), 'service keepalived', 'ActiveState=inactive\nUnitFileState=enabled\n')
        ?.apply.text ?? '';
    const [before = '', after = ''] = started({ ...pair, ipvs: { sync: { id: 1 } } }).split(
      'systemctl start',
    );
    expect(before).toContain('--stop-daemon');
    expect(after).not.toContain('--stop-daemon');
    expect(started(pair)).not.toContain('--stop-daemon');
  });

  it('gives a keepalived that runs its sync daemons back; one that starts now has them by itself', () => {
    const synced = { ...pair, ipvs: { sync: { id: 1 } } };
    const idsOf = (cluster: Cluster, running: boolean) => {
      const facts = { ...debian, keepalived: { running, ours: true } };
      return director.resources(input(director, cluster, 'director', facts)).map(({ id }) => id);
    };
    const daemons = 'sync daemons of keepalived';
    expect(idsOf(synced, true)).toContain(daemons);
    expect(idsOf(synced, true).indexOf(daemons)).toBeGreaterThan(
      idsOf(synced, true).indexOf('service keepalived'),
    );
    expect(idsOf(synced, false)).not.toContain(daemons);
    expect(idsOf(pair, true)).not.toContain(daemons);
  });

  it.each(shells)('has scripts that %s can read', (_, [program = '', ...before]) => {
    const all = resources();
    const stdout: Record<string, string> = { [CONF]: observed(undefined), 'service keepalived': '' };
    for (const id of [CONF, 'service keepalived']) {
      const found = all.find((one) => one.id === id);
      const change = found?.plan(said(stdout[id] ?? ''), nothingChanging);
      for (const text of [found?.probe.text, change?.apply.text]) {
        const { status, stderr } = spawnSync(program, [...before, '-n', '-c', text ?? 'fi'], {
          encoding: 'utf8',
        });
        expect(status, stderr).toBe(0);
      }
    }
  });
});

describe('steady', () => {
  it.each(shells)('tells children that live on from those that die (%s)', (_, [program = '', ...before]) => {
    const change = changeOf(resources(), 'service keepalived', '');
    const functions = change?.apply.text
      .match(/^parent\(\)[\s\S]*?^complain\(\)/m)?.[0]
      .replace(/complain\(\)$/, '')
      .replace('sleep 3', 'sleep 1');
    const status = (children: string) =>
      spawnSync(
        program,
        [
          ...before,
          '-c',
          `${functions}\n(${children} wait; exec sleep 6) >/dev/null 2>&1 & parent=$!; sleep 0.2; steady $parent && echo steady || echo not; kill $parent`,
        ],
        { encoding: 'utf8' },
      ).stdout.trim();
    expect(status('sleep 6 &')).toBe('steady');
    expect(status('sleep 6 & sleep 0.6 &')).toBe('not');
    expect(status('')).toBe('not');
  });
});

describe('hosts around it', () => {
  it('a sorry server holds the VIP of a DR service quietly, as real servers do', () => {
    const sorry = { host: 'spare', address: '10.83.33.85', port: 21 };
    const cluster = tutorial({
      hosts: [...pair.hosts.values(), host('spare', '10.83.33.85')],
      services: [service({ directors: ['director', 'other'], checks: [tcp], sorry })],
    });
    expect(ids(realserver.resources(input(realserver, cluster, 'spare', debian)))).toContain(
      'address 10.83.33.100 on lo',
    );
  });

  it.each([
    ['tun', {}, ['link tunl0', 'address 10.83.33.100 on tunl0']],
    ['nat', { gateway: '10.83.33.99' }, ['default route']],
  ] as const)(
    'a sorry server of a %s service takes packets and answers as real servers do',
    (forwarding, more, wanted) => {
      const sorry = { host: 'spare', address: '10.83.33.85', port: 21 };
      const cluster = tutorial({
        hosts: [...pair.hosts.values(), host('spare', '10.83.33.85')],
        services: [service({ directors: ['director', 'other'], checks: [tcp], sorry, forwarding, ...more })],
      });
      expect(realserver.appliesTo(hostOf(cluster, 'spare'), cluster)).toBe(true);
      expect(ids(realserver.resources(input(realserver, cluster, 'spare', debian)))).toEqual(
        expect.arrayContaining([...wanted]),
      );
    },
  );

  it.each(shells)(
    'a director that has become a single one is told that it still runs (%s)',
    (_, [program = '', ...before]) => {
      const single = { ...pair, services: [service({ directors: ['director'] })] };
      const facts = { ...debian, commands: new Set([...debian.commands, 'keepalived']) };
      const all = director.resources(input(director, single, 'director', facts));
      const left = all.find(({ id }) => id === 'keepalived that is left over');
      expect(left?.plan(said('running\n'), nothingChanging)).toBeUndefined();
      expect(left?.remarks?.(said('running\n'))).toEqual([expect.stringContaining('`keepalived: {}`')]);
      expect(left?.remarks?.(said(''))).toEqual([]);
      const folder = mkdtempSync(join(tmpdir(), 'lvsctl-keepalived-'));
      const probed = (conf: string, pid: number | undefined) => {
        writeFileSync(join(folder, 'conf'), conf);
        writeFileSync(join(folder, 'pid'), `${pid ?? ''}\n`);
        const script = (left?.probe.text ?? '')
          .replace('/etc/keepalived/keepalived.conf', join(folder, 'conf'))
          .replace('/run/keepalived.pid', join(folder, 'pid'))
          .replace(' /var/run/keepalived.pid', '');
        return spawnSync(program, [...before, '-c', script], { encoding: 'utf8' });
      };
      expect(probed(written(), process.pid)).toMatchObject({ stdout: 'running\n', status: 0 });
      expect(probed(written(), undefined)).toMatchObject({ stdout: '', status: 0 });
      expect(probed('vrrp_instance VI_1 {\n}\n', process.pid)).toMatchObject({ stdout: '', status: 0 });
      rmSync(folder, { recursive: true });
    },
  );

  it('a director that has become a single one leaves alone what the checks of its keepalived did, as long as that runs', () => {
    const single = { ...pair, services: [service({ directors: ['director'], checks: [tcp] })] };
    const table = `${TABLE}TCP  0A532164:0015 wrr\n  -> 0A53214C:0015      Route   3      0          0\n  -> 0A532102:0015      Route   0      0          0\n`;
    const planned = (keepalived?: Facts['keepalived']) =>
      changeOf(
        director.resources(
          input(director, single, 'director', { ...debian, ...(keepalived && { keepalived }) }),
        ),
        'ipvs table',
        table,
      )?.diff;
    const back = expect.stringContaining('+ -a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\n');
    expect(planned({ running: true, ours: true })).toBeUndefined();
    expect(planned({ running: false, ours: true })).toEqual(back);
    expect(planned()).toEqual(back);
  });

  it('a single director with checks is told how to get them', () => {
    const cluster = tutorial({ services: [service({ checks: [tcp] })] });
    expect(director.remarks?.(input(director, cluster, 'director', debian))).toEqual([
      'nothing runs the checks of ftp: on a single director keepalived does where the inventory has `keepalived: {}`',
    ]);
    expect(director.remarks?.(input(director, { ...cluster, keepalived: {} }, 'director', debian))).toEqual(
      [],
    );
    expect(ids(resources(cluster))).toContain('address 10.83.33.100 on eth0');
  });
});
