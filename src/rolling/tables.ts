import type { GateReach } from '../engine/index.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { parseProc } from '../ipvs/index.js';
import { textOfBytes, trusted } from '../shell/index.js';

/** Nothing where ip_vs is not loaded: that is no table, and ipvsadm would load it to say so. */
const procProbe = trusted('cat /proc/net/ip_vs 2>/dev/null; :');

/** Services that send a host connections. */
export function servicesOf(cluster: Cluster, { name }: Pick<ClusterHost, 'name'>): readonly Service[] {
  return cluster.services.filter(({ realServers }) => realServers.some(({ host }) => host === name));
}

/** Names of their directors, in the inventory's order. */
export function directorsOf(services: readonly Service[]): readonly string[] {
  return [...new Set(services.flatMap(({ directors }) => directors))];
}

/**
 * True where a director's table has the host as a real server, with whatever weight; changes nothing, and loads no module.
 * @throws LvsctlError when a director can't be asked
 */
export async function isInTables(
  { cluster, host, signal }: GateReach,
  target: ClusterHost,
): Promise<boolean> {
  const services = servicesOf(cluster, target);
  const addresses = new Set(
    services.flatMap(({ realServers }) =>
      realServers.filter((one) => one.host === target.name).map(({ address }) => address),
    ),
  );
  const found = await Promise.all(
    directorsOf(services).map(async (director) => {
      const { stdout } = await (await host(director)).run(procProbe, { signal });
      return parseProc(textOfBytes(stdout)).table.services.some(({ destinations }) =>
        destinations.some(({ address }) => addresses.has(address)),
      );
    }),
  );
  return found.includes(true);
}

/** ip_vs's own readers say nothing where there is no such setting: Linux before 4.1 has no conn_reuse_mode. */
const reuseProbe = trusted(
  `for f in conn_reuse_mode expire_nodest_conn; do v=0; [ -r /proc/sys/net/ipv4/vs/$f ] && read -r v < /proc/sys/net/ipv4/vs/$f; echo "$v"; done`,
);

/**
 * Whether a director sends a new connection from a port that it remembers of a closed one to a server of its choice, and not to the
 * one of the closed connection, although that is drained. Linux (ip_vs_core.c, ip_vs_in): with expire_nodest_conn, or, where it does not
 * see the answers (DR and TUN), with bit 1 of conn_reuse_mode; but not for a connection that persistence placed.
 */
export async function choosesAnew(
  { host, signal }: GateReach,
  director: string,
  services: readonly Pick<Service, 'persistence'>[],
): Promise<boolean> {
  const { stdout } = await (await host(director)).run(reuseProbe, { signal });
  const [reuse = 0, expire = 0] = textOfBytes(stdout).split('\n').map(Number);
  return (
    expire === 1 || ((reuse & 2) !== 0 && services.every(({ persistence }) => persistence === undefined))
  );
}
