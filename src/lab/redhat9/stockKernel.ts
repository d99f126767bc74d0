/** Files of Red Hat 9's own kernel 2.4.20-8 on a twin: no IPVS, no `hidden`, no arp_ignore. A module is a text (see twin-sources). */
import { redHat9Config } from '../twin-sources/index.js';

export const stockRelease = '2.4.20-8';

/** Module below /lib/modules/RELEASE/kernel, the modules of today's kernel that do its work, and the modules that it needs. */
const modules: readonly (readonly [path: string, loads: string, depends: string])[] = [
  ['drivers/block/loop', 'loop', ''],
  ['drivers/net/dummy', 'dummy', ''],
  ['drivers/net/pcnet32', '', 'mii'],
  ['drivers/net/mii', '', ''],
  ['fs/ext3/ext3', '', 'jbd'],
  ['fs/jbd/jbd', '', ''],
  ['net/ipv4/ipip', 'ipip', ''],
  ['net/ipv4/netfilter/ip_conntrack', 'nf_conntrack', ''],
  ['net/ipv4/netfilter/ip_conntrack_ftp', 'nf_conntrack_ftp', 'ip_conntrack'],
  ['net/ipv4/netfilter/ip_nat_ftp', 'nf_nat_ftp', 'iptable_nat'],
  ['net/ipv4/netfilter/ip_tables', 'ip_tables xt_tcpudp', ''],
  ['net/ipv4/netfilter/ipt_LOG', 'xt_LOG', 'ip_tables'],
  ['net/ipv4/netfilter/ipt_MASQUERADE', 'xt_MASQUERADE', 'iptable_nat'],
  ['net/ipv4/netfilter/ipt_REDIRECT', 'xt_REDIRECT', 'iptable_nat'],
  ['net/ipv4/netfilter/ipt_REJECT', 'ipt_REJECT', 'ip_tables'],
  ['net/ipv4/netfilter/ipt_state', 'xt_state', 'ip_tables'],
  ['net/ipv4/netfilter/iptable_filter', 'iptable_filter', 'ip_tables'],
  ['net/ipv4/netfilter/iptable_mangle', 'iptable_mangle', 'ip_tables'],
  ['net/ipv4/netfilter/iptable_nat', 'iptable_nat xt_nat', 'ip_tables'],
];

const symbols = [
  ...[
    'add_timer',
    'del_timer',
    'kfree',
    'kmalloc',
    'kmem_cache_alloc',
    'kmem_cache_create',
    'mod_timer',
    'printk',
  ],
  ...[
    'dev_queue_xmit',
    'icmp_send',
    'inetdev_by_index',
    'inet_addr_type',
    'ip_fragment',
    'ip_route_output_key',
    'jiffies',
  ],
  ...[
    'nf_hook_slow',
    'nf_hooks',
    'nf_register_hook',
    'nf_register_sockopt',
    'nf_unregister_hook',
    'proc_net',
    'proc_net_create',
  ],
  ...[
    'register_netdevice',
    'register_sysctl_table',
    'skb_copy',
    'sock_create',
    'unregister_sysctl_table',
    'vmalloc',
    'vfree',
  ],
];

/** Path to content. */
export async function stockKernelFiles(): Promise<Readonly<Record<string, string>>> {
  const folder = `/usr/lib/modules/${stockRelease}`;
  const path = (name: string) => modules.find(([each]) => each.endsWith(`/${name}`))?.[0] ?? name;
  const object = (name: string) => `/lib/modules/${stockRelease}/kernel/${name}.o`;
  const files = modules.map(([each, loads, depends]) => {
    const name = each.slice(each.lastIndexOf('/') + 1);
    // Dependencies follow from symbols: each module exports one named after itself.
    const lines = [
      `lvsctl-twin-module ${name}`,
      loads && `loads ${loads}`,
      'needs printk',
      `exports ${name}_module`,
      depends && `needs ${depends}_module`,
    ];
    return [
      `${folder}/kernel/${each}.o`,
      lines
        .filter((line) => line !== '')
        .map((line) => `${line}\n`)
        .join(''),
    ] as const;
  });
  const dependencies = modules.map(
    ([each, , depends]) => `${object(each)}:${depends === '' ? '' : `\t${object(path(depends))}`}\n`,
  );
  const map = symbols.toSorted().map((name, n) => `${(0xc0105000 + n * 64).toString(16)} T ${name}\n`);
  return {
    ...Object.fromEntries(files),
    [`${folder}/modules.dep`]: dependencies.join(''),
    [`/boot/System.map-${stockRelease}`]: map.join(''),
    [`/boot/config-${stockRelease}`]: await redHat9Config(),
    [`/boot/initrd-${stockRelease}.img`]: `lvsctl-twin-initrd ${stockRelease}\n`,
    [`/boot/vmlinuz-${stockRelease}`]: `lvsctl-twin-kernel ${stockRelease}\n`,
  };
}
