/** To be raised when the making of an image changes in a way that this file doesn't show: part of the image's hash. */
export const recipeVersion = 3;

/** What a small Debian server has, so that a role finds on a guest what it would find there. */
export const installedPackages: readonly string[] = [
  'systemd-sysv',
  'openssh-server',
  'iproute2',
  'procps',
  'kmod',
  'iputils-ping',
  'netcat-openbsd',
  'less',
];

/** What roles install: carried as .debs in a folder of the image, the only source that a guest's apt knows. */
export const carriedPackages: readonly string[] = [
  'ipvsadm',
  'keepalived',
  'vsftpd',
  'ftp',
  'rsync',
  'iputils-arping',
  'nftables',
  'iptables',
  'arptables',
  'conntrack',
  'curl',
  'cron',
  'busybox-static',
  'nginx-light',
  'tcpdump',
  'ethtool',
  'sudo',
];

/** In the guest. */
export const packageFolder = '/var/lib/lvsctl-lab/packages';

/** Units that cost a guest's boot seconds and bring a server of two minutes' life nothing. */
const maskedUnits: readonly string[] = [
  'apt-daily-upgrade.timer',
  'apt-daily.timer',
  'console-getty.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty-static.service',
  'getty.target',
  'kmod-static-nodes.service',
  'ldconfig.service',
  'modprobe@configfs.service',
  'modprobe@dm_mod.service',
  'modprobe@drm.service',
  'modprobe@efi_pstore.service',
  'modprobe@fuse.service',
  'modprobe@loop.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path',
  'systemd-firstboot.service',
  'systemd-hwdb-update.service',
  'systemd-journal-catalog-update.service',
  'systemd-machine-id-commit.service',
  'systemd-network-generator.service',
  'systemd-pstore.service',
  'systemd-sysusers.service',
  'systemd-tmpfiles-clean.timer',
  'systemd-tmpfiles-setup-dev.service',
  'systemd-udev-settle.service',
  'systemd-udev-trigger.service',
  'systemd-udevd-control.socket',
  'systemd-udevd-kernel.socket',
  'systemd-udevd.service',
  'systemd-update-done.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-update-utmp.service',
];

/** The lab's own key has a file of its own, so that a role may own root's authorized_keys. */
export const labKeysFile = '/etc/ssh/lab_authorized_keys';

/** Files of the image, path to content. */
export const imageFiles: Readonly<Record<string, string>> = {
  '/etc/apt/sources.list': `deb [trusted=yes] file:${packageFolder} ./\n`,
  '/etc/apt/apt.conf.d/50lab': 'Acquire::Languages "none";\nAPT::Sandbox::User "root";\n',
  '/etc/dpkg/dpkg.cfg.d/50lab': 'force-unsafe-io\n',
  '/etc/ssh/sshd_config.d/lab.conf': `AuthorizedKeysFile .ssh/authorized_keys ${labKeysFile}\n`,
  '/etc/resolv.conf': '',
  '/etc/hostname': 'lab\n',
  '/etc/fstab': '',
  '/etc/machine-id': '',
};

/** Symbolic links of the image, path to target. */
export const imageLinks: Readonly<Record<string, string>> = Object.fromEntries(
  maskedUnits.map((unit) => [`/etc/systemd/system/${unit}`, '/dev/null']),
);

/** Removed from the image: each guest gets its own, or none. */
export const imageRemovals: readonly string[] = [
  '/etc/ssh/ssh_host_ecdsa_key',
  '/etc/ssh/ssh_host_ecdsa_key.pub',
  '/etc/ssh/ssh_host_ed25519_key',
  '/etc/ssh/ssh_host_ed25519_key.pub',
  '/etc/ssh/ssh_host_rsa_key',
  '/etc/ssh/ssh_host_rsa_key.pub',
];

export const excludedPaths: readonly string[] = [
  '/usr/share/doc/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/man/*',
];

/** Size of a guest's disk; its file is sparse, and takes what the guest has written. */
export const diskBytes = 8 * 2 ** 30;

/** Parts of a guest's first program, for the flavours to put together: busybox sh, $b being busybox. */
export const initParts = {
  /** `/lab` comes from the guest's own archive behind the common one. */
  begin: `#!/bin/busybox sh
b=/bin/busybox
fail() {
  echo "lab: $*"
  $b poweroff -f
}
. /lab/config
$b mount -t proc proc /proc || fail 'no /proc'
$b mount -t devtmpfs dev /dev || fail 'no /dev'
`,
  overlayModule: `$b insmod /overlay.ko || fail 'no overlay module'
`,
  /** The image, read through hostfs, is the lower layer of an overlay whose upper one is the guest's disk. */
  mountRoot: `$b mount -t hostfs -o ro,/root image /lower || fail 'cannot mount the image'
$b mount -t ext4 /dev/ubda /disk || fail 'cannot mount the disk'
$b mkdir -p /disk/upper /disk/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/disk/upper,workdir=/disk/work lab /new || fail 'cannot mount the root'
if [ "$($b cat /disk/seed 2>/dev/null)" != "$seed" ]; then
  $b cp -a /lab/root/. /new/ || fail 'cannot write the names and keys'
  $b sync
  echo "$seed" >/disk/seed
fi
`,
  /** In Debian's own kernel IPv6 is there from the start; here it is a module. */
  ipv6: `# In Debian's own kernel IPv6 is there from the start; here it is a module.
$b chroot /new /sbin/modprobe ipv6 || fail 'no IPv6 module'
`,
  /** The address is set here, so that it is there before any service starts, whatever a role does to the guest's network configuration. */
  network: `$b ip link set dev lo up
[ "$interface" = vec0 ] || $b ip link set dev vec0 name "$interface" || fail "cannot name the NIC $interface"
case $addresses in
*:*) echo 0 >"/proc/sys/net/ipv6/conf/$interface/accept_dad" ;;
esac
for address in $addresses; do $b ip address add "$address" dev "$interface" || fail "cannot set $address"; done
$b ip link set dev "$interface" up || fail "cannot start $interface"
for router in $routers; do $b ip route add default via "$router" dev "$interface" || fail "cannot route through $router"; done
`,
  end: `$b mount --move /dev /new/dev
$b umount /proc
`,
} as const;

/** First program of a guest. */
export const initScript = [
  initParts.begin,
  initParts.overlayModule,
  initParts.mountRoot,
  initParts.ipv6,
  initParts.network,
  initParts.end,
  'exec $b switch_root /new /sbin/init\n',
].join('');

/** All that an image's hash is made of; written out, since the order of a module's names depends on how it was loaded. */
export const recipe = {
  carriedPackages,
  diskBytes,
  excludedPaths,
  imageFiles,
  imageLinks,
  imageRemovals,
  initScript,
  installedPackages,
  labKeysFile,
  packageFolder,
  recipeVersion,
};
