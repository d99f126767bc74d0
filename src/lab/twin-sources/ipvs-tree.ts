import { below, type Edit, edited, merged, type Tree, treeOf } from './tree.js';
import { unified } from './unified.js';

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh'];
/** Came with 1.0.10; nobody knows whether 1.0.9 had them. */
const LATER_SCHEDULERS = ['sed', 'nq'];

function scheduler(name: string): string {
  return `/*
 * IPVS: the scheduler ${name}.
 */
#include <linux/module.h>
#include <net/ip_vs.h>

extern int register_ip_vs_scheduler(struct ip_vs_scheduler *scheduler);

static int ip_vs_${name}_schedule(int servers)
{
	return servers > 0 ? 0 : -1;
}

static struct ip_vs_scheduler ip_vs_${name}_scheduler = { "${name}", ip_vs_${name}_schedule };

static int ip_vs_${name}_init(void)
{
	return register_ip_vs_scheduler(&ip_vs_${name}_scheduler);
}

module_init(ip_vs_${name}_init)
MODULE_LICENSE("GPL");
`;
}

/** What the kernel must change to take IPVS in: a symbol for modules, a menu, a folder to go into. */
const kernelEdits: readonly Edit[] = [
  {
    file: 'kernel/ksyms.c',
    find: 'EXPORT_SYMBOL(vfree);\n',
    put: 'EXPORT_SYMBOL(vfree);\nEXPORT_SYMBOL(nr_free_pages);\n',
  },
  {
    file: 'net/ipv4/Config.in',
    find: '   source net/ipv4/netfilter/Config.in\nfi\n',
    put: `   source net/ipv4/netfilter/Config.in
fi
if [ "$CONFIG_NETFILTER" != "n" ]; then
   source net/ipv4/ipvs/Config.in
fi
`,
  },
  {
    file: 'net/Makefile',
    find: 'subdir-$(CONFIG_NETFILTER) += ipv4/netfilter\n',
    put: 'subdir-$(CONFIG_NETFILTER) += ipv4/netfilter\nsubdir-$(CONFIG_IP_VS) += ipv4/ipvs\n',
  },
  {
    file: 'net/Makefile',
    find: 'sub-objs-$(CONFIG_NETFILTER) += ipv4/netfilter/netfilter.o\n',
    put: `sub-objs-$(CONFIG_NETFILTER) += ipv4/netfilter/netfilter.o
sub-objs-$(CONFIG_IP_VS) += ipv4/ipvs/ipvs.o
`,
  },
];

const schedulers = (names: readonly string[]): Tree =>
  new Map(names.map((name) => [`ipvs/ip_vs_${name}.c`, scheduler(name)]));

/** The tarball without its diffs. */
const moduleSources = async (): Promise<Tree> => merged(await treeOf('ipvs-1.0.9'), schedulers(SCHEDULERS));

const laterEdits: readonly Edit[] = [
  { file: 'ipvs/ip_vs.h', find: '0x010009', put: '0x01000c' },
  {
    file: 'ipvs/Config.in',
    find: "  comment 'IPVS application helper'\n",
    put: `  dep_tristate '  shortest expected delay scheduling' CONFIG_IP_VS_SED $CONFIG_IP_VS
  dep_tristate '  never queue scheduling' CONFIG_IP_VS_NQ $CONFIG_IP_VS
  comment 'IPVS application helper'
`,
  },
  {
    file: 'ipvs/linux_net_ipv4_ipvs_Makefile',
    find: 'obj-$(CONFIG_IP_VS_FTP)',
    put: 'obj-$(CONFIG_IP_VS_SED) += ip_vs_sed.o\nobj-$(CONFIG_IP_VS_NQ) += ip_vs_nq.o\nobj-$(CONFIG_IP_VS_FTP)',
  },
];

/** The tarball ipvs-1.0.9, with one diff for each file of `linux` that it changes. */
export async function ipvsTree(linux: Tree): Promise<Tree> {
  const heads = {
    before: 'linux-2.4.20',
    after: 'linux',
    dates: ['Thu Nov 28 15:53:15 2002', 'Tue May 20 10:12:37 2003'],
  } as const;
  const diffs = kernelEdits
    .filter(({ file }, index) => kernelEdits.findIndex((edit) => edit.file === file) === index)
    .map(({ file }): [string, string] => {
      const edits = kernelEdits.filter((edit) => edit.file === file);
      const name = `linux_${file.replace(/[/.]/g, '_')}.diff`;
      return [name, unified(linux, edited(linux, edits), heads)];
    });
  return merged(await moduleSources(), new Map(diffs));
}

/** A tree that has IPVS in it, as Linux has since 2.4.23; its version is that of 2.4.28 and later. */
export async function withIpvs(linux: Tree): Promise<Tree> {
  const sources = edited(merged(await moduleSources(), schedulers(LATER_SCHEDULERS)), laterEdits);
  const modules = new Map<string, string>();
  for (const [path, text] of sources) {
    const name = path.replace(/^ipvs\//, '');
    if (name === path || name === 'ip_vs.h') continue;
    modules.set(name === 'linux_net_ipv4_ipvs_Makefile' ? 'Makefile' : name, text);
  }
  const header = new Map([['include/net/ip_vs.h', sources.get('ipvs/ip_vs.h') ?? '']]);
  return merged(edited(linux, kernelEdits), below('net/ipv4/ipvs', modules), header);
}

/** A menu that no longer asks for an option: it is gone from .config after oldconfig, without a word. */
export function withoutOption(tree: Tree, symbol: string): Tree {
  const asks = (line: string) => line.split(/\s+/).includes(symbol);
  return new Map(
    [...tree].map(([path, text]) => [
      path,
      path.endsWith('Config.in')
        ? text
            .split('\n')
            .filter((line) => !asks(line))
            .join('\n')
        : text,
    ]),
  );
}
