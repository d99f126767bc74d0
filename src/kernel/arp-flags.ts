import { type KernelRange, type KernelVersion, madeFrom } from './version.js';

/** A setting in /proc/sys/net/ipv4/conf that has to do with ARP, and the mainline kernels that have it, patches apart. */
export interface ArpFlag {
  readonly name: 'arp_filter' | 'medium_id' | 'arp_ignore' | 'arp_announce';
  readonly ranges: readonly KernelRange[];
  readonly sources: readonly string[];
}

const source = ['the source of Linux'];
const both: readonly KernelRange[] = [{ first: '2.4.26', last: '2.4.99' }, { first: '2.6.4-rc1' }];

export const ARP_FLAGS: readonly ArpFlag[] = [
  {
    name: 'arp_filter',
    ranges: [{ first: '2.2.14', last: '2.2.99' }, { first: '2.4.5' }],
    sources: [...source, "Julian Anastasov's mail (2.2.14)"],
  },
  { name: 'medium_id', ranges: [{ first: '2.4.19' }], sources: source },
  { name: 'arp_ignore', ranges: both, sources: [...source, 'absent from 2.4.25 and 2.6.3'] },
  { name: 'arp_announce', ranges: both, sources: [...source, 'absent from 2.4.25 and 2.6.3'] },
];

/**
 * Whether kernels made from this mainline release have the setting. A vendor may have added it to an older one (RHEL 3: arp_announce),
 * so that false says little of a vendor's kernel: its /proc/sys is asked first.
 */
export function hasArpFlag(version: KernelVersion, name: ArpFlag['name']): boolean {
  return ARP_FLAGS.some(
    (flag) => flag.name === name && flag.ranges.some((range) => madeFrom(version, range)),
  );
}
