import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { networkOf } from '../../src/inventory/address.js';
import type { Cluster, ClusterHost, Service } from '../../src/inventory/cluster.js';
import { addressFor } from '../../src/inventory/host-address.js';
import { listeningPorts } from '../../src/inventory/ports.js';
import {
  chainContent,
  iptablesNatWords,
  type Masquerade,
  masquerade,
  NAT_CHAIN,
  nftNatRules,
  nftNatTable,
  packages,
  type SysctlSetting,
} from '../../src/resources/index.js';
import { needsFtpHelper } from '../ipvsadm/modules.js';
import { markTool, type RuleLines } from './marks.js';

/**
 * What the host's NAT services want sent under its own address, each once. Clients first: one of them may be a real server, whose
 * packets to its own network the other rules let go.
 */
export function masquerades(cluster: Cluster, host: ClusterHost): Masquerade[] {
  const services = natServices(cluster, host);
  const wanted = [
    ...services.flatMap((service) => (hides(service, 'clients') ? towardsServers(service, host) : [])),
    ...services.flatMap((service) =>
      hides(service, 'real-servers') ? fromServers(service, cluster, host) : [],
    ),
  ];
  return [...new Map(wanted.map((one) => [JSON.stringify(one), one])).values()];
}

const natServices = (cluster: Cluster, host: ClusterHost): Service[] =>
  cluster.services.filter(
    ({ forwarding, directors }) => forwarding === 'nat' && directors.includes(host.name),
  );

const hides = ({ masquerade: said }: Service, who: 'clients' | 'real-servers'): boolean =>
  said === who || said === 'both';

/** A director that serves itself needs neither. */
const others = ({ realServers }: Service, host: ClusterHost) =>
  realServers.filter((server) => server.host !== host.name);

function towardsServers(service: Service, host: ClusterHost): Masquerade[] {
  return others(service, host).flatMap((server): Masquerade[] => {
    const ports = listeningPorts(service, server);
    // FTP opens further connections, to ports that nobody knows before.
    if (ports.length === 0 || needsFtpHelper(service)) return [{ to: server.address }];
    return ports.map((range) => ({ to: server.address, protocol: service.protocol, ports: range }));
  });
}

function fromServers(service: Service, cluster: Cluster, host: ClusterHost): Masquerade[] {
  return others(service, host).flatMap((server): Masquerade[] => {
    const known = cluster.hosts.get(server.host);
    const own = known && addressFor(known, service.vip);
    if (!own) return [];
    return [{ from: own.address, network: networkOf(own.address, own.prefix).text }];
  });
}

/** The rules, and where there is nobody to keep them, the package of who does. */
export function masquerading(cluster: Cluster, host: ClusterHost, facts: Facts): Resource[] {
  const rules = masquerades(cluster, host);
  const by = markTool(facts);
  const lacking = rules.length > 0 && !facts.commands.has(by);
  const name = by === 'nft' ? 'nftables' : 'iptables';
  return [
    ...(lacking ? [packages({ name, packages: [{ default: name }], facts })] : []),
    masquerade({ rules, by }),
  ];
}

export function masqueradeLines(cluster: Cluster, host: ClusterHost, facts: Facts): RuleLines {
  const rules = masquerades(cluster, host);
  const families = [4, 6] as const;
  if (markTool(facts) === 'nft')
    return {
      nft: families.flatMap((family) => {
        const lines = nftNatRules(rules, family);
        return lines.length === 0 ? [] : nftNatTable(lines, family);
      }),
      iptables: [],
    };
  const iptables = families.flatMap((family) => {
    const own = iptablesNatWords(rules, family);
    return own.length === 0 ? [] : [chainContent(family === 4 ? 'iptables' : 'ip6tables', NAT_CHAIN, own)];
  });
  return { nft: [], iptables };
}

/**
 * IPVS keeps its packets out of connection tracking, and with it out of nat's reach, unless this is set (ipvs-sysctl of Linux 2.6.37 and
 * later). FTP needs no setting: ip_vs_ftp has its connections tracked by itself.
 */
export function trackingSettings(cluster: Cluster, host: ClusterHost): SysctlSetting[] {
  const needed = natServices(cluster, host).some((service) => hides(service, 'clients'));
  return needed ? [{ key: 'net/ipv4/vs/conntrack', value: 1 }] : [];
}
