import { networkOf } from './address.js';
import type { Cluster, ClusterHost, Service } from './cluster.js';
import { addressFor } from './host-address.js';

/** Where a real server's default route has to go; or why that can't be told, in words for the operator. */
export type Gateway =
  | { readonly address: string }
  | { readonly unknown: string }
  /** Nothing has to be done on the host. */
  | undefined;

/**
 * The default gateway of a real server of a NAT service: what the inventory says, else the address of its only director, where that is
 * in the real server's network. None for a director that serves itself, nor where clients are masqueraded.
 */
export function gatewayOf({ hosts }: Pick<Cluster, 'hosts'>, service: Service, host: ClusterHost): Gateway {
  const { forwarding, gateway, masquerade, directors, vip, name } = service;
  if (forwarding !== 'nat' || directors.includes(host.name) || gateway === false) return undefined;
  if (gateway !== undefined) return { address: gateway };
  if (masquerade === 'clients' || masquerade === 'both') return undefined;
  if (directors.length > 1)
    return {
      unknown: `${name} has ${directors.length} directors: name in \`gateway\` the address in the real servers’ network that the live one holds`,
    };
  const director = hosts.get(directors[0] ?? '');
  const there = director && addressFor(director, vip);
  const own = addressFor(host, vip);
  if (!there || !own) return undefined;
  const network = networkOf(own.address, own.prefix);
  if (network.contains(there.address)) return { address: there.address };
  return {
    unknown: `${directors[0]} (${there.address}) lies outside ${network.text}, the network of ${host.name}: name in \`gateway\` of ${name} the address that leads to it, or false where the network’s own routes do`,
  };
}
