import type { KernelProfile } from '../inventory/cluster.js';

/** A kernel that lvsctl can build. */
export interface RebuildProfile {
  readonly id: KernelProfile;
  /** The inventory's own: what it holds is what the inventory says. */
  readonly own?: true;
  readonly title: string;
  /** Mainline release that is built. */
  readonly kernel: string;
  /** IPVS version; its banner says it. Undefined: that of the kernel's own source, which was not looked up. */
  readonly ipvs: string | undefined;
  /** Version of the source that is built against the tree; undefined: none is, a package must serve. */
  readonly ipvsadm: string | undefined;
  /** How real servers with this kernel are kept quiet. */
  readonly arp: 'hidden' | 'arp-flags';
  /** Names in the catalogue of artifacts, in the order in which they are used. */
  readonly artifacts: readonly string[];
  readonly build: KernelBuild;
  /** What the operator should know before choosing it. */
  readonly drawbacks: readonly string[];
  readonly advantages: readonly string[];
  readonly sources: readonly string[];
}

/** How a profile's kernel is configured and made. */
export interface KernelBuild {
  readonly flavour: '2.4' | '2.6';
  /** ARCH of make; the build host's own when absent. */
  readonly arch?: string;
  /** `running`: the configuration of the kernel that the node runs. Else a target of make (`defconfig`). */
  readonly base: string;
  /** Set over the base and looked up after oldconfig, without CONFIG_. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Target of make, and the file that it makes below the tree. */
  readonly image: { readonly target: string; readonly path: string };
}

/**
 * All of IPVS as modules, with what it and a Red Hat 9's boot need. Source: net/ipv4/ipvs/Config.in of Linux 2.4.23; `initrd` and `loop`
 * are what mkinitrd asks for; TAB_BITS 16 is the tutorial's `size=65536`.
 */
const IPVS_2_4: KernelBuild['options'] = {
  NETFILTER: 'y',
  BLK_DEV_RAM: 'y',
  BLK_DEV_INITRD: 'y',
  BLK_DEV_LOOP: 'y',
  NET_IPIP: 'm',
  IP_VS: 'm',
  IP_VS_TAB_BITS: 16,
  IP_VS_RR: 'm',
  IP_VS_WRR: 'm',
  IP_VS_LC: 'm',
  IP_VS_WLC: 'm',
  IP_VS_LBLC: 'm',
  IP_VS_LBLCR: 'm',
  IP_VS_DH: 'm',
  IP_VS_SH: 'm',
  IP_VS_FTP: 'm',
};

const I386: Pick<KernelBuild, 'flavour' | 'base' | 'image'> = {
  flavour: '2.4',
  base: 'running',
  image: { target: 'bzImage', path: 'arch/i386/boot/bzImage' },
};

export const PROFILES: Readonly<Record<'safer' | 'tutorial', RebuildProfile>> = {
  safer: {
    id: 'safer',
    title: 'Linux 2.4.37.11',
    kernel: '2.4.37.11',
    ipvs: undefined,
    ipvsadm: '1.21-11',
    arp: 'arp-flags',
    artifacts: ['linux-2.4.37', 'patch-2.4.37.11', 'ipvsadm-1.21-11'],
    build: { ...I386, options: { ...IPVS_2_4, IP_VS_SED: 'm', IP_VS_NQ: 'm' } },
    advantages: [
      'IPVS and arp_ignore are in its source, without patches',
      'the holes of 2.4.20 are closed',
      'SHA-256 digests of all its files are known',
    ],
    drawbacks: ['not the kernel of the tutorial'],
    sources: ['the source of Linux (IPVS since 2.4.23, arp_ignore since 2.4.26)'],
  },
  tutorial: {
    id: 'tutorial',
    title: 'Linux 2.4.20 with ipvs-1.0.9 and hidden-2.4.20pre10-1',
    kernel: '2.4.20',
    ipvs: '1.0.9',
    ipvsadm: '1.21',
    arp: 'hidden',
    artifacts: ['linux-2.4.20', 'ipvs-1.0.9', 'hidden-2.4.20pre10-1', 'ipvsadm-1.21'],
    build: { ...I386, options: IPVS_2_4 },
    advantages: ['the very kernel of the tutorial'],
    drawbacks: [
      'it lacks the fixes of ptrace (2.4.21), do_brk (2.4.23) and mremap (2.4.24), by which a local user becomes root',
      'no digest of ipvs-1.0.9 and of the hidden patch is known: they are used only with your word',
    ],
    sources: ['the tutorial', 'differences between the kernels 2.4.20 and 2.4.24 (the holes)'],
  },
};

/** What `kernel.rebuild: true` builds where `kernel.profile` says nothing. */
export const DEFAULT_PROFILE = 'safer';
