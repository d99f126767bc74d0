import { LvsctlError } from '../errors.js';
import { parseAddress } from '../inventory/address.js';
import { formatPath } from '../inventory/problem.js';
import { isIPv6 } from '../ipvs/index.js';
import { type DraftHost, type DraftService, GAP, type InventoryDraft } from './draft.js';
import { fitService, linesOf } from './fit.js';
import { directorHosts, directorsOf, type GivenDirector, HostNames, prefixIn } from './hosts.js';
import type { Imported, ImportedIdentity, ImportedService, ImportFormat, Said } from './imported.js';
import { inventoryText } from './inventory-text.js';
import { readIpvsadm } from './ipvsadm.js';
import { readKeepalived } from './keepalived.js';
import { labelServices } from './labels.js';
import { readLdirectord } from './ldirectord.js';
import type { Ledger, LostLine } from './ledger.js';
import { nameOfPort } from './ports.js';

export interface ImportOptions {
  /** Directors as the operator names them; no such file says where they are. */
  readonly directors?: readonly GivenDirector[];
  /** Shown in the inventory: where it is from. */
  readonly source: string;
}

export interface ImportResult {
  readonly format: ImportFormat;
  readonly draft: InventoryDraft;
  /** The inventory, as TypeScript. */
  readonly text: string;
  /** Every line that is not in it, or not as it stood. */
  readonly lost: readonly LostLine[];
  /** Paths of the fields that the operator must fill in: `hosts.director.address`. */
  readonly gaps: readonly string[];
}

const READERS: Readonly<Record<ImportFormat, (text: string) => Imported>> = {
  ipvsadm: readIpvsadm,
  keepalived: readKeepalived,
  ldirectord: readLdirectord,
};

/** What a file is by its words, or undefined. */
export function recogniseFormat(text: string): ImportFormat | undefined {
  if (/^\s*(?:(?:\/\S*\/)?ipvsadm\s+)?(?:-A|--add-service)\s/m.test(text)) return 'ipvsadm';
  if (/^\s*(?:virtual_server(?:_group)?|vrrp_instance|global_defs)\b/m.test(text)) return 'keepalived';
  return /^virtual6?\s*=/m.test(text) ? 'ldirectord' : undefined;
}

/**
 * An inventory from what another program is configured with.
 * @throws LvsctlError when no service of it can be carried over
 */
export function importInventory(text: string, format: ImportFormat, options: ImportOptions): ImportResult {
  const imported = READERS[format](text.replace(/\r\n?/g, '\n'));
  const draft = draftOf(imported, options.directors ?? []);
  const lost = imported.ledger.lost();
  if (draft.services.length === 0) {
    const [first] = lost;
    throw new LvsctlError(`${options.source}: no service of it can be carried over`, {
      hint:
        first === undefined
          ? 'it has none'
          : `${lost.length} lines were looked at, the first is line ${first.line}: ${first.text} (${first.reason})`,
    });
  }
  return { format, draft, text: inventoryText(draft, options.source), lost, gaps: gapsOf(draft) };
}

function draftOf(imported: Imported, given: readonly GivenDirector[]): InventoryDraft {
  const { ledger } = imported;
  const directors = directorsOf(imported, given);
  const { hosts, prefixes } = directorHosts(
    directors,
    imported.vips.map(({ value }) => value),
  );
  const names = new HostNames(directors);
  const family = familyOf(directors, imported.services);
  const addresses = new Set(
    imported.services.flatMap(({ id }) => (id.kind === 'address' ? [id.address] : [])),
  );
  const vips = imported.vips.map((vip) => ({ ...vip, value: vip.value.split('/')[0] ?? '' }));
  const around = {
    ledger,
    names,
    family,
    director: directors[0]?.name ?? 'director',
    directors: new Map(directors.map(({ name, address }) => [address, name])),
    onlyVip: onlyOf(vips.filter(({ value }) => isIPv6(value) === (family === 6))),
    vips: addresses,
  };
  const services = nameServices(distinct(imported.services, ledger), (service) =>
    fitService(service, around),
  );
  accountForVips(vips, services, ledger);
  const realServers = realServerHosts(services, names, directors, prefixes);
  const nic = imported.interface;
  const keepalived =
    imported.keepalived ?? (services.some(({ checks = [] }) => checks.length > 0) ? {} : undefined);
  return {
    ...(nic !== undefined && { interface: nic.value }),
    directors: hosts,
    realServers,
    services: labelServices(services, vips, nic, ledger),
    ...(keepalived !== undefined && { keepalived }),
    ...ipvsOf(imported),
  };
}

/** That of the directors where it is known, else that of most services. */
function familyOf(directors: readonly GivenDirector[], services: readonly ImportedService[]): 4 | 6 {
  const [first] = directors;
  if (first !== undefined && first.address !== '') return isIPv6(first.address) ? 6 : 4;
  const sixes = services.filter(({ id }) => (id.kind === 'mark' ? id.family === 6 : isIPv6(id.address)));
  return sixes.length * 2 > services.length ? 6 : 4;
}

function onlyOf(vips: readonly Said<string>[]): Said<string> | undefined {
  return new Set(vips.map(({ value }) => value)).size === 1 ? vips[0] : undefined;
}

/** Each identity once: the kernel has no two services of one. */
function distinct(services: readonly ImportedService[], ledger: Ledger): ImportedService[] {
  const seen = new Set<string>();
  return services.filter((service) => {
    const { id, line } = service;
    const key =
      id.kind === 'mark' ? `mark ${id.mark} ${id.family}` : `${id.protocol} ${id.address} ${id.port}`;
    if (!seen.has(key)) {
      seen.add(key);
      return true;
    }
    ledger.lose(line, 'the same service again');
    const reason = `belongs to line ${line}, which is not carried over`;
    ledger.otherwise(linesOf(service), reason);
    return false;
  });
}

const SAFE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/i;

/** Services by their names in the file where it has some, else by port (`http`), address and number. */
function nameServices(
  services: readonly ImportedService[],
  make: (service: ImportedService) => Omit<DraftService, 'name'> | undefined,
): DraftService[] {
  const taken = new Map<string, ImportedIdentity>();
  return services.flatMap((service) => {
    const fitted = make(service);
    if (fitted === undefined) return [];
    const { id } = service;
    const own = service.name?.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
    const base = own !== undefined && SAFE_NAME.test(own) ? own : usualName(id);
    const candidates = [base, `${base}-${difference(id, taken.get(base))}`, usualName(id)];
    let name = candidates.find((each) => SAFE_NAME.test(each) && !taken.has(each));
    for (let count = 2; name === undefined; count++) {
      const numbered = `${base.slice(0, 24)}-${count}`;
      if (!taken.has(numbered)) name = numbered;
    }
    taken.set(name, id);
    const comment = id.kind === 'address' && fitted.vip === GAP ? `${id.address} in the file` : undefined;
    return [{ name, ...(comment !== undefined && { comment }), ...fitted }];
  });
}

function usualName(id: ImportedIdentity): string {
  if (id.kind === 'mark') return `mark-${id.mark}`;
  return nameOfPort(id.port) ?? `${id.protocol}-${id.port === 0 ? 'all' : id.port}`;
}

/** What tells a service from another that has its name already: address, protocol or port. */
function difference(id: ImportedIdentity, other: ImportedIdentity | undefined): string {
  if (id.kind === 'mark') return String(id.mark);
  if (other?.kind !== 'address' || other.address !== id.address) return id.address.split(/[.:]/).at(-1) ?? '';
  return other.protocol === id.protocol ? String(id.port) : id.protocol;
}

const UNKNOWN_OWNER = 'which services are on this address the file does not say: perhaps one by mark';

function accountForVips(
  vips: readonly Said<string>[],
  services: readonly DraftService[],
  ledger: Ledger,
): void {
  const used = new Set(services.map(({ vip }) => vip));
  for (const { value, line } of vips) {
    const address = parseAddress(value)?.address ?? value;
    if (used.has(address)) ledger.carry(line);
    else
      ledger.lose(line, used.has(GAP) ? UNKNOWN_OWNER : 'no service that is carried over is on this address');
  }
}

function realServerHosts(
  services: readonly DraftService[],
  names: HostNames,
  directors: readonly GivenDirector[],
  prefixes: ReadonlyMap<string, number>,
): DraftHost[] {
  const own = new Set(directors.map(({ name }) => name));
  return names.all().flatMap(([host, name]) => {
    const of = services.filter(({ realServers }) => realServers.some((server) => server.host === name));
    const sorryOf = services.filter(({ sorry }) => sorry?.host === name);
    if (own.has(name) || of.length + sorryOf.length === 0) return [];
    const known = parseAddress(host) !== undefined;
    const address = known ? `${host}/${prefixIn(host, prefixes)}` : GAP;
    const comment = [
      ...(of.length > 0 ? [`real server of ${of.map((service) => service.name).join(', ')}`] : []),
      ...(sorryOf.length > 0 ? [`sorry server of ${sorryOf.map((service) => service.name).join(', ')}`] : []),
    ].join(', ');
    return [
      { name, address, comment: known ? comment : `${comment}: its address, which the file has by name` },
    ];
  });
}

/** Seconds, 31 days. */
const LONGEST = 2678400;

function ipvsOf({ timeouts, sync, ledger }: Imported): Pick<InventoryDraft, 'ipvs'> {
  const kept: Record<string, number> = {};
  if (timeouts !== undefined) {
    for (const [name, seconds] of Object.entries(timeouts.value))
      if (seconds >= 1 && seconds <= LONGEST) kept[name] = seconds;
      else
        ledger.lose(
          timeouts.line,
          `${name} ${seconds}: a timeout is a number of seconds from 1 to ${LONGEST}`,
        );
    if (Object.keys(kept).length > 0) ledger.carry(timeouts.line);
  }
  const daemon: Record<string, string | number> = {};
  if (sync !== undefined) {
    const { interface: nic, id, group, port, ttl } = sync.value;
    if (nic !== undefined && /^[A-Za-z0-9_.-]{1,15}$/.test(nic)) daemon.interface = nic;
    if (id !== undefined && id >= 1 && id <= 255) daemon.id = id;
    if (group !== undefined && parseAddress(group)?.kind === 'multicast') daemon.group = group;
    if (port !== undefined && port >= 1) daemon.port = port;
    if (ttl !== undefined && ttl >= 1 && ttl <= 255) daemon.ttl = ttl;
    for (const [name, value] of Object.entries(sync.value))
      if (!(name in daemon)) ledger.lose(sync.line, `${name} ${value} is out of range`);
    ledger.carry(sync.line);
  }
  const ipvs = {
    ...(Object.keys(kept).length > 0 && { timeouts: kept }),
    ...(sync !== undefined && { sync: daemon }),
  };
  return Object.keys(ipvs).length > 0 ? { ipvs } : {};
}

function gapsOf({ directors, realServers, services }: InventoryDraft): string[] {
  return [
    ...[...directors, ...realServers]
      .filter(({ address }) => address === GAP)
      .map(({ name }) => formatPath(['hosts', name, 'address'])),
    ...services.flatMap(({ name, vip, fwmark }) => [
      ...(vip === GAP ? [formatPath(['services', name, 'vip'])] : []),
      ...(fwmark === undefined ? [] : [formatPath(['services', name, 'ports', 0])]),
    ]),
  ];
}
