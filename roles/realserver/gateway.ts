import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { type Gateway, gatewayOf } from '../../src/inventory/gateway.js';
import { defaultRoute, interfaceKey, METRIC_V6, type SysctlSetting } from '../../src/resources/index.js';

interface Named {
  readonly service: string;
  readonly gateway: Gateway;
}

function named(cluster: Cluster, host: ClusterHost): Named[] {
  return cluster.services
    .filter(
      ({ realServers, sorry }) =>
        sorry?.host === host.name || realServers.some((server) => server.host === host.name),
    )
    .map((service) => ({ service: service.name, gateway: gatewayOf(cluster, service, host) }));
}

/**
 * Where the answers of the host's NAT services go: at most one IPv4 and one IPv6 address.
 * @throws LvsctlError where two services want different ones
 */
export function gatewaysOf(cluster: Cluster, host: ClusterHost): string[] {
  const owners = new Map<boolean, { readonly address: string; readonly service: string }>();
  for (const { service, gateway } of named(cluster, host)) {
    if (gateway === undefined || !('address' in gateway)) continue;
    const { address } = gateway;
    const six = address.includes(':');
    const owner = owners.get(six);
    if (owner === undefined) owners.set(six, { address, service });
    else if (owner.address !== address)
      throw new LvsctlError(
        `${host.name} has one default route, and ${owner.service} wants it by ${owner.address}, ${service} by ${address}`,
        {
          host: host.name,
          hint: 'give the services one `gateway`, or `masquerade: "clients"`, with which answers need none; `gateway: false` leaves the route alone',
        },
      );
  }
  return [...owners.values()].map(({ address }) => address);
}

export function gatewayRoute(gateway: string, host: ClusterHost, facts: Facts): Resource {
  return defaultRoute({
    gateway,
    interface: host.interface,
    facts,
    hint: `see that ${gateway} is up, forwards, and lets this machine’s packets through in both directions; or name another \`gateway\`, or \`gateway: false\` to leave the route to you`,
  });
}

/** A router that shares the network tells a host shorter ways, around the director (ICMP redirects): the host must not take them. */
export function gatewaySettings(gateways: readonly string[], host: ClusterHost): SysctlSetting[] {
  return gateways.flatMap((gateway) => {
    const family = gateway.includes(':') ? 'ipv6' : 'ipv4';
    return ['all', host.interface].map((name) => ({
      key: interfaceKey(family, name, 'accept_redirects'),
      value: 0,
    }));
  });
}

/** The command of the boot script; without ip(8) a function of the script, since route(8) can't replace. */
export function routeWords(gateway: string, host: ClusterHost, facts: Facts): readonly string[] {
  const six = gateway.includes(':');
  const metric = six ? [String(METRIC_V6)] : [];
  if (!facts.commands.has('ip')) return ['default_route', gateway, host.interface, ...metric];
  const route = ['route', 'replace', 'default', 'via', gateway, 'dev', host.interface];
  return ['ip', six ? '-6' : '-4', ...route, ...(six ? ['metric', ...metric] : [])];
}
