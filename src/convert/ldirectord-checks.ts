import type { CheckInput } from '../inventory/check-of.js';
import type { Protocol } from '../inventory/cluster.js';
import { wholeNumber } from '../ipvs/index.js';
import type { ImportedCheck, Said } from './imported.js';
import type { Ledger } from './ledger.js';
import { portOf } from './ports.js';

/** Words of checks, of a virtual or of the whole file, by name. */
export type CheckWords = ReadonlyMap<string, Said<string>>;

/** What the reader keeps for checks. The others of ldirectord's words have no place in an inventory. */
export const CHECK_WORDS: readonly string[] = [
  ...['checktype', 'service', 'checkport', 'request', 'receive', 'httpmethod', 'virtualhost'],
  ...['checktimeout', 'negotiatetimeout', 'connecttimeout', 'checkinterval', 'failurecount', 'quiescent'],
];

/** ldirectord's own defaults, by the port of the virtual. */
const SERVICES: Readonly<Record<number, string>> = {
  21: 'ftp',
  25: 'smtp',
  53: 'dns',
  80: 'http',
  110: 'pop',
  143: 'imap',
  389: 'ldap',
  443: 'https',
  993: 'imaps',
  995: 'pops',
  3306: 'mysql',
  5060: 'sip',
  5432: 'pgsql',
};

export interface Asked {
  /** Of the virtual. */
  readonly line: number;
  /** Undefined of a mark. */
  readonly port: number | undefined;
  readonly protocol: Protocol | undefined;
  readonly own: CheckWords;
  readonly global: CheckWords;
  /** The real server's own request, in the place of the virtual's. */
  readonly request: Said<string> | undefined;
}

/** The check of a real server, or none: the reason is in the ledger then. ldirectord's manual (resource-agents 4.12) has the defaults. */
export function ldirectordCheck(asked: Asked, ledger: Ledger): ImportedCheck[] {
  const { line, port, protocol, own, global } = asked;
  const lines: number[] = [];
  const take = (...names: readonly string[]): Said<string> | undefined => {
    const said = names.map((name) => own.get(name) ?? global.get(name)).find((each) => each !== undefined);
    if (said !== undefined) lines.push(said.line);
    return said;
  };
  const refuse = (said: Said<string> | undefined, reason: string): [] => {
    ledger.lose(said?.line ?? line, reason);
    return [];
  };
  const number = (said: Said<string> | undefined, usual: number): number => {
    const value = said === undefined ? usual : (wholeNumber(said.value) ?? 0);
    if (value >= 1) return value;
    if (said !== undefined) ledger.lose(said.line, `no whole number from 1: ${usual} stands in its place`);
    return usual;
  };

  const type = take('checktype');
  const kind = type?.value ?? 'negotiate';
  if (kind === 'on') {
    if (type !== undefined) ledger.carry(type.line);
    return [];
  }
  if (kind !== 'connect' && kind !== 'negotiate')
    return refuse(type, `a check by ${kind}: the inventory has none of that kind`);
  if (kind === 'connect' && protocol === 'udp')
    return refuse(type, 'a connect check of UDP is a ping: the inventory has none of that kind');
  const service = kind === 'connect' ? undefined : take('service');
  const name = service?.value ?? SERVICES[port ?? 0] ?? 'none';
  if (kind === 'negotiate' && name !== 'http' && name !== 'https')
    return name === 'none'
      ? []
      : refuse(service ?? type, `asks by ${name}, with words that the inventory’s checks have not`);
  if (own.has('checkinterval') && global.get('fork')?.value !== 'yes')
    ledger.lose(own.get('checkinterval')?.line ?? line, 'has no effect here without fork=yes');
  const interval = global.get('fork')?.value === 'yes' ? take('checkinterval') : global.get('checkinterval');
  if (interval !== undefined) lines.push(interval.line);
  const everySeconds = number(interval, 10);
  const times = {
    everySeconds,
    timeoutSeconds:
      kind === 'connect'
        ? number(take('checktimeout', 'negotiatetimeout', 'connecttimeout'), 5)
        : number(take('negotiatetimeout', 'connecttimeout'), 30),
    retries: number(take('failurecount'), 1) - 1,
    // A failure is counted at each check.
    retrySeconds: everySeconds,
  };
  const quiescent = take('quiescent');
  if (quiescent?.value === 'no')
    ledger.lose(quiescent.line, 'a server that fails stays in the table with weight 0');
  const at = take('checkport');
  const checkPort = at && portOf(at.value);
  if (at !== undefined && (checkPort === undefined || checkPort === 0))
    return refuse(at, `${at.value} is no port that is known here`);
  const found = (check: CheckInput): ImportedCheck[] => [{ line, lines, check, port: checkPort }];
  if (kind === 'connect') return found({ type: 'tcp', ...times });

  const request = asked.request ?? take('request');
  if (/^https?:\/\//.test(request?.value ?? ''))
    return refuse(request, 'asks another server than the real one');
  const host = take('virtualhost');
  const method = take('httpmethod');
  if (method !== undefined && method.value.toUpperCase() !== 'GET')
    ledger.lose(method.line, `asks by ${method.value}: the inventory’s checks ask by GET`);
  const receive = take('receive');
  if (receive !== undefined) ledger.lose(receive.line, TEXT);
  return found({
    type: name === 'https' ? 'https' : 'http',
    ...times,
    path: `/${(request?.value ?? '').replace(/^\//, '')}`,
    ...(host !== undefined && { hostName: host.value }),
    status: ['200-299'],
  });
}

/** Why what an answer must contain is lost. */
export const TEXT = 'what the answer must contain: the inventory’s checks look at its status alone';
