import type { Cluster } from '../inventory/cluster.js';
import {
  beforeRolling,
  describeRecorded,
  isRolling,
  type RecordedWeight,
  recordedWeight,
  type WeightRecord,
} from './recorded.js';

/** What the directors of a service do not say alike: one of them was not reached when it was set or given back, or is new. */
export interface RecordDifference {
  /** Whose record does not say what the newest entry does. */
  readonly director: string;
  readonly text: string;
}

/** Compares the records of directors, by their names; those that are not known are left out. */
export function recordDifferences(
  cluster: Cluster,
  records: ReadonlyMap<string, WeightRecord>,
): RecordDifference[] {
  return cluster.services.flatMap(({ name, directors, realServers }) => {
    const known = directors.filter((director) => records.has(director));
    return [...new Set(realServers.map(({ host }) => host))].flatMap((host) => {
      const entries = known.map((director) => {
        const record = records.get(director);
        return { director, entry: record && recordedWeight(record, host, name) };
      });
      const [first] = entries;
      if (entries.every(({ entry }) => entry?.weight === first?.entry?.weight)) return [];
      return differing(entries);
    });
  });
}

interface Said {
  readonly director: string;
  readonly entry: RecordedWeight | undefined;
}

function differing(said: readonly Said[]): RecordDifference[] {
  const newest = said.reduce((one, other) =>
    (other.entry?.when ?? '') > (one.entry?.when ?? '') ? other : one,
  );
  const { entry, director: by } = newest;
  if (entry === undefined) return [];
  const { weight } = entry;
  return said
    .filter((one) => one.entry?.weight !== weight)
    .map((one) => ({
      director: one.director,
      text:
        `${describeRecorded(entry)}: so says the record of ${by}, and that of ${one.director} ` +
        `${one.entry === undefined ? 'says nothing of it' : `that it has weight ${one.entry.weight}`}; ${waysOut(entry)}`,
    }));
}

/** What a rolling run has taken out is to come back: nobody has asked for it to be drained everywhere. */
function waysOut(entry: RecordedWeight): string {
  const { host, service, weight } = entry;
  const set = (to: number) => `\`lvsctl weight ${host} ${service} ${to}\``;
  const undrain = `\`lvsctl undrain ${host} --service ${service}\``;
  if (weight !== 0 || !isRolling(entry)) {
    const again = weight === 0 ? `\`lvsctl drain ${host} --service ${service}\`` : set(weight);
    return `${again} has it so on all directors, ${undrain} the inventory’s weight`;
  }
  const before = beforeRolling(entry)?.weight;
  const again = 'the rolling run, once it is run again, gives it back after a good check';
  return before === undefined
    ? `${again}, ${undrain} does unchecked`
    : `${again}, ${set(before)} does unchecked, and ${undrain} with the inventory’s weight`;
}
