import { networkOf } from '../inventory/address.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { listeningPorts, portsText, rangeText, serves } from '../inventory/ports.js';
import type { Duty } from './instructions.js';

/** What the inventory asks of a real server. */
export function dutyOf(cluster: Cluster, host: ClusterHost): Duty {
  const services = cluster.services.filter(({ realServers }) =>
    realServers.some((one) => one.host === host.name),
  );
  const by = (...methods: readonly Service['forwarding'][]) =>
    services.filter(({ forwarding }) => methods.includes(forwarding));
  const addresses = (found: readonly Service[]) =>
    unique(found.flatMap(({ directors }) => directors)).flatMap(
      (name) => cluster.hosts.get(name)?.address ?? [],
    );
  return {
    host: host.name,
    address: host.address,
    netmask: netmaskOf(host.prefix),
    interface: host.interface,
    vips: unique(by('dr', 'tun').map(({ vip }) => vip)),
    tunnels: addresses(by('tun')),
    gateway: addresses(by('nat'))[0],
    services,
  };
}

/** Sentences for who has to do it. */
export function tasksOf(cluster: Cluster, host: ClusterHost, duty: Duty): string[] {
  const named = (services: readonly Service[]) =>
    services.map((service) => `${service.name} (${service.protocol} ${servicePorts(service)})`).join(', ');
  const held = duty.vips.map((vip) => {
    const here = duty.services.filter((service) => service.vip === vip && service.forwarding !== 'nat');
    const tunnelled = here.some(({ forwarding }) => forwarding === 'tun');
    return `hold the VIP ${vip} as a single address, without answering ARP for it, for ${named(here)}${tunnelled ? `; its packets come in IPIP from ${duty.tunnels.join(', ')}` : ''}`;
  });
  const natted = duty.services.filter(({ forwarding }) => forwarding === 'nat');
  const back =
    duty.gateway === undefined
      ? []
      : [
          `send answers of ${named(natted)} back through the director: default gateway ${duty.gateway}, and no VIP for ${natted.length === 1 ? 'it' : 'them'} on this host`,
        ];
  const tasks = [...held, ...back, ...listening(host, duty), ...leftByRoles(cluster, host)];
  return tasks.length > 0
    ? tasks
    : [`nothing: ${host.name} is a real server of no service in ${cluster.file}`];
}

/** Where its servers have to listen. */
function listening(host: ClusterHost, duty: Duty): string[] {
  const sockets = duty.services.flatMap((service) =>
    service.realServers
      .filter((one) => one.host === host.name)
      .flatMap((one) => {
        const address = service.forwarding === 'nat' ? one.address : service.vip;
        const ports = listeningPorts(service, one).map(rangeText);
        if (ports.length === 0) return [`every port of ${address}/${service.protocol} that clients use`];
        return ports.map((port) => `${address}:${port}/${service.protocol}`);
      }),
  );
  return sockets.length === 0 ? [] : [`serve ${unique(sockets).join(', ')}, or those ports of any address`];
}

/** What roles of the inventory do on Linux real servers, and nobody does here. */
function leftByRoles(cluster: Cluster, host: ClusterHost): string[] {
  const tasks: string[] = [];
  const ftp = cluster.roles.ftp as { readonly banner: string } | undefined;
  const place = cluster.services
    .find(
      (service) =>
        service.protocol === 'tcp' &&
        service.realServers.some((one) => one.host === host.name && serves(service, one, 21)),
    )
    ?.realServers.findIndex((one) => one.host === host.name);
  if (ftp !== undefined && place !== undefined)
    tasks.push(
      `greet FTP clients with "${ftp.banner.replaceAll('{n}', String(place + 1))}", so that verify can tell its answers from others’: the role ftp does not come here`,
    );
  const content = cluster.roles.content as { readonly source: string } | undefined;
  if (
    content !== undefined &&
    cluster.services.some((one) => one.realServers.some((rs) => rs.host === host.name))
  )
    tasks.push(`have the same content as ${content.source}: the role content does not copy it here`);
  return tasks;
}

/** What the network must have for it, that can be seen from the inventory. */
export function dutyCautions(cluster: Cluster, host: ClusterHost, duty: Duty): string[] {
  const cautions: string[] = [];
  const directors = unique(
    duty.services.filter(({ forwarding }) => forwarding === 'nat').flatMap((service) => service.directors),
  );
  if (directors.length > 1)
    cautions.push(
      `${directors.join(' and ')} direct NAT services of this host: ${duty.gateway} is the first of them; answers must go back through the one that is live`,
    );
  const network = networkOf(host.address, host.prefix);
  if (duty.gateway !== undefined && !network.contains(duty.gateway))
    cautions.push(
      `${duty.gateway} lies outside ${network.text}: a default gateway is reached without another router, so give the director an address in that network`,
    );
  const far = duty.services
    .filter(({ forwarding }) => forwarding === 'dr')
    .flatMap((service) => service.directors);
  for (const name of unique(far)) {
    const address = cluster.hosts.get(name)?.address;
    if (address !== undefined && !network.contains(address))
      cautions.push(
        `${name} (${address}) lies outside ${network.text}: forwarding dr needs both on one link`,
      );
  }
  return cautions;
}

function netmaskOf(prefix: number): string {
  const bits = prefix > 32 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const mask = prefix === 0 ? 0 : bits;
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.');
}

const servicePorts = (service: Service): string => portsText(listeningPorts(service, service));

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];
