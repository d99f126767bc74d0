import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import {
  asChecksLeft,
  type Checked,
  describeOperation,
  type HeldDestination,
  type Operation,
  type Owned,
  observe,
  operationDiff,
  owns,
  type PlanNote,
  parseProc,
  parseSave,
  parseThresholds,
  planTable,
  type ReadTable,
  readMark,
  type Table,
  type TablePlan,
  type UnreadLine,
  type VirtualService,
} from '../ipvs/index.js';
import { trusted } from '../shell/index.js';
import { applyOperations } from './ipvsApply.js';
import { observedText } from './observed.js';

export interface IpvsTableOptions {
  readonly services: readonly VirtualService[];
  /** Real servers that aren't ready: left alone where present, not added where absent. */
  readonly held: readonly HeldDestination[];
  /** VIPs and marks whose services are ours to change and to remove. */
  readonly owned: Owned;
  /** Services that somebody else's checks change (keepalived's), by key: what they may have done is not undone. */
  readonly checked?: ReadonlyMap<string, Checked>;
}

const id = 'ipvs table';

/**
 * Without ip_vs there is no table, and ipvsadm would load the module to say so, which a probe must not.
 * Thresholds are not in `-Sn`, and ipvsadm 1.21 can't list them. Built without popt, it has no -S either (nor -R), but Linux 2.4
 * shows all that it has in /proc/net/ip_vs, save the unit of its times: that is told by comparing with the list.
 */
export const tableProbe = trusted(`\
if [ ! -r /proc/net/ip_vs ]; then
  echo '@@ not loaded'
elif echo '@@ proc'; ! cat /proc/net/ip_vs; then
  exit 1
elif command -v ipvsadm >/dev/null 2>&1; then
  echo '@@ save'
  if ipvsadm -Sn; then
    echo '@@ thresholds'
    ipvsadm -Ln --thresholds 2>/dev/null || :
  else
    echo "@@ unsaved $?"
    ipvsadm -Ln
  fi
fi`);

/** Section name → text. No line of ipvsadm or /proc begins with `@@ `. */
function sections(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(/^@@ /m).slice(1)) {
    const end = part.indexOf('\n');
    found.set(end < 0 ? part : part.slice(0, end), end < 0 ? '' : part.slice(end + 1));
  }
  return found;
}

/** Whether a line that wasn't understood may be about an entry of ours. */
function mayBeOurs(line: UnreadLine, owned: Owned): boolean {
  const words = line.text.split(/\s+/);
  const mark = readMark(words[words.indexOf('-f') + 1] ?? '');
  const family = words.includes('-6') ? 6 : 4;
  return (
    words.some((word) =>
      [...owned.vips].some((vip) => word.startsWith(`${vip}:`) || word.startsWith(`[${vip}]:`)),
    ) ||
    (words.includes('-f') && mark !== undefined && owns(owned, { kind: 'mark', mark, family }))
  );
}

function unreadable(source: string, line: UnreadLine): LvsctlError {
  return new LvsctlError(
    `line ${line.line} of ${source} can't be understood (${line.reason}): ${line.text}`,
    {
      resource: id,
      hint: 'lvsctl changes no table that it can read only in part: take the entry out by hand, or report the line',
    },
  );
}

export interface ObservedTable {
  readonly table: Table;
  /** Foreign lines that weren't understood. */
  readonly unread: readonly UnreadLine[];
  /** Whether this ipvsadm has -S and -R. */
  readonly saves: boolean;
}

/**
 * Reads what {@link tableProbe} printed.
 * @throws LvsctlError for a table that can't be read, or not where it is ours
 */
export function readTable(observed: ProbeOutput, owned: Owned): ObservedTable {
  const parts = sections(observedText(id, observed));
  if (parts.has('not loaded')) return { table: { services: [] }, unread: [], saves: true };
  const shown = parts.get('proc') ?? '';
  const proc: ReadTable = parseProc(shown);
  const saved = parts.get('save');
  const failed = [...parts.keys()].find((name) => name.startsWith('unsaved'));
  if (failed !== undefined && !complete(shown)) {
    const said = `${observed.stderr}${saved ?? ''}`.trim() || 'it said nothing';
    throw new LvsctlError(
      `the table can't be read: \`ipvsadm -Sn\` fails (exit ${failed.split(' ')[1]}): ${said}`,
      {
        resource: id,
        hint: 'run the command by hand on the host and mend what it complains about',
      },
    );
  }
  if (saved === undefined || failed !== undefined) {
    const [line] = proc.unread;
    if (line !== undefined) throw unreadable('/proc/net/ip_vs', line);
    const list = parts.get(failed ?? '');
    const { table } = list === undefined ? proc : parseProc(shown, ticks(shown, list));
    return { table, unread: [], saves: failed === undefined };
  }
  const save = parseSave(saved);
  const ours = save.unread.find((line) => mayBeOurs(line, owned));
  if (ours !== undefined) throw unreadable('`ipvsadm -Sn`', ours);
  const thresholds = parseThresholds(parts.get('thresholds') ?? '');
  return {
    table: observe({ save: save.table, proc: proc.table, thresholds }),
    unread: save.unread,
    saves: true,
  };
}

/** IPVS of Linux 2.4 (1.0) and of 2.5 (1.1): nothing is in its table that /proc does not show. */
function complete(proc: string): boolean {
  return /^IP Virtual Server version 1\.[01]\./.test(proc);
}

/** The kernel's ticks a second, from the persistence of all services in ticks (/proc) and in seconds (the list). */
function ticks(proc: string, list: string): number | undefined {
  const times = (text: string): number[] =>
    [...text.matchAll(/^(?:TCP|UDP|FWM) .*\bpersistent (\d+)/gm)].map(([, time]) => Number(time));
  const [inTicks, inSeconds] = [times(proc), times(list)];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const hz = sum(inTicks) / sum(inSeconds);
  return inTicks.length === inSeconds.length && Number.isInteger(hz) && hz > 0 ? hz : undefined;
}

const kinds: Readonly<Record<Operation['kind'], string>> = {
  addService: 'services added',
  editService: 'services changed',
  removeService: 'services removed',
  addDestination: 'real servers added',
  editDestination: 'real servers changed',
  removeDestination: 'real servers removed',
};

function summarize(operations: readonly Operation[]): string {
  if (operations.length <= 3) return operations.map(describeOperation).join('; ');
  const counts = new Map<string, number>();
  for (const { kind } of operations) counts.set(kinds[kind], (counts.get(kinds[kind]) ?? 0) + 1);
  const parts = [...counts].map(([text, count]) => `${count} ${text}`);
  return `change the IPVS table in ${operations.length} steps: ${parts.join(', ')}`;
}

/**
 * The director's IPVS table, by the smallest ordered set of operations on the live one (rule 8). Entries that aren't ours are
 * left alone; a server that leaves is drained, and removed by the run that finds it without connections.
 */
export function ipvsTable(options: IpvsTableOptions): Resource {
  const { services, held, owned, checked = new Map() } = options;
  const planned = (observed: ProbeOutput): Omit<ObservedTable, 'table'> & { plan: TablePlan } => {
    const { table, ...rest } = readTable(observed, owned);
    return { plan: planTable(table, asChecksLeft(table, { services, held }, checked), owned), ...rest };
  };
  return {
    id,
    probe: tableProbe,
    plan(observed): Change | undefined {
      const {
        plan: { operations },
        saves,
      } = planned(observed);
      if (operations.length === 0) return undefined;
      return {
        summary: summarize(operations),
        diff: operations
          .flatMap(operationDiff)
          .map((line) => `${line}\n`)
          .join(''),
        ...applyOperations(operations, { restores: saves }),
      };
    },
    // What is held back is told by the role, which knows the hosts.
    remarks(observed) {
      const { plan, unread } = planned(observed);
      const notes = plan.notes.filter(({ kind }: PlanNote) => kind !== 'held').map(({ text }) => text);
      return [
        ...notes,
        ...unread.map(({ text }) => `not understood in \`ipvsadm -Sn\`, not ours, left alone: ${text}`),
      ];
    },
  };
}
