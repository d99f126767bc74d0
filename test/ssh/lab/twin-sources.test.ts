import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { structureRefusal } from '../../../src/artifacts/inspect.js';
import { structureOf } from '../../../src/artifacts/structure.js';
import { artifactNamed } from '../../../src/kernel/index.js';
import { makeTwinSources, redHat9Config } from '../../../src/lab/twin-sources/index.js';
import {
  configured,
  filesOf,
  IPVS_OPTIONS,
  made,
  must,
  patched,
  safer,
  scratch,
  sh,
  unpacked,
  wantedConfig,
  withIpvs,
} from './twin-tree.js';

const config = (tree: string) => readFileSync(join(tree, '.config'), 'utf8');

describe('the files', () => {
  it('are called as in the catalogue, and look inside as the real ones must', async () => {
    for (const source of await makeTwinSources(scratch())) {
      const artifact = artifactNamed(source.name);
      expect(source).toMatchObject({ file: artifact.file, kind: artifact.kind, version: artifact.version });
      const structure = structureOf({ ...artifact, digests: [] });
      expect(structure === undefined).toBe(source.kind === 'linux-patch');
      if (structure)
        expect([source.name, await structureRefusal(structure, source.path)]).toEqual([
          source.name,
          undefined,
        ]);
      const content = readFileSync(source.path);
      expect(source.size).toBe(content.length);
      expect(source.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  it('have the same bytes each time, and others for other options', async () => {
    const digests = async (options = {}) =>
      (await makeTwinSources(scratch(), options)).map(({ name, sha256 }) => `${name} ${sha256}`);
    const first = await digests();
    expect(first).toHaveLength(8);
    expect(await digests()).toEqual(first);
    const others = await digests({ kernel: 'panic', vanishing: 'CONFIG_IP_VS_WRR', hidden: 'with fuzz' });
    expect(others.filter((line) => !first.includes(line)).map((line) => line.split(' ')[0])).toEqual([
      'linux-2.4.20',
      'linux-2.4.20-gz',
      'linux-2.4.37',
      'ipvs-1.0.9',
      'hidden-2.4.20pre10-1',
    ]);
  });

  it('are not made without bzip2, and the error says so', async () => {
    const { PATH = '' } = process.env;
    process.env.PATH = scratch();
    onTestFinished(() => {
      process.env.PATH = PATH;
    });
    await expect(made()).rejects.toMatchObject({ name: 'LvsctlError', hint: 'apt-get install bzip2' });
  });

  it('are only those that are asked for', async () => {
    const folder = await made({ names: ['ipvs-1.0.9', 'ipvsadm-1.21'] });
    expect(filesOf(folder)).toEqual(['./ipvs-1.0.9.tar.gz', './ipvsadm-1.21.tar.gz']);
  });

  it('unpack into one folder, as root, with programs that may be run', async () => {
    const folder = await made({ names: ['linux-2.4.20', 'linux-2.4.20-gz', 'ipvsadm-1.21'] });
    const listing = must(folder, 'tar tvzf linux-2.4.20.tar.gz');
    expect(listing).toBe(must(folder, 'tar tvjf linux-2.4.20.tar.bz2'));
    for (const line of listing.trim().split('\n'))
      expect(line).toMatch(/^(d|-)rwxr-xr-x root\/root|^-rw-r--r-- root\/root/);
    expect(must(folder, 'tar tvzf ipvsadm-1.21.tar.gz')).toMatch(
      /-rwxr-xr-x root\/root .* ipvsadm-1.21\/ipvsadm-save\n/,
    );
  });
});

describe('hidden', () => {
  const tried = (tree: string) => sh(tree, 'patch -p1 --dry-run < ../hidden-2.4.20pre10-1.diff');

  it('goes onto 2.4.20, and a dry run changes nothing', async () => {
    const tree = unpacked(await made());
    const before = must(tree, 'cat net/ipv4/arp.c');
    const { status, output } = tried(tree);
    expect([status, output.includes('fuzz')]).toEqual([0, false]);
    expect(must(tree, 'cat net/ipv4/arp.c')).toBe(before);
    must(tree, 'patch -p1 < ../hidden-2.4.20pre10-1.diff');
    expect(must(tree, 'cat net/ipv4/devinet.c')).toContain('&ipv4_devconf.hidden');
  });

  it('can be had with fuzz', async () => {
    const { status, output } = tried(unpacked(await made({ hidden: 'with fuzz' })));
    expect(status).toBe(0);
    expect(output).toMatch(/Hunk #\d succeeded at \d+ with fuzz 1/);
  });

  it('can be had so that a part of it is rejected', async () => {
    const { status, output } = tried(unpacked(await made({ hidden: 'rejected' })));
    expect(status).toBe(1);
    expect(output).toContain('1 out of 5 hunks FAILED');
  });

  it("is rejected by Red Hat's kernel, whose top folder is called otherwise", async () => {
    const folder = await made({ vendor: true });
    must(folder, 'tar xjf linux-2.4.20.tar.bz2');
    const { status, output } = tried(join(folder, 'linux-2.4.20-8'));
    expect(status).toBe(1);
    expect(output).toContain('hunks FAILED');
    expect(must(folder, 'ls linux-2.4.20-8/configs')).toBe('kernel-2.4.20-i686.config\n');
  });

  it('is rejected by 2.4.37, which has ARP flags', async () => {
    const folder = await made();
    expect(tried(safer(folder)).status).toBe(1);
  });
});

describe('make oldconfig', () => {
  it('is silent where nothing is new, and drops what the tree does not know', async () => {
    const tree = unpacked(await made());
    writeFileSync(join(tree, '.config'), await redHat9Config());
    const { status, output } = sh(tree, 'make oldconfig');
    expect([status, output.includes('(NEW)')]).toEqual([0, false]);
    expect(config(tree)).toContain('CONFIG_NET_IPIP=m\n');
    expect(config(tree)).not.toContain('CONFIG_IP_NF_ARPTABLES');
    expect(must(tree, 'cat include/linux/autoconf.h')).toContain('#define CONFIG_NET_IPIP_MODULE 1\n');
  });

  it('asks for a new symbol, fails at the end of the input, and takes an empty line for the default', async () => {
    const tree = patched(await made());
    writeFileSync(join(tree, '.config'), await redHat9Config());
    const refused = sh(tree, 'make oldconfig');
    expect(refused.status).toBe(2);
    expect(refused.output).toContain('(CONFIG_IP_VS) [N/y/m/?] (NEW) ');
    // As the tutorial's readers did it.
    expect(sh(tree, "yes '' | make oldconfig").status).toBe(0);
    expect(config(tree)).toContain('# CONFIG_IP_VS is not set\n');
    expect(sh(tree, 'make oldconfig').status).toBe(0);
  });

  it('answers may be given', async () => {
    const tree = patched(await made());
    writeFileSync(join(tree, '.config'), await redHat9Config());
    must(tree, 'make oldconfig', { input: `m\n\n13\n${'m\n'.repeat(9)}` });
    expect(config(tree)).toContain('CONFIG_IP_VS_TAB_BITS=13\n');
    expect(config(tree)).toContain('CONFIG_IP_VS_FTP=m\n');
  });

  it('keeps the options of IPVS in a patched tree', async () => {
    const tree = patched(await made());
    writeFileSync(join(tree, '.config'), await wantedConfig());
    expect(sh(tree, 'make oldconfig').status).toBe(0);
    for (const option of IPVS_OPTIONS) expect(config(tree)).toContain(`${option}=m\n`);
    expect(config(tree)).toContain('CONFIG_IP_VS_TAB_BITS=16\n');
  });

  it.each([
    ['in a tree without IPVS', false, (text: string) => text],
    [
      'without netfilter',
      true,
      (text: string) => text.replace('CONFIG_NETFILTER=y', '# CONFIG_NETFILTER is not set'),
    ],
  ])('drops them silently %s', async (_, patches, change) => {
    const folder = await made();
    const tree = patches ? patched(folder) : unpacked(folder);
    writeFileSync(join(tree, '.config'), change(await wantedConfig()));
    expect(sh(tree, "yes '' | make oldconfig").status).toBe(0);
    expect(config(tree)).not.toContain('IP_VS');
  });

  it('drops one whose menu is gone', async () => {
    const folder = await made({ vanishing: 'CONFIG_IP_VS_WRR' });
    for (const tree of [patched(folder), safer(folder)]) {
      configured(tree, await wantedConfig());
      expect(config(tree)).not.toContain('CONFIG_IP_VS_WRR');
      expect(config(tree)).toContain('CONFIG_IP_VS_RR=m\n');
    }
  });

  it('starts from a defconfig without initrd, loop and ext3', async () => {
    const tree = unpacked(await made());
    must(tree, "yes '' | make oldconfig");
    for (const option of ['BLK_DEV_LOOP', 'BLK_DEV_RAM', 'EXT3_FS'])
      expect(config(tree)).toContain(`# CONFIG_${option} is not set\n`);
  });

  it('puts its link into another folder where CDPATH names one', async () => {
    const tree = unpacked(await made());
    const elsewhere = scratch();
    mkdirSync(join(elsewhere, 'include'));
    must(tree, "yes '' | make oldconfig", { env: { CDPATH: elsewhere } });
    expect(lstatSync(join(elsewhere, 'include/asm')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(tree, 'include/asm'))).toBe(false);
    must(tree, 'make dep');
    const { status, output } = sh(tree, 'make bzImage');
    expect(status).toBe(2);
    expect(output).toMatch(/asm\/types\.h/);
  });
});

describe('the IPVS tarball', () => {
  it('says so where there is no kernel source', async () => {
    const folder = await made({ names: ['ipvs-1.0.9'] });
    must(folder, 'tar xzf ipvs-1.0.9.tar.gz');
    const ipvs = join(folder, 'ipvs-1.0.9');
    expect(must(ipvs, 'make -n patchkernel')).toContain('/usr/src/linux');
    for (const target of ['patchkernel', 'installsource']) {
      const { status, output } = sh(ipvs, `make ${target} KERNELSOURCE=${folder}/none`);
      expect(status).toBe(2);
      expect(output).toContain(`There is no kernel source in ${folder}/none.`);
    }
  });

  it('puts its sources and its menu into the tree', async () => {
    const folder = await made();
    const tree = unpacked(folder);
    const before = filesOf(tree);
    withIpvs(folder, tree);
    const added = filesOf(tree).filter((path) => !before.includes(path));
    expect(added).toHaveLength(17);
    expect(added).toEqual(
      expect.arrayContaining(
        ['Config.in', 'Makefile', 'ip_vs_core.c', 'ip_vs_wrr.c', 'ip_vs.h'].map(
          (name) => `./net/ipv4/ipvs/${name}`,
        ),
      ),
    );
    expect(added.join()).not.toMatch(/ip_vs_(sed|nq)/);
    expect(must(tree, 'cat net/ipv4/Config.in')).toMatch(/^ +source net\/ipv4\/ipvs\/Config\.in$/m);
    expect(must(tree, 'cat kernel/ksyms.c')).toContain('EXPORT_SYMBOL(nr_free_pages);');
  });

  it('does not go on a second time', async () => {
    const folder = await made();
    const tree = patched(folder);
    expect(sh(join(folder, 'ipvs-1.0.9'), `make patchkernel KERNELSOURCE=${tree}`).status).toBe(2);
    expect(must(tree, 'cat net/Makefile').match(/ipv4\/ipvs\n/g)).toHaveLength(1);
  });
});
