import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTwinSources, type TwinSourceOptions } from '../../../src/lab/twin-sources/index.js';
import type { TestSshd } from '../../support/sshd.js';
import { type BuildHostOptions, toolCalls } from './build-host.js';
import { clusterOf, type Run, rebuild } from './rebuild.js';
import { buildHost, bundlesOf, controller } from './workshop.js';

/** A build that fails: what was said, and that no bundle came of it and the node is as it was. */
async function failed(
  options: { readonly host?: BuildHostOptions; readonly sources?: TwinSourceOptions } = {},
): Promise<{ readonly sshd: TestSshd; readonly run: Run; readonly said: string }> {
  const [sshd, { open }] = [await buildHost(options.host), await controller(options.sources)];
  const own = () =>
    sshd.inside('find /boot /lib/modules /sbin/ipvsadm 2>/dev/null | sort; cat /boot/vmlinuz-2.4.20-8');
  const before = own();
  const store = open();
  const run = await rebuild(clusterOf({ rs1: sshd }), store);
  expect(run.failed).toBeGreaterThan(0);
  expect(bundlesOf(store)).toEqual([]);
  expect(own()).toBe(before);
  return { sshd, run, said: run.said };
}

const inTree = (sshd: TestSshd, script: string): string =>
  sshd.inside(`cd /usr/src/linux-2.4.*-lvs*; ${script}`).trim();

describe('a build stops with a word, and the node stays as it was', () => {
  it('at a patch that rejects: nothing of it is applied', async () => {
    const { sshd, said } = await failed({ sources: { hidden: 'rejected' } });
    expect(said).toMatch(
      /hidden-2\.4\.20pre10-1\.diff does not fit Linux 2\.4\.20: rejected in \S+; nothing was changed by it\n.*FAILED[\s\S]*way out: take the patch that is made for this kernel/,
    );
    expect(said).toContain('net/ipv4/arp.c');
    expect(
      inTree(sshd, "find . -name '*.rej' -o -name '*.orig'; grep -c hidden net/ipv4/devinet.c || :"),
    ).toBe('0');
    expect(toolCalls(sshd).filter((line) => /^patch \S+ -p1 -f$/.test(line))).toEqual([]);
  });

  it('at a vendor’s tree, before any patch', async () => {
    const { sshd, said } = await failed({ sources: { vendor: true } });
    expect(said).toMatch(
      /linux-2\.4\.20\.tar\.bz2 is Linux 2\.4\.20-8custom, not Linux 2\.4\.20[\s\S]*a vendor has changed such a tree[\s\S]*way out: take the source of Linux 2\.4\.20 from kernel\.org/,
    );
    expect(sshd.inside('ls -A /usr/src').trim()).toBe('lvsctl');
  });

  it('without a compiler, before a file is sent', async () => {
    const { sshd, said } = await failed({ host: { more: 'rm "$root/usr/bin/gcc"' } });
    expect(said).toMatch(
      /Linux 2\.4\.20 can't be built here: gcc is not there\n[\s\S]*another build host \(kernel\.buildHost\)/,
    );
    expect(sshd.inside('ls -A /usr/src').trim()).toBe('');
  });

  it('with a compiler that is too new for it', async () => {
    const { said } = await failed({ host: { compiler: '12' } });
    expect(said).toMatch(
      /gcc is 12, and Linux 2\.4 is known to be built by gcc 2\.95 to 3\.4\n[\s\S]*name a build host of its time/,
    );
  });

  it('without room, before a file is sent', async () => {
    const { sshd, said } = await failed({ host: { room: '800k' } });
    expect(said).toMatch(/\/usr\/src has 0\.8 MB free, and [\d.]+ [KM]B are needed\n[\s\S]*make room there/);
    expect(sshd.inside('ls -A /usr/src').trim()).toBe('');
  });

  it('when the disk fills up under it, and goes on when there is room', async () => {
    const [sshd, { open }] = [await buildHost(), await controller()];
    // Something else takes the room that there was.
    const fill =
      'dd if=/dev/zero of=/usr/src/other bs=1024 2>/dev/null || :; dd if=/dev/null of=/usr/src/other bs=1024 seek=64600 2>/dev/null';
    const cluster = clusterOf({ rs1: sshd });
    let filled = false;
    const first = await rebuild(cluster, open(), {
      sink: (event) => {
        if (event.type !== 'change.start' || !event.resource.startsWith('kernel source') || filled) return;
        filled = true;
        sshd.inside(fill);
      },
    });
    expect(first.said).toMatch(/\/usr\/src has only \d+ KB free: the disk is full/);
    const store = open();
    const blocked = await rebuild(cluster, store);
    expect(blocked.said).toMatch(/\/usr\/src has .* free, and .* are needed/);
    sshd.inside('rm /usr/src/other');
    expect((await rebuild(cluster, store)).said).toBe('');
    expect(bundlesOf(store)).toHaveLength(1);
  });

  it('at an option that vanished, which it names with the likely cause', async () => {
    const { run, said } = await failed({ sources: { vanishing: 'CONFIG_IP_VS_WRR' } });
    expect(said).toMatch(
      /options vanished when make went over the configuration:\nCONFIG_IP_VS_WRR: no menu of this tree knows it[\s\S]*way out:/,
    );
    expect(said).not.toContain('CONFIG_IP_VS_RR');
    expect(run.steps.at(-1)).toBe('config');
  });

  it('where a service is to be directed by a scheduler that this IPVS lacks', async () => {
    const [sshd, { open }] = [await buildHost(), await controller()];
    const cluster = clusterOf({ rs1: sshd });
    const [ftp] = cluster.services;
    const services = ftp ? [{ ...ftp, directors: ['rs1'], scheduler: 'sed' }] : [];
    const { said, steps } = await rebuild({ ...cluster, services }, open());
    expect(said).toMatch(
      /IPVS of this kernel has no scheduler sed\nway out: choose another one in the inventory/,
    );
    expect(steps.at(-1)).toBe('config');
  });

  it.each(['net/ipv4/devinet.c', 'net/ipv4/ipvs/ip_vs_wrr.c'])(
    'at an error of the compiler, in %s',
    async (file) => {
      const { said } = await failed({ sources: { compileError: file } });
      const name = file.slice(file.lastIndexOf('/') + 1);
      expect(said).toMatch(new RegExp(`make -j\\d+ \\w+.*exit status 2\\n[sS]*${name}:\\d+:\\d+: error:`));
    },
  );

  it('at a symbol that nothing has', async () => {
    const { run, said } = await failed({ sources: { unresolved: 'no_such_symbol' } });
    expect(said).toMatch(
      /modules of the new kernel need symbols that nothing in it has:\n[\s\S]*dummy\.o\n[\s\S]*no_such_symbol[\s\S]*way out: build what has them too/,
    );
    expect(run.steps.at(-1)).toBe('stage');
  });

  it('where /usr/src/linux is a folder of somebody’s', async () => {
    const { sshd, said } = await failed({
      host: { more: 'mkdir "$root/usr/src/linux"; echo mine > "$root/usr/src/linux/x"' },
    });
    expect(said).toMatch(
      /\/usr\/src\/linux is a folder, not a link, and lvsctl does not remove it\n[\s\S]*mv \/usr\/src\/linux \/usr\/src\/linux-old/,
    );
    expect(sshd.inside('cat /usr/src/linux/x')).toBe('mine\n');
  });

  it('where no configuration is to be found', async () => {
    const { said } = await failed({ host: { more: 'rm "$root/boot/config-2.4.20-8"' } });
    expect(said).toMatch(
      /the configuration of Linux 2\.4\.20-8 is not on rs1[\s\S]*neither \/boot\/config-2\.4\.20-8, nor \/proc\/config\.gz[\s\S]*put it there as/,
    );
  });
});

describe('a source', () => {
  it('that was damaged on the build host is sent again', async () => {
    const [sshd, first] = [await buildHost({ room: '64m' }), await controller({ hidden: 'rejected' })];
    await rebuild(clusterOf({ rs1: sshd }), first.open());
    const file = '/usr/src/lvsctl/ipvsadm-1.21.tar.gz';
    const right = sshd.inside(`cksum < ${file}`);
    sshd.inside(`echo rubbish >> ${file}`);
    const again = await rebuild(clusterOf({ rs1: sshd }), first.open());
    expect(again.steps).toEqual(['kernel source ipvsadm-1.21.tar.gz', 'patch-2']);
    expect(sshd.inside(`cksum < ${file}`)).toBe(right);
  });

  it('that breaks off fails to unpack, and leaves no tree', async () => {
    const files = await controller();
    const [source] = await makeTwinSources(join(files.folder, 'whole'), { names: ['linux-2.4.20-gz'] });
    if (!source) throw new Error('no source');
    const { readFileSync } = await import('node:fs');
    const cut = join(files.folder, 'cut.tar.gz');
    writeFileSync(cut, readFileSync(source.path).subarray(0, source.size - 2000));
    const sshd = await buildHost();
    const given = new Map(files.given).set('linux-2.4.20', cut);
    const { folderStore } = await import('../../support/folder-store.js');
    const { said } = await rebuild(clusterOf({ rs1: sshd }), folderStore(files.folder, given));
    expect(said).toMatch(/can't be unpacked to its end[\s\S]*was not unpacked/);
    expect(sshd.inside('ls -A /usr/src').trim()).toBe('lvsctl');
  });
});
