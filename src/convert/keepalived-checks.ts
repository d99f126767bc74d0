import type { CheckInput } from '../inventory/check-of.js';
import { canonicalAddress, wholeNumber } from '../ipvs/index.js';
import type { ImportedCheck, Said } from './imported.js';
import { notPlain, type Statement } from './keepalived-text.js';
import type { Ledger } from './ledger.js';

/** Settings that a virtual_server gives its real servers, and a real_server its checks. */
export type Inherited = ReadonlyMap<string, Statement>;

/** keepalived's own names, and the one that 1.x had. */
const COMMON: Readonly<Record<string, string>> = {
  delay_loop: 'delay_loop',
  connect_timeout: 'connect_timeout',
  retry: 'retry',
  nb_get_retry: 'retry',
  delay_before_retry: 'delay_before_retry',
  virtualhost: 'virtualhost',
};

/** What `outer` says, unless the block says it itself. Lines that no check takes are lost. */
export function inheritedBy(block: readonly Statement[], outer: Inherited, ledger: Ledger): Inherited {
  const found = new Map(outer);
  for (const each of block) {
    const name = COMMON[each.words[0] ?? ''];
    if (name === undefined || notPlain(each) !== undefined) continue;
    found.set(name, each);
    ledger.otherwise(each.lines, 'of checks, and none that is carried over takes it');
  }
  return found;
}

/** True for words that `inheritedBy` reads. */
export const isInherited = (keyword: string): boolean => keyword in COMMON;

const TYPES: Readonly<Record<string, CheckInput['type']>> = {
  TCP_CHECK: 'tcp',
  HTTP_GET: 'http',
  SSL_GET: 'https',
  SMTP_CHECK: 'smtp',
  DNS_CHECK: 'dns',
  MISC_CHECK: 'misc',
};

export const isCheck = (keyword: string): boolean => keyword in TYPES;

const NO_KIND = 'the inventory has no check of that kind';
const NO_PLACE = 'the inventory has no place for it';
/** What makes an answer good or bad in ways that the inventory can't say. */
const DECISIVE = /^(digest|regex\w*|misc_dynamic)$/;

/** The lines of one check, while they are read. */
interface Reading {
  readonly type: CheckInput['type'];
  readonly ledger: Ledger;
  readonly settings: Map<string, Statement>;
  readonly own: Map<string, Statement>;
  readonly urls: Statement[];
  readonly lines: number[];
  refused?: string;
}

const OWN: Readonly<Record<CheckInput['type'], readonly string[]>> = {
  tcp: [],
  http: [],
  https: ['enable_sni'],
  smtp: ['helo_name'],
  dns: ['type', 'name'],
  misc: ['misc_path', 'misc_timeout', 'user'],
};
const CONNECTION = ['connect_ip', 'connect_port', 'bindto', 'fwmark'];

/**
 * The checks that a statement such as `HTTP_GET { … }` is: one for each of its URLs.
 * @param user that programs run as where the check says none
 */
export function readChecks(
  statement: Statement,
  outer: Inherited,
  user: Said<string> | undefined,
  ledger: Ledger,
): ImportedCheck[] {
  const type = TYPES[statement.words[0] ?? ''] ?? 'tcp';
  const reading: Reading = {
    type,
    ledger,
    settings: new Map(outer),
    own: new Map(),
    urls: [],
    lines: [...statement.ownLines],
  };
  ledger.otherwise(statement.lines, `belongs to line ${statement.line}, which is not carried over`);
  for (const each of statement.block ?? []) readSetting(each, reading);
  const { refused } = reading;
  const checks = refused ?? checksOf(statement, reading, user);
  if (typeof checks !== 'string') return checks;
  ledger.lose(statement.line, checks);
  return [];
}

function readSetting(each: Statement, reading: Reading): void {
  const { type, ledger, settings, own, urls, lines } = reading;
  const [keyword = '', , ...rest] = each.words;
  const reason = notPlain(each);
  const common = COMMON[keyword];
  if (reason !== undefined) ledger.lose(each.lines, reason);
  else if (DECISIVE.test(keyword)) {
    reading.refused = `${keyword}: ${NO_KIND}`;
  } else if (keyword === 'url' && (type === 'http' || type === 'https')) urls.push(each);
  else if (keyword === 'host' && type === 'smtp' && each.block !== undefined) {
    lines.push(...each.ownLines);
    for (const inner of each.block) readSetting(inner, reading);
  } else if (common !== undefined && (common !== 'virtualhost' || /^http/.test(type)))
    settings.set(common, each);
  else if (OWN[type].includes(keyword) || (CONNECTION.includes(keyword) && type !== 'misc')) {
    own.set(keyword, each);
    if (rest.length > 0) ledger.lose(each.lines, `${rest.join(' ')}: ${NO_PLACE}`);
  } else ledger.lose(each.lines, `${each.words.join(' ')}: ${NO_PLACE}, or it is not understood`);
}

function checksOf(
  statement: Statement,
  reading: Reading,
  user: Said<string> | undefined,
): ImportedCheck[] | string {
  const { type, ledger, own, settings, urls, lines } = reading;
  const taken = [...lines, ...[...own.values()].flatMap((each) => each.lines)];
  const take = (name: string): Statement | undefined => {
    const found = settings.get(name);
    taken.push(...(found?.lines ?? []));
    return found;
  };
  const seconds = (name: string, usual: number): number => whole(take(name), 1, usual, ledger);
  const everySeconds = seconds('delay_loop', 60);
  const times = {
    everySeconds,
    timeoutSeconds:
      type === 'misc'
        ? whole(own.get('misc_timeout'), 1, everySeconds, ledger)
        : seconds('connect_timeout', 5),
    retries: whole(take('retry'), 0, type === 'dns' ? 3 : type === 'misc' ? 0 : 1, ledger),
    retrySeconds: seconds(
      'delay_before_retry',
      type === 'dns' ? everySeconds : type === 'http' || type === 'https' ? 3 : 1,
    ),
  };
  const where = connectionOf(reading);
  if (typeof where === 'string') return where;
  const all = (check: CheckInput, more: readonly number[] = []): ImportedCheck => ({
    line: statement.line,
    lines: [...taken, ...more],
    check,
    ...where,
  });
  const textOf = (name: string): string | undefined => own.get(name)?.words[1];
  switch (type) {
    case 'tcp':
      return [all({ type, ...times })];
    case 'smtp': {
      const helo = textOf('helo_name');
      return [all({ type, ...times, ...(helo !== undefined && { helo }) })];
    }
    case 'dns':
      return [
        all({
          type,
          ...times,
          name: textOf('name') ?? '.',
          record: (textOf('type') ?? 'SOA').toUpperCase() as NonNullable<CheckInput['record']>,
        }),
      ];
    case 'misc': {
      const command = wordsOf(textOf('misc_path') ?? '');
      if (command === undefined || command.length === 0)
        return 'has no program that the inventory can take: put the command into a script';
      if (user !== undefined && !own.has('user')) taken.push(user.line);
      const runs = textOf('user') ?? user?.value;
      if (runs === undefined)
        ledger.lose(
          statement.line,
          'no user: keepalived runs it as keepalived_script, or as root; nobody stands in its place',
        );
      return [all({ type, ...times, command, user: runs ?? 'nobody' })];
    }
    case 'http':
    case 'https': {
      if (urls.length === 0) return 'asks for no url';
      const decisive = urls
        .flatMap(({ block = [] }) => block)
        .find(({ words }) => DECISIVE.test(words[0] ?? ''));
      if (decisive !== undefined) return `${decisive.words[0]}: ${NO_KIND}`;
      const host = settings.get('virtualhost');
      return urls.map((url) => {
        const { fields, lines } = urlOf(url, host, ledger);
        if (type === 'https' && fields.hostName !== undefined && !own.has('enable_sni'))
          ledger.lose(
            statement.line,
            'without enable_sni: the inventory sends the name in the handshake too',
          );
        return all({ type, ...times, ...fields }, lines);
      });
    }
  }
}

function urlOf(url: Statement, outerHost: Statement | undefined, ledger: Ledger) {
  const lines = [...url.ownLines];
  let path = '/';
  let host = outerHost;
  let status: (number | string)[] = ['200-299'];
  for (const each of url.block ?? []) {
    const [keyword = '', value = '', ...rest] = each.words;
    if (keyword === 'path') path = value;
    else if (keyword === 'virtualhost') host = each;
    else if (keyword === 'status_code')
      status = [value, ...rest].map((code) => (/^\d+$/.test(code) ? Number(code) : code));
    else {
      ledger.lose(each.lines, `${each.words.join(' ')}: ${NO_PLACE}, or it is not understood`);
      continue;
    }
    if (keyword !== 'status_code' && rest.length > 0)
      ledger.lose(each.lines, `${rest.join(' ')} is not understood`);
    if (keyword !== 'virtualhost') lines.push(...each.lines);
  }
  lines.push(...(host?.lines ?? []));
  const hostName = host?.words[1];
  return { lines, fields: { path, ...(hostName !== undefined && { hostName }), status } };
}

type Where = Pick<ImportedCheck, 'address' | 'port' | 'mark'>;

function connectionOf({ own, ledger }: Reading): Where | string {
  const [ip, port, from, mark] = CONNECTION.map((name) => own.get(name));
  const where: { address?: string; port?: number; mark?: Said<number> } = {};
  if (ip !== undefined) {
    const address = canonicalAddress(ip.words[1] ?? '');
    if (address === undefined) return `${ip.words[1] ?? ''} is not an address`;
    where.address = address;
  }
  if (port !== undefined) {
    const number = wholeNumber(port.words[1], 65535);
    if (number === undefined || number === 0) return `${port.words[1] ?? ''} is not the number of a port`;
    where.port = number;
  }
  if (mark !== undefined) where.mark = { value: wholeNumber(mark.words[1]) ?? 0, line: mark.line };
  else if (from !== undefined) ledger.lose(from.lines, `from which address it asks: ${NO_PLACE}`);
  return where;
}

/** A whole number of `least` or more, as the inventory has them; keepalived's TIMERs may have fractions. */
function whole(statement: Statement | undefined, least: number, usual: number, ledger: Ledger): number {
  if (statement === undefined) return usual;
  const [, text = ''] = statement.words;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(value) && value >= least) return value;
  const instead = Number.isNaN(value) ? usual : Math.max(least, Math.ceil(value));
  ledger.lose(statement.lines, `no whole number from ${least}: ${instead} stands in its place`);
  return instead;
}

/** The words of a command with quotes in it. Undefined where quotes are open, or the inventory would read braces as its own. */
function wordsOf(text: string): string[] | undefined {
  const words = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  const bare = words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  const isWhole = text.replace(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g, '').trim() === '';
  return isWhole && !/\{(address|port|vip)\}/.test(text) ? bare : undefined;
}
