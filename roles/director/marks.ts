import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import {
  type ChainContent,
  chainContent,
  iptablesWords,
  MARKS_CHAIN,
  type MarkRule,
  newPacketMarks,
  nftTable,
  packages,
  packetMarks,
  singleMarkRules,
} from '../../src/resources/index.js';

/** Is there while iptables(8) of old, not that on top of nftables, has tables in use. */
export const LEGACY_IPTABLES = '/proc/net/ip_tables_names';

/** The packets that the host's services by mark are made of. */
export function markRules(cluster: Cluster, host: ClusterHost): MarkRule[] {
  return cluster.services.flatMap(({ fwmark, vip, protocol, ports = [], directors }) =>
    fwmark !== undefined && directors.includes(host.name) ? [{ mark: fwmark, vip, protocol, ports }] : [],
  );
}

/**
 * Who marks packets: iptables where it is in use already, else nft, whose tables don't meet those of others. Where neither is there,
 * nft comes as a package, or before Linux 3.14, which brought its tables for both families, iptables.
 */
export function markTool({ commands, paths, kernel, modules }: Facts): 'nft' | 'iptables' {
  // Where nf_tables was built without the family inet, its part of nft_reject is not there either.
  if (modules.has('nf_tables') && !modules.has('nft_reject_inet')) return 'iptables';
  if (commands.has('iptables'))
    return paths.has(LEGACY_IPTABLES) || !commands.has('nft') ? 'iptables' : 'nft';
  const [major = 0, minor = 0] = kernel.release.split('.').map((part) => Number.parseInt(part, 10));
  return commands.has('nft') || major > 3 || (major === 3 && minor >= 14) ? 'nft' : 'iptables';
}

/** What comes before the table: who keeps the rules, as a package where it lacks, and the rules for packets that have no mark yet. */
export function newMarks(cluster: Cluster, host: ClusterHost, facts: Facts): Resource[] {
  const rules = markRules(cluster, host);
  if (rules.length === 0) return [];
  const by = markTool(facts);
  const name = by === 'nft' ? 'nftables' : 'iptables';
  return [
    ...(facts.commands.has(by) ? [] : [packages({ name, packages: [{ default: name }], facts })]),
    newPacketMarks({ rules, by }),
  ];
}

/** All other changes of the rules; {@link newMarks} come before. */
export function marks(cluster: Cluster, host: ClusterHost, facts: Facts): Resource {
  return packetMarks({ rules: markRules(cluster, host), by: markTool(facts), begun: true });
}

/** What a boot script says of rules: lines for nft, or what chains of iptables and ip6tables are to hold. */
export interface RuleLines {
  readonly nft: readonly string[];
  readonly iptables: readonly ChainContent[];
}

export function markLines(cluster: Cluster, host: ClusterHost, facts: Facts): RuleLines {
  const rules = markRules(cluster, host);
  if (rules.length === 0) return { nft: [], iptables: [] };
  if (markTool(facts) === 'nft') return { nft: nftTable(rules), iptables: [] };
  return {
    nft: [],
    iptables: (['iptables', 'ip6tables'] as const).flatMap((tool) => {
      const own = rules.filter(({ vip }) => vip.includes(':') === (tool === 'ip6tables'));
      return own.length === 0
        ? []
        : [chainContent(tool, MARKS_CHAIN, singleMarkRules(own).map(iptablesWords))];
    }),
  };
}
