import { networkOf } from '../src/inventory/address.js';
import type { Cluster, ClusterHost, Service } from '../src/inventory/cluster.js';

/** A VIP as one host holds it. */
export interface Vip {
  readonly address: string;
  /** Without the interface: `100`. */
  readonly label: string;
  /** The services on it that concern the host. */
  readonly services: readonly Service[];
}

/** VIPs that the host holds as a director, in the order of the inventory. */
export function directorVips(cluster: Cluster, host: ClusterHost): Vip[] {
  return vipsOf(cluster.services.filter((service) => service.directors.includes(host.name)));
}

/**
 * VIPs that the host holds as a real server (or sorry server), quietly: those of DR and TUN services. Not those that it holds as
 * a director (localnode): there the VIP is on the NIC and is to answer.
 */
export function realServerVips(cluster: Cluster, host: ClusterHost): Vip[] {
  const own = new Set(directorVips(cluster, host).map((vip) => vip.address));
  return vipsOf(
    cluster.services.filter(
      (service) =>
        service.forwarding !== 'nat' &&
        !own.has(service.vip) &&
        (service.sorry?.host === host.name ||
          service.realServers.some((realServer) => realServer.host === host.name)),
    ),
  );
}

function vipsOf(services: readonly Service[]): Vip[] {
  return [...new Set(services.map((service) => service.vip))].map((address) => {
    const here = services.filter((service) => service.vip === address);
    return { address, label: here[0]?.label ?? '', services: here };
  });
}

export function isIPv4(address: string): boolean {
  return !address.includes(':');
}

/** A VIP is always a single address: 32 bits, for IPv6 128. */
export function vipPrefix(address: string): number {
  return isIPv4(address) ? 32 : 128;
}

/**
 * Another host of the director's network, to be asked by ARP from a VIP where there is no arping(8). None that holds a VIP
 * itself: it takes a packet from there for a forged one and does not answer, and until the kernel gives up asking,
 * a live real server would get no connections.
 */
export function neighbourOf(cluster: Cluster, host: ClusterHost): string | undefined {
  if (!isIPv4(host.address)) return undefined;
  const network = networkOf(host.address, host.prefix);
  return [...cluster.hosts.values()].find(
    (other) =>
      other.name !== host.name &&
      isIPv4(other.address) &&
      network.contains(other.address) &&
      realServerVips(cluster, other).length === 0 &&
      directorVips(cluster, other).length === 0,
  )?.address;
}
