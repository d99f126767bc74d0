import type { KernelVersion } from './version.js';

/** What is known of one vendor's kernels beside what they show themselves. */
export interface VendorKernel {
  readonly name: string;
  /** IPVS as the vendor shipped it; `none`: left out. */
  readonly ipvs: { readonly version: string } | 'none';
  /** arp_tables and its mangle target; undefined: not established. */
  readonly arptables: boolean | undefined;
  /** Settings that the vendor took from later kernels. */
  readonly backports: readonly ('arp_announce' | 'arp_ignore')[];
  readonly sources: readonly string[];
}

interface Entry extends Omit<VendorKernel, 'backports'> {
  matches(version: KernelVersion): boolean;
  backports(version: KernelVersion): VendorKernel['backports'];
}

const ENTRIES: readonly Entry[] = [
  {
    name: 'Red Hat Linux 8.0',
    matches: ({ numbers, vendor }) =>
      numbers.join('.') === '2.4.18' && vendor?.name === 'red-hat-linux' && vendor.release === '14',
    ipvs: { version: '1.0.4' },
    arptables: true,
    backports: () => [],
    sources: ["the source of Red Hat 8.0's kernel 2.4.18-14 and its configurations"],
  },
  {
    name: 'Red Hat Linux 9',
    matches: ({ numbers, vendor }) =>
      numbers.join('.') === '2.4.20' &&
      vendor?.name === 'red-hat-linux' &&
      /^(8|\d+(\.\d+)*\.9)$/.test(vendor.release),
    ipvs: 'none',
    arptables: undefined,
    backports: () => [],
    sources: ['the tutorial (2.4.20-8 comes without IPVS)'],
  },
  {
    name: 'Red Hat Enterprise Linux 3',
    matches: ({ numbers, vendor }) => numbers.join('.') === '2.4.21' && vendor?.name === 'rhel',
    ipvs: { version: '1.0.8' },
    arptables: true,
    // Its arp_announce is global: only `all` is looked at.
    backports: ({ vendor }) => (Number.parseInt(vendor?.release ?? '', 10) >= 40 ? ['arp_announce'] : []),
    sources: ['the sources of thirty RHEL 3 kernels: arp_announce from 2.4.21-40.EL on, arp_ignore never'],
  },
];

/** Undefined for mainline kernels, and for vendors' of which nothing was established. */
export function vendorKernel(version: KernelVersion): VendorKernel | undefined {
  const entry = ENTRIES.find(({ matches }) => matches(version));
  if (!entry) return undefined;
  const { name, ipvs, arptables, sources } = entry;
  return { name, ipvs, arptables, sources, backports: entry.backports(version) };
}
