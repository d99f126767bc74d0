import { type Lack, lacks } from './lacks.js';

/**
 * The commands of a Red Hat 9 host and where they were: one table, with lacks.ts, that the lab's image and the tests' command folder are
 * made from. What is not in it is absent from the host.
 */
export type Folder = '/bin' | '/sbin' | '/usr/bin' | '/usr/sbin';

export interface Command {
  readonly name: string;
  readonly folder: Folder;
  /** The program of today, and words before its arguments. */
  readonly program: readonly [string, ...string[]];
  readonly lack?: Lack;
}

/** Where Red Hat 9 had them; those that do without ip(8), Python and Perl. */
const places: Readonly<Record<Folder, string>> = {
  '/bin': `awk basename bash cat chgrp chmod chown cp cut date dd df dmesg dnsdomainname domainname echo egrep env false fgrep
    gawk grep gtar gunzip gzip hostname kill ln login ls mkdir mknod mktemp more mount mv netstat nice nisdomainname ping ps pwd
    rm rmdir sed sh sleep sort stty su sync tar touch true umount unlink zcat`,
  '/sbin': `arp arping blockdev e2fsck fsck halt hwclock ifconfig init iptables iptables-restore iptables-save killall5 ldconfig
    losetup mii-tool mke2fs mkswap nameif pidof pivot_root poweroff reboot route runlevel shutdown sulogin swapoff swapon sysctl
    telinit tune2fs`,
  '/usr/bin': `[ bc bunzip2 bzcat bzip2 cksum clear cmp comm crontab csplit diff diff3 dir du expand expr factor find fmt fold
    free ftp getconf getent getopt groups head hostid iconv id install ipcrm ipcs join killall last less locale logger logname
    make md5sum mesg mkfifo newgrp nl nohup od passwd paste patch pathchk pgrep pkill pr printenv printf ptx renice rev rsync scp
    script sdiff seq setsid sftp sha1sum shred split ssh ssh-add ssh-agent ssh-keygen ssh-keyscan stat sum tac tail tee test top
    tput tr tsort tty unexpand uniq uptime users vdir vmstat w wall watch wc whereis which who whoami write xargs yes`,
  '/usr/sbin': `chpasswd chroot crond groupadd groupdel groupmod sshd useradd userdel usermod vipw`,
};

/** Names that changed, or that a package of today puts behind an alternative. */
const programs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  awk: ['mawk'],
  crond: ['cron'],
  egrep: ['grep', '-E'],
  fgrep: ['grep', '-F'],
  ftp: ['tnftp'],
  gawk: ['mawk'],
  gtar: ['tar'],
  // net-tools 2 prints another format than 1.60, whose one busybox kept.
  ifconfig: ['busybox'],
  iptables: ['iptables-legacy'],
  'iptables-restore': ['iptables-legacy-restore'],
  'iptables-save': ['iptables-legacy-save'],
  sh: ['bash'],
  which: ['which.debianutils'],
  write: ['write.ul'],
};

/** Every command, each in its one folder. */
export const commands: readonly Command[] = (Object.keys(places) as Folder[]).flatMap((folder) =>
  (places[folder].match(/\S+/g) ?? []).map((name): Command => {
    const lack = lacks[name];
    return { name, folder, program: programs[name] ?? [name], ...(lack && { lack }) };
  }),
);

/** Commands of today that Red Hat 9 lacked, with the version that brought them: what tests ask for in vain. */
export const lackedCommands: Readonly<Record<string, string>> = {
  'apt-get': 'Debian',
  b2sum: 'coreutils 8.26',
  base64: 'coreutils 6.0',
  busybox: 'not installed',
  dpkg: 'Debian',
  findmnt: 'util-linux 2.18',
  flock: 'util-linux 2.12j',
  ip: 'present in iproute 2.4.7, not taken for granted',
  lsblk: 'util-linux 2.19',
  mountpoint: 'util-linux 2.22, sysvinit',
  nproc: 'coreutils 8.1',
  numfmt: 'coreutils 8.21',
  perl: 'not taken for granted',
  python3: 'Python 3',
  readlink: 'coreutils 4.5.5',
  realpath: 'coreutils 8.15',
  sha256sum: 'coreutils 6.0',
  shuf: 'coreutils 6.0',
  ss: 'not taken for granted',
  stdbuf: 'coreutils 7.5',
  systemctl: 'systemd',
  taskset: 'util-linux 2.13',
  timeout: 'coreutils 7.0',
  truncate: 'coreutils 7.0',
  'update-rc.d': 'Debian',
  xz: 'XZ Utils 5.0',
};
