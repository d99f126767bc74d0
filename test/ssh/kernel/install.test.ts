import { afterEach, describe, expect, it } from 'vitest';
import { remoteShells } from '../../support/sshd.js';
import { Bootable } from './bootable.js';
import { testLoaders } from './loaders.js';

let machine: Bootable;
afterEach(() => machine.stop());

const entry = (release: string) => `title lvsctl ${release}
\troot (hd0,0)
\tkernel /vmlinuz-${release} ro root=LABEL=/ panic=30
\tinitrd /initrd-${release}.img
`;
const mark = '/var/lib/lvsctl/kernel/trial';
const grubConf = '/boot/grub/grub.conf';

describe.each(remoteShells)('a kernel is installed, booted once, proven and kept where sh is %s', (shell) => {
  it('in one run; the next one changes nothing', async () => {
    machine = await Bootable.start(shell);
    const { release } = machine.bundle;
    const before = machine.read(grubConf);
    const { outcome, of } = await machine.run('provision');
    expect(of('failure')).toEqual([]);
    expect(outcome).toMatchObject({ failed: 0 });
    expect(of('change.end').map(({ resource, status }) => `${status} ${resource}`)).toEqual([
      `0 kernel ${release} bundle`,
      `0 kernel ${release} modules`,
      `0 kernel ${release} files`,
      `0 kernel ${release} depmod`,
      `0 kernel ${release} initrd`,
      `0 kernel ${release} boot entry`,
      '0 file /etc/lvsctl/kernel-guard.sh',
      '0 block /etc/rc.d/rc.local kernel-guard',
      `0 kernel ${release} runs`,
      `0 kernel ${release} is the default`,
    ]);
    expect(machine.read(grubConf)).toBe(before.replace('default=0', 'default=1') + entry(release));
    expect(machine.calls().filter((call) => /^(boot|modprobe ip_vs)/.test(call))).toEqual([
      `boot /boot/vmlinuz-${release}`,
      'modprobe ip_vs',
    ]);
    expect(machine.on(`ls ${mark} 2>/dev/null; ls /boot /lib/modules /var/lib/lvsctl/kernel`)).toBe(
      `/boot:
System.map-${release}
config-${release}
grub
initrd-2.4.20-8.img
initrd-${release}.img
vmlinuz-2.4.20-8
vmlinuz-${release}

/lib/modules:
2.4.20-8
${release}

/var/lib/lvsctl/kernel:
${release}
${release}.depmod
`,
    );
    expect(machine.read(`${grubConf}.lvsctl-orig`)).toBe(before);
    const second = await machine.run('provision');
    expect(second.of('failure')).toEqual([]);
    expect(second.outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
    expect((await machine.run('plan')).outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
  });
});

describe.each([
  [
    'GRUB 2',
    testLoaders.grub2,
    '/boot/lvsctl/vmlinuz-',
    (release: string, before: string) => `${before}# BEGIN lvsctl kernel ${release}
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
\tlinux /lvsctl/vmlinuz-${release} root=UUID=5f3a ro  quiet panic=30
\tinitrd /microcode.cpio /lvsctl/initrd-${release}.img
}
# END lvsctl kernel ${release}
`,
    (release: string, trial: string) => `${trial}# BEGIN lvsctl kernel default
if [ -z "\${boot_once}" ]; then
  set default='lvsctl ${release}'
fi
# END lvsctl kernel default
`,
  ],
  [
    'LILO',
    testLoaders.lilo,
    '/boot/vmlinuz-',
    (release: string, before: string) => `${before}image=/boot/vmlinuz-${release}
\tlabel=${release.slice(-11)}
\tinitrd=/boot/initrd-${release}.img
\tread-only
\troot=/dev/hda2
\tappend="panic=30"
`,
    (release: string, trial: string) => trial.replace('default=linux', `default=${release.slice(-11)}`),
  ],
])('a machine with %s', (_, loader, image, onTrial, asDefault) => {
  it('tries the kernel once and stays with the old one when it panics, and with the new one when it is sound', async () => {
    machine = await Bootable.start('dash', { loader });
    const { release } = machine.bundle;
    const before = machine.read(loader.config);
    machine.features = ['panic'];
    const failed = await machine.run('provision');
    expect(failed.of('failure').map(({ message }) => message)).toEqual([
      expect.stringMatching(
        new RegExp(
          `to boot ${release} once, and is back on ${loader.running}; the new kernel left no word in /var/log`,
        ),
      ),
    ]);
    expect(machine.read(loader.config)).toBe(onTrial(release, before));
    machine.on('shutdown -r now');
    const old = `boot /boot/vmlinuz-${loader.running}`;
    expect(machine.boots()).toEqual([`boot ${image}${release}`, old, old]);

    // The same release, mended: what was installed is taken away with the mark.
    machine.features = ['feature ipvs 1.0.9 65536', 'feature hidden'];
    machine.on(`rm -rf ${mark} /var/lib/lvsctl/kernel/${release}`);
    const { outcome, of } = await machine.run('provision');
    expect(of('failure')).toEqual([]);
    expect(outcome.failed).toBe(0);
    expect(machine.boots().slice(3)).toEqual([`boot ${image}${release}`]);
    expect(machine.read(loader.config)).toBe(asDefault(release, onTrial(release, before)));
    machine.on('shutdown -r now');
    expect(machine.boots().slice(4)).toEqual([`boot ${image}${release}`]);
    expect((await machine.run('provision')).outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
  });
});

describe('what an operator reads', () => {
  it('in a plan: which kernel, once, and what stays', async () => {
    machine = await Bootable.start('dash');
    const { release } = machine.bundle;
    const { outcome, of } = await machine.run('plan', { built: false });
    expect(of('failure')).toEqual([]);
    expect(outcome.pending).toBe(10);
    expect([
      ...of('remark').map(({ text }) => text),
      ...of('change.planned').map(({ summary }) => summary),
    ]).toEqual([
      `2.4.20-8 stays the default, and rs1 comes back to it, until ${release} (Linux 2.4.20 of the inventory) was booted once and found sound`,
      `send and unpack the kernel ${release} (once rs1 has built it)`,
      `put the modules into /lib/modules/${release}`,
      `put /boot/vmlinuz-${release}, /boot/System.map-${release}, /boot/config-${release} in place`,
      `list the modules of ${release} (depmod), and see that no symbol is missing`,
      `make /boot/initrd-${release}.img (mkinitrd)`,
      `add the entry "lvsctl ${release}" in /boot/grub/grub.conf (GRUB 0.9x); entry 0 ("Red Hat Linux (2.4.20-8)") stays the default`,
      'create /etc/lvsctl/kernel-guard.sh',
      'put the block "kernel-guard" into /etc/rc.d/rc.local',
      `boot ${release} once, and see that it is sound (rs1 goes down, for 60 s at most)`,
      `make ${release} the default, once it has shown that it is sound`,
    ]);
  });
});

describe('a trial that fails leaves the default alone', () => {
  it('the kernel panics: said with what the log holds, not tried again until the mark is removed', async () => {
    machine = await Bootable.start('bash');
    const { release } = machine.bundle;
    machine.features = ['logs', 'panic'];
    const before = machine.read(grubConf);
    const first = await machine.run('provision');
    expect(first.outcome.failed).toBe(1);
    const [failure] = first.of('failure');
    expect(failure).toMatchObject({ host: 'rs1', resource: `kernel ${release} runs` });
    expect(failure?.message).toMatch(
      new RegExp(
        `^rs1 was told at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC to boot ${release} once, and is back on 2\\.4\\.20-8; the new kernel wrote to the log, last:\n` +
          `  Nov 25 13:00:01 rs1 kernel: Linux version ${release} \\(root@build\\)\n  Nov 25 13:00:02 rs1 kernel: hda: lost interrupt$`,
      ),
    );
    expect(failure?.hint).toContain(`remove ${mark} on rs1`);
    expect(machine.read(grubConf)).toBe(before + entry(release));
    const boots = machine.boots();
    expect(boots).toEqual([`boot /boot/vmlinuz-${release}`, 'boot /boot/vmlinuz-2.4.20-8']);

    const again = await machine.run('provision');
    expect(again.of('failure').map(({ message }) => message)).toEqual([failure?.message]);
    expect(again.of('change.start')).toEqual([]);
    machine.on(`rm ${mark}`);
    expect((await machine.run('provision')).outcome.failed).toBe(1);
    expect(machine.boots()).toEqual([...boots, ...boots]);
  });

  it('it comes up without hidden: said, and the host goes back by itself when nobody confirms it', async () => {
    machine = await Bootable.start('busybox');
    const { release } = machine.bundle;
    machine.features = ['feature ipvs 1.0.9 65536'];
    // Of which the run has so many to come back and look, as the host has to wait for it.
    machine.withinSeconds = 20;
    const { of } = await machine.run('provision');
    expect(of('failure')[0]).toMatchObject({
      resource: `kernel ${release} runs`,
      message: `rs1 runs ${release}, and it is not sound: it shows no hidden in /proc/sys/net/ipv4/conf`,
      hint: "the default was left alone: a reboot brings 2.4.20-8 back, and rs1 does one by itself when the trial's time is over",
    });
    expect(machine.read(grubConf)).toContain('default=0\n');
    while (!machine.calls().includes('boot /boot/vmlinuz-2.4.20-8'))
      await new Promise((resolve) => setTimeout(resolve, 100));
    const later = await machine.run('plan');
    expect(later.of('failure')[0]?.message).toMatch(
      /is back on 2\.4\.20-8; the new kernel came up, but was not confirmed in time, so the host went back by itself at /,
    );
  });

  it.each([
    ['unresolved', 'depmod', /Unresolved symbols in .*x\.o\ndepmod: \tnf_hooks\n.*lack symbols/s],
    ['grub-is-old', 'runs', /grub: Error 27: Unrecognized command/],
  ] as const)(
    'a tool that refuses (%s) ends the run before the reboot, and the next one goes on',
    async (what, step, said) => {
      machine = await Bootable.start('dash');
      const { release } = machine.bundle;
      const before = machine.read(grubConf);
      machine.set(what, true);
      const { of } = await machine.run('provision');
      expect(of('failure')).toMatchObject([
        { resource: `kernel ${release} ${step}`, stderr: expect.stringMatching(said) },
      ]);
      expect(machine.read(grubConf).startsWith(before)).toBe(true);
      expect(machine.calls().filter((call) => /^(boot|shutdown)/.test(call))).toEqual([]);
      expect(machine.on(`ls ${mark} 2>&1 || :`)).toContain('No such file');
      machine.set(what, false);
      expect((await machine.run('provision')).outcome).toMatchObject({ failed: 0 });
      expect((await machine.run('provision')).outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
    },
  );

  it('too small a /boot is told before anything is changed', async () => {
    machine = await Bootable.start('dash', { bootKiB: 64 });
    const { outcome, of } = await machine.run('provision');
    expect(outcome).toMatchObject({ changed: 0, failed: 1 });
    expect(of('failure')[0]?.message).toMatch(
      /^the kernel needs about 20\d\d KiB on \/boot \(\/boot\), and \d+ KiB are free there$/,
    );
    expect(machine.on('ls /lib/modules')).toBe('2.4.20-8\n');
  });
});

describe('a run that ended half-way is taken up again', () => {
  it('between arming and the reboot: armed anew, and on it goes', async () => {
    machine = await Bootable.start('dash');
    machine.withinSeconds = 3;
    machine.set('stuck', true);
    const first = await machine.run('provision');
    expect(first.of('failure')[0]?.message).toMatch(/^rs1 was told to reboot and .* 3 s/);
    expect(machine.read(mark)).toContain(`release ${machine.bundle.release}\n`);
    machine.set('stuck', false);
    machine.withinSeconds = 60;
    const second = await machine.run('provision');
    expect(second.of('failure')).toEqual([]);
    expect(second.outcome.changed).toBe(2);
    expect(machine.read(grubConf)).toContain('default=1\n');
  });

  it('between the boot and the default: proven, and made the default, though no kernel is wanted any more', async () => {
    machine = await Bootable.start('dash');
    const { release } = machine.bundle;
    machine.withinSeconds = 3;
    machine.set('stuck', true);
    expect((await machine.run('provision')).outcome.failed).toBe(1);
    machine.set('stuck', false);
    // The trial is to last until it is confirmed, also on a busy machine.
    machine.on(`sed -i 's/^seconds .*/seconds 60/' ${mark}`);
    expect(machine.read(mark)).toContain('seconds 60\n');
    machine.on('shutdown -r now');
    const { outcome, of } = await machine.run('provision');
    expect(of('failure')).toEqual([]);
    expect(of('change.planned').map(({ summary }) => summary)).toEqual([
      `make "lvsctl ${release}" the default in /boot/grub/grub.conf (GRUB 0.9x)`,
    ]);
    expect(outcome.changed).toBe(1);
    expect(machine.read(grubConf)).toContain('default=1\n');
    expect((await machine.run('provision')).outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
  });
});
