import type { Facts } from '../engine/facts.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { type ArpDecision, decideArp } from './decide-arp.js';
import { decideIpvs, type IpvsDecision } from './decide-ipvs.js';
import { ipvsadmFor } from './ipvsadm.js';
import { runningKernel } from './running-kernel.js';

/** What `lvsctl explain` says of a host; plain JSON values. */
export interface HostExplanation {
  readonly kernel: { readonly release: string; readonly description: string };
  readonly ipvs: Explanation<IpvsDecision> & {
    /** Versions to build from source where no package serves, the best first; of the kernel that will run. */
    readonly ipvsadm: readonly string[];
  };
  readonly arp: Explanation<ArpDecision>;
}

interface Explanation<Decision> {
  /** Whether the host's part in the cluster asks for it. */
  readonly needed: boolean;
  /** That part: `director of ftp`. */
  readonly part: string;
  readonly decision: Decision;
}

/** The decisions for one host, by its part in the cluster. Both are made for every host: parts change. */
export function explainHost(cluster: Cluster, host: ClusterHost, facts: Facts): HostExplanation {
  const { name, version, description } = runningKernel(facts);
  const directs = cluster.services.filter(({ directors }) => directors.includes(host.name));
  const holds = cluster.services.filter((service) => holdsQuietly(service, host, directs));
  const { kernelProfiles } = cluster;
  const settings = { ...host.kernel, ...(kernelProfiles && { kernelProfiles }) };
  const ipvs = decideIpvs(facts, {
    ...settings,
    schedulers: unique(directs.map(({ scheduler }) => scheduler)),
  });
  const arp = decideArp(facts, { ...settings, services: holds });
  const builds =
    ipvs.kind === 'rebuild'
      ? [ipvs.profile.ipvsadm].filter((each) => each !== undefined)
      : version
        ? ipvsadmFor(version).map((each) => each.version)
        : [];
  return {
    kernel: { release: name, description },
    ipvs: {
      needed: directs.length > 0,
      part: directs.length > 0 ? `director of ${names(directs)}` : 'not a director',
      decision: ipvs,
      ipvsadm: builds,
    },
    arp: {
      needed: holds.length > 0,
      part:
        holds.length > 0
          ? `real server of ${names(holds)}`
          : 'no real server that holds an IPv4 VIP (those of NAT, and of IPv6, need nothing)',
      decision: arp,
    },
  };
}

/** Localnode does not count: there the VIP is on the director's NIC, and is to answer. IPv6 neighbours are not asked by ARP. */
function holdsQuietly(service: Service, host: ClusterHost, directs: readonly Service[]): boolean {
  return (
    service.forwarding !== 'nat' &&
    !service.vip.includes(':') &&
    service.realServers.some((server) => server.host === host.name) &&
    !directs.some(({ vip }) => vip === service.vip)
  );
}

const names = (services: readonly Service[]) => services.map(({ name }) => name).join(', ');
const unique = (texts: readonly string[]) => [...new Set(texts)];
