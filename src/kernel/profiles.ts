import type { KernelProfile } from '../inventory/cluster.js';

/** A kernel that lvsctl can build for a host of the 2.4 era. */
export interface RebuildProfile {
  readonly id: KernelProfile;
  readonly title: string;
  /** Mainline release that is built. */
  readonly kernel: string;
  /** IPVS version; its banner says it. Undefined: that of the kernel's own source, which was not looked up. */
  readonly ipvs: string | undefined;
  readonly ipvsadm: string;
  /** How real servers with this kernel are kept quiet. */
  readonly arp: 'hidden' | 'arp-flags';
  /** Names in the catalogue of artifacts, in the order in which they are used. */
  readonly artifacts: readonly string[];
  /** What the operator should know before choosing it. */
  readonly drawbacks: readonly string[];
  readonly advantages: readonly string[];
  readonly sources: readonly string[];
}

export const PROFILES: Readonly<Record<KernelProfile, RebuildProfile>> = {
  safer: {
    id: 'safer',
    title: 'Linux 2.4.37.11',
    kernel: '2.4.37.11',
    ipvs: undefined,
    ipvsadm: '1.21-11',
    arp: 'arp-flags',
    artifacts: ['linux-2.4.37', 'patch-2.4.37.11', 'ipvsadm-1.21-11'],
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
    advantages: ['the very kernel of the tutorial'],
    drawbacks: [
      'it lacks the fixes of ptrace (2.4.21), do_brk (2.4.23) and mremap (2.4.24), by which a local user becomes root',
      'no digest of ipvs-1.0.9 and of the hidden patch is known: they are used only with your word',
    ],
    sources: ['the tutorial', 'differences between the kernels 2.4.20 and 2.4.24 (the holes)'],
  },
};

/** What `kernel.rebuild: true` builds where `kernel.profile` says nothing. */
export const DEFAULT_PROFILE: KernelProfile = 'safer';
