import type { Service, ServiceRealServer } from '../../inventory/cluster.js';
import { sh } from '../../shell/index.js';
import { effective } from '../../verify/evidence.js';
import { onHost, provisionFix, serviceKeyPath, setting } from '../../verify/reason.js';
import { confKey } from '../../verify/reasons-arp.js';
import { nameOf, titled } from '../../verify/share.js';
import type { Check, Scene, Told } from '../check.js';
import { evidence, neighbours, segmentSizes } from '../probes.js';
import { type Route, routes, routeTo } from '../routes.js';
import { inNetwork } from '../traffic.js';
import { directorOf, type Party, partiesOf, partyOf, rivals, serversOf } from './parties.js';
import { addressesShown } from './shown.js';

const macOf = ({ evidence: told, nic }: Party): string | undefined =>
  told.interfaces.find(({ device }) => device === nic)?.mac;

function forget({ evidence: told, nic, host }: Party, address: string) {
  return onHost(
    host,
    told.tools.has('ip') ? sh`ip neigh del ${address} dev ${nic}` : sh`arp -i ${nic} -d ${address}`,
  );
}

/** An address that a host remembers at another MAC address than its owner's. */
function staleAt(scene: Scene, at: Party, address: string, owner: Party): Told[] {
  const remembered = scene.look(at.host, neighbours)?.get(address);
  const mac = macOf(owner);
  if (remembered === undefined || mac === undefined || remembered === mac) return [];
  const other = partiesOf(scene).find((party) => macOf(party) === remembered);
  if (rivals(scene, other?.host)) return [];
  return [
    {
      host: at.host,
      cause: `${at.host} remembers ${address} at ${remembered}${other ? ` (${other.host})` : ''}, which is not the MAC address of ${owner.host}`,
      evidence: `/proc/net/arp of ${at.host}; ${owner.host} has ${mac} on ${owner.nic}`,
      fix: forget(at, address),
    },
  ];
}

export const staleVip: Check = {
  id: 'stale-arp',
  symptom:
    'this client, or all behind this router, reach the wrong host, though only the director answers ARP',
  where: 'probe',
  severity: 'some',
  probes: [evidence, neighbours],
  rule: (scene) => {
    const director = directorOf(scene);
    if (director === undefined || scene.service.vip.includes(':')) return [];
    return scene.probes.flatMap((name) => {
      const at = partyOf(scene, name);
      return at === undefined || name === director.host
        ? []
        : staleAt(scene, at, scene.service.vip, director);
    });
  },
};

export const staleServer: Check = {
  id: 'stale-arp-director',
  symptom: 'connections to one real server hang: the director sends them to another MAC address',
  where: 'director',
  severity: 'some',
  probes: [evidence, neighbours],
  rule: (scene) => {
    const director = directorOf(scene);
    if (director === undefined) return [];
    return serversOf(scene).flatMap((party) => staleAt(scene, director, party.address, party));
  },
};

/** LVS-DR changes nothing but the MAC address, so the real server must be on the director's link. */
export const drLink: Check = {
  id: 'dr-link',
  symptom: 'SYN never reaches the real server: there is a router between',
  where: 'director',
  severity: 'some',
  concerns: ({ forwarding }) => forwarding === 'dr',
  probes: [routes],
  rule: (scene) => {
    const { director, service, hosts } = scene;
    const table = scene.look(director, routes);
    if (table === undefined) return [];
    return service.realServers.flatMap((server) => {
      if (server.weight === 0 || server.host === director || server.address.includes(':')) return [];
      const route = routeTo(table, server.address);
      if (route !== undefined && route.gateway === undefined) return [];
      const to = route === undefined ? 'no route' : `a route by ${route.gateway}`;
      return [
        {
          host: director,
          cause: `${titled(director)} has ${to} to ${nameOf(server)}: LVS-DR needs it on the same link`,
          evidence: `network of ${director}: ${hosts.get(director)?.address}/${hosts.get(director)?.prefix}`,
          fix: { key: `services.${service.name}.forwarding`, value: "'tun' (or 'nat')" },
        },
      ];
    });
  },
};

/** Replies carry the VIP as their source: a director that has it drops them as martians. */
export const drGateway: Check = {
  id: 'dr-gateway',
  symptom:
    'clients of other networks get no answer: the director drops replies that have its own VIP as their source',
  where: 'realServer',
  severity: 'some',
  concerns: ({ forwarding, vip }) => forwarding !== 'nat' && !vip.includes(':'),
  probes: [evidence],
  rule: (scene) => {
    const directors = scene.service.directors.flatMap((name) => scene.hosts.get(name) ?? []);
    return serversOf(scene).flatMap(({ host, server, evidence: told }) => {
      const by = directors.find(
        ({ address }) =>
          told.defaultGateways.length > 0 && told.defaultGateways.every((one) => one === address),
      );
      if (by === undefined) return [];
      return [
        {
          host,
          cause: `${nameOf(server)} has ${titled(by.name)} (${by.address}) as its default gateway, which drops what comes from a VIP, as its own address`,
          evidence: `default route by ${told.defaultGateways.join(', ')}`,
          fix: onHost(
            host,
            told.tools.has('ip')
              ? sh`ip route del default via ${by.address}`
              : sh`route del default gw ${by.address}`,
          ),
        },
      ];
    });
  },
};

const sourceCheck = (
  scene: Scene,
  { host, nic, evidence: told }: Party,
  table: readonly Route[] | undefined,
  peer: string,
): Told[] => {
  if (table === undefined || peer.includes(':') || effective(told, nic, 'rp_filter') !== 1) return [];
  const route = routeTo(table, peer);
  if (route === undefined || route.device === nic) return [];
  return [
    {
      host,
      cause: `rp_filter is 1 on ${nic} of ${host}, and its way back to ${peer} is by ${route.device}: it drops what comes from there as a martian`,
      evidence: `route to ${peer} by ${route.device}; connections of ${scene.service.name} come in by ${nic}`,
      fix: setting(host, [confKey(nic, 'rp_filter'), 2]),
    },
  ];
};

export const rpFilter: Check = {
  id: 'rp-filter',
  symptom: 'some clients get no answer: their packets are dropped as martians',
  where: 'realServer',
  severity: 'some',
  concerns: ({ forwarding, vip }) => forwarding === 'dr' && !vip.includes(':'),
  probes: [evidence, routes],
  rule: (scene) =>
    serversOf(scene).flatMap((party) =>
      scene.probes.flatMap((probe) => {
        const peer = scene.hosts.get(probe);
        if (peer === undefined || probe === party.host) return [];
        return sourceCheck(scene, party, scene.look(party.host, routes), peer.address);
      }),
    ),
};

export const mtu: Check = {
  id: 'mtu',
  symptom: 'small answers come, uploads or long ones hang',
  where: 'realServer',
  severity: 'some',
  probes: [evidence],
  rule: (scene) => {
    const near = partiesOf(scene).filter((party) => {
      const director = scene.hosts.get(scene.director);
      return director !== undefined && inNetwork(director, party.address);
    });
    const sizes = near.flatMap((party) => {
      const size = party.evidence.interfaces.find(({ device }) => device === party.nic)?.mtu;
      return size === undefined ? [] : [{ party, size }];
    });
    const largest = Math.max(0, ...sizes.map(({ size }) => size));
    return sizes
      .filter(({ size }) => size < largest)
      .map(({ party: { host, nic, evidence: told }, size }) => ({
        host,
        cause: `${nic} of ${host} has MTU ${size}, others on the same link send up to ${largest}: what is longer is lost`,
        evidence: sizes.map((one) => `${one.party.host} ${one.size}`).join(', '),
        fix: onHost(
          host,
          told.tools.has('ip')
            ? sh`ip link set dev ${nic} mtu ${largest}`
            : sh`ifconfig ${nic} mtu ${largest}`,
        ),
      }));
  },
};

/** IPv4 in IPv4; what comes wrapped in IPv6 comes out of ip6tnl0. */
const byTunl0 =
  ({ vip }: Service) =>
  ({ address, tunnel }: ServiceRealServer): boolean =>
    (tunnel?.type ?? 'ipip') === 'ipip' && !vip.includes(':') && !address.includes(':');

export const tunnelDevice: Check = {
  id: 'tunnel-device',
  symptom: 'nothing is taken out of the tunnel: connections to one real server hang',
  where: 'realServer',
  severity: 'some',
  concerns: (service) => service.forwarding === 'tun' && service.realServers.some(byTunl0(service)),
  probes: [evidence],
  rule: (scene) =>
    serversOf(scene).flatMap(({ host, server, evidence: told }) => {
      if (!byTunl0(scene.service)(server)) return [];
      if (told.interfaces.some(({ device }) => device === 'tunl0')) return [];
      return [
        {
          host,
          cause: `${nameOf(server)} has no tunl0: nothing there takes IPIP out of packets`,
          evidence: addressesShown(scene, host),
          fix: provisionFix(scene.file, host),
        },
      ];
    }),
};

/** A tunnel makes packets longer, and a client that sends whole ones hears of it by ICMP at best. */
export const tunnelMtu: Check = {
  id: 'tunnel-mtu',
  symptom: 'logins and small requests work, uploads hang',
  where: 'realServer',
  severity: 'advice',
  concerns: ({ forwarding, protocol }) => forwarding === 'tun' && protocol === 'tcp',
  probes: [evidence, segmentSizes],
  rule: (scene) => {
    const { vip } = scene.service;
    const director = directorOf(scene);
    const outer = director?.evidence.interfaces.find(({ device }) => device === director.nic)?.mtu;
    if (director === undefined || outer === undefined || outer > 1500) return [];
    return serversOf(scene).flatMap(({ host, server }): Told[] => {
      if (scene.look(host, segmentSizes)?.has(vip) !== false) return [];
      return [
        {
          host,
          cause: `${nameOf(server)} does not tell clients of ${vip} to send smaller segments: a full one does not fit the tunnel over a link of ${outer} bytes`,
          evidence: `${director.nic} of ${director.host} has MTU ${outer}; neither the table lvsctl_mss of nft nor the chain LVSCTL-MSS of iptables has a rule for ${vip}`,
          fix: provisionFix(scene.file, host),
        },
      ];
    });
  },
};

const hidesNoClients = ({ forwarding, masquerade, vip }: Service): boolean =>
  forwarding === 'nat' && !vip.includes(':') && masquerade !== 'clients' && masquerade !== 'both';

/** A real server that knows a shorter way to the client does not come back through the director. */
export const natOnLink: Check = {
  id: 'nat-on-link',
  symptom: 'clients of the real servers’ own network see a SYN-ACK from an address that they never called',
  where: 'realServer',
  severity: 'some',
  concerns: hidesNoClients,
  probes: [evidence, routes],
  rule: (scene) =>
    serversOf(scene).flatMap((party) =>
      scene.probes.flatMap((probe): Told[] => {
        const client = scene.hosts.get(probe);
        const table = scene.look(party.host, routes);
        if (client === undefined || table === undefined || client.address.includes(':')) return [];
        const route = routeTo(table, client.address);
        if (route === undefined || route.gateway !== undefined) return [];
        return [
          {
            host: party.host,
            cause: `${nameOf(party.server)} answers ${probe} (${client.address}) on its own link, past ${titled(scene.director)}, and so with its own address`,
            evidence: `route to ${client.address} by ${route.device}, without a gateway`,
            fix: { key: serviceKeyPath(scene.service, 'masquerade'), value: "'clients'" },
          },
        ];
      }),
    ),
};

export const natRedirects: Check = {
  id: 'nat-redirects',
  symptom:
    'LVS-NAT works for a moment and then no more: the director shows its neighbours a way around itself',
  where: 'director',
  severity: 'some',
  concerns: ({ forwarding, vip }) => forwarding === 'nat' && !vip.includes(':'),
  probes: [evidence],
  rule: (scene) => {
    const party = directorOf(scene);
    // The kernel sends them where `all` or the interface has it.
    if (party === undefined || !effective(party.evidence, party.nic, 'send_redirects')) return [];
    return [
      {
        host: party.host,
        cause: `send_redirects is 1 on ${titled(party.host)}: LVS-NAT on one network needs 0 on all and on ${party.nic}`,
        evidence: `send_redirects of all or ${party.nic} is 1; the greater one counts`,
        fix: setting(
          party.host,
          [confKey('all', 'send_redirects'), 0],
          [confKey(party.nic, 'send_redirects'), 0],
        ),
      },
    ];
  },
};
