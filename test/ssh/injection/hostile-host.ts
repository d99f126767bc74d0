import { contentParams } from '../../../roles/content/params.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { type Deck, subscript } from './payloads.js';
import type { Sandbox, System } from './sandbox.js';

const conf = ['all', 'default', 'lo', 'eth0', 'tunl0'];
const keys = ['arp_ignore', 'arp_announce', 'hidden', 'rp_filter', 'proxy_arp', 'send_redirects'];

const loaded = ['ip_vs', 'ip_vs_wrr', 'ipip'].map((name) => `${name} 16384 0 - Live 0x0\n`).join('');

/** What the package manager says of what the roles want: with it a run gets to the stage of the directors. */
function installed(manager: string): string {
  const names = ['ipvsadm', 'vsftpd', 'iputils', 'iputils-arping', 'cronie'];
  return names.map((name) => `${manager === 'dpkg-query' ? 'install ok installed ' : ''}${name}\n`).join('');
}

/** What makes the sandbox a host on which a run gets to its end, with nothing hostile about it. */
export function furnish(sandbox: Sandbox, system: System, cluster: Cluster, host: ClusterHost): void {
  for (const device of [...conf, host.interface]) {
    for (const key of keys) sandbox.write(`.proc/sys/net/ipv4/conf/${device}/${key}`, '0\n');
    sandbox.write(`.proc/sys/net/ipv6/conf/${device}/forwarding`, '0\n');
    sandbox.write(`sys/class/net/${device}/address`, '52:54:00:12:34:56\n');
    sandbox.write(`sys/class/net/${device}/mtu`, '1500\n');
    sandbox.write(`sys/class/net/${device}/flags`, '0x1002\n');
  }
  sandbox.write('.proc/sys/net/ipv4/ip_forward', '0\n');
  sandbox.write('.proc/sys/kernel/osrelease', '6.1.0-13-amd64\n');
  sandbox.write('.proc/sys/kernel/hostname', `${host.name}\n`);
  sandbox.write('.proc/sys/kernel/random/boot_id', '6a1f0e0c-1d2b-4b3c-8f7e-000000000001\n');
  sandbox.write('.proc/net/route', 'Iface Destination Gateway\neth0 00000000 0121530A 0003 0 0 0 00000000\n');
  sandbox.write('.proc/net/arp', 'IP address HW type Flags HW address Mask Device\n');
  for (const name of ['cpuinfo', 'meminfo']) sandbox.write(`.proc/${name}`, '');
  sandbox.write('.proc/modules', loaded);
  for (const manager of ['dpkg-query', 'rpm', 'apk']) sandbox.write(`hostile/${manager}`, installed(manager));
  sandbox.write('etc/passwd', 'root:x:0:0::/:/bin/sh\nlvsctl-content:*:99:99::/etc/lvsctl/content:/bin/sh\n');
  sandbox.write('etc/group', 'root:x:0:\n');
  sandbox.write('etc/ssh/ssh_host_ed25519_key.pub', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA host\n');
  sandbox.write('hostile/ssh-keygen', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA key\n');
  sandbox.write('hostile/uname', 'x86_64\n');
  for (const name of ['rs1', 'vsftpd']) sandbox.write(`etc/init.d/${name}`, '#!/bin/sh\nexit 0\n');
  for (const folder of foldersOf(system)) sandbox.folder(folder);
  // The source's folders must be there, or nothing is copied.
  for (const { from } of contentParams.parse(cluster.roles.content).paths) sandbox.folder(from.slice(1));
}

function foldersOf(system: System): readonly string[] {
  if (system === 'debian') return ['run/systemd/system', 'etc/sysctl.d', 'etc/modules-load.d', 'etc/cron.d'];
  if (system === 'alpine') return ['run/openrc', 'etc/local.d', 'etc/crontabs', 'etc/runlevels/default'];
  return ['etc/rc.d', 'etc/cron.d', 'etc/rc3.d'];
}

/** Hostile strings in all that the host tells: files, folders' names, what commands print, what former runs left there. */
export function lie(sandbox: Sandbox, cluster: Cluster, host: ClusterHost, deck: Deck): void {
  const { vip = '' } = cluster.services[0] ?? {};
  const put = (path: string, text: string): void => sandbox.write(path, `${text}\n`);
  put(
    'etc/os-release',
    `ID=${deck.draw()}\nVERSION_ID="${deck.draw()}"\nPRETTY_NAME='${deck.draw()}'\nID_LIKE=${deck.line()}`,
  );
  put('.proc/sys/kernel/osrelease', deck.line());
  put('.proc/sys/kernel/hostname', deck.draw());
  put('.proc/sys/kernel/random/boot_id', deck.line());
  put('.proc/cpuinfo', `processor : ${deck.line()}\n${deck.draw()}`);
  put('.proc/meminfo', `MemTotal: ${deck.word()} kB\n${deck.draw()}`);
  put('.proc/modules', `${loaded}${deck.word()} 1 0\n${deck.draw()}`);
  put('.proc/net/route', `${deck.word()} 00000000 0121530A\n${deck.draw()}`);
  put('.proc/net/arp', `${vip} 0x1 0x2 ${deck.word()} * eth0\n${deck.draw()}`);
  put('.proc/net/ip_vs_conn', `Pro FromIP\n${deck.draw()}\nTCP a b c ${deck.word()} e f g`);
  put('.proc/net/ip_tables_names', `filter\n${deck.draw()}`);
  for (const device of [...conf, deck.fileName(), deck.fileName()]) {
    for (const key of keys) put(`.proc/sys/net/ipv4/conf/${device}/${key}`, deck.draw());
    put(`sys/class/net/${device}/address`, deck.line());
    put(`sys/class/net/${device}/mtu`, deck.line());
    // What is read as a number is where bash would evaluate a subscript.
    put(`sys/class/net/${device}/flags`, deck.texts.length % 2 ? deck.line() : subscript);
  }
  put('sys/class/net/tunl0/flags', subscript);
  put('.proc/sys/net/ipv4/ip_forward', subscript);
  put('etc/sysctl.conf', `net.ipv4.ip_forward = ${deck.draw()}\n${deck.draw()}`);
  put(
    `etc/sysctl.d/${deck.fileName()}.conf`,
    `net.ipv4.conf.all.arp_ignore = ${deck.line()}\n${deck.draw()}`,
  );
  put(
    'etc/passwd',
    `${deck.draw()}\nroot:x:0:0::/:/bin/sh\n${deck.word()}:x:0:0\nlvsctl-content:*:99:99::/:/bin/sh`,
  );
  put('etc/modules', deck.draw());
  put('etc/crontabs/root', deck.draw());
  put('etc/vsftpd.conf', deck.draw());
  put('etc/vsftpd/vsftpd.conf', deck.draw());
  put('etc/lvsctl/director.sh', `server -t ${vip}:21 -r ${deck.draw()}\n${deck.draw()}`);
  put('etc/lvsctl/content/.ssh/authorized_keys', `${deck.draw()}\nssh-rsa ${deck.line()} lvsctl content rs2`);
  put('etc/ssh/ssh_host_rsa_key.pub', `ssh-rsa ${deck.word()} ${deck.draw()}`);
  put(`etc/ssh/ssh_host_${deck.fileName()}_key.pub`, `${deck.word()} ${deck.word()}`);
  put(`etc/rc3.d/S99${deck.fileName()}`, '');
  former(sandbox, [...cluster.hosts.keys()].indexOf(host.name), deck);
  put('hostile/ssh-keygen', `ssh-ed25519 ${deck.word()} ${deck.draw()}`);
  put('hostile/ip', `${addresses(vip, deck)}\n${deck.draw()}`);
  put(
    'hostile/ifconfig',
    `${deck.word()} Link encap HWaddr ${deck.line()}\n      inet addr:10.9.9.9 Mask:${deck.word()}\n${deck.draw()}`,
  );
  put(
    'hostile/ipvsadm',
    `IP Virtual Server version 1.2.1 (size=4096)\n-A -t ${vip}:99 -s ${deck.word()}\nTCP ${vip}:21 ${deck.word()}\n  -> ${deck.word()} Route 1 0 0\n${deck.draw()}`,
  );
  for (const name of [
    'apt-get',
    'apk',
    'yum',
    'rpm',
    'dpkg-query',
    'systemctl',
    'rc-service',
    'chkconfig',
    'arping',
    'uname',
    'modprobe',
    'iptables',
    'nft',
    'curl',
    'nc',
    'perl',
    'rsync',
  ])
    put(`hostile/${name}`, `${installed(name)}${deck.line()}\n= c1 answer ${deck.line()}\n${deck.draw()}`);
}

/** A lock and jobs that an earlier run seems to have left: none to follow, one with an end, or nonsense, from host to host. */
function former(sandbox: Sandbox, place: number, deck: Deck): void {
  const folder = 'var/lib/lvsctl';
  sandbox.write(`${folder}/lock/owner`, Array.from({ length: 6 }, () => `${deck.line()}\n`).join(''));
  const id = '20260101T000000-000000000000';
  for (const name of [id, '*', 'x ..', deck.fileName(), deck.fileName()]) {
    const job = `${folder}/jobs/${name}`;
    const steps = [{ id: deck.draw(), summary: deck.draw() }];
    const manifest = JSON.stringify({ owner: deck.draw(), begun: deck.draw(), steps });
    const log = [
      `@${id} job ${place % 2 ? manifest : deck.line()}`,
      `@${id} begin 0`,
      deck.draw(),
      `@${id} end 0 0`,
      `@${id} begin ${deck.word()}`,
      `@${id} stderr ${deck.word()}`,
      deck.draw(),
      `@${id} end ${deck.word()} ${deck.word()}`,
      `@${id} job ${deck.line()}`,
      `@${id} begin 77`,
    ];
    sandbox.write(`${job}/log`, log.join('\n\n'));
    sandbox.write(`${job}/status`, `${place === 3 ? deck.line() : 0}\n`);
    sandbox.write(`${job}/pid`, `${deck.word()} ${deck.word()} ${deck.line()}\n`);
    if (name !== id) sandbox.write(`${job}/seen`, '');
  }
  sandbox.write(`${folder}/jobs/current`, `${place === 1 ? deck.line() : id}\n`);
}

/** What ip(8) might print; never a VIP, whose removal would be waited for. */
function addresses(vip: string, deck: Deck): string {
  return [
    '2: eth0    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\\       valid_lft forever',
    `3: ${deck.word()}    inet ${vip.replace(/.$/, '9')}/32 scope global ${deck.word()}\\  ${deck.line()}`,
    `4: ${deck.line()}`,
  ].join('\n');
}
