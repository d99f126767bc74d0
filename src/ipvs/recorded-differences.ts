import type { Cluster } from '../inventory/cluster.js';
import { describeRecorded, type RecordedWeight, recordedWeight, type WeightRecord } from './recorded.js';

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
  const { host, service, weight } = entry;
  const again =
    weight === 0 ? `lvsctl drain ${host} --service ${service}` : `lvsctl weight ${host} ${service} ${weight}`;
  return said
    .filter((one) => one.entry?.weight !== weight)
    .map((one) => ({
      director: one.director,
      text:
        `${describeRecorded(entry)}: so says the record of ${by}, and that of ${one.director} ` +
        `${one.entry === undefined ? 'says nothing of it' : `that it has weight ${one.entry.weight}`}; ` +
        `\`${again}\` has it so on all directors, \`lvsctl undrain ${host} --service ${service}\` the inventory’s weight`,
    }));
}
