import { sh } from '../shell/index.js';
import type { Probe } from './check.js';

/** One IPv4 route of the main table. */
export interface Route {
  readonly device: string;
  /** In host order. */
  readonly network: number;
  readonly mask: number;
  /** Absent: on the link. */
  readonly gateway?: string;
  readonly metric: number;
}

/** /proc/net/route, of a little-endian machine. */
export const routes: Probe<readonly Route[]> = {
  name: 'routes',
  script: () => sh`cat /proc/net/route`,
  read: (text) =>
    text.split('\n').flatMap((line) => {
      const [device = '', destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
      const [network, by, wide] = [destination, gateway, mask].map(numberOfWord);
      // RTF_UP is 1, RTF_GATEWAY 2, RTF_REJECT 0x200 (linux/route.h).
      const bits = Number.parseInt(flags ?? '0', 16);
      if (network === undefined || by === undefined || wide === undefined || (bits & 1) === 0 || bits & 0x200)
        return [];
      return [
        {
          device,
          network,
          mask: wide,
          metric: Number(metric) || 0,
          ...(by !== 0 && { gateway: dotted(by) }),
        },
      ];
    }),
};

function numberOfWord(hex: string | undefined): number | undefined {
  if (hex === undefined || !/^[0-9A-F]{8}$/i.test(hex)) return undefined;
  return (hex.match(/../g) ?? []).reverse().reduce((sum, byte) => sum * 256 + Number.parseInt(byte, 16), 0);
}

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** The route that a packet takes: the narrowest, and of those the one of the least metric. Rules of policy are not known here. */
export function routeTo(table: readonly Route[], address: string): Route | undefined {
  const to = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return table
    .filter(({ network, mask }) => (to & mask) >>> 0 === network)
    .sort((one, other) => other.mask - one.mask || one.metric - other.metric)[0];
}
