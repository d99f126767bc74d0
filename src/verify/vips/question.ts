import { Address4, Address6 } from 'ip-address';
import type { Service, ServiceRealServer, ServiceTunnel } from '../../inventory/cluster.js';

/** How the packets get there: with the real server's MAC address, or in a tunnel to its address. */
export type Carrier = 'dr' | 'ipip' | 'gue' | 'gre' | 'gre-checksum';

/** One real server of one service, to be asked at the VIP. */
export interface Question {
  readonly server: ServiceRealServer;
  readonly by: Carrier;
  /** Whether by a SYN too, which proves something either way; else by a ping alone, which a host may leave unanswered. */
  readonly bySyn: boolean;
  /** As the program of {@link vipScript} takes it. */
  readonly word: string;
}

/** Whether there is anything to ask: with NAT no real server holds the VIP. */
export function hasVipOnServers({ forwarding }: Pick<Service, 'forwarding'>): boolean {
  return forwarding !== 'nat';
}

/**
 * The questions of a service, in the order of its real servers. Left out are those that are the director itself, and those without
 * an address of the VIP's family.
 * @param director name of the host that asks
 * @param source its own address of the VIP's family; without one its kernel chooses, which for IPv6 may be the VIP
 */
export function questionsOf(
  service: Service,
  director: string,
  source: string | undefined,
  servers: readonly ServiceRealServer[] = service.realServers,
): Question[] {
  if (!hasVipOnServers(service)) return [];
  const six = service.vip.includes(':');
  return servers
    .filter(({ host, address }) => host !== director && address !== '' && address.includes(':') === six)
    .map((server, i) => {
      const by = carrierOf(service, server.tunnel);
      const bySyn = service.protocol === 'tcp' && service.port > 0;
      const words = [
        `s${i}`,
        by,
        bySyn ? 'tcp' : 'ping',
        hexOf(service.vip),
        hexOf(server.address),
        service.port,
        server.tunnel?.port ?? 0,
        server.address,
        source === undefined ? '' : hexOf(source),
      ];
      return { server, by, bySyn, word: words.join(',') };
    });
}

function carrierOf({ forwarding }: Service, tunnel: ServiceTunnel | undefined): Carrier {
  if (forwarding !== 'tun') return 'dr';
  if (tunnel?.type === 'gre') return tunnel.checksum === 'full' ? 'gre-checksum' : 'gre';
  return tunnel?.type ?? 'ipip';
}

/** In network order: `0a532164`. */
function hexOf(address: string): string {
  const text = address.includes(':') ? new Address6(address).canonicalForm() : new Address4(address).toHex();
  return text.replaceAll(':', '');
}
