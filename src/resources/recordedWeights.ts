import type { Resource } from '../engine/resource.js';
import {
  describeRecorded,
  parseRecord,
  type RecordedWeight,
  recordPath,
  recordWithout,
  renderRecord,
  type WeightRecord,
} from '../ipvs/index.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

const id = 'recorded weights';
const folder = recordPath.slice(0, recordPath.lastIndexOf('/'));

/** Prints the record; nothing where there is none. */
export const recordProbe = sh`[ ! -r ${recordPath} ] || cat ${recordPath}`;

/** Prints what tells one record from another; nothing where there is none. */
export const recordMark = sh`[ ! -r ${recordPath} ] || cksum <${recordPath}`;

/** Ends the script, with a word, unless {@link recordMark} still prints this. */
export function requireRecord(mark: string): Sh {
  return shLines(
    sh`[ "$(${recordMark})" = ${mark} ] || { echo 'another run has changed the record of weights since this one read it' >&2; exit 1; }`,
  );
}

/** Puts a record in place as a whole, from a name of its own; an empty one is no file. Ends the script when it can't. */
export function writeRecord(record: WeightRecord): Sh {
  const lines = renderRecord(record);
  if (lines.length === 0) return sh`rm -f ${recordPath} || exit`;
  return shLines(
    sh`umask 077; mkdir -p ${folder} || exit`,
    sh`printf '%s\n' ${lines} >${recordPath}.new || exit`,
    sh`mv -f ${recordPath}.new ${recordPath} || exit`,
  );
}

export interface RecordedWeightsOptions {
  /** Entries that are about nothing in the inventory any more. */
  readonly stale: (record: WeightRecord) => readonly RecordedWeight[];
}

/** The record of weights that operators have set, without what is about nothing any more, and without what is no entry. */
export function recordedWeights({ stale }: RecordedWeightsOptions): Resource {
  return {
    id,
    probe: recordProbe,
    plan(observed) {
      const record = parseRecord(observedText(id, observed));
      const gone = stale(record);
      const told = [
        ...gone.map((entry) => `${describeRecorded(entry)}, and is not in the inventory`),
        ...record.unread.map(({ line, text }) => `line ${line} is no entry: ${text}`),
      ];
      if (told.length === 0) return undefined;
      const rest = recordWithout({ ...record, unread: [] }, gone);
      return {
        summary: `forget in ${recordPath}: ${told.join('; ')}`,
        apply: writeRecord(rest),
      };
    },
  };
}
