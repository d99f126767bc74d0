import { Address4 } from 'ip-address';
import type { ClusterHost, Service } from '../inventory/cluster.js';
import { sh, shLines } from '../shell/index.js';
import { arpScript, parseArpAnswers } from '../verify/arp.js';
import { parseNeighbours } from '../verify/neighbours.js';
import { AttemptReader, type Target, trafficScript } from '../verify/traffic.js';
import type { Connected, Probe, Site } from './check.js';

/** What a probe host saw of the network: one connection to each VIP and each real server, and three questions by ARP. */
export interface Traffic {
  /** False where the probe host has nothing to connect with. */
  readonly client: boolean;
  /** Service → what its VIP answered. */
  readonly vips: ReadonlyMap<string, Connected>;
  /** `SERVICE HOST` → what the real server answered to the probe host itself. */
  readonly direct: ReadonlyMap<string, Connected>;
  /** VIP → MAC addresses that answered; without VIPs that are not in the probe host's network. */
  readonly arp: ReadonlyMap<string, readonly string[]>;
  /** IPv4 address → MAC address, as the probe host knows them after all that. */
  readonly neighbours: ReadonlyMap<string, string>;
}

/** Beyond that many, the real servers are left to themselves: a look is no load. */
const mostTargets = 64;

/** Seconds that a connection may take: room for one lost SYN. */
const limitSeconds = 3;

interface Asked extends Target {
  readonly service: string;
  /** Absent: the VIP. */
  readonly server?: string;
}

/** A party of the service would speak to itself. */
export function isParty(service: Service, host: string): boolean {
  return (
    service.directors.includes(host) ||
    (service.forwarding !== 'nat' && service.realServers.some((server) => server.host === host))
  );
}

function targetsOf({ host, services }: Site): Asked[] {
  const tcp = services.filter(({ protocol, port }) => protocol === 'tcp' && port !== 0);
  const vips = tcp
    .filter((service) => !isParty(service, host.name))
    .map((service, i) => ({
      service: service.name,
      address: service.vip,
      port: service.port,
      labels: [`v${i}`],
    }));
  const direct = tcp.flatMap((service, i) =>
    service.realServers.map((server, j) => ({
      service: service.name,
      server: server.host,
      address: server.address,
      port: server.port,
      labels: [`d${i}.${j}`],
    })),
  );
  return vips.length + direct.length > mostTargets ? vips : [...vips, ...direct];
}

export function inNetwork(host: ClusterHost, address: string): boolean {
  if (address.includes(':') || host.address.includes(':')) return false;
  return new Address4(address).isInSubnet(new Address4(`${host.address}/${host.prefix}`));
}

/** A host does not ask the network for an address that it has itself. */
const vipsNear = ({ host, services }: Site): string[] => {
  const others = services.filter((service) => !isParty(service, host.name));
  return [...new Set(others.map(({ vip }) => vip))].filter((vip) => inNetwork(host, vip));
};

/** Every arping says what it asks for; without one, the kernel's own entry is shown, also an empty one. */
function wasAsked(text: string, vip: string): boolean {
  return text.split('\n').some((line) => line.startsWith('arp: ') && line.split(/[\s:]+/).includes(vip));
}

export const traffic: Probe<Traffic> = {
  name: 'traffic',
  script: (site) =>
    shLines(
      trafficScript(
        'connect',
        targetsOf(site),
        vipsNear(site).map((vip) => arpScript(site.host.interface, vip)),
        limitSeconds,
      ),
      sh`cat /proc/net/arp`,
    ),
  read: (text, site) => {
    const reader = new AttemptReader();
    reader.push(`${text}\n`);
    const seen = new Map(
      reader.attempts.map(({ label, outcome, text: said }) => [
        label,
        { answered: outcome !== 'fail', text: said },
      ]),
    );
    const targets = targetsOf(site);
    const of = (keep: (target: Asked) => boolean, key: (target: Asked) => string) =>
      new Map(
        targets.filter(keep).flatMap((target) => {
          const connected = seen.get(target.labels[0] ?? '');
          return connected === undefined ? [] : [[key(target), connected] as const];
        }),
      );
    return {
      client: reader.client !== undefined && reader.client !== 'none',
      vips: of(
        ({ server }) => server === undefined,
        ({ service }) => service,
      ),
      direct: of(
        ({ server }) => server !== undefined,
        ({ service, server }) => `${service} ${server}`,
      ),
      arp: new Map(
        vipsNear(site)
          .filter((vip) => wasAsked(text, vip))
          .map((vip) => [vip, parseArpAnswers(text, vip)]),
      ),
      neighbours: parseNeighbours(text),
    };
  },
};
