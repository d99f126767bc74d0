import { describe, expect, it } from 'vitest';
import type { OwnKernelProfile } from '../../../src/inventory/cluster.js';
import { redHat9Config } from '../../../src/lab/twin-sources/index.js';
import { remoteShells } from '../../support/sshd.js';
import { toolCalls } from './build-host.js';
import { clusterOf, rebuild } from './rebuild.js';
import { buildHost, bundlesOf, controller } from './workshop.js';

const TUTORIAL = [
  'requirements',
  'unpack',
  'link',
  'patch-1',
  'patch-2',
  'config',
  'dep',
  'image',
  'modules',
  'stage',
  'ipvsadm',
  'bundle',
];
const uploads = (steps: readonly string[]) => steps.filter((step) => step.startsWith('kernel source'));
const builds = (steps: readonly string[]) => steps.filter((step) => !step.startsWith('kernel source'));

describe.each(remoteShells)('a build on a host whose sh is %s', (shell) => {
  it('makes the tutorial’s kernel as a bundle, and a second run makes nothing', async () => {
    const [sshd, { open }] = [await buildHost({ shell }), await controller()];
    const cluster = clusterOf({ rs1: sshd });
    const planned = await rebuild(cluster, open(), { command: 'plan' });
    expect(planned.said).toBe('');

    const store = open();
    const first = await rebuild(cluster, store);
    expect(first.said).toBe('');
    expect(builds(first.steps)).toEqual(TUTORIAL.slice(1));
    expect(uploads(first.steps)).toHaveLength(4);

    const [bundle, ...others] = bundlesOf(store);
    if (!bundle) throw new Error('nothing was built');
    expect(others).toEqual([]);
    const { release, members } = bundle;
    expect(release).toMatch(/^2\.4\.20-lvs[0-9a-f]{8}$/);
    expect(members.filter((name) => !/^lib\/|\/$/.test(name)).sort()).toEqual([
      'boot/System.map',
      'boot/config',
      'boot/vmlinuz',
      'sbin/ipvsadm',
      'sbin/ipvsadm-restore',
      'sbin/ipvsadm-save',
    ]);
    expect(members).toContain(`lib/modules/${release}/kernel/net/ipv4/ipvs/ip_vs_wrr.o`);
    expect(members.filter((name) => /\/(build|source)$/.test(name))).toEqual([]);
    expect(bundle.read('boot/vmlinuz').split('\n').slice(0, 3)).toEqual([
      `lvsctl-twin-kernel ${release}`,
      'feature hidden',
      'feature ipvs 1.0.9 65536',
    ]);
    const config = bundle.read('boot/config').split('\n');
    expect(config).toEqual(expect.arrayContaining(['CONFIG_IP_VS_TAB_BITS=16', 'CONFIG_BLK_DEV_INITRD=y']));
    // What the host's own kernel had is still there.
    const base = (await redHat9Config()).split('\n').filter((line) => /^CONFIG_EXT3_FS=/.test(line));
    expect(config).toEqual(expect.arrayContaining(base));

    const calls = toolCalls(sshd);
    const second = await rebuild(cluster, open());
    expect([second.changed, second.failed]).toEqual([0, 0]);
    expect(toolCalls(sshd)).toEqual(calls);
    // The node itself is as it was.
    expect(sshd.inside('ls /boot /lib/modules').trim().split('\n')).toEqual([
      '/boot:',
      'config-2.4.20-8',
      'vmlinuz-2.4.20-8',
      '',
      '/lib/modules:',
      '2.4.20-8',
    ]);
  });
});

describe('a build', () => {
  it.each(['tutorial', 'safer'])('asks for nothing that Red Hat 9 lacked (%s)', async (profile) => {
    const [sshd, { open }] = [await buildHost({ redHat9: true }), await controller()];
    const store = open();
    const { said } = await rebuild(clusterOf({ rs1: sshd }, { profile }), store);
    expect(said).toBe('');
    expect(bundlesOf(store)[0]?.members).toContain('sbin/ipvsadm');
    expect((await rebuild(clusterOf({ rs1: sshd }, { profile }), open(), { command: 'plan' })).pending).toBe(
      0,
    );
  });

  it('makes the safer kernel, whose patch brings its EXTRAVERSION', async () => {
    const [sshd, { open }] = [await buildHost(), await controller()];
    const store = open();
    const { said } = await rebuild(clusterOf({ rs1: sshd }, { profile: 'safer' }), store);
    expect(said).toBe('');
    const [bundle] = bundlesOf(store);
    expect(bundle?.release).toMatch(/^2\.4\.37\.11-lvs[0-9a-f]{8}$/);
    expect(bundle?.read('boot/vmlinuz')).toContain('feature arp-flags');
    expect(bundle?.read('boot/config')).toContain('CONFIG_IP_VS_SED=m\n');
  });

  it('makes a kernel of the inventory’s own, with its options alone', async () => {
    const name = 'ours';
    const own: OwnKernelProfile = {
      version: '2.4.20',
      source: { file: 'linux.tar', sha256: '' },
      patches: [{ file: 'hidden.diff', sha256: '' }],
      flavour: '2.4',
      base: 'running',
      options: { DUMMY: 'm', NETFILTER: 'n' },
      image: { target: 'bzImage', path: 'arch/i386/boot/bzImage' },
      arp: 'hidden',
    };
    const { open } = await controller({}, (files) => [
      [`${name}:source`, files.get('linux-2.4.20-gz') ?? ''],
      [`${name}:patch-1`, files.get('hidden-2.4.20pre10-1') ?? ''],
    ]);
    // It is not judged by its compiler.
    const sshd = await buildHost({ compiler: '12' });
    const store = open();
    const { said } = await rebuild(
      clusterOf({ rs1: sshd }, { profile: name, kernelProfiles: { [name]: own } }),
      store,
    );
    expect(said).toBe('');
    const [bundle] = bundlesOf(store);
    expect(bundle?.read('boot/vmlinuz').split('\n').slice(1, 2)).toEqual(['feature hidden']);
    expect(bundle?.members.some((member) => member.startsWith('sbin'))).toBe(false);
    const config = bundle?.read('boot/config') ?? '';
    expect(config).toContain('CONFIG_DUMMY=m\n');
    expect(config).not.toContain('CONFIG_NETFILTER=y');
  });

  it('serves every host with the same inputs, also one that comes later', async () => {
    const [sshd, other, { open }] = [await buildHost(), await buildHost(), await controller()];
    const store = open();
    const first = await rebuild(clusterOf({ rs1: sshd, rs2: other }), store);
    expect(first.said).toBe('');
    expect(bundlesOf(store)).toHaveLength(1);
    expect(toolCalls(other)).toEqual([]);

    const later = await buildHost();
    const calls = toolCalls(sshd);
    const second = await rebuild(clusterOf({ rs1: sshd, rs2: other, rs3: later }), open());
    expect([second.changed, second.failed]).toEqual([0, 0]);
    expect([toolCalls(sshd), toolCalls(later)]).toEqual([calls, []]);
  });

  it('makes one kernel for each configuration', async () => {
    const smp = 'echo CONFIG_SMP=y >> "$root/boot/config-2.4.20-8"';
    const [sshd, other, { open }] = [await buildHost(), await buildHost({ more: smp }), await controller()];
    const store = open();
    const { said, steps } = await rebuild(clusterOf({ rs1: sshd, rs2: other }), store);
    expect(said).toBe('');
    expect(new Set(bundlesOf(store).map(({ release }) => release)).size).toBe(2);
    // The files go there once.
    expect(uploads(steps)).toHaveLength(4);
    expect(steps.filter((step) => step === 'image')).toHaveLength(2);
    expect(sshd.inside('ls -ld /usr/src/linux')).toMatch(/-> linux-2\.4\.20-lvs/);
  });

  it('that lies on the build host is fetched, and not made again', async () => {
    const [sshd, first, second] = [await buildHost(), await controller(), await controller()];
    await rebuild(clusterOf({ rs1: sshd }), first.open());
    const calls = toolCalls(sshd);
    const store = second.open();
    const { steps, said } = await rebuild(clusterOf({ rs1: sshd }), store);
    expect(said).toBe('');
    expect(steps).toEqual(['bundle']);
    expect(bundlesOf(store)).toHaveLength(1);
    expect(toolCalls(sshd)).toEqual(calls);
  });

  it('begins with what Red Hat’s kernel source has, where /boot has no configuration', async () => {
    const more =
      'mkdir -p "$root/usr/src/linux-2.4.20-8/configs"; mv "$root/boot/config-2.4.20-8" "$root/usr/src/linux-2.4.20-8/configs/kernel-2.4.20-i686.config"';
    const [sshd, { open }] = [await buildHost({ more }), await controller()];
    const store = open();
    expect((await rebuild(clusterOf({ rs1: sshd }), store)).said).toBe('');
    expect(bundlesOf(store)[0]?.read('boot/config')).toContain('CONFIG_EXT3_FS=');
  });

  it('changes a link /usr/src/linux with a word, and says what a plan does', async () => {
    const more = 'mkdir "$root/usr/src/linux-2.4.20-8"; ln -s linux-2.4.20-8 "$root/usr/src/linux"';
    const [sshd, { open }] = [await buildHost({ more }), await controller()];
    const { steps, events } = await rebuild(clusterOf({ rs1: sshd }), open(), { command: 'plan' });
    // The files are in the store only once they are to be used; the steps are known before.
    expect(builds(steps)).toEqual(TUTORIAL.slice(1));
    const remarks = events.flatMap((event) => (event.type === 'remark' ? [event.text] : []));
    expect(remarks).toContainEqual(
      expect.stringMatching(
        /^\/usr\/src\/linux points to linux-2\.4\.20-8; for the build it is made to point to/,
      ),
    );
    expect(toolCalls(sshd)).toEqual([]);
  });

  it('tells when a patch fits by fuzz alone, and how many files are to be compiled', async () => {
    const [sshd, { open }] = [await buildHost(), await controller({ hidden: 'with fuzz' })];
    const { said, events } = await rebuild(clusterOf({ rs1: sshd }), open());
    expect(said).toBe('');
    const lines = events.flatMap((event) => (event.type === 'host.output' ? [event.line] : []));
    expect(lines).toContainEqual(
      'lvsctl: hidden-2.4.20pre10-1.diff fits with fuzz only, in net/ipv4/arp.c: look at these places',
    );
    const expected = lines
      .flatMap((line) => /^lvsctl: expecting (\d+) files$/.exec(line)?.[1] ?? [])
      .map(Number);
    const compiled = toolCalls(sshd).filter((line) => line.startsWith('gcc ') && line.includes('__KERNEL__'));
    expect(expected).toHaveLength(2);
    expect(expected.reduce((sum, count) => sum + count)).toBe(compiled.length);
    expect(events.filter(({ type }) => type === 'host.progress').length).toBeGreaterThan(0);
  });
});
