import type { Protocol } from '../inventory/cluster.js';
import { canonicalAddress, wholeNumber } from '../ipvs/index.js';
import type {
  Imported,
  ImportedIdentity,
  ImportedService,
  ImportedSync,
  ImportedTimeouts,
  ImportedVip,
  Said,
} from './imported.js';
import { lossOf, readVirtualServer } from './keepalived-services.js';
import { isKeepalivedContent, notPlain, parseKeepalivedText, type Statement } from './keepalived-text.js';
import { readVrrp, VRRP, type VrrpSettings } from './keepalived-vrrp.js';
import { checksByWays } from './keepalived-ways.js';
import { Ledger } from './ledger.js';
import { addressRange } from './ranges.js';

/** All that is found while the statements are gone through, in their order. */
interface Findings {
  readonly ledger: Ledger;
  readonly directors: Said<string>[];
  readonly vips: ImportedVip[];
  directorName?: Said<string>;
  interface?: Said<string>;
  timeouts?: Said<ImportedTimeouts>;
  sync?: Said<ImportedSync>;
  user?: Said<string>;
  keepalived?: VrrpSettings;
}

/** Reads a keepalived.conf of 1.x or 2.x. Files that it includes, conditions and variables are lost lines. */
export function readKeepalived(text: string): Imported {
  const ledger = new Ledger(text, isKeepalivedContent);
  const { statements, problems } = parseKeepalivedText(text);
  for (const { line, reason } of problems) ledger.lose(line, reason);
  const found: Findings = { ledger, directors: [], vips: [] };
  const plain = statements.filter((each) => {
    const reason = notPlain(each);
    if (reason !== undefined) ledger.lose(each.lines, reason);
    return reason === undefined;
  });
  const groups = new Map<string, Statement>();
  for (const each of plain)
    if (each.words[0] === 'virtual_server_group') groups.set(each.words[1] ?? '', each);
  const services: ImportedService[] = [];
  // Programs run as the user that it names.
  for (const each of plain) if (each.words[0] === 'global_defs') globals(each, found);
  for (const each of plain) {
    const [keyword] = each.words;
    if (keyword === 'virtual_server') services.push(...virtualServers(each, groups, found.user, ledger));
    else if (keyword === 'virtual_server_group')
      ledger.otherwise(each.lines, 'no virtual_server is of this group');
    else if (keyword === 'vrrp_instance') vrrpInstance(each, found);
    else if (keyword !== 'global_defs') ledger.lose(each.lines, TOP_LEVEL[keyword ?? ''] ?? 'not understood');
  }
  return { ...found, services: checksByWays(services, ledger) };
}

const TOP_LEVEL: Readonly<Record<string, string>> = {
  vrrp_sync_group: VRRP.group,
  vrrp_script: VRRP.track,
  vrrp_track_process: VRRP.track,
  vrrp_track_file: VRRP.track,
  track_file: VRRP.track,
  static_ipaddress: 'addresses that are not of a service are not ours to set',
  static_routes: 'routes are not ours to set',
  static_rules: 'routes are not ours to set',
  SSL: 'keys of checks: the inventory has no place for them',
  bfd_instance: 'BFD: the inventory has no place for it',
};

/** One for each address of a group, one for any other. */
function virtualServers(
  statement: Statement,
  groups: ReadonlyMap<string, Statement>,
  user: Said<string> | undefined,
  ledger: Ledger,
): ImportedService[] {
  const inner = (statement.block ?? []).filter((each) => {
    const reason = notPlain(each);
    if (reason !== undefined) ledger.lose(each.lines, reason);
    return reason === undefined;
  });
  const settings = readVirtualServer({ ...statement, block: inner }, user, ledger);
  const [, kind = '', name = ''] = statement.words;
  const service = (id: ImportedIdentity, line: number, lines: readonly number[]): ImportedService => ({
    ...settings,
    id,
    line,
    lines: [...settings.lines, ...lines],
  });
  const where = { protocol: settings.protocol, family: settings.family };
  if (kind !== 'group') {
    const id = identities(statement.words.slice(1), where);
    if (
      typeof id !== 'string' &&
      id.some((each) => each.kind === 'address') &&
      settings.protocol === undefined
    )
      ledger.lose(statement.line, NO_PROTOCOL);
    if (typeof id !== 'string') return id.map((each) => service(each, statement.line, []));
    ledger.lose(statement.lines, id);
    return [];
  }
  const group = groups.get(name);
  if (group === undefined) {
    ledger.lose(statement.lines, `there is no virtual_server_group ${name} in this file`);
    return [];
  }
  if (settings.protocol === undefined && (group.block ?? []).some(({ words }) => words[0] !== 'fwmark'))
    ledger.lose(statement.line, NO_PROTOCOL);
  return (group.block ?? []).flatMap((entry) => {
    const ids = notPlain(entry) ?? identities(entry.words, where);
    if (typeof ids !== 'string')
      return ids.map((id) => ({
        ...service(id, entry.line, [...group.ownLines, ...entry.lines]),
        name: settings.name ?? name,
      }));
    ledger.lose(entry.lines, ids);
    return [];
  });
}

/** 2.2.7 says so in its log. */
const NO_PROTOCOL = 'has no protocol, which keepalived takes for UDP, and so does the inventory';

/** `10.0.0.1 80`, `10.0.0.1-5 80`, `fwmark 3`, or why it is none of these. */
function identities(
  words: readonly string[],
  { protocol, family }: { protocol: Protocol | undefined; family: 4 | 6 | undefined },
): ImportedIdentity[] | string {
  const [first = '', second, ...rest] = words;
  if (first === 'fwmark') {
    const mark = wholeNumber(second);
    if (mark === undefined || mark === 0) return 'no number after fwmark';
    const own = rest[0] === 'inet6' ? 6 : rest[0] === 'inet' ? 4 : undefined;
    return [
      { kind: 'mark', mark, family: own ?? family ?? 4, ...(protocol === undefined ? {} : { protocol }) },
    ];
  }
  const port = second === undefined ? 0 : wholeNumber(second, 65535);
  if (port === undefined) return `${second} is not the number of a port`;
  if (rest.length > 0) return `${rest.join(' ')} after the port is not understood`;
  const addresses = addressRange(first);
  if (typeof addresses === 'string') return addresses;
  return addresses.map((address) => ({ kind: 'address', protocol: protocol ?? 'udp', address, port }));
}

function globals(statement: Statement, found: Findings): void {
  const { ledger } = found;
  for (const each of statement.block ?? []) {
    const [keyword = '', value] = each.words;
    const reason = notPlain(each);
    if (reason !== undefined) ledger.lose(each.lines, reason);
    else if (keyword === 'router_id' && value !== undefined) found.directorName = { value, line: each.line };
    else if (keyword === 'lvs_timeouts') timeouts(each, found);
    else if (keyword === 'lvs_sync_daemon') syncDaemon(each, found);
    else if (keyword === 'script_user' && value !== undefined && each.words.length === 2) {
      found.user = { value, line: each.line };
      ledger.otherwise(
        each.lines,
        'a setting of keepalived itself, and no check that is carried over runs as this user',
      );
    } else
      ledger.lose(each.lines, keyword.startsWith('vrrp_') ? VRRP.globals : 'a setting of keepalived itself');
  }
  const kept = found.directorName ?? found.timeouts ?? found.sync;
  if (kept !== undefined) ledger.carry(...statement.ownLines.filter((line) => !isInner(statement, line)));
  ledger.otherwise(statement.ownLines, 'nothing in it is carried over');
}

/** True for a line that a statement within the block has words in. */
function isInner({ block = [] }: Statement, line: number): boolean {
  return block.some(({ lines }) => lines.includes(line));
}

const TIMEOUTS = { tcp: 'tcp', tcpfin: 'tcpFin', udp: 'udp' } as const;

function timeouts({ words, line, lines }: Statement, found: Findings): void {
  const value: { tcp?: number; tcpFin?: number; udp?: number } = {};
  for (let at = 1; at < words.length; at += 2) {
    const name = words[at] ?? '';
    const seconds = wholeNumber(words[at + 1]);
    if (name in TIMEOUTS && seconds !== undefined) value[TIMEOUTS[name as keyof typeof TIMEOUTS]] = seconds;
    else found.ledger.lose(lines, `${name} ${words[at + 1] ?? ''} is not understood`);
  }
  if (Object.keys(value).length > 0) found.timeouts = { value, line };
}

/** `lvs_sync_daemon eth0 VI_1 id 5 maxlen 1400 port 8848 ttl 1 group 224.0.0.81` */
function syncDaemon({ words, line, lines }: Statement, found: Findings): void {
  const value: { interface?: string; id?: number; group?: string; port?: number; ttl?: number } = {};
  const [, nic, ...rest] = words;
  if (nic !== undefined) value.interface = nic;
  for (let at = 0; at < rest.length; at++) {
    const [word = '', next = ''] = [rest[at], rest[at + 1]];
    const number = wholeNumber(next, 65535);
    if ((word === 'id' || word === 'port' || word === 'ttl') && number !== undefined) value[word] = number;
    else if (word === 'group' && canonicalAddress(next) !== undefined) value.group = next;
    else if (word === 'inst' || (at === 0 && !SYNC_WORDS.includes(word))) {
      found.ledger.lose(lines, `which VRRP instance it follows (${word === 'inst' ? next : word})`);
      if (word !== 'inst') continue;
    } else found.ledger.lose(lines, `${word} ${next}`.trim());
    at++;
  }
  found.sync = { value, line };
}

const SYNC_WORDS = ['inst', 'id', 'maxlen', 'port', 'ttl', 'group'];

function vrrpInstance(statement: Statement, found: Findings): void {
  const { ledger } = found;
  ledger.otherwise(statement.ownLines, VRRP.instance);
  const known = readVrrp(statement, found);
  for (const each of statement.block ?? []) {
    const [keyword = '', value] = each.words;
    const address = canonicalAddress(value ?? '');
    const reason = notPlain(each);
    if (reason !== undefined) ledger.lose(each.lines, reason);
    else if (keyword === 'virtual_ipaddress' || keyword === 'virtual_ipaddress_excluded')
      addresses(each, found);
    else if (keyword === 'interface' && value !== undefined) {
      if (found.interface === undefined || found.interface.value === value) {
        found.interface ??= { value, line: each.line };
        ledger.carry(each.line, statement.line);
      } else ledger.lose(each.lines, `another instance is on ${found.interface.value}`);
    } else if (/^(unicast|mcast)_src_ip$/.test(keyword) && address !== undefined)
      found.directors.unshift({ value: address, line: each.line });
    else if (keyword === 'unicast_peer') peers(each, found);
    else if (/^lvs_sync_daemon_inter?face$/.test(keyword) && value !== undefined)
      found.sync ??= { value: { interface: value }, line: each.line };
    else if (!known.has(each)) ledger.lose(each.lines, VRRP.words[keyword] ?? VRRP.instance);
  }
  const inner = new Set((statement.block ?? []).flatMap(({ lines }) => lines));
  ledger.carry(...statement.ownLines.filter((line) => !inner.has(line)));
}

function addresses(statement: Statement, found: Findings): void {
  found.ledger.carry(...statement.ownLines.filter((line) => !isInner(statement, line)));
  for (const { words, line, lines } of statement.block ?? []) {
    const [address = '', ...rest] = words;
    // `10.0.0.100/24 brd 10.0.0.255 dev eth0 label eth0:100`: lvsctl takes the director's interface.
    if (canonicalAddress(address.split('/')[0] ?? '') === undefined)
      found.ledger.lose(lines, `${address} is not an address`);
    else {
      // The kernel's label has the device in front, which the inventory adds itself.
      const label = /:(.+)$/.exec(rest[rest.indexOf('label') + 1] ?? '')?.[1];
      const labelled = rest.includes('label') && label !== undefined;
      found.vips.push({ value: address, line, ...(labelled && { label }) });
    }
    for (let at = 0; at < rest.length; at += 2)
      if (!['dev', 'label', 'brd', 'broadcast'].includes(rest[at] ?? ''))
        found.ledger.lose(lines, `${rest.slice(at).join(' ')}: the inventory has no place for it`);
  }
}

function peers(statement: Statement, found: Findings): void {
  found.ledger.carry(...statement.ownLines.filter((line) => !isInner(statement, line)));
  for (const { words, line, lines } of statement.block ?? []) {
    const address = canonicalAddress(words[0] ?? '');
    if (address === undefined) found.ledger.lose(lines, `${words[0] ?? ''} is not an address`);
    else found.directors.push({ value: address, line });
    if (words.length > 1) found.ledger.lose(lines, lossOf(words.slice(1)));
  }
}
