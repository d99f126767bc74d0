import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/index.js';
import { labAccess } from '../../src/lab/index.js';
import type { Host } from '../../src/ssh/host.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';
import { type VerifyReport, verifyCluster } from '../../src/verify/index.js';
import { onHost, watched } from './support/program.js';

/**
 * The product, as its user has it: the built program, real kernels, real logins. The tests build on one another, in this order,
 * as an operator's day would: provision (killed and cut off on the way), again, reboot, drift, a fault.
 */
const example = fileURLToPath(new URL('../../inventory.example.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-tutorial-'));
const inventory = join(folder, 'inventory.ts');
const hosts = ['director', 'rs1', 'rs2', 'client'];

const lvsctl = (args: readonly string[], onEvent: Parameters<typeof watched>[1] = () => {}) =>
  watched(args, onEvent);

const shell = (host: string, script: string): string => onHost(inventory, host, script).stdout;

beforeAll(async () => {
  const text = readFileSync(example, 'utf8').replace("name: 'tutorial'", `name: 'e2e-${process.pid}'`);
  writeFileSync(inventory, text);
  expect(text).toContain(`e2e-${process.pid}`);
  const up = await lvsctl(['lab', 'up', inventory]);
  expect(up.status, up.story).toBe(0);
});

afterAll(async () => {
  await lvsctl(['lab', 'down', inventory]);
  rmSync(folder, { recursive: true, force: true });
});

describe('the tutorial cluster', () => {
  it('survives that lvsctl is killed in the middle of an apply', async () => {
    const started = new Set<string>();
    const run = await lvsctl(['provision', inventory, '--lab'], (event, child) => {
      if (event.type === 'change.start' && event.resource === 'packages ftp') started.add(event.host);
      if (started.size === 2) child.kill('SIGKILL');
    });
    expect(run.status).toBe(null);
    expect(run.of('host.end')).toEqual([]);
  });

  it('comes back to the jobs, over a connection that is cut on the director, and ends with 30:10 of 40 logins', async () => {
    // The table is not there before this run, whose job has a good deal to do after it.
    shell('director', cutWhen('grep -qs 0A532164 /proc/net/ip_vs'));
    const run = await lvsctl(['provision', inventory, '--lab']);
    expect(run.of('failure'), run.story).toEqual([]);
    expect(run.status, run.story).toBe(0);
    const remarks = run.of('remark').map(({ host, text }) => `${host}: ${text}`);
    for (const host of ['rs1', 'rs2'])
      expect(remarks).toContainEqual(
        expect.stringMatching(new RegExp(`^${host}: (re-attached to|found) the job that .*began at`)),
      );
    expect(remarks).toContainEqual(expect.stringMatching(/^director: connection lost while a job ran/));
    const [report] = run.of('verify.result').map((event) => event.report);
    expect(report).toMatchObject({ connections: 40, failedConnections: 0, problems: [] });
    expect(report?.shares.map(({ host, answered, counted }) => [host, answered, counted])).toEqual([
      ['rs1', 30, 30],
      ['rs2', 10, 10],
    ]);
    expect(report?.arp.map(({ host }) => host)).toEqual(['director']);
  });

  it('shows its hosts: the lab is up, and facts are theirs', async () => {
    const status = await lvsctl(['lab', 'status', inventory]);
    expect(status.status).toBe(0);
    expect(status.of('facts').map(({ host, facts }) => [host, facts.state])).toEqual(
      hosts.map((host) => [host, 'up']),
    );
    const facts = await lvsctl(['facts', inventory, '--lab']);
    expect(facts.status, facts.story).toBe(0);
    const director = facts.of('facts').find(({ host }) => host === 'director')?.facts;
    expect(director).toMatchObject({
      hostname: 'director',
      init: 'systemd',
      packageManager: 'apt',
      ipvs: { loaded: true, version: '1.2.1' },
    });
  });

  it('did nothing twice', () => {
    for (const [host, name] of [
      ['rs1', 'vsftpd'],
      ['rs2', 'vsftpd'],
      ['director', 'ipvsadm'],
    ] as const)
      expect(shell(host, `grep -c " install ${name}:" /var/log/dpkg.log`).trim(), host).toBe('1');
  });

  it('is provisioned again with zero changes, one connection and at most three script trips a host', async () => {
    const run = await lvsctl(['provision', inventory, '--lab']);
    expect(run.status, run.story).toBe(0);
    expect(run.planned).toEqual([]);
    expect(run.of('run.end')[0]).toMatchObject({ changed: 0, failed: 0 });
    for (const { host, summary } of run.of('host.end')) {
      expect(summary, host).toMatchObject({ changed: 0, failed: 0, connections: 1 });
      expect(summary.trips, host).toBeLessThanOrEqual(3);
    }
    expect(new Set(run.of('host.end').map(({ host }) => host))).toEqual(new Set(hosts));
  });

  it('drains a real server: a session that is open goes on, new ones go to the other, and nothing brings it back', async () => {
    shell('client', sessionOn('FTP1'));
    await eventually('the session with rs1', () => shell('client', 'cat /tmp/session').includes('open'));
    const drain = await lvsctl(['drain', inventory, 'rs1', '--lab', '--reason', 'new disk', '--wait', '3s']);
    expect(drain.of('weight'), drain.story).toMatchObject([
      { director: 'director', service: 'ftp', host: 'rs1', before: 3, after: 0, recorded: true },
    ]);
    expect(drain.of('wait.end')).toMatchObject([
      { idle: false, connections: 1, held: [{ service: 'ftp', established: 1, opening: 0 }] },
    ]);
    expect(drain.status).toBe(1);

    const verify = await lvsctl(['verify', inventory, '--lab', '--connections', '20']);
    expect(verify.status, verify.story).toBe(0);
    expect(verify.of('verify.result')[0]?.report.shares).toMatchObject([
      { host: 'rs1', weight: 0, counted: 0 },
      { host: 'rs2', weight: 1, counted: 20 },
    ]);
    const plan = await lvsctl(['plan', inventory, '--lab', '--exit-code']);
    expect(plan.planned).toEqual([]);
    expect(plan.status, plan.story).toBe(0);
    expect(plan.of('remark').map(({ host, text }) => `${host}: ${text}`)).toContainEqual(
      expect.stringMatching(/^director: rs1 in ftp is drained since .* by .*: new disk; `lvsctl undrain rs1/),
    );
    const status = await lvsctl(['status', inventory, '--lab']);
    expect(status.of('status')[0]?.status).toMatchObject({
      services: [
        { realServers: [{ host: 'rs1', state: 'drained', recorded: { weight: 0, reason: 'new disk' } }, {}] },
      ],
    });

    shell('client', 'touch /tmp/session.end');
    const again = await lvsctl(['drain', inventory, 'rs1', '--lab', '--wait', '2m']);
    expect(again.status, again.story).toBe(0);
    expect(again.of('wait.end')).toMatchObject([{ idle: true, connections: 0 }]);
    expect(shell('client', 'cat /tmp/session')).toMatch(/^open\nended after [1-9]\d* answers: 221 /);
  });

  it('is back after a reboot of every host, the drained one still drained: the plan is empty, then the logins split', async () => {
    const boot = shell('rs1', 'cat /proc/sys/kernel/random/boot_id');
    const reboot = await lvsctl(['lab', 'reboot', inventory]);
    expect(reboot.status, reboot.story).toBe(0);
    expect(shell('rs1', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(boot);
    const plan = await lvsctl(['plan', inventory, '--lab', '--exit-code']);
    expect(plan.planned).toEqual([]);
    expect(plan.status, plan.story).toBe(0);
    expect(shell('director', 'ipvsadm -Sn')).toContain('-r 10.83.33.76:21 -g -w 0\n');
    const slow = await lvsctl(['weight', inventory, 'rs1', 'ftp', '3', '--lab', '--over', '3s']);
    expect(
      slow.of('weight.step').map(({ weight }) => weight),
      slow.story,
    ).toEqual([1, 2, 3]);
    expect(slow.of('weight')).toMatchObject([{ before: 0, after: 3, recorded: false }]);
    expect(shell('director', 'ls /var/lib/lvsctl')).not.toContain('weights');
    const verify = await lvsctl(['verify', inventory, '--lab']);
    expect(verify.status, verify.story).toBe(0);
    expect(verify.of('verify.result')[0]?.report.shares).toMatchObject([{ counted: 30 }, { counted: 10 }]);
  });

  it('shows drift by name, and mends only that', async () => {
    expect(onHost(inventory, 'director', 'ipvsadm -d -t 10.83.33.100:21 -r 10.83.33.2:21').status).toBe(0);
    expect(onHost(inventory, 'rs1', 'ip addr del 10.83.33.100/32 dev lo').status).toBe(0);
    shell('rs2', 'echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo "# by hand" >> /etc/vsftpd.conf');
    const drift = [
      'director: ipvs table',
      'rs1: address 10.83.33.100 on lo',
      'rs2: file /etc/vsftpd.conf',
      'rs2: service vsftpd',
      'rs2: sysctl net.ipv4.conf.all.arp_ignore',
    ];
    const plan = await lvsctl(['plan', inventory, '--lab', '--exit-code']);
    expect(plan.planned).toEqual(drift);
    expect(plan.status).toBe(3);
    const provision = await lvsctl(['provision', inventory, '--lab']);
    expect(provision.status, provision.story).toBe(0);
    expect(
      provision
        .of('change.end')
        .map(({ host, resource }) => `${host}: ${resource}`)
        .sort(),
    ).toEqual(drift);
    expect(shell('rs2', 'tail -1 /etc/vsftpd.conf')).not.toContain('by hand');
  });

  it('names a real server without the VIP, asked by the director, and is silent when it is back', async () => {
    const state =
      'ip addr; ip rule; ip route show table all; ip neigh show proxy; ipvsadm -Sn; sysctl -a 2>/dev/null | grep accept_local';
    const before = shell('director', state);
    shell('rs2', 'ip addr del 10.83.33.100/32 dev lo');
    const verify = await lvsctl(['verify', inventory, '--lab', '--connections', '4']);
    expect(verify.status, verify.story).toBe(1);
    const problems = verify.of('verify.result').flatMap(({ report }) => report.problems);
    expect(problems).toContain(
      `real server rs2 (10.83.33.2) gives director no answer at 10.83.33.100:21, but one at 10.83.33.2: it does not hold 10.83.33.100 on lo; mend it with \`lvsctl provision ${inventory} --limit rs2\``,
    );
    expect(problems.join()).not.toContain('rs1 (10.83.33.76) gives');
    shell('rs2', 'ip addr add 10.83.33.100/32 dev lo label lo:100');
    const again = await lvsctl(['verify', inventory, '--lab', '--connections', '4']);
    expect(again.status, again.story).toBe(0);
    expect(shell('director', state)).toBe(before);
    expect(shell('rs1', 'ss -Htn state syn-recv')).toBe('');
  });

  it('proves a real server that it does not log in to', async () => {
    expect(await verifyUnasked('rs2')).toMatchObject({ failedConnections: 0, problems: [] });
  });

  it('fails to verify when a real server answers ARP for the VIP, and names host and cause', async () => {
    shell(
      'rs1',
      'echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore',
    );
    const verify = await lvsctl(['verify', inventory, '--lab']);
    expect(verify.status).toBe(1);
    const problems = verify.of('verify.result').flatMap(({ report }) => report.problems);
    expect(problems).toContainEqual(
      expect.stringContaining('10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0'),
    );
  });

  it('names it by its MAC address even where it does not log in to ask for it', async () => {
    const { arp, problems } = await verifyUnasked('rs1');
    expect(arp.map(({ host }) => host).sort()).toEqual(['director', 'rs1']);
    expect(problems).toContainEqual(
      expect.stringMatching(
        /^10\.83\.33\.76 answers ARP for 10\.83\.33\.100: it runs FreeBSD, .*`lvsctl render \S+inventory\.ts rs1`/,
      ),
    );
  });

  it('adds no real server that is not ready, and says so', async () => {
    shell('director', 'ipvsadm -d -t 10.83.33.100:21 -r 10.83.33.76:21');
    shell('rs1', 'systemctl stop ssh.socket ssh.service');
    const run = await lvsctl(['provision', inventory, '--lab']);
    expect(run.status).toBe(1);
    expect(run.of('failure')).toMatchObject([{ host: 'rs1' }]);
    expect(run.of('remark').map(({ host, text }) => `${host}: ${text}`)).toContainEqual(
      expect.stringMatching(/^director: .*rs1/),
    );
    const table = shell('director', 'ipvsadm -Sn');
    expect(table).not.toContain('10.83.33.76');
    expect(table).toContain('10.83.33.2:21');
  });
});

/** Keeps a session with one of the servers open, and speaks with it once a second, until it is told to end it. */
const sessionOn = (banner: string): string => `cat >/tmp/session.sh <<'END'
while :; do
  exec 3<>/dev/tcp/10.83.33.100/21; read -r line <&3
  case $line in *${banner}*) break ;; esac
  exec 3>&-
done
echo open; n=0
while [ ! -e /tmp/session.end ]; do
  printf 'NOOP\\r\\n' >&3; read -r -t 10 line <&3 || { echo "lost after $n answers"; exit 1; }
  n=$((n + 1)); sleep 1
done
printf 'QUIT\\r\\n' >&3; read -r line <&3; echo "ended after $n answers: $line"
END
setsid bash /tmp/session.sh </dev/null >/tmp/session 2>&1 &`;

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; !holds(); attempt++) {
    if (attempt > 60) throw new Error(`${what}: not within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** The check of the lab, in which one real server is taken for a FreeBSD host: nobody logs in there. */
async function verifyUnasked(name: string): Promise<VerifyReport> {
  const { cluster, dial } = await labAccess(await loadInventory(inventory));
  const host = cluster.hosts.get(name);
  if (!host) throw new Error(`no host ${name}`);
  const hosts = new Map([...cluster.hosts, [name, { ...host, os: 'freebsd' as const }]]);
  const opened = new Map<string, Promise<Host>>();
  const passwords = environmentPasswords({});
  try {
    const [report] = await verifyCluster({
      cluster: { ...cluster, hosts },
      open: (target) => {
        expect(target.name).not.toBe(name);
        const open = opened.get(target.name) ?? openHost(target, { passwords, dial });
        opened.set(target.name, open);
        return open;
      },
      connections: 8,
      sink: () => {},
    });
    if (!report) throw new Error('no report');
    return report;
  } finally {
    await Promise.all([...opened.values()].map(async (one) => (await one).close()));
  }
}

/** As soon as this is true, ends every SSH session of the host, as a cut cable would for the other end; jobs live on. */
const cutWhen = (condition: string) => `cat >/tmp/cut.sh <<'END'
until ${condition}; do sleep 0.1; done
for p in /proc/[0-9]*; do
  read -r name < $p/comm 2>/dev/null || continue
  case $name in sshd) grep -q 'sshd: root@notty' $p/cmdline 2>/dev/null && kill -9 \${p#/proc/} ;; esac
done
END
setsid sh /tmp/cut.sh </dev/null >/dev/null 2>&1 &`;
