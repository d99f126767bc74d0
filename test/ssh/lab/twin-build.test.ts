import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSave } from '../../../src/ipvs/index.js';
import { twinDepmod } from '../../../src/lab/twin-sources/index.js';
import { shells } from '../../support/shells.js';
import {
  built,
  configured,
  filesOf,
  made,
  modulesInstalled,
  must,
  patched,
  safer,
  scratch,
  sh,
  twinKernel,
  unpacked,
  wantedConfig,
  withIpvs,
} from './twin-tree.js';

/** Source files in lines of `make`, as a builder's progress counts them. */
const compiled = (output: string): string[] =>
  [...output.matchAll(/^gcc .* -c -o \S+\.o (\S+\.c)$/gm)].map(([, file = '']) => file);

const setRelease = (tree: string, extra: string) =>
  must(
    tree,
    `sed 's/^EXTRAVERSION =.*/EXTRAVERSION = ${extra}/' Makefile > .new && cat .new > Makefile && rm .new`,
  );

describe('a kernel', () => {
  it('of 2.4.20 with hidden and IPVS says so, under the release that the Makefile gives', async () => {
    const tree = patched(await made());
    setRelease(tree, '-lvs3f2a1c9d');
    configured(tree, await wantedConfig());
    must(tree, 'make dep');
    // What a builder can know before.
    const expected = compiled(must(tree, 'make -n bzImage && make -n modules'));
    const files = compiled(built(tree));
    expect(files).toEqual(expected);
    expect(twinKernel(tree)).toBe(
      'lvsctl-twin-kernel 2.4.20-lvs3f2a1c9d\nfeature hidden\nfeature ipvs 1.0.9 65536\n',
    );
    expect(must(tree, 'cat System.map')).toMatch(/^c01[0-9a-f]{5} T nr_free_pages$/m);
    expect(files).toHaveLength(38);
    expect(files).toEqual(expect.arrayContaining(['arp.c', 'ip_vs_core.c', 'ip_vs_wrr.c', 'journal.c']));
    // Again: nothing is left to compile.
    expect(must(tree, 'make -n bzImage')).not.toContain(' -c -o ');
    expect(compiled(must(tree, 'make bzImage && make modules'))).toEqual([]);
  });

  it('of an untouched 2.4.20 has none of it', async () => {
    const tree = unpacked(await made());
    must(tree, "yes '' | make oldconfig");
    built(tree);
    expect(twinKernel(tree)).toBe('lvsctl-twin-kernel 2.4.20\n');
  });

  it('of 2.4.37.11 has ARP flags, and IPVS in it', async () => {
    const tree = safer(await made());
    const config = (await wantedConfig()).replace('TAB_BITS=16', 'TAB_BITS=12');
    configured(tree, `${config}CONFIG_IP_VS_SED=m\nCONFIG_IP_VS_NQ=m\n`);
    built(tree);
    expect(must(tree, 'ls net/ipv4/ipvs')).toContain('ip_vs_sed.o\n');
    expect(twinKernel(tree)).toBe(
      'lvsctl-twin-kernel 2.4.37.11\nfeature arp-flags\nfeature ipvs 1.0.12 4096\n',
    );
  });

  it('may have IPVS and file systems built in', async () => {
    const folder = await made();
    const tree = patched(folder);
    configured(tree, (await wantedConfig('y')).replace('EXT3_FS=m', 'EXT3_FS=y'));
    built(tree);
    expect(twinKernel(tree)).toContain('feature ipvs 1.0.9 65536\n');
    for (const symbol of ['register_ip_vs_scheduler', 'journal_start'])
      expect(must(tree, 'cat System.map')).toContain(` ${symbol}\n`);
    await modulesInstalled(tree, join(folder, 'root'));
    expect(filesOf(join(folder, 'root')).join()).not.toMatch(/ip_vs|ext3|jbd/);
  });

  it('keeps the release of the last make dep when a later make is told another', async () => {
    const tree = unpacked(await made());
    must(tree, "yes '' | make oldconfig");
    must(tree, 'make dep');
    must(tree, 'make EXTRAVERSION=-later bzImage');
    expect(twinKernel(tree)).toBe('lvsctl-twin-kernel 2.4.20\n');
  });

  it('is not built before make dep', async () => {
    const tree = patched(await made());
    expect(sh(tree, 'make dep').status).toBe(2);
    configured(tree, await wantedConfig());
    for (const target of ['bzImage', 'modules']) {
      const { status, output } = sh(tree, `make ${target}`);
      expect(status).toBe(2);
      expect(output).toMatch(/No rule to make target [`']\.depend', needed by/);
    }
  });

  it('is installed by installkernel, which gets release, image and System.map', async () => {
    const tree = unpacked(await made());
    must(tree, "yes '' | make oldconfig");
    built(tree);
    const home = scratch();
    mkdirSync(join(home, 'bin'));
    writeFileSync(join(home, 'bin/installkernel'), '#!/bin/sh\necho "got $*"\n', { mode: 0o755 });
    expect(must(tree, 'make install', { env: { HOME: home } })).toContain(
      `got 2.4.20 bzImage ${tree}/System.map`,
    );
  });

  it.each(['panic', 'hang'] as const)('can be had so that it ends in a %s', async (kernel) => {
    const folder = await made({ kernel });
    for (const tree of [patched(folder), safer(folder)]) {
      configured(tree, await wantedConfig());
      built(tree);
      expect(twinKernel(tree)).toMatch(new RegExp(`^feature ${kernel}\n`, 'm'));
    }
  });
});

describe('make mrproper', () => {
  it('deletes the configuration and all that was made', async () => {
    const tree = patched(await made());
    const before = filesOf(tree).filter((path) => !path.endsWith('.orig'));
    configured(tree, await wantedConfig());
    built(tree);
    must(tree, 'make mrproper');
    expect(filesOf(tree).filter((path) => !path.endsWith('.orig'))).toEqual(before);
  });
});

describe('modules', () => {
  it('go into the folder of their release, whose former modules go', async () => {
    const folder = await made();
    const tree = patched(folder);
    configured(tree, await wantedConfig());
    built(tree);
    const root = join(folder, 'root');
    const old = ['2.4.20', '2.4.20-8'].map((release) => join(root, 'lib/modules', release, 'kernel'));
    for (const path of old) must('/', `mkdir -p ${path} && echo old > ${path}/old.o`);
    expect(await modulesInstalled(tree, root)).not.toContain('Unresolved');
    const modules = filesOf(join(root, 'lib/modules'));
    expect(modules).toContain('./2.4.20-8/kernel/old.o');
    expect(modules).not.toContain('./2.4.20/kernel/old.o');
    expect(modules.filter((path) => path.includes('/ipvs/'))).toHaveLength(10);
    expect(modules).toEqual(
      expect.arrayContaining(
        ['net/ipv4/ipip.o', 'fs/ext3/ext3.o', 'fs/jbd/jbd.o', 'drivers/block/loop.o'].map(
          (path) => `./2.4.20/kernel/${path}`,
        ),
      ),
    );
    expect(must(root, 'cat lib/modules/2.4.20/kernel/net/ipv4/ipvs/ip_vs_wrr.o')).toBe(
      'lvsctl-twin-module ip_vs_wrr\nneeds register_ip_vs_scheduler\ndepends ip_vs\n',
    );
    const at = '/lib/modules/2.4.20/kernel/net/ipv4/ipvs';
    expect(must(root, 'cat lib/modules/2.4.20/modules.dep')).toContain(`${at}/ip_vs_wrr.o:\t${at}/ip_vs.o\n`);
  });

  it.each(shells)('are looked through by depmod in $name', async ({ argv }) => {
    const folder = scratch();
    const kernel = join(folder, 'lib/modules/2.4.20-8/kernel');
    must('/', `mkdir -p ${kernel}`);
    writeFileSync(join(folder, 'System.map'), 'c0100000 T printk\n');
    writeFileSync(join(kernel, 'a.o'), 'lvsctl-twin-module a\nneeds of_b\nneeds printk\nneeds of_none\n');
    writeFileSync(join(kernel, 'b.o'), 'lvsctl-twin-module b\nexports of_b\n');
    writeFileSync(join(folder, 'depmod'), await twinDepmod());
    const depmod = `${argv.join(' ')} ./depmod`;
    expect(must(folder, `${depmod} -ae -F System.map -b ${folder} 2.4.20-8`)).toBe(
      'depmod: *** Unresolved symbols in /lib/modules/2.4.20-8/kernel/a.o\ndepmod: \tof_none\n',
    );
    const at = '/lib/modules/2.4.20-8/kernel';
    const dependencies = `${at}/a.o:\t${at}/b.o\n${at}/b.o:\n`;
    expect(must(folder, 'cat lib/modules/2.4.20-8/modules.dep')).toBe(dependencies);
    expect(must(folder, `${depmod} -a -n -b ${folder} 2.4.20-8`)).toBe(dependencies);
    expect(sh(folder, `${depmod} -aeF none -b ${folder} 2.4.20-8`).status).toBe(1);
    expect(sh(folder, `${depmod} -a -b ${folder} 2.4.99`).status).toBe(1);
  });

  it('with a symbol that nothing has are told by depmod, which ends well', async () => {
    const folder = await made({ unresolved: 'no_such_thing' });
    const tree = unpacked(folder);
    must(tree, "yes '' | make oldconfig");
    built(tree);
    expect(await modulesInstalled(tree, join(folder, 'root'))).toContain(
      'depmod: *** Unresolved symbols in /lib/modules/2.4.20/kernel/drivers/net/dummy.o\ndepmod: \tno_such_thing\n',
    );
  });

  it('of IPVS lack a symbol where a diff of the tarball was left out', async () => {
    const folder = await made();
    const tree = unpacked(folder);
    const ksyms = must(tree, 'cat kernel/ksyms.c');
    withIpvs(folder, tree);
    writeFileSync(join(tree, 'kernel/ksyms.c'), ksyms);
    configured(tree, await wantedConfig());
    built(tree);
    expect(await modulesInstalled(tree, join(folder, 'root'))).toContain(
      'ipvs/ip_vs.o\ndepmod: \tnr_free_pages\n',
    );
  });
});

describe('a build', () => {
  it.each([
    ['net/ipv4/devinet.c', 'bzImage'],
    ['net/ipv4/ipvs/ip_vs_wrr.c', 'modules'],
  ])('stops at %s where it does not compile', async (compileError, target) => {
    const folder = await made({ compileError });
    for (const tree of [patched(folder), safer(folder)]) {
      configured(tree, await wantedConfig());
      must(tree, 'make dep');
      const { status, output } = sh(tree, `make ${target}`);
      expect(status).toBe(2);
      expect(output).toMatch(new RegExp(`${compileError.split('/').at(-1)}:\\d+:.*error`));
    }
  });

  it('is as slow as is wished', async () => {
    const tree = unpacked(await made({ secondsPerFile: 0.05 }));
    must(tree, "yes '' | make oldconfig");
    const start = performance.now();
    const files = compiled(built(tree));
    expect(performance.now() - start).toBeGreaterThan(files.length * 50);
    expect(files.length).toBeGreaterThan(15);
  });

  it('may use several processes', async () => {
    const tree = patched(await made());
    configured(tree, await wantedConfig());
    must(tree, 'make dep');
    expect(compiled(must(tree, 'make -j4 bzImage && make -j4 modules'))).toHaveLength(38);
    expect(twinKernel(tree)).toContain('feature ipvs');
  });
});

describe('ipvsadm', () => {
  /** The sources of ipvsadm beside a patched tree, and a program in place of the lab's own ipvsadm. */
  async function beside(name: 'ipvsadm-1.21' | 'ipvsadm-1.21-11', kernel: typeof patched) {
    const folder = await made();
    const tree = kernel(folder);
    configured(tree, await wantedConfig());
    must(folder, `tar xzf ${name}.tar.gz`);
    const real = join(folder, 'real');
    writeFileSync(
      real,
      `#!/bin/sh
case $1 in
-Ln) printf 'IP Virtual Server version 1.2.1 (size=4096)\\nProt LocalAddress:Port Scheduler Flags\\n' ;;
-Sn) printf -- '-A -t 10.83.33.100:21 -s wrr\\n-a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\\n' ;;
*) echo "real $*"; exit 7 ;;
esac
`,
    );
    chmodSync(real, 0o755);
    return { source: join(folder, 'ipvsadm-1.21'), make: `make INCLUDE=-I${tree}/include REAL=${real}` };
  }

  it('is not built without the header of IPVS', async () => {
    const folder = await made();
    const tree = unpacked(folder);
    must(tree, "yes '' | make oldconfig");
    must(folder, 'tar xzf ipvsadm-1.21.tar.gz');
    const source = join(folder, 'ipvsadm-1.21');
    expect(must(source, 'make -n')).toContain(' -I/usr/src/linux/include ');
    const { status, output } = sh(source, `make INCLUDE=-I${tree}/include`);
    expect(status).toBe(2);
    expect(output).toMatch(/net\/ip_vs\.h/);
  });

  it('says what it was built against, and has the rest from the ipvsadm of the machine', async () => {
    const { source, make } = await beside('ipvsadm-1.21', patched);
    must(source, make);
    expect(must(source, './ipvsadm --version')).toMatch(
      /^ipvsadm v1\.21 2002\/11\/12 \(compiled with (popt|getopt_long) and IPVS v1\.0\.9\)\n$/,
    );
    expect(must(source, './ipvsadm -Ln')).toBe(
      'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n',
    );
    const { table, unread } = parseSave(must(source, './ipvsadm -Sn'));
    expect(unread).toEqual([]);
    expect(table.services[0]?.destinations).toHaveLength(1);
    expect(sh(source, './ipvsadm -A -t 10.83.33.100:21 -s wrr')).toEqual({
      status: 7,
      output: 'real -A -t 10.83.33.100:21 -s wrr\n',
    });
  });

  it.each(['-Ln --stats --exact', '-Ln --thresholds', '-a -t 10.0.0.1:80 -r 10.0.0.2 -x 5', '-Ln6'])(
    'refuses what came after 1.21: %s',
    async (words) => {
      const { source, make } = await beside('ipvsadm-1.21', patched);
      must(source, make);
      const { status, output } = sh(source, `./ipvsadm ${words}`);
      expect(status).toBe(255);
      expect(output).toContain('unrecognized option');
    },
  );

  it('is installed below BUILD_ROOT', async () => {
    const { source, make } = await beside('ipvsadm-1.21', patched);
    const root = scratch();
    must(source, `${make} BUILD_ROOT=${root} install`);
    expect(filesOf(root)).toEqual([
      './etc/rc.d/init.d/ipvsadm',
      './sbin/ipvsadm',
      './sbin/ipvsadm-restore',
      './sbin/ipvsadm-save',
      './usr/man/man8/ipvsadm-restore.8',
      './usr/man/man8/ipvsadm-save.8',
      './usr/man/man8/ipvsadm.8',
    ]);
    expect(readFileSync(join(root, 'sbin/ipvsadm-save'), 'utf8')).toMatch(/^#!\/bin\/bash\n/);
  });

  it('1.21-11 wants the IPVS of later kernels', async () => {
    const early = await beside('ipvsadm-1.21-11', patched);
    const { status, output } = sh(early.source, early.make);
    expect([status, output.includes('for the IPVS of Linux 2.4.29 and later')]).toEqual([2, true]);
    const late = await beside('ipvsadm-1.21-11', safer);
    must(late.source, late.make);
    expect(must(late.source, './ipvsadm -v')).toContain('IPVS v1.0.12');
  });
});
