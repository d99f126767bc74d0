import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { describeRecorded, staleEntries } from '../../src/ipvs/index.js';
import { recordedWeights } from '../../src/resources/index.js';

/** Weights that operators have set, as far as the inventory still has what they are about. */
export function recordRemarks(cluster: Cluster, host: ClusterHost, { recorded }: Facts): string[] {
  const stale = new Set(staleEntries(cluster, host.name, recorded));
  return recorded.entries
    .filter((entry) => !stale.has(entry))
    .map((entry) => {
      const said = cluster.services
        .find(({ name }) => name === entry.service)
        ?.realServers.find((one) => one.host === entry.host);
      const back = `\`lvsctl undrain ${entry.host} --service ${entry.service}\` gives it back`;
      return `${describeRecorded(entry)}; ${back}${said === undefined ? '' : ` (weight ${said.weight})`}`;
    });
}

/** Takes out of the record what is about nobody any more; nothing where all of it is of use. */
export function recordResources(cluster: Cluster, host: ClusterHost, { recorded }: Facts): Resource[] {
  const stale = staleEntries(cluster, host.name, recorded);
  if (stale.length === 0 && recorded.unread.length === 0) return [];
  return [recordedWeights({ stale: (record) => staleEntries(cluster, host.name, record) })];
}
