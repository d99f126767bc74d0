import { type Family, networkOf, type ParsedAddress, parseAddress } from './address.js';
import { checkKnown, DEFAULT_PREFIX, reportUnknownHost } from './check-hosts.js';
import { checkNat } from './check-nat.js';
import type { Draft } from './draft.js';
import { writtenAddresses } from './host-address.js';
import { LOOPBACK, labelsOfVips } from './label.js';
import type { Path, Report } from './problem.js';
import type { ServiceInput } from './schema.js';
import { minAvailableOf } from './service-of.js';
import { FOREIGN_SYSTEMS } from './systems.js';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/i;

export function checkServices(draft: Draft, report: Report): void {
  const owners = new Map<string, string>();
  if (draft.services.size === 0)
    report(['services'], {}, 'has no services', 'add one: its VIP, port, directors and realServers');
  for (const [name, service] of draft.services) {
    const path = ['services', name];
    if (!NAME.test(name))
      report(
        path,
        name,
        'is not a safe service name',
        'use 1 to 32 letters, digits and "-", for example ftp',
      );
    if (!service) continue;
    const vip = parseAddress(service.vip);
    if (vip) {
      checkVip(path, service, vip, draft, report);
      const endpoint = `${vip.address}:${service.port}/${service.protocol ?? 'tcp'}`;
      const owner = service.port === undefined ? undefined : owners.get(endpoint);
      if (owner !== undefined)
        report(
          [...path, 'port'],
          service.port,
          `service ${owner} is on ${endpoint} too`,
          'choose another port or VIP, or make one service of the two',
        );
      else owners.set(endpoint, name);
    }
    checkKnown(service.directors, [...path, 'directors'], draft, report);
    checkRealServers(path, service, vip, draft, report);
    checkNat(path, service, draft, report);
    checkMinAvailable(path, service, report);
  }
  checkLabels(draft, report);
  checkProbes(draft, report);
  checkRoles(draft, report);
}

function checkVip(path: Path, service: ServiceInput, vip: ParsedAddress, draft: Draft, report: Report): void {
  const at = [...path, 'vip'];
  if (vip.kind !== 'usual') {
    const hint = 'write a free address of the network';
    report(at, service.vip, `is no address for a VIP (${vip.kind})`, hint);
    return;
  }
  for (const [name, host] of draft.hosts)
    if (writtenAddresses(host).some(({ address }) => address === vip.address))
      report(
        at,
        service.vip,
        `is the address of host ${name}`,
        'a VIP is an address that no host has of its own',
      );
  const directors = service.directors.flatMap((name) => networkOfHost(name, vip.family, draft));
  for (const director of directors)
    if (director.family !== vip.family)
      report(
        at,
        service.vip,
        `is ${vip.family}, but director ${director.name} has an ${director.family} address`,
        oneFamily(vip.family),
      );
  const networks = directors.filter((director) => director.family === vip.family);
  const [first] = networks;
  if ((service.forwarding ?? 'dr') !== 'dr' || !first || networks.length < directors.length) return;
  const holder = networks.find((director) => director.network.contains(vip.address));
  if (!holder)
    report(
      at,
      service.vip,
      `lies outside every director’s network (${networks.map((each) => `${each.name}: ${each.network.text}`).join(', ')})`,
      'with forwarding dr a director answers ARP for the VIP: choose an address in its network, or correct the prefix length of its address',
    );
  else if (holder.network.isReserved(vip.address))
    report(
      at,
      service.vip,
      `is the network or broadcast address of ${holder.network.text}`,
      'choose another address in the network',
    );
}

function oneFamily(family: Family): string {
  const all = 'give VIP, directors and real servers addresses of one family';
  return family === 'IPv4' ? all : `${all}; an IPv4 host gets its IPv6 address by \`address6\``;
}

/** Its network of this family; where it has none, that of its address. */
function networkOfHost(name: string, family: Family, draft: Draft) {
  const written = writtenAddresses(draft.hosts.get(name));
  const parsed = written.find((one) => one.family === family) ?? written[0];
  if (!parsed) return [];
  const network = networkOf(parsed.address, parsed.prefix ?? DEFAULT_PREFIX[parsed.family]);
  return [{ name, family: parsed.family, network }];
}

function checkRealServers(
  path: Path,
  service: ServiceInput,
  vip: ParsedAddress | undefined,
  draft: Draft,
  report: Report,
): void {
  const forwarding = service.forwarding ?? 'dr';
  const seen = new Set<string>();
  const servicePort = service.fwmark === undefined ? service.port : undefined;
  for (const [index, { host, port = servicePort }] of service.realServers.entries()) {
    const at = [...path, 'realServers', index];
    if (!draft.hosts.has(host)) {
      reportUnknownHost(host, [...at, 'host'], draft, report);
      continue;
    }
    if (seen.has(`${host}:${port}`))
      report(
        [...at, 'host'],
        host,
        `stands there twice${port === undefined ? '' : ` with port ${port}`}`,
        'take one of them out; a weight gives a larger share',
      );
    seen.add(`${host}:${port}`);
    if (forwarding !== 'nat' && port !== servicePort && servicePort !== undefined && servicePort !== 0)
      report(
        [...at, 'port'],
        port,
        `differs from the service’s port ${servicePort}`,
        `with forwarding ${forwarding} packets arrive unchanged: leave the port out, or use forwarding nat`,
      );
    const families = familiesOf(host, draft);
    const reached = forwarding === 'tun' && service.directors.every(sendsTo(families, draft));
    if (vip && families[0] && !families.includes(vip.family) && !reached)
      report(
        [...at, 'host'],
        host,
        `has an ${families[0]} address, but the VIP is ${vip.family}`,
        oneFamily(vip.family),
      );
  }
}

const familiesOf = (host: string, draft: Draft): Family[] =>
  writtenAddresses(draft.hosts.get(host)).map(({ family }) => family);

/** Whether a director has an address of one of these families: a tunnel may be of another one than the VIP. */
const sendsTo = (families: readonly Family[], draft: Draft) => (director: string) =>
  familiesOf(director, draft).some((family) => families.includes(family));

function checkMinAvailable(path: Path, service: ServiceInput, report: Report): void {
  const { minAvailable = 1 } = minAvailableOf(service);
  const hosts = new Set(service.realServers.map(({ host }) => host)).size;
  if (service.minAvailable === undefined || minAvailable < hosts) return;
  const means = typeof service.minAvailable === 'string' ? `, ${minAvailable},` : '';
  report(
    [...path, 'minAvailable'],
    service.minAvailable,
    `means${means} that none of the ${hosts === 1 ? 'one real server' : `${hosts} real servers`} can ever be taken out`,
    hosts > 1
      ? `write ${hosts - 1} or less`
      : 'write 0, which allows the service to be without real servers for a while, or add a real server',
  );
}

/** Labels: one a VIP, different on each host, and with the interface at most 15 characters (the kernel's IFNAMSIZ less one). */
function checkLabels(draft: Draft, report: Report): void {
  const labels = labelsOfVips(
    [...draft.services].flatMap(([name, service]) => (service ? [{ ...service, name }] : [])),
  );
  const owners = new Map<string, { vip: string; service: string }>();
  for (const [name, service] of draft.services) {
    const vip = service && parseAddress(service.vip);
    if (!vip) continue;
    const path = ['services', name, 'label'];
    if (vip.family === 'IPv6') {
      if (service.label !== undefined)
        report(path, service.label, 'IPv6 addresses have no labels', 'take the label out');
      continue;
    }
    const label = labels.get(vip.address) ?? '';
    if (service.label !== undefined && service.label !== label)
      report(
        path,
        service.label,
        `the VIP ${vip.address} has the label ${JSON.stringify(label)} already, from an earlier service`,
        'give the services of one VIP the same label, or give it once',
      );
    const problem = labelProblem(vip.address, label, holdersOf(service, draft), owners);
    if (problem) report(path, label, problem.message, problem.hint);
    for (const { host, interface: nic } of holdersOf(service, draft)) {
      const key = `${host} ${nic}:${label}`;
      if (!owners.has(key)) owners.set(key, { vip: vip.address, service: name });
    }
  }
}

type LabelOwners = ReadonlyMap<string, { readonly vip: string; readonly service: string }>;

function labelProblem(vip: string, label: string, holders: readonly Holder[], owners: LabelOwners) {
  for (const { host, interface: nic } of holders) {
    const full = `${nic}:${label}`;
    if (full.length > 15)
      return {
        message: `makes ${full} on ${host}, ${full.length} characters of 15 at most`,
        hint: 'give the service a shorter label',
      };
    const owner = owners.get(`${host} ${full}`);
    if (owner && owner.vip !== vip)
      return {
        message: `${full} on ${host} is the label of ${owner.vip} (service ${owner.service}) already`,
        hint: 'give each VIP a label of its own',
      };
  }
  return undefined;
}

interface Holder {
  readonly host: string;
  readonly interface: string;
}

/** Hosts that hold a VIP, with the interface that its label is put on. */
function holdersOf(service: ServiceInput, draft: Draft): Holder[] {
  const directors = service.directors.map((host) => ({ host, interface: interfaceOf(draft, host) }));
  if (service.forwarding === 'nat') return directors;
  const labelled = service.realServers.filter(
    ({ host }) => (draft.hosts.get(host)?.os ?? 'linux') === 'linux',
  );
  return [...directors, ...labelled.map(({ host }) => ({ host, interface: LOOPBACK }))];
}

/** The NIC of a host: its own, its last group's, the global one (which is of Linux hosts), or the usual one of its system. */
export function interfaceOf(draft: Draft, host: string): string {
  const { interface: own, os = 'linux' } = draft.hosts.get(host) ?? {};
  const groups = [...draft.groups.values()].filter((group) => group?.hosts.includes(host));
  const said = own ?? groups.findLast((group) => group?.interface)?.interface;
  if (os !== 'linux') return said ?? FOREIGN_SYSTEMS[os].interface;
  return said ?? draft.interface ?? 'eth0';
}

function checkProbes(draft: Draft, report: Report): void {
  for (const [index, probe] of draft.probes.entries()) {
    for (const [name, service] of draft.services) {
      const part = service?.directors.includes(probe)
        ? 'director'
        : service?.realServers.some(({ host }) => host === probe) && service.forwarding !== 'nat'
          ? 'real server'
          : undefined;
      if (part === undefined) continue;
      report(
        ['probes', index],
        probe,
        `is a ${part} of ${name}, and holds the VIP itself`,
        'probe from a client: a host that is neither director nor real server',
      );
      break;
    }
  }
}

function checkRoles(draft: Draft, report: Report): void {
  const source = draft.roles?.content?.source;
  if (source !== undefined && !draft.hosts.has(source))
    reportUnknownHost(source, ['roles', 'content', 'source'], draft, report);
  for (const name of Object.keys(draft.ownRoles ?? {}))
    if (BUILT_IN_ROLES.includes(name))
      report(
        ['ownRoles', name],
        name,
        'is a role that comes with lvsctl',
        'move its parameters to `roles`, or rename your role',
      );
}

const BUILT_IN_ROLES = ['arp', 'content', 'director', 'ftp', 'ipvsadm', 'realserver'];
