import type { ParsedAddress } from './address.js';
import { parseAddress } from './address.js';
import type { ClusterHost } from './cluster.js';
import type { HostInput } from './schema.js';

export interface HostAddress {
  /** Canonical, without prefix length. */
  readonly address: string;
  readonly prefix: number;
}

/** The host's own address of the family that another address (a VIP, say) is of; undefined where it has none. */
export function addressFor(host: ClusterHost, other: string): HostAddress | undefined {
  const { address, prefix, address6, prefix6 } = host;
  const six = other.includes(':');
  if (address.includes(':') === six) return { address, prefix };
  if (!six || address6 === undefined || prefix6 === undefined) return undefined;
  return { address: address6, prefix: prefix6 };
}

/** The host's addresses, the first being the one that lvsctl speaks to. */
export function addressesOf({ address, prefix, address6, prefix6 }: ClusterHost): HostAddress[] {
  const second =
    address6 === undefined || prefix6 === undefined ? [] : [{ address: address6, prefix: prefix6 }];
  return [{ address, prefix }, ...second];
}

/** The addresses that the inventory gives a host, the first being the one that lvsctl speaks to; those that can't be read are left out. */
export function writtenAddresses(host: HostInput | undefined): ParsedAddress[] {
  return [host?.address, host?.address6].flatMap((text) =>
    text === undefined ? [] : (parseAddress(text) ?? []),
  );
}
