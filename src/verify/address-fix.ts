import { type Sh, sh } from '../shell/index.js';
import type { HostEvidence } from './evidence.js';

/**
 * The VIP on a device, with a host's mask and the label of the inventory, by ip(8) or, where there is none, ifconfig(8).
 * @param label without the interface: `100`
 */
export function holdCommand(
  { tools }: Pick<HostEvidence, 'tools'>,
  vip: string,
  device: string,
  label: string,
): Sh {
  const labelled = `${device}:${label}`;
  if (vip.includes(':'))
    return tools.has('ip')
      ? sh`ip addr add ${`${vip}/128`} dev ${device} nodad`
      : sh`ifconfig ${device} inet6 add ${`${vip}/128`}`;
  if (!tools.has('ip')) return sh`ifconfig ${labelled} ${vip} broadcast ${vip} netmask 255.255.255.255 up`;
  // The kernel's names have 15 characters.
  const words = label === '' || labelled.length > 15 ? [] : ['label', labelled];
  return sh`ip addr add ${`${vip}/32`} dev ${device} ${words}`;
}

/** Takes one address off a device. */
export function dropCommand(
  { tools }: Pick<HostEvidence, 'tools'>,
  address: string,
  prefix: number | undefined,
  device: string,
  label: string,
): Sh {
  const whole = `${address}/${prefix ?? (address.includes(':') ? 128 : 32)}`;
  if (tools.has('ip')) return sh`ip addr del ${whole} dev ${device}`;
  if (address.includes(':')) return sh`ifconfig ${device} inet6 del ${whole}`;
  return sh`ifconfig ${`${device}:${label}`} down`;
}
