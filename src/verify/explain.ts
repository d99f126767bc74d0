import type { ClusterHost, Service, ServiceRealServer } from '../inventory/cluster.js';
import { destinationOf } from '../ipvs/index.js';
import type { HostEvidence } from './evidence.js';
import { explainForeignServer, foreignHost, whoseMac, whyForeignAnswers } from './explain-foreign.js';
import { holders } from './interfaces.js';
import { nameOf, titled } from './share.js';
import { waitingFor } from './waiting.js';

/** What a host told when it was asked, or why it could not be asked. */
export type Testimony = HostEvidence | { readonly unreachable: string };

/** All that is known of one service seen from one probe host, after something was found wrong with it. */
export interface Case {
  /** Path of the inventory, for commands that are named. */
  readonly file: string;
  readonly service: Service;
  readonly hosts: ReadonlyMap<string, ClusterHost>;
  /** Name of the director whose table is live. */
  readonly director: string;
  readonly testimony: ReadonlyMap<string, Testimony>;
  /** MAC addresses that answered for the VIP, with their host; undefined when nobody was asked. */
  readonly arp: readonly ArpAnswer[] | undefined;
  /** What a direct connection to a real server, past the director, came to: undefined is good, else the error. */
  readonly direct: ReadonlyMap<string, string | undefined>;
  /** Connections that the director sent to a real server and that nobody answered, where there were some. */
  readonly unanswered: ReadonlyMap<string, number>;
}

export interface ArpAnswer {
  readonly mac: string;
  readonly host: string | undefined;
}

/** The causes that the evidence names, each a sentence, in the order in which they are best mended. Pure. */
export function explain(found: Case): string[] {
  const causes = [
    ...explainArp(found),
    ...explainDirector(found),
    ...found.service.realServers
      .filter((server) => server.weight > 0)
      .flatMap((server) => explainRealServer(found, server)),
  ];
  return [...new Set(causes)];
}

const lost = (testimony: Testimony | undefined): testimony is { unreachable: string } =>
  testimony !== undefined && 'unreachable' in testimony;

function conf(evidence: HostEvidence, device: string, key: string): number | undefined {
  return evidence.conf.get(device)?.[key];
}

/** As the kernel takes arp_ignore, arp_announce and rp_filter: the greater one of `all` and the device. */
function effective(evidence: HostEvidence, device: string, key: string): number | undefined {
  const values = [conf(evidence, 'all', key), conf(evidence, device, key)].filter(
    (value): value is number => value !== undefined,
  );
  return values.length === 0 ? undefined : Math.max(...values);
}

function explainArp(found: Case): string[] {
  const { arp, service, hosts, director, testimony } = found;
  if (arp === undefined) return [];
  const { vip } = service;
  const own = arp.filter(({ host }) => host === director);
  const causes = arp
    .filter(({ host }) => host !== director)
    .map(({ mac, host }) => {
      const address = host === undefined ? undefined : hosts.get(host)?.address;
      if (host === undefined || address === undefined)
        return `${mac} answers ARP for ${vip}: ${whoseMac(found)}`;
      const foreign = foreignHost(found, host);
      if (foreign) return `${address} answers ARP for ${vip}: ${whyForeignAnswers(found, foreign)}`;
      return `${address} answers ARP for ${vip}: ${whyAnswers(host, vip, hosts, testimony, service)}`;
    });
  if (own.length > 1)
    causes.push(
      `${titled(director)} answers ARP for ${vip} with ${own.length} MAC addresses (${own.map(({ mac }) => mac).join(', ')}): several of its NICs are in that network, set arp_ignore to 1 on it`,
    );
  if (own.length === 0 && !lost(testimony.get(director))) {
    const evidence = testimony.get(director);
    const held = evidence && 'interfaces' in evidence ? holders(evidence.interfaces, vip) : [];
    if (held.length > 0)
      causes.push(
        `${titled(director)} does not answer ARP for ${vip}, which it holds on ${held[0]?.device}: check its link and arp_ignore`,
      );
  }
  return causes;
}

function whyAnswers(
  host: string,
  vip: string,
  hosts: Case['hosts'],
  testimony: Case['testimony'],
  service: Service,
): string {
  const evidence = testimony.get(host);
  if (!evidence) return `${host} is not the director`;
  if ('unreachable' in evidence) return `${host} can't be asked why (${evidence.unreachable})`;
  const nic = hosts.get(host)?.interface ?? 'eth0';
  const held = holders(evidence.interfaces, vip).map(({ device }) => device);
  if (service.directors.includes(host))
    return `it is another director and holds the VIP on ${held.join(', ')}`;
  const proxying = effective(evidence, nic, 'proxy_arp');
  if (held.length === 0)
    return proxying ? `proxy_arp is ${proxying}` : `${host} did hold the VIP then, but does no longer`;
  const onNic = held.filter((device) => device !== 'lo' && device !== 'tunl0' && !device.startsWith('dummy'));
  const ignore = effective(evidence, nic, 'arp_ignore');
  if (ignore !== undefined && ignore > 0 && onNic.length > 0)
    return `it holds the VIP on ${onNic.join(', ')}, where arp_ignore ${ignore} does not keep it quiet; a real server holds it on lo`;
  if (ignore === 0) return 'arp_ignore is 0';
  if (ignore !== undefined)
    return `arp_ignore is ${ignore} now, so it was set after the answer, or the answer is a proxy's`;
  const hidden = conf(evidence, 'all', 'hidden');
  const hiddenHere = conf(evidence, held[0] ?? 'lo', 'hidden');
  if (hidden === undefined) return 'its kernel has neither arp_ignore nor hidden';
  if (hidden === 0 || hiddenHere === 0) return `hidden is 0 on ${hidden === 0 ? 'all' : (held[0] ?? 'lo')}`;
  return 'though it holds the VIP hidden';
}

function explainDirector({ service, director, testimony }: Case): string[] {
  const evidence = testimony.get(director);
  if (!evidence) return [];
  if ('unreachable' in evidence) return [`${titled(director)} can't be reached: ${evidence.unreachable}`];
  const causes: string[] = [];
  const endpoint =
    service.fwmark === undefined
      ? `${service.vip}:${service.port}/${service.protocol}`
      : `the service by mark ${service.fwmark}`;
  if (holders(evidence.interfaces, service.vip).length === 0)
    causes.push(`${titled(director)} does not hold ${service.vip} on any interface`);
  if (!evidence.table) return [...causes, `ip_vs is not loaded on ${titled(director)}`];
  const entry = evidence.table.find(
    service.fwmark === undefined
      ? ({ protocol, address, port }) =>
          protocol === service.protocol && address === service.vip && port === service.port
      : ({ mark }) => mark === service.fwmark,
  );
  if (!entry) return [...causes, `${endpoint} is not in the table of ${titled(director)}`];
  if (entry.scheduler !== service.scheduler)
    causes.push(
      `${titled(director)} schedules ${endpoint} by ${entry.scheduler}, the inventory says ${service.scheduler}`,
    );
  if (service.forwarding === 'nat' && evidence.ipForward === 0)
    causes.push(`ip_forward is 0 on ${titled(director)}: LVS-NAT needs 1`);
  return [...causes, ...explainDestinations(service, director, entry.destinations)];
}

const kernelNames = { dr: ['Route', 'Local'], nat: ['Masq', 'Local'], tun: ['Tunnel', 'Local'] } as const;

function explainDestinations(
  service: Service,
  director: string,
  destinations: NonNullable<HostEvidence['table']>[number]['destinations'],
): string[] {
  const named = service.realServers.map((server) => destinationOf(service, server));
  const causes = service.realServers.flatMap((server, i) => {
    const entry = destinations.find(
      ({ address, port }) => address === named[i]?.address && port === named[i]?.port,
    );
    if (!entry) return [`${nameOf(server)} is not in the table of ${titled(director)}`];
    const wrong: string[] = [];
    if (entry.weight !== server.weight)
      wrong.push(
        `${nameOf(server)} has weight ${entry.weight} in the table of ${titled(director)}, the inventory says ${server.weight}`,
      );
    if (!kernelNames[service.forwarding].some((name) => name === entry.forwarding))
      wrong.push(
        `${nameOf(server)} is forwarded to by ${entry.forwarding}, the inventory says ${service.forwarding} (${kernelNames[service.forwarding][0]})`,
      );
    return wrong;
  });
  const strangers = destinations.filter(
    ({ address, port }) => !named.some((server) => server.address === address && server.port === port),
  );
  return [
    ...causes,
    ...strangers.map(
      ({ address, port, weight }) =>
        `${titled(director)} also sends to ${address}:${port} (weight ${weight}), which the inventory does not name`,
    ),
  ];
}

function explainRealServer(found: Case, server: ServiceRealServer): string[] {
  const { service, testimony, direct } = found;
  const foreign = foreignHost(found, server.host);
  if (foreign) return explainForeignServer(found, server, foreign);
  const evidence = testimony.get(server.host);
  const error = direct.get(server.host);
  const directly =
    error === undefined
      ? []
      : [
          `${nameOf(server)} does not serve ${server.address}:${server.port} either when asked directly: ${error}`,
        ];
  if (!evidence) return directly;
  if ('unreachable' in evidence)
    return [`${nameOf(server)} can't be reached over SSH: ${evidence.unreachable}`, ...directly];
  const causes = [
    ...(service.forwarding === 'nat'
      ? explainReturnPath(found, server, evidence)
      : explainVip(found, server, evidence)),
    ...explainListener(service, server, evidence),
  ];
  const onOwnAddress = evidence.listeners.some(
    ({ protocol, address, port }) =>
      protocol === service.protocol &&
      port === server.port &&
      (address === '*' || address === server.address),
  );
  if (causes.length > 0 || !onOwnAddress) return causes;
  if (evidence.filterRules !== undefined && evidence.filterRules > 0 && error !== undefined)
    return [
      ...directly,
      `a packet filter with ${evidence.filterRules} rules is active on ${server.host}: check that it lets ${service.port}/${service.protocol} in`,
    ];
  return directly;
}

function explainVip(found: Case, server: ServiceRealServer, evidence: HostEvidence): string[] {
  const { service, director, hosts } = found;
  if (service.directors.includes(server.host)) return [];
  const held = holders(evidence.interfaces, service.vip);
  const { redirected } = evidence;
  if (
    held.length === 0 &&
    redirected.some(({ address, port }) => address === service.vip && port === service.port)
  )
    return [];
  if (held.length === 0) {
    const waiting = waitingFor(found, server);
    return [
      `${nameOf(server)} does not hold ${service.vip} on lo: connections sent to it hang${waiting > 0 ? ` (${waiting} in SYN_RECV on ${titled(director)})` : ''}`,
    ];
  }
  const causes: string[] = [];
  const wide = held.find(
    ({ prefix }) => prefix !== undefined && prefix < (service.vip.includes(':') ? 128 : 32),
  );
  if (wide)
    causes.push(
      `${nameOf(server)} holds ${service.vip}/${wide.prefix} on ${wide.device}: with less than a host's mask it takes that whole network for its own`,
    );
  const nic = service.forwarding === 'tun' ? 'tunl0' : (hosts.get(server.host)?.interface ?? 'eth0');
  if (service.forwarding === 'tun' && effective(evidence, nic, 'rp_filter') === 1)
    causes.push(
      `rp_filter is 1 on ${nic} of ${nameOf(server)}: it drops what comes out of the tunnel; set it to 0 or 2 on all and ${nic}`,
    );
  return causes;
}

function explainReturnPath(
  { service, hosts, director }: Case,
  server: ServiceRealServer,
  evidence: HostEvidence,
): string[] {
  const gateways = evidence.defaultGateways;
  const addresses = service.directors.map((name) => hosts.get(name)?.address);
  if (service.directors.includes(server.host)) return [];
  if (gateways.some((gateway) => addresses.includes(gateway) || gateway === service.vip)) return [];
  const wanted = `LVS-NAT needs its answers to go back through ${titled(director)} (${hosts.get(director)?.address ?? '?'})`;
  return [
    gateways.length === 0
      ? `${nameOf(server)} has no default route: ${wanted}`
      : `${nameOf(server)} has its default route by ${gateways.join(', ')}: ${wanted}`,
  ];
}

function explainListener(service: Service, server: ServiceRealServer, evidence: HostEvidence): string[] {
  if (service.protocol === 'sctp') return [];
  const listening = evidence.listeners.filter(
    ({ protocol, port }) => protocol === service.protocol && port === server.port,
  );
  const wanted = service.forwarding === 'nat' ? server.address : service.vip;
  if (listening.length === 0)
    return [`nothing listens on port ${server.port}/${service.protocol} of ${nameOf(server)}`];
  if (listening.some(({ address }) => address === '*' || address === wanted)) return [];
  const bound = [...new Set(listening.map(({ address }) => address))].join(', ');
  return [
    `port ${server.port}/${service.protocol} of ${nameOf(server)} is bound to ${bound} only: connections to ${wanted} are refused`,
  ];
}
