import type { Facts } from '../../src/engine/facts.js';
import { LvsctlError } from '../../src/errors.js';
import { interfaceKey, type SysctlSetting } from '../../src/resources/index.js';

const conf = '/proc/sys/net/ipv4/conf/all';

/** What the facts script looks for, so that {@link arpSettings} can choose. */
export const arpPaths = [`${conf}/arp_ignore`, `${conf}/arp_announce`, `${conf}/hidden`];

/**
 * Kernel settings that keep a host quiet about addresses on lo. arp_ignore is looked up on the interface that the
 * request comes in by, as the greater of `all` and that one, so that setting lo alone would do nothing.
 * Kernels before 2.4.26 and 2.6.4 know neither; with Julian Anastasov's patch they know `hidden`, for which `all` and lo must both be 1.
 * @throws LvsctlError when this kernel has neither
 */
export function arpSettings(interfaceName: string, facts: Facts): readonly SysctlSetting[] {
  if (facts.paths.has(`${conf}/arp_ignore`) && facts.paths.has(`${conf}/arp_announce`))
    return ['all', interfaceName].flatMap((name) => [
      { key: interfaceKey('ipv4', name, 'arp_ignore'), value: 1 },
      { key: interfaceKey('ipv4', name, 'arp_announce'), value: 2 },
    ]);
  if (facts.paths.has(`${conf}/hidden`))
    return ['all', 'lo'].map((name) => ({ key: interfaceKey('ipv4', name, 'hidden'), value: 1 }));
  throw new LvsctlError(
    `Linux ${facts.kernel.release} can't be kept from answering ARP for a VIP: it has neither arp_ignore nor hidden`,
    { hint: 'boot a kernel from 2.4.26 or 2.6.4 on, or one with the hidden patch' },
  );
}
