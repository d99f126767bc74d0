import type { Forwarding, Protocol } from '../inventory/cluster.js';

/**
 * What tells one virtual service from another in the kernel. Nothing else does: scheduler, persistence and flags can be edited.
 * A mark has no address; IPv4 and IPv6 keep a service of their own for the same mark.
 */
export type ServiceIdentity = AddressIdentity | MarkIdentity;

export interface AddressIdentity {
  readonly kind: 'address';
  readonly protocol: Protocol;
  /** Canonical text, IPv6 without brackets. */
  readonly address: string;
  /** 0 takes every port, and needs persistence. */
  readonly port: number;
}

export interface MarkIdentity {
  readonly kind: 'mark';
  /** Firewall mark, 1 to 2³²−1. */
  readonly mark: number;
  readonly family: 4 | 6;
}

/**
 * One virtual service. In every field but the identity `undefined` means "not known": the format that was read doesn't carry it.
 * In a wanted table it means "whatever is there stays". What is known to be absent has a value that says so (`'none'`, `[]`, false).
 */
export interface VirtualService {
  readonly id: ServiceIdentity;
  /** As ipvsadm names it: `wrr`. */
  readonly scheduler: string | undefined;
  /** Sorted: `sh-port`, `mh-fallback`, `flag-1` …; empty is none. */
  readonly schedulerFlags: readonly string[] | undefined;
  readonly persistence: Persistence | 'none' | undefined;
  /** One-packet scheduling (`-o`), UDP and marks only. */
  readonly onePacket: boolean | undefined;
  readonly destinations: readonly Destination[];
}

export interface Persistence {
  /** Unknown from /proc/net/ip_vs, which counts in ticks of the kernel, unless the kernel's HZ is known. */
  readonly timeoutSeconds: number | undefined;
  /** Granularity: dotted quad for IPv4 (`255.255.255.255`), prefix length for IPv6 (`128`). */
  readonly netmask: string | undefined;
  /** Persistence engine: `sip`, or `none`. */
  readonly engine: string | undefined;
}

export interface Destination {
  /** Canonical text, IPv6 without brackets. Only a tunnel may differ from the service in family. */
  readonly address: string;
  readonly port: number;
  /** `local`: the kernel shows only that the destination is the director itself (Linux 2.4 forgets the method then). */
  readonly forwarding: Forwarding | 'local' | undefined;
  /** 0 is drained: no new connections. */
  readonly weight: number | undefined;
  /** Only of `tun`. */
  readonly tunnel: Tunnel | undefined;
  /** Connections above which the kernel sends no more, and below which it does again; 0 is none. */
  readonly upperThreshold: number | undefined;
  readonly lowerThreshold: number | undefined;
  /** Observed, never wanted. Persistence templates are not counted in either. */
  readonly activeConnections: number | undefined;
  readonly inactiveConnections: number | undefined;
}

export interface Tunnel {
  readonly type: 'ipip' | 'gue' | 'gre';
  /** UDP port, of `gue` only. */
  readonly port: number | undefined;
  /** Of `gue` and `gre`; `remote` is gue's remote checksum offload. */
  readonly checksum: 'none' | 'full' | 'remote' | undefined;
}

export interface Table {
  readonly services: readonly VirtualService[];
}

/** A line that a reader could not make out, whole or in part, with its number from 1. */
export interface UnreadLine {
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

export interface ReadTable {
  readonly table: Table;
  readonly unread: readonly UnreadLine[];
}

export function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** `10.83.33.100:21`, `[fd00:7::110]:443`. */
export function endpointText(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One text for each identity, for maps and for people: `tcp 10.83.33.100:21`, `fwmark 256`, `fwmark 256 (IPv6)`. */
export function serviceKey(id: ServiceIdentity): string {
  if (id.kind === 'mark') return `fwmark ${id.mark}${id.family === 6 ? ' (IPv6)' : ''}`;
  return `${id.protocol} ${endpointText(id.address, id.port)}`;
}

/** What tells one destination of a service from another. */
export function destinationKey(destination: { readonly address: string; readonly port: number }): string {
  return endpointText(destination.address, destination.port);
}

export function serviceFamily(id: ServiceIdentity): 4 | 6 {
  return id.kind === 'mark' ? id.family : isIPv6(id.address) ? 6 : 4;
}

/** The netmask that ipvsadm leaves unsaid: one client, one template. */
export function fullNetmask(family: 4 | 6): string {
  return family === 4 ? '255.255.255.255' : '128';
}
