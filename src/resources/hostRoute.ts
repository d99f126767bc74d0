import type { Change, Resource } from '../engine/resource.js';
import { sh } from '../shell/index.js';
import { observedText } from './observed.js';

export interface HostRouteOptions {
  /** IPv4 address. */
  readonly address: string;
  /** Interface or alias as the tutorial's `route add -host VIP dev lo:100` names it. */
  readonly device: string;
}

/**
 * The tutorial's host route, by route(8). Only for hosts without ip(8) (Linux 2.4, net-tools): wherever the kernel
 * keeps a local table, an address with /32 has its route already. Read from /proc/net/route, which costs no fork.
 */
export function hostRoute(options: HostRouteOptions): Resource {
  const id = `route ${options.address}`;
  const device = options.device.split(':')[0] ?? options.device;
  const hex = hexAddresses(options.address);
  return {
    id,
    probe: sh`while read -r i d g f rest; do printf '%s %s\n' "$i" "$d"; done < /proc/net/route`,
    plan(observed): Change | undefined {
      const present = observedText(id, observed)
        .split('\n')
        .some((line) => {
          const [found = '', destination = ''] = line.split(' ');
          return found.split(':')[0] === device && hex.includes(destination.toUpperCase());
        });
      if (present) return undefined;
      return {
        summary: `route ${options.address} to ${options.device}`,
        apply: sh`route add -host ${options.address} dev ${options.device}`,
      };
    },
  };
}

/** As /proc/net/route shows it on little-endian and on big-endian machines. */
export function hexAddresses(value: string): string[] {
  const bytes = value.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return [[...bytes].reverse().join(''), bytes.join('')];
}
