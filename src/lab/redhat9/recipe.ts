import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { excludedPaths, initParts, labKeysFile } from '../recipe.js';
import { twinDepmod } from '../twin-sources/index.js';
import { commands } from './commands.js';
import { stockKernelFiles, stockRelease } from './stockKernel.js';
import { wrapperOf } from './wrapper.js';

/** To be raised when the making of the image changes in a way that its files don't show. */
const recipeVersion = 4;

/** In the guest: the real programs, outside every PATH; the kernel's modules; what the loader tells of the booted kernel. */
export const homeFolder = '/usr/lib/redhat9';
export const realFolder = `${homeFolder}/real`;

const installedPackages: readonly string[] = [
  ...[
    'bc',
    'bzip2',
    'cron',
    'ftp',
    'less',
    'make',
    'net-tools',
    'patch',
    'procps',
    'psmisc',
    'rsync',
    'sysvinit-core',
  ],
  ...[
    'busybox-static',
    'ipvsadm',
    'iptables',
    'iputils-arping',
    'iputils-ping',
    'kmod',
    'openssh-server',
    'vsftpd',
  ],
  // A small compiler behind the name gcc, with the headers that it needs.
  ...['libc6-dev', 'tcc'],
];

/** Links of the root: path to target. */
const links: Readonly<Record<string, string>> = {
  '/boot/System.map': `System.map-${stockRelease}`,
  '/boot/grub/menu.lst': './grub.conf',
  '/boot/vmlinuz': `vmlinuz-${stockRelease}`,
  '/etc/grub.conf': '../boot/grub/grub.conf',
  '/etc/init.d': 'rc.d/init.d',
  '/etc/rc': 'rc.d/rc',
  '/etc/rc.local': 'rc.d/rc.local',
  '/etc/rc.sysinit': 'rc.d/rc.sysinit',
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((level) => [`/etc/rc${level}.d`, `rc.d/rc${level}.d`])),
  ...Object.fromEntries([2, 3, 4, 5].map((level) => [`/etc/rc.d/rc${level}.d/S99local`, '../rc.local'])),
  ...serviceLinks('network', 10, 90),
  ...serviceLinks('sshd', 55, 25),
  ...serviceLinks('crond', 90, 60),
  '/etc/rc.d/rc0.d/S01halt': '../init.d/halt',
  '/etc/rc.d/rc6.d/S01reboot': '../init.d/halt',
  '/usr/bin/ar': 'ld',
  '/usr/bin/as': 'ld',
  '/usr/bin/cc': 'gcc',
  '/usr/bin/halt': '../../sbin/halt',
  '/usr/bin/nm': 'ld',
  '/usr/bin/objcopy': 'ld',
  '/usr/bin/objdump': 'ld',
  '/usr/bin/poweroff': '../../sbin/poweroff',
  '/usr/bin/ranlib': 'ld',
  '/usr/bin/reboot': '../../sbin/reboot',
  '/usr/bin/strip': 'ld',
  '/usr/libexec/openssh/sftp-server': '/usr/lib/openssh/sftp-server',
};

function serviceLinks(name: string, begin: number, end: number): Record<string, string> {
  const at = (level: number, word: string) =>
    [`/etc/rc.d/rc${level}.d/${word}${name}`, `../init.d/${name}`] as const;
  return Object.fromEntries([
    ...[2, 3, 4, 5].map((level) => at(level, `S${begin}`)),
    ...[0, 1, 6].map((level) => at(level, `K${end}`)),
  ]);
}

/** What of Debian is neither visible nor needed. */
const removals: readonly string[] = [
  ...[
    '/etc/alternatives',
    '/etc/apt',
    '/etc/cron.d',
    '/etc/cron.daily',
    '/etc/debian_version',
    '/etc/default',
    '/etc/dpkg',
  ],
  ...[
    '/etc/init.d',
    '/etc/inittab',
    '/etc/issue',
    '/etc/motd',
    '/etc/network',
    '/etc/os-release',
    '/etc/rc.local',
  ],
  ...[
    '/etc/rc0.d',
    '/etc/rc1.d',
    '/etc/rc2.d',
    '/etc/rc3.d',
    '/etc/rc4.d',
    '/etc/rc5.d',
    '/etc/rc6.d',
    '/etc/rcS.d',
  ],
  ...[
    '/etc/modules',
    '/etc/modules-load.d',
    '/etc/modprobe.d',
    '/etc/perl',
    '/etc/ssh',
    '/etc/sysctl.d',
    '/etc/systemd',
  ],
  ...[
    '/etc/vsftpd.conf',
    '/sys',
    '/usr/lib/apt',
    '/usr/lib/dpkg',
    '/usr/lib/os-release',
    '/usr/lib/sysctl.d',
  ],
  ...['/usr/lib/modules-load.d', '/usr/lib/modprobe.d', '/usr/lib/systemd', '/usr/lib/x86_64-linux-gnu/perl'],
  ...[
    '/usr/lib/x86_64-linux-gnu/perl-base',
    '/usr/share/bash-completion',
    '/usr/share/perl',
    '/usr/share/perl5',
  ],
  ...[
    '/usr/share/lintian',
    '/usr/share/zoneinfo',
    '/var/cache',
    '/var/lib/apt',
    '/var/lib/dpkg',
    '/var/lib/systemd',
  ],
];

/** Folders that are there from the start, though empty. */
const folders: readonly string[] = [
  ...['/etc/cron.d', '/etc/cron.daily', '/etc/ssh', '/srv', '/usr/local/bin', '/usr/src', '/var/cache'],
  ...['/var/ftp/pub', '/usr/share/empty', `${homeFolder}/boot`, `${homeFolder}/conf`],
];

/** Programs of a redhat9 root, path to content; scripts are executable. */
async function rootFiles(): Promise<Record<string, string>> {
  const assets = fileURLToPath(new URL('root', import.meta.url));
  const files: Record<string, string> = {};
  for (const path of (await readdir(assets, { recursive: true })).sort()) {
    const at = join(assets, path);
    if ((await stat(at)).isFile()) files[`/${relative(assets, at)}`] = await readFile(at, 'utf8');
  }
  return files;
}

async function initScript(): Promise<string> {
  const part = (name: string) => readFile(new URL(`initramfs/${name}`, import.meta.url), 'utf8');
  const overlay = [
    '$b grep -q overlay /proc/filesystems || $b insmod /overlay.ko 2>/dev/null || {',
    '  # A kernel of its own brings a module of its own.',
    '  read -r release </proc/sys/kernel/osrelease',
    "  $b mount -t ext4 /dev/ubda /disk || fail 'cannot mount the disk'",
    '  $b insmod "/disk/upper/usr/lib/modules/$release/kernel/fs/overlayfs/overlay.ko" || fail \'no overlay module\'',
    '  $b umount /disk',
    '}',
    '',
  ];
  return [
    initParts.begin,
    overlay.join('\n'),
    initParts.mountRoot,
    await part('loader.sh'),
    await part('boot.sh'),
    // IPv6 is a module that nothing loads by itself.
    'case $address in\n*:*) $b chroot /new /usr/lib/redhat9/real/modprobe -d /usr/lib/redhat9/uml ipv6 ;;\nesac\n',
    initParts.network,
    'tell\n',
    initParts.end,
    'exec $b switch_root /new "$init"\n',
  ].join('');
}

/** Commands and wrappers: path to the link's target or the wrapper's text. */
function commandFiles(): Record<string, { readonly link: string } | { readonly text: string }> {
  return Object.fromEntries(
    commands.map((command) => {
      const program = `${realFolder}/${command.program[0]}`;
      const text = wrapperOf(command, { program, shell: `${realFolder}/dash` });
      return [`${command.folder}/${command.name}`, text === undefined ? { link: program } : { text }];
    }),
  );
}

/** All that the image's hash is made of. */
export async function redhat9Recipe() {
  return {
    carriedPackages: [] as readonly string[],
    commands: commandFiles(),
    diskBytes: 8 * 2 ** 30,
    excludedPaths,
    files: {
      ...(await rootFiles()),
      ...(await stockKernelFiles()),
      [`${homeFolder}/depmod`]: await twinDepmod(),
    },
    folders,
    initScript: await initScript(),
    installedPackages,
    labKeysFile,
    links,
    recipeVersion,
    removals,
  };
}

export type RedHat9Recipe = Awaited<ReturnType<typeof redhat9Recipe>>;
