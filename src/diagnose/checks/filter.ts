import { sh } from '../../shell/index.js';
import { type Fix, onHost } from '../../verify/reason.js';
import { nameOf, titled } from '../../verify/share.js';
import type { Check, Scene, Told } from '../check.js';
import { type Packet, packetFilter, type Refusal } from '../netfilter/index.js';
import { evidence } from '../probes.js';
import { directorOf, serversOf } from './parties.js';

export const refusalShown = ({ rule, packets }: Refusal): string =>
  packets === undefined ? rule : `${rule} (${packets} packets so far)`;

/** IANA's protocol numbers. */
const numbers = { tcp: 6, udp: 17, sctp: 132, ipip: 4, vrrp: 112 } as const;

type Refused = Refusal & { readonly tool: string };

/** Lets the packet in before any rule, by the tool whose rule refuses it. */
export function openFix(host: string, { destination, protocol, port }: Packet, { rule, tool }: Refused): Fix {
  const to = `${protocol} to ${destination}${port === undefined ? '' : ` port ${port}`}`;
  if (tool === 'nft')
    return {
      advice: `on ${host}, let ${to} in before the rule \`${rule}\` (\`nft -a list ruleset\` shows its chain and handle)`,
    };
  const words = port === undefined ? ['-p', numbers[protocol]] : ['-p', protocol, '--dport', port];
  return onHost(host, sh`${tool} -I INPUT -d ${destination} ${words} -j ACCEPT`);
}

/** The address that connections come from: that of the first probe host. */
function clientOf({ probes, hosts, service }: Scene): string | undefined {
  const address = hosts.get(probes[0] ?? '')?.address;
  return address !== undefined && address.includes(':') === service.vip.includes(':') ? address : undefined;
}

export const directorFilter: Check = {
  id: 'director-filter',
  symptom: 'connections to the VIP hang or are refused: rules of INPUT come before IPVS',
  where: 'director',
  severity: 'stops',
  probes: [evidence, packetFilter],
  rule: (scene) => {
    const { service } = scene;
    const party = directorOf(scene);
    if (party === undefined) return [];
    const packet: Packet = {
      source: clientOf(scene),
      destination: service.vip,
      protocol: service.protocol,
      port: service.port === 0 ? undefined : service.port,
      interface: party.nic,
    };
    const refusal = scene.look(party.host, packetFilter)?.refuses(packet);
    if (refusal === undefined) return [];
    return [
      {
        host: party.host,
        cause: `the packet filter of ${titled(party.host)} ${refusal.verdict}s ${service.port}/${service.protocol} for ${service.vip}`,
        evidence: refusalShown(refusal),
        fix: openFix(party.host, packet, refusal),
      },
    ];
  },
};

export const serverFilter: Check = {
  id: 'server-filter',
  symptom: 'connections to one real server hang or are refused',
  where: 'realServer',
  severity: 'some',
  probes: [evidence, packetFilter],
  rule: (scene) => {
    const { service } = scene;
    const told = serversOf(scene).flatMap(({ host, nic, server }): Told[] => {
      const filter = scene.look(host, packetFilter);
      const service_: Packet = {
        source: clientOf(scene),
        destination: service.forwarding === 'nat' ? server.address : service.vip,
        protocol: service.protocol,
        port: service.forwarding === 'nat' ? server.port : service.port || undefined,
        interface: service.forwarding === 'tun' ? 'tunl0' : nic,
      };
      const tunnel: Packet = {
        source: scene.hosts.get(scene.director)?.address,
        destination: server.address,
        protocol: 'ipip',
        port: undefined,
        interface: nic,
      };
      const tunnelled = service.forwarding === 'tun' && (server.tunnel?.type ?? 'ipip') === 'ipip';
      for (const packet of tunnelled ? [tunnel, service_] : [service_]) {
        const refusal = filter?.refuses(packet);
        if (refusal !== undefined)
          return [
            {
              host,
              cause: `the packet filter of ${nameOf(server)} ${refusal.verdict}s ${packet.port === undefined ? packet.protocol : `${packet.port}/${packet.protocol}`} for ${packet.destination}`,
              evidence: refusalShown(refusal),
              fix: openFix(host, packet, refusal),
            },
          ];
      }
      return [];
    });
    const named = new Set(told.map(({ host }) => host));
    // Where no rule is known to refuse, but there are rules, and connections fail: verify's rule of thumb.
    const suspected = scene.reasons
      .filter(({ check, host }) => check === 'server-filter' && !named.has(host))
      .map(({ check: _, ...reason }) => ({
        ...reason,
        evidence: `a direct connection failed: ${scene.direct.get(reason.host ?? '') ?? 'no reason told'}`,
      }));
    return [...told, ...suspected];
  },
};
