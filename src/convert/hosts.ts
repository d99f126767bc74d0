import { networkOf, parseAddress } from '../inventory/address.js';
import { DEFAULT_PREFIX } from '../inventory/check-hosts.js';
import { isIPv6 } from '../ipvs/index.js';
import { type DraftHost, GAP } from './draft.js';
import type { Imported } from './imported.js';

/** A director as the operator names it: `--director lvs1=192.0.2.2/24`. */
export interface GivenDirector {
  readonly name: string;
  /** Canonical. */
  readonly address: string;
  readonly prefix?: number;
}

/** Names as the inventory takes them, without dots: they are of hosts in a cluster, not of the world. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Who directs: those that are given, else what the file says of addresses, else a gap. */
export function directorsOf(imported: Imported, given: readonly GivenDirector[]): GivenDirector[] {
  const { ledger, directorName } = imported;
  const own = directorName !== undefined && isName(directorName.value) ? directorName.value : undefined;
  if (given.length > 0) {
    for (const { value, line } of imported.directors)
      if (given.some(({ address }) => address === value)) ledger.carry(line);
      else ledger.lose(line, `--director does not name ${value}`);
    if (directorName !== undefined)
      if (given.some(({ name }) => name === directorName.value)) ledger.carry(directorName.line);
      else ledger.lose(directorName.line, `--director does not name ${directorName.value}`);
    return [...given];
  }
  if (directorName !== undefined)
    if (own === undefined) ledger.lose(directorName.line, 'not a safe name of a host');
    else ledger.carry(directorName.line);
  const addresses = [...new Set(imported.directors.map(({ value }) => value))];
  const [first] = addresses;
  const family = first !== undefined && isIPv6(first);
  for (const { value, line } of imported.directors)
    if (isIPv6(value) === family) ledger.carry(line);
    else
      ledger.lose(
        line,
        'of the other family than the first, and whose it is the file does not say: write it to `address6` of that host',
      );
  const usable = addresses.filter((address) => isIPv6(address) === family);
  if (usable.length === 0) return [{ name: own ?? 'director', address: '' }];
  if (usable.length === 1) return usable.map((address) => ({ name: own ?? 'director', address }));
  const names = [own ?? 'director1', ...usable.slice(1).map((_, index) => `director${index + 2}`)];
  return usable.map((address, index) => {
    const name = names[index] ?? '';
    // The file may be from the second director, whose name is then taken.
    return { name: index > 0 && name === own ? 'director1' : name, address };
  });
}

/** `all` stands for all hosts. */
function isName(text: string): boolean {
  return NAME.test(text) && text !== 'all';
}

/** The director's own lines of the inventory. */
export function directorHosts(
  directors: readonly GivenDirector[],
  vips: readonly string[],
): { readonly hosts: DraftHost[]; readonly prefixes: ReadonlyMap<string, number> } {
  const prefixes = new Map<string, number>();
  const hosts = directors.map(({ name, address, prefix }): DraftHost => {
    if (address === '')
      return {
        name,
        address: GAP,
        comment: 'its own address, not the VIP, with the prefix length of its network: 192.0.2.2/24',
      };
    const known = prefix ?? prefixFor(address, vips);
    prefixes.set(address, known);
    return { name, address: `${address}/${known}`, comment: 'director' };
  });
  return { hosts, prefixes };
}

/** A prefix length under which an address is a host's own: that of a director's network it lies in, else the usual one. */
export function prefixIn(address: string, networks: ReadonlyMap<string, number>): number {
  for (const [other, prefix] of networks)
    if (isIPv6(other) === isIPv6(address) && networkOf(other, prefix).contains(address)) return prefix;
  return prefixFor(address, []);
}

/** The widest of the usual, and what holds all `others` that are near. */
function prefixFor(address: string, others: readonly string[]): number {
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  let prefix: number = DEFAULT_PREFIX[family];
  for (const other of others) {
    const said = parseAddress(other);
    if (said?.prefix === undefined || said.family !== family || said.prefix > 30) continue;
    if (networkOf(said.address, said.prefix).contains(address)) prefix = Math.min(prefix, said.prefix);
  }
  while (prefix > 8 && networkOf(address, prefix).isReserved(address)) prefix--;
  return prefix;
}

/** Names real servers in the order in which they come: rs1, rs2 …, or by their own name where the file has one. */
export class HostNames {
  readonly #names = new Map<string, string>();
  readonly #taken: Set<string>;
  #count = 0;

  constructor(directors: readonly GivenDirector[]) {
    this.#taken = new Set(['all', ...directors.map(({ name }) => name)]);
    for (const { name, address } of directors) if (address !== '') this.#names.set(address, name);
  }

  /** @param host canonical address, or a name */
  of(host: string): string {
    const known = this.#names.get(host);
    if (known !== undefined) return known;
    let name = parseAddress(host) === undefined ? host : `rs${++this.#count}`;
    while (this.#taken.has(name)) name = `rs${++this.#count}`;
    this.#taken.add(name);
    this.#names.set(host, name);
    return name;
  }

  /** Each host and its name, in the order in which they came. */
  all(): (readonly [host: string, name: string])[] {
    return [...this.#names];
  }
}
