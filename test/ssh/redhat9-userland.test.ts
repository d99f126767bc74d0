import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ftpParams } from '../../roles/ftp/params.js';
import { arp, contentKey, contentSource, ftp, realserver } from '../../roles/index.js';
import type { Role } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { file } from '../../src/resources/index.js';
import { quote, sh } from '../../src/shell/index.js';
import { openHost } from '../../src/ssh/index.js';
import { ofThisMachine, redHat9Commands } from '../support/red-hat-9.js';
import { provisionResources, provisionRoles } from '../support/run-playbook.js';
import { startSshd, type TestSshd } from '../support/sshd.js';
import { service } from '../unit/roles/cluster.js';
import { secrets } from './opening.js';

/**
 * A host with the commands of Red Hat 9 and no other, each refusing what it lacked; no /sys, SysV init, a kernel that says 2.4.20
 * and has `hidden`. All that the engine and the roles send to a real server runs there.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-userland-'));
const network = `lvsctl-t${process.pid}`;
const release = '2.4.20-lvs3f2a1c9d';
let sshd: TestSshd;

/** Programs of its own: what Red Hat 9 had as scripts, and servers that nobody needs here. */
const scripts: Readonly<Record<string, string>> = {
  uname: `case $* in -r) echo ${release} ;; *) exec /real/bin/uname "$@" ;; esac`,
  modprobe: 'exit 1',
  rpm: 'exit 1',
  chkconfig: `case $1 in --level) n=$3 ;; *) exit 2 ;; esac
for level in 3 5; do mkdir -p /etc/rc.d/rc$level.d; ln -sf ../init.d/$n /etc/rc.d/rc$level.d/S60$n; done`,
  service: 'exec /etc/init.d/"$@"',
  vsftpd: 'exec sleep 600',
  crond: 'exec sleep 600',
  rsync: 'exit 1',
};

const initScript = `#!/bin/sh
# chkconfig: 35 60 50
pid=/var/lock/subsys/vsftpd
case $1 in
start) vsftpd >/dev/null 2>&1 & echo $! > $pid ;;
stop) kill $(cat $pid); rm -f $pid ;;
restart) $0 stop; $0 start ;;
status) [ -f $pid ] && kill -0 $(cat $pid) ;;
esac
`;

/** What a Red Hat 9 of France might have: Latin-1, and the tutorial's lines. */
const rcLocal = Buffer.from(
  '#!/bin/sh\n#\n# Ce script est ex\xe9cut\xe9 *apr\xe8s* tous les autres.\n\ntouch /var/lock/subsys/local\n',
  'latin1',
);

async function machine(): Promise<string> {
  const commands = join(folder, 'commands');
  await redHat9Commands(commands, (path) =>
    path.replace(/^(\/usr)?\/s?bin\//, (at) => `/real/${at.includes('sbin') ? 'sbin' : 'bin'}/`),
  );
  for (const [name, text] of Object.entries(scripts)) {
    rmSync(join(commands, name), { force: true });
    writeFileSync(join(commands, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const made = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content, { mode: 0o755 });
    return quote(join(folder, name));
  };
  const conf = '$root/proc/sys/net/ipv4/conf';
  return [
    'mkdir -p "$root/real/bin" "$root/real/sbin" "$root/netns"',
    'mount --bind "$root/usr/bin" "$root/real/bin"; mount --bind "$root/usr/sbin" "$root/real/sbin"',
    'for d in bin sbin usr/bin usr/sbin usr/local; do',
    '  [ ! -h "$root/$d" ] || continue; mount -t tmpfs tmpfs "$root/$d"',
    `  [ $d = usr/local ] || cp -a ${quote(commands)}/. "$root/$d"`,
    'done',
    'mount -t tmpfs tmpfs "$root/run"; mkdir -p "$root/run/sshd" "$root/run/lock/subsys"',
    'rm -rf "$root"/etc/os-release "$root"/etc/debian_version "$root"/etc/init.d "$root"/etc/rc?.d "$root"/etc/rc.local "$root"/etc/modules "$root"/etc/modules-load.d "$root"/etc/sysctl.d "$root"/etc/systemd',
    'mkdir -p "$root/etc/rc.d/init.d" "$root/etc/vsftpd" "$root/etc/cron.d"; ln -s rc.d/init.d "$root/etc/init.d"; ln -s rc.d/rc.local "$root/etc/rc.local"',
    'for n in 2 3 5; do mkdir -p "$root/etc/rc.d/rc$n.d"; ln -s "rc.d/rc$n.d" "$root/etc/rc$n.d"; done',
    'echo "Red Hat Linux release 9 (Shrike)" > "$root/etc/redhat-release"',
    'printf "%s\\n" "# Kernel sysctl configuration file" "net.ipv4.ip_forward = 0" > "$root/etc/sysctl.conf"',
    `cp ${made('rc.local', rcLocal)} "$root/etc/rc.d/rc.local"; cp ${made('vsftpd', initScript)} "$root/etc/rc.d/init.d/vsftpd"`,
    `mount --bind ${made('osrelease', `${release}\n`)} "$root/proc/sys/kernel/osrelease"`,
    `mount --bind /run/netns/${network} "$root/netns" 2>/dev/null || { rmdir "$root/netns"; : > "$root/netns"; mount --bind /run/netns/${network} "$root/netns"; }`,
    // Settings belong to a network, and are seen from inside it alone.
    `nsenter --net=/run/netns/${network} sh -ec 'mount -t tmpfs tmpfs "$1"; for d in all default lo eth0; do mkdir "$1/$d"; echo 0 > "$1/$d/hidden"; done' sh "${conf}"`,
  ].join('\n');
}

beforeAll(async () => {
  execFileSync('ip', ['netns', 'add', network]);
  execFileSync('ip', [
    'netns',
    'exec',
    network,
    'sh',
    '-ec',
    'ip link set lo up; ip tuntap add dev eth0 mode tap; ip link set eth0 up; ip addr add 10.83.33.76/24 dev eth0',
  ]);
  sshd = await startSshd({
    hostKeyTypes: ['ed25519'],
    config: ['ForceCommand exec /real/bin/nsenter --net=/netns /bin/sh -c "$SSH_ORIGINAL_COMMAND"'],
    machine: await machine(),
  });
});
afterAll(async () => {
  await sshd?.stop();
  execFileSync('ip', ['netns', 'del', network]);
  rmSync(folder, { recursive: true, force: true });
});

/** The tutorial's cluster, of which this host is the one named. */
function cluster(name: string, roles: Cluster['roles'] = {}): Cluster {
  const host: ClusterHost = { ...sshd.host({}, name), address: '10.83.33.76', prefix: 24, interface: 'eth0' };
  return {
    name: 'tutorial',
    file: '/tmp/inventory.ts',
    hosts: new Map([[name, host]]),
    services: [service({ realServers: [{ host: 'rs1', address: '10.83.33.76', port: 21, weight: 3 }] })],
    probes: [],
    roles,
  };
}

const inside = (script: string): string =>
  sshd.inside(
    `PATH=/usr/sbin:/usr/bin:/sbin:/bin exec /real/bin/nsenter --net=/netns sh -c ${quote(script)}`,
  );

describe('the bed', () => {
  it('has what Red Hat 9 had, and refuses the rest', () => {
    expect(
      inside('for c in ip systemctl python3 perl readlink sha256sum flock; do command -v $c; done; :'),
    ).toBe('');
    expect(() => inside('sed -i s/a/b/ /etc/passwd 2>&1')).toThrow();
    expect(() => inside('cp -n /etc/passwd /tmp/x 2>&1')).toThrow();
    expect(inside('echo a | sed s/a/b/; ls /sys')).toBe('b\n');
  });
});

describe('the engine', () => {
  it('gathers facts, locks, runs jobs, and sends files there and back', async () => {
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) & 255));
    const { outcome, story } = await provisionResources(sshd.host(), [
      file({ path: '/etc/lvsctl/large', content: large, mode: '0600' }),
      file({ path: '/etc/lvsctl/text', content: 'text\n', owner: 'root', backup: true }),
    ]);
    expect(outcome, story).toMatchObject({ changed: 2, failed: 0 });
    const host = await openHost(sshd.host(), { passwords: secrets() });
    await host.upload('/etc/lvsctl/uploaded', large);
    expect(
      (await host.run(sh`cmp /etc/lvsctl/large /etc/lvsctl/uploaded && echo same`)).stdout.toString(),
    ).toBe('same\n');
    await host.close();
  });
});

describe('a real server', () => {
  const roles: readonly Role[] = [arp, ftp, realserver];
  const ftpRole = { ftp: ftpParams.parse({ banner: 'Welcome to FTP{n} server' }) };
  const rs1 = () => cluster('rs1', ftpRole);

  it('is provisioned, and a second run changes nothing', async () => {
    const { outcome, story } = await provisionRoles(rs1(), roles);
    expect(outcome, story).toMatchObject({ failed: 0 });
    expect(
      inside('ifconfig lo:100; cat /proc/sys/net/ipv4/conf/all/hidden /proc/sys/net/ipv4/conf/lo/hidden'),
    ).toMatch(/inet addr:10\.83\.33\.100 .*Mask:255\.255\.255\.255[\s\S]*\n1\n1\n$/);
    expect(inside('/etc/init.d/vsftpd status && echo runs')).toBe('runs\n');
    expect(inside('cat /etc/vsftpd/vsftpd.conf')).toContain('ftpd_banner=Welcome to FTP1 server\n');
    const again = await provisionRoles(rs1(), roles);
    expect(again.outcome, again.story).toMatchObject({ changed: 0, failed: 0 });
  });

  it('comes up by its own rc.local, whose other bytes are as they were', async () => {
    const script = 'cat /etc/rc.d/rc.local | od -An -v -tx1 | tr -d " \\n"';
    const bytes = Buffer.from(inside(script), 'hex');
    expect(bytes.subarray(0, rcLocal.length)).toEqual(rcLocal);
    expect(bytes.subarray(rcLocal.length).toString()).toBe(
      '# BEGIN lvsctl realserver\n# LVS real server of the cluster tutorial\n/bin/sh /etc/lvsctl/realserver.sh\n# END lvsctl realserver\n',
    );
    inside('ifconfig lo:100 down; for d in all lo; do echo 0 > /proc/sys/net/ipv4/conf/$d/hidden; done');
    expect(inside('/bin/sh /etc/rc.d/rc.local 2>&1')).toBe('');
    const { outcome, story } = await provisionRoles(rs1(), roles);
    expect(outcome, story).toMatchObject({ changed: 0, failed: 0 });
  });
});

describe('the content', () => {
  const content = {
    content: { source: 'director', paths: [{ from: '/srv' }], everyMinutes: 5, delete: false, exclude: [] },
  };

  it('gets a key on the receiver, and lets it in on the source', async () => {
    const receiver = await provisionRoles(cluster('rs1', content), [contentKey]);
    expect(receiver.outcome, receiver.story).toMatchObject({ failed: 0 });
    expect(inside('cat /etc/lvsctl/content_key.pub')).toMatch(/^ssh-rsa [^ ]+ lvsctl content rs1\n$/);
    const source = await provisionRoles(cluster('director', content), [contentSource]);
    expect(source.outcome, source.story).toMatchObject({ failed: 0 });
    const again = await provisionRoles(cluster('director', content), [contentSource]);
    expect(again.outcome, again.story).toMatchObject({ changed: 0, failed: 0 });
  });
});

describe('this machine', () => {
  it('keeps what it had', () => {
    expect(readFileSync('/proc/sys/kernel/osrelease', 'utf8')).not.toContain(release);
    expect(ofThisMachine('sh')).toBeDefined();
  });
});
