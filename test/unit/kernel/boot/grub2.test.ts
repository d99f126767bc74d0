import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type NewKernel, withGrub2Default, withGrub2Entry } from '../../../../src/kernel/boot/index.js';

const cfg = (name: string): string => readFileSync(new URL(`menus/${name}`, import.meta.url), 'utf8');
const paths = { grubCfg: '/boot/grub/grub.cfg', customCfg: '/boot/grub/custom.cfg' };
const release = '6.1.192-lvs3f2a1c9d';
const kernel = (bootIsMount: boolean, of = release): NewKernel => ({
  release: of,
  image: `/boot/lvsctl/vmlinuz-${of}`,
  initrd: `/boot/lvsctl/initrd-${of}.img`,
  bootIsMount,
});
const debian = { grubCfg: cfg('debian12-grub.cfg'), customCfg: undefined };

describe('custom.cfg', () => {
  it('has an entry made from the first of the running kernel, without what would make a trial last', () => {
    expect(
      withGrub2Entry(debian, kernel(false), '6.1.0-18-amd64', paths),
    ).toBe(`# BEGIN lvsctl kernel ${release}
menuentry 'lvsctl ${release}' {
\tload_video
\tinsmod gzio
\tif [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
\tinsmod part_msdos
\tinsmod ext2
\tset root='hd0,msdos1'
\tif [ x$feature_platform_search_hint = xy ]; then
\t  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,msdos1  5f3a
\telse
\t  search --no-floppy --fs-uuid --set=root 5f3a
\tfi
\tlinux /boot/lvsctl/vmlinuz-${release} root=UUID=5f3a ro  quiet panic=30
\tinitrd /boot/microcode.cpio /boot/lvsctl/initrd-${release}.img
}
# END lvsctl kernel ${release}
`);
  });

  it('names files as a /boot of its own has them', () => {
    const centos = { grubCfg: cfg('rhel7-grub.cfg'), customCfg: '# mine\nmenuentry "x" {\n}\n' };
    const after = withGrub2Entry(centos, kernel(true), '3.10.0-1160.el7.x86_64', paths);
    expect(after.startsWith(centos.customCfg)).toBe(true);
    expect(after).toContain(
      `\tlinux16 /lvsctl/vmlinuz-${release} root=/dev/mapper/centos-root ro crashkernel=auto rhgb quiet LANG=en_US.UTF-8 panic=30\n` +
        `\tinitrd16 /lvsctl/initrd-${release}.img\n`,
    );
  });

  it('holds the default only where nobody asked for another boot once; an entry in it can be today’s', () => {
    const first = withGrub2Entry(debian, kernel(false), '6.1.0-18-amd64', paths);
    const chosen = withGrub2Default(first, release, paths.customCfg);
    expect(chosen).toBe(`${first}# BEGIN lvsctl kernel default
if [ -z "\${boot_once}" ]; then
  set default='lvsctl ${release}'
fi
# END lvsctl kernel default
`);
    const next = withGrub2Entry(
      { ...debian, customCfg: chosen },
      kernel(false, '6.1.193-lvs1'),
      release,
      paths,
    );
    expect(next).toContain('\tlinux /boot/lvsctl/vmlinuz-6.1.193-lvs1 root=UUID=5f3a ro  quiet panic=30\n');
    expect(next).toContain(`set default='lvsctl ${release}'`);
    expect(
      withGrub2Entry({ ...debian, customCfg: next }, kernel(false, '6.1.193-lvs1'), release, paths),
    ).toBe(next);
  });

  it.each([
    ['no entry for it', debian.grubCfg, '6.1.0-17-amd64', /no entry for 6\.1\.0-17-amd64/],
    [
      'an old GRUB',
      debian.grubCfg.replaceAll('next_entry', 'prev'),
      '6.1.0-18-amd64',
      /nothing of an entry that boots once/,
    ],
    [
      'no custom.cfg',
      debian.grubCfg.replaceAll('custom.cfg', 'x'),
      '6.1.0-18-amd64',
      /nothing of entries of others/,
    ],
  ])('is refused where a trial would not be safe: %s', (_, grubCfg, running, message) => {
    expect(() => withGrub2Entry({ ...debian, grubCfg }, kernel(false), running, paths)).toThrow(message);
  });
});
