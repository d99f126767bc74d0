import { parseAddress } from '../inventory/address.js';
import { SCHEDULERS } from '../inventory/service-schema.js';
import { isIPv6 } from '../ipvs/index.js';
import { type DraftRealServer, type DraftService, GAP } from './draft.js';
import { type FittedServer, fitChecks, fitSorry } from './fit-checks.js';
import type { HostNames } from './hosts.js';
import type {
  ImportedIdentity,
  ImportedPersistence,
  ImportedRealServer,
  ImportedService,
  Said,
} from './imported.js';
import type { Ledger } from './ledger.js';

/** What services are made fit by. */
export interface Surroundings {
  readonly ledger: Ledger;
  readonly names: HostNames;
  /** Family of the directors' first addresses: which hosts have one of the other family too, no such file says. */
  readonly family: 4 | 6;
  /** The director that an address like 127.0.0.1, or the VIP itself, means as a real server. */
  readonly director: string;
  /** Names of the directors by address, where that is known. */
  readonly directors: ReadonlyMap<string, string>;
  /** Of a mark, where there is one that it can be. */
  readonly onlyVip: Said<string> | undefined;
  /** VIPs of all services. */
  readonly vips: ReadonlySet<string>;
}

/** The kernel's greatest weight and threshold. */
const MOST = 2 ** 31 - 1;
/** Seconds: 31 days, ipvsadm's greatest. */
const LONGEST = 2678400;

/**
 * A service as an inventory can say it, its name aside; its lines are carried. Undefined, with the reason in the ledger, where the
 * inventory can't say it at all; what it can't say in part is in the ledger too.
 */
export function fitService(
  service: ImportedService,
  around: Surroundings,
): Omit<DraftService, 'name'> | undefined {
  const { ledger } = around;
  const refuse = (reason: string): undefined => {
    ledger.lose(service.line, reason);
    const rest = `belongs to line ${service.line}, which is not carried over`;
    ledger.otherwise(linesOf(service), rest);
    return undefined;
  };
  const { id } = service;
  const reason = refusal(id, service, around);
  if (reason !== undefined) return refuse(reason);
  const forwarding = commonForwarding(service.realServers);
  const persistence = fitPersistence(service.persistence, id, around);
  if (id.kind === 'address' && id.port === 0 && persistence === undefined)
    return refuse('port 0 (all ports) needs persistence');
  const vip = vipOf(id, around);
  const fitted = fitRealServers(service, forwarding, around);
  const servers = fitted.map(({ draft }) => draft);
  if (servers.length === 0)
    return refuse('no real server of it can be carried over, and a service needs one');
  ledger.carry(...service.lines);
  const onePacket = service.onePacket !== undefined;
  const protocol = onePacket || persistence?.engine === 'sip' ? 'udp' : (id.protocol ?? 'tcp');
  const scheduler = fitScheduler(service.scheduler, ledger);
  const checks = fitChecks(service, fitted, { vip, forwarding }, ledger);
  const hosts = {
    directors: new Set([around.director, ...around.directors.values()]),
    realServers: new Set(servers.map(({ host }) => host)),
    nameOf: (address: string) => hostOf(address, id, around),
  };
  const sorry = fitSorry(service, { forwarding, checks }, hosts, ledger);
  return {
    vip,
    ...(id.kind === 'mark' ? { fwmark: id.mark } : { port: id.port }),
    protocol,
    ...(scheduler !== undefined && { scheduler }),
    schedulerFlags: fitFlags(service.schedulerFlags, scheduler ?? 'wlc', ledger),
    forwarding,
    ...(persistence !== undefined && { persistence }),
    onePacket,
    ...(checks.length > 0 && { checks }),
    ...sorry,
    realServers: servers,
  };
}

/** All that a service came from, those of its checks aside. */
export function linesOf({ lines, realServers, sorry, quorum, hysteresis }: ImportedService): number[] {
  return [
    ...lines,
    ...realServers.flatMap((server) => server.lines),
    ...[sorry, quorum, hysteresis].flatMap((said) => (said === undefined ? [] : [said.line])),
    ...(sorry?.value.lines ?? []),
  ];
}

function refusal(
  id: ImportedIdentity,
  service: ImportedService,
  { family, directors }: Surroundings,
): string | undefined {
  const other = `the directors have ${family === 4 ? 'IPv4' : 'IPv6'} addresses, and which hosts have others as well the file does not say: write it in by hand, once its hosts have an \`address\` and an \`address6\``;
  if (id.kind === 'mark') return id.family === family ? undefined : other;
  const parsed = parseAddress(id.address);
  if (parsed !== undefined && parsed.kind !== 'usual') return `${id.address} can't be a VIP (${parsed.kind})`;
  if (parsed !== undefined && isIPv6(id.address) !== (family === 6)) return other;
  const director = directors.get(id.address);
  if (director !== undefined)
    return `${id.address} is ${director}'s own address, and a VIP is an address that no host has of its own`;
  if (service.onePacket !== undefined && id.protocol !== 'udp') return 'one-packet scheduling is for UDP';
  if (service.persistence?.engine?.value === 'sip' && id.protocol !== 'udp')
    return 'the persistence engine sip is for UDP';
  return undefined;
}

function vipOf(id: ImportedIdentity, { onlyVip, ledger }: Surroundings): string {
  if (id.kind === 'address') return parseAddress(id.address)?.address ?? GAP;
  if (onlyVip === undefined) return GAP;
  ledger.carry(onlyVip.line);
  return onlyVip.value;
}

/** The one that most real servers have; the first of them where two are even. */
function commonForwarding(servers: readonly ImportedRealServer[]): ImportedRealServer['forwarding'] {
  const counts = new Map<ImportedRealServer['forwarding'], number>();
  for (const { forwarding } of servers) counts.set(forwarding, (counts.get(forwarding) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? 'dr';
}

function fitScheduler(said: Said<string> | undefined, ledger: Ledger): string | undefined {
  if (said === undefined || (SCHEDULERS as readonly string[]).includes(said.value)) return said?.value;
  ledger.lose(said.line, `no scheduler of Linux 6 is called ${said.value}: wlc stands in its place`);
  return undefined;
}

/** The kernel knows numbers; each of the two schedulers that have flags reads them its own way (ip_vs.h, since Linux 3.11 and 4.18). */
const NUMBERED: Readonly<Record<string, string>> = { 'flag-1': 'fallback', 'flag-2': 'port' };

function fitFlags(flags: readonly Said<string>[], scheduler: string, ledger: Ledger): string[] {
  const fitting = flags.flatMap(({ value, line }) => {
    const meaning = NUMBERED[value];
    const flag = meaning === undefined ? value : `${scheduler}-${meaning}`;
    if (/^(sh|mh)-(port|fallback)$/.test(flag) && flag.startsWith(`${scheduler}-`)) return [flag];
    ledger.lose(line, `the scheduler ${scheduler} has no flag ${value}`);
    return [];
  });
  return [...new Set(fitting)].sort();
}

function fitPersistence(
  said: ImportedPersistence | undefined,
  id: ImportedIdentity,
  { ledger, family }: Surroundings,
): DraftService['persistence'] {
  if (said === undefined) return undefined;
  const { seconds, netmask, engine } = said;
  // What no program here takes has no effect there either: keepalived 2.2.7 says "invalid" and goes on without.
  if (!Number.isInteger(seconds.value) || seconds.value < 1) {
    ledger.lose(seconds.line, `no number of seconds from 1 to ${LONGEST}: the service has no persistence`);
    return undefined;
  }
  if (seconds.value > LONGEST)
    ledger.lose(seconds.line, `more than ${LONGEST} seconds: ${LONGEST} stand in their place`);
  const mask = netmask && maskOf(netmask.value, family);
  if (netmask !== undefined && mask === undefined)
    ledger.lose(netmask.line, `${netmask.value} is no netmask of ${family === 4 ? 'IPv4' : 'IPv6'}`);
  const full = mask === '255.255.255.255' || mask === 128;
  if (engine !== undefined && engine.value !== 'sip')
    ledger.lose(engine.line, `no persistence engine of Linux is called ${engine.value}`);
  return {
    seconds: Math.min(seconds.value, LONGEST),
    ...(mask !== undefined && !full && { netmask: mask }),
    ...(engine?.value === 'sip' && (id.kind === 'mark' || id.protocol === 'udp') && { engine: 'sip' }),
  };
}

/** Dotted quad with its ones in front, or the prefix length for IPv6. */
function maskOf(text: string, family: 4 | 6): string | number | undefined {
  if (family === 6) {
    const prefix = Number(text);
    return /^[0-9]{1,3}$/.test(text) && prefix >= 1 && prefix <= 128 ? prefix : undefined;
  }
  const parts = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) ? text.split('.').map(Number) : [];
  const bits = parts.map((part) => part.toString(2).padStart(8, '0')).join('');
  return parts.every((part) => part <= 255) && /^1+0*$/.test(bits) ? text : undefined;
}

function fitRealServers(
  { id, realServers }: ImportedService,
  forwarding: ImportedRealServer['forwarding'],
  around: Surroundings,
): FittedServer[] {
  const { ledger } = around;
  const seen = new Set<string>();
  return realServers.flatMap((server) => {
    const refuse = (reason: string): [] => {
      ledger.lose(server.line, reason);
      ledger.otherwise(server.lines, `belongs to line ${server.line}, which is not carried over`);
      return [];
    };
    if (server.forwarding !== forwarding)
      return refuse(
        `forwarding ${server.forwarding}: a service has one method for all its real servers, and most have ${forwarding}`,
      );
    const local = isLocal(server.address, id, around);
    const host = hostOf(server.address, id, around);
    if (typeof host === 'string') return refuse(host);
    const { name } = host;
    const port = portOf(server, id, forwarding, ledger);
    const key = `${name} ${port ?? ''}`;
    if (seen.has(key)) return refuse(`${name} stands in the service twice`);
    seen.add(key);
    if (local) ledger.lose(server.line, `${server.address} is the director itself: it stands as ${name}`);
    ledger.carry(...server.lines);
    const draft = {
      host: name,
      ...(port !== undefined && { port }),
      weight: within(server.weight, 'a weight', 0, 1, ledger) ?? 1,
      ...thresholds(server, ledger),
      ...tunnelOf(server, ledger),
    };
    return [{ imported: server, draft }];
  });
}

/** The name of a host of the service, or why it can't be one. */
function hostOf(
  address: string,
  id: ImportedIdentity,
  around: Surroundings,
): { readonly name: string } | string {
  if (isLocal(address, id, around)) return { name: around.director };
  const parsed = parseAddress(address);
  if (parsed !== undefined) {
    if (parsed.kind !== 'usual') return `${address} is no host's address (${parsed.kind})`;
    if (isIPv6(address) !== (around.family === 6))
      return 'of another family than the VIP, which the inventory can’t say';
  }
  return { name: around.names.of(address) };
}

/** True for the director itself (localnode), as people write it where they don't write its address. */
function isLocal(address: string, id: ImportedIdentity, { vips }: Surroundings): boolean {
  if (parseAddress(address)?.kind === 'loopback' || address === 'localhost') return true;
  return vips.has(address) || (id.kind === 'address' && id.address === address);
}

/** The real server's own port; undefined where it is the service's. */
function portOf(
  { port, line }: ImportedRealServer,
  id: ImportedIdentity,
  forwarding: ImportedRealServer['forwarding'],
  ledger: Ledger,
): number | undefined {
  if (port === 0 || (id.kind === 'address' && port === id.port)) return undefined;
  if (id.kind === 'mark' || id.port === 0) {
    if (forwarding === 'nat')
      ledger.lose(line, `port ${port}: a service of several ports hands each on as it is`);
    return undefined;
  }
  if (forwarding === 'nat') return port;
  ledger.lose(line, `port ${port}: with ${forwarding} packets arrive unchanged, at port ${id.port}`);
  return undefined;
}

/** `instead` is what stands there when the value is out of range. */
function within(
  { value, line }: Said<number>,
  what: string,
  least: number,
  instead: number | undefined,
  ledger: Ledger,
): number | undefined {
  if (Number.isInteger(value) && value >= least && value <= MOST) return value;
  ledger.lose(line, `${what} is a number from ${least} to ${MOST}`);
  return instead;
}

function thresholds(
  { upperThreshold, lowerThreshold }: ImportedRealServer,
  ledger: Ledger,
): Pick<DraftRealServer, 'upperThreshold' | 'lowerThreshold'> {
  const [upper, lower] = [upperThreshold, lowerThreshold].map((said) =>
    said === undefined || said.value === 0 ? undefined : within(said, 'a threshold', 1, undefined, ledger),
  );
  if (lower !== undefined && lower > (upper ?? 0)) {
    const why =
      upper === undefined ? 'without an upper one has no effect' : `is above the upper one, ${upper}`;
    if (lowerThreshold !== undefined) ledger.lose(lowerThreshold.line, `the lower threshold ${why}`);
    return upper === undefined ? {} : { upperThreshold: upper };
  }
  return {
    ...(upper !== undefined && { upperThreshold: upper }),
    ...(lower !== undefined && { lowerThreshold: lower }),
  };
}

function tunnelOf({ tunnel }: ImportedRealServer, ledger: Ledger): Pick<DraftRealServer, 'tunnel'> {
  if (tunnel === undefined) return {};
  const { type, port, checksum } = tunnel.value;
  if (type === 'ipip') {
    if (port !== undefined || (checksum ?? 'none') !== 'none')
      ledger.lose(tunnel.line, 'ipip has neither port nor checksum');
    return {};
  }
  if (type === 'gue' && (port === undefined || port === 0)) {
    ledger.lose(tunnel.line, 'gue needs a port: ipip stands in its place');
    return {};
  }
  if (type === 'gre' && (port !== undefined || checksum === 'remote'))
    ledger.lose(tunnel.line, 'gre has neither port nor remote checksum');
  const kept = type === 'gre' && checksum === 'remote' ? undefined : checksum;
  return {
    tunnel: {
      type,
      ...(type === 'gue' && port !== undefined && { port }),
      ...(kept !== undefined && kept !== 'none' && { checksum: kept }),
    },
  };
}
