import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import {
  chainContent,
  iptablesMssWords,
  MSS_CHAIN,
  type MssRule,
  mssClamp,
  nftMssTable,
  packages,
} from '../../src/resources/index.js';
import { markTool, type RuleLines } from '../director/marks.js';
import { isIPv4, type Vip } from '../vips.js';
import { type Arrival, arrivalsOf } from './tunnels.js';

/** Bytes that a tunnel puts before a packet (Linux: net/netfilter/ipvs/ip_vs_xmit.c; RFC 2003, 2473, 2784, the GUE draft). */
export function tunnelOverhead({ type, local, checksum }: Arrival): number {
  const outer = isIPv4(local) ? 20 : 40;
  // UDP and GUE; remote checksum offload has a field of private flags and one of its own.
  if (type === 'gue') return outer + 8 + 4 + (checksum === 'remote' ? 8 : 0);
  if (type === 'gre') return outer + (checksum === 'none' ? 4 : 8);
  return outer;
}

const DEFAULT_MTU = 1500;

/**
 * What clients of each VIP may send in one segment: a full-sized packet of theirs would not fit the tunnel, and that they are told
 * so by ICMP can't be relied on. The smallest of a VIP's services holds for all of them.
 */
export function mssRules(vips: readonly Vip[], host: ClusterHost, facts: Facts): MssRule[] {
  const mtu = facts.interfaces.find(({ name }) => name === host.interface)?.mtu ?? DEFAULT_MTU;
  return vips.flatMap((vip) => {
    const headers = (isIPv4(vip.address) ? 20 : 40) + 20;
    const sizes = vip.services.flatMap((service) =>
      service.protocol === 'tcp' && service.forwarding === 'tun'
        ? arrivalsOf([{ ...vip, services: [service] }], host).map(
            (arrival) => service.mss ?? mtu - tunnelOverhead(arrival) - headers,
          )
        : [],
    );
    return sizes.length === 0 ? [] : [{ vip: vip.address, mss: Math.min(...sizes) }];
  });
}

/** Nothing to do it with, and no package manager to get it from. */
function lacksFilter(rules: readonly MssRule[], facts: Facts): boolean {
  return rules.length > 0 && !facts.commands.has(markTool(facts)) && facts.packageManager === undefined;
}

/** What the operator has to see to where the host can't. */
export function untoldSegments(rules: readonly MssRule[], facts: Facts): string[] {
  if (!lacksFilter(rules, facts)) return [];
  const sizes = rules.map(({ vip, mss }) => `${mss} bytes for ${vip}`).join(', ');
  return [
    `neither nft nor iptables is there, so clients are not told what fits the tunnel: let their segments be at most ${sizes}, by the MTU or advmss of the way to them`,
  ];
}

export function mssResources(rules: readonly MssRule[], facts: Facts): Resource[] {
  if (rules.length === 0 || lacksFilter(rules, facts)) return [];
  const by = markTool(facts);
  const name = by === 'nft' ? 'nftables' : 'iptables';
  return [
    ...(facts.commands.has(by) ? [] : [packages({ name, packages: [{ default: name }], facts })]),
    mssClamp({ rules, by }),
  ];
}

export function mssLines(rules: readonly MssRule[], facts: Facts): RuleLines {
  if (rules.length === 0 || lacksFilter(rules, facts)) return { nft: [], iptables: [] };
  if (markTool(facts) === 'nft') return { nft: nftMssTable(rules), iptables: [] };
  return {
    nft: [],
    iptables: (['iptables', 'ip6tables'] as const).flatMap((tool) => {
      const own = rules.filter(({ vip }) => isIPv4(vip) === (tool === 'iptables'));
      return own.length === 0 ? [] : [chainContent(tool, MSS_CHAIN, own.map(iptablesMssWords))];
    }),
  };
}
