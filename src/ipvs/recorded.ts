import type { Cluster, Service, ServiceRealServer } from '../inventory/cluster.js';
import type { UnreadLine } from './table.js';
import { wholeNumber } from './text.js';

/** Where each director keeps the weights that an operator has set; director.sh reads it at boot. */
export const recordPath = '/var/lib/lvsctl/weights';

/** A weight that an operator has set on a running cluster: it wins over the inventory's until it is given back. */
export interface RecordedWeight {
  readonly host: string;
  /** Name of the service in the inventory. */
  readonly service: string;
  /** 0 is drained. */
  readonly weight: number;
  /** As `2026-11-25T16:40:00Z`, by the clock of the operator's machine. */
  readonly when: string;
  /** `alice@ops1`. */
  readonly who: string;
  /** Empty where none was given. */
  readonly reason: string;
}

/** One director's record. */
export interface WeightRecord {
  /** One for each host and service, in the file's order. */
  readonly entries: readonly RecordedWeight[];
  /** Lines that are no entry; a change leaves them where they are, the next provision takes them out. */
  readonly unread: readonly UnreadLine[];
}

export const emptyRecord: WeightRecord = { entries: [], unread: [] };

/** ipvsadm takes no more. */
const most = 2 ** 31 - 1;

const keyOf = ({ host, service }: Pick<RecordedWeight, 'host' | 'service'>): string => `${host} ${service}`;

function readLine(line: string): RecordedWeight | undefined {
  const [host = '', service = '', weightWord, when = '', who = '', ...reason] = line.split(' ');
  const weight = wholeNumber(weightWord, most);
  if (host === '' || service === '' || when === '' || who === '' || weight === undefined) return undefined;
  return { host, service, weight, when, who, reason: reason.join(' ') };
}

/** Reads the record's file. Total; of two lines for one host and service the last counts, as for director.sh. */
export function parseRecord(text: string): WeightRecord {
  const entries = new Map<string, RecordedWeight>();
  const unread: UnreadLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const entry = readLine(line);
    if (entry !== undefined) entries.set(keyOf(entry), entry);
    else unread.push({ line: index + 1, text: line, reason: 'not HOST SERVICE WEIGHT WHEN WHO REASON' });
  }
  return { entries: [...entries.values()], unread };
}

const head = [
  '# Weights that lvsctl drain, weight and rolling have set: they win over the inventory. lvsctl undrain gives one back.',
  '# HOST SERVICE WEIGHT WHEN WHO REASON',
];

/** A text as one word of the record: no blank, no line break. */
export const recordWord = (text: string): string => text.replace(/[\s\p{Cc}\p{Cs}]+/gu, '-') || 'unknown';

/** A text as the end of the record's line: blanks in it are single ones. */
export const recordReason = (text: string): string => text.replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ').trim();

/** Lines of the record's file; none for an empty record, which has no file. */
export function renderRecord({ entries, unread }: WeightRecord): string[] {
  if (entries.length === 0 && unread.length === 0) return [];
  return [
    ...head,
    // No script carries bytes that are not UTF-8.
    ...unread.map(({ text }) => text.replace(/[\p{Cc}\p{Cs}]/gu, '?')),
    ...entries.map(({ host, service, weight, when, who, reason }) =>
      [host, service, weight, when, who, reason].join(' ').trimEnd(),
    ),
  ];
}

/** Of hosts that a rolling run has taken out: they come first in the next one, which gives them back after a check. */
export const rollingReason = 'rolling';

const rollingForm = /^rolling(?:, before: (?<weight>\d+) (?<when>\S+) (?<who>\S+)(?: (?<reason>.*))?)?$/;

/** Whether an entry is a rolling run's. An operator's reason may begin with that word, but never is one of these. */
export const isRolling = ({ reason }: Pick<RecordedWeight, 'reason'>): boolean => rollingForm.test(reason);

/** The reason of a rolling run that takes a host out to which an operator has given a weight: it is to come back with it. */
export const rollingOver = ({ weight, when, who, reason }: RecordedWeight): string =>
  [`${rollingReason}, before:`, weight, when, who, reason].join(' ').trimEnd();

/** What was on record before a rolling run took the host out. */
export function beforeRolling(entry: RecordedWeight): RecordedWeight | undefined {
  const { weight, when, who, reason = '' } = rollingForm.exec(entry.reason)?.groups ?? {};
  const number = wholeNumber(weight, most);
  if (number === undefined || when === undefined || who === undefined) return undefined;
  return { ...entry, weight: number, when, who, reason };
}

/** The record with these entries in place of those for the same host and service. */
export function recordWith(record: WeightRecord, entries: readonly RecordedWeight[]): WeightRecord {
  const merged = new Map(record.entries.map((entry) => [keyOf(entry), entry]));
  for (const entry of entries) merged.set(keyOf(entry), entry);
  return { ...record, entries: [...merged.values()] };
}

/** The record without what it says of these. */
export function recordWithout(
  record: WeightRecord,
  gone: readonly Pick<RecordedWeight, 'host' | 'service'>[],
): WeightRecord {
  const keys = new Set(gone.map(keyOf));
  return { ...record, entries: record.entries.filter((entry) => !keys.has(keyOf(entry))) };
}

/** What the record says of a real server of a service. */
export function recordedWeight(
  record: WeightRecord,
  host: string,
  service: string,
): RecordedWeight | undefined {
  return record.entries.find((entry) => entry.host === host && entry.service === service);
}

/** The inventory with the record's weights in place of its own; all else is the inventory's. */
export function withRecorded(cluster: Cluster, record: WeightRecord): Cluster {
  if (record.entries.length === 0) return cluster;
  const weights = new Map(record.entries.map((entry) => [keyOf(entry), entry.weight]));
  const weighed = (service: Service, realServer: ServiceRealServer): ServiceRealServer => {
    const weight = weights.get(keyOf({ host: realServer.host, service: service.name }));
    return weight === undefined ? realServer : { ...realServer, weight };
  };
  const services = cluster.services.map((service) => ({
    ...service,
    realServers: service.realServers.map((realServer) => weighed(service, realServer)),
  }));
  return { ...cluster, services };
}

/** Whether the inventory gives this director a service with this real server. */
function isKnown(cluster: Cluster, director: string, entry: RecordedWeight): boolean {
  return cluster.services.some(
    ({ name, directors, realServers }) =>
      name === entry.service &&
      directors.includes(director) &&
      realServers.some(({ host }) => host === entry.host),
  );
}

/** Entries about hosts and services that the inventory no longer has together on this director. */
export function staleEntries(cluster: Cluster, director: string, record: WeightRecord): RecordedWeight[] {
  return record.entries.filter((entry) => !isKnown(cluster, director, entry));
}

/** `rs1 in ftp is drained since 2026-11-25T16:40:00Z by alice@ops1: new disk`. */
export function describeRecorded({ host, service, weight, when, who, reason }: RecordedWeight): string {
  const state = weight === 0 ? 'is drained' : `has weight ${weight}`;
  return `${host} in ${service} ${state} since ${when} by ${who}${reason === '' ? '' : `: ${reason}`}`;
}
