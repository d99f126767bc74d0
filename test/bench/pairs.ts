import type { Contender } from './contenders.js';

/** Medians of runs that took turns, so that a change of the machine's load meets all contenders. */
export interface Medians {
  /** Seconds of one run, by contender. */
  readonly seconds: ReadonlyMap<string, number>;
  /** Median over the rounds of one contender's time divided by another's of the same round. */
  ratio(slower: string, faster: string): number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

async function secondsOf(contender: Contender): Promise<number> {
  const begin = process.hrtime.bigint();
  await contender.run('no changes');
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

/** Runs every contender once a round. */
export async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<Medians> {
  const times = contenders.map(({ name }): [string, number[]] => [name, []]);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, contender] of contenders.entries()) {
      const seconds = await secondsOf(contender);
      times[i]?.[1].push(seconds);
      process.stderr.write(`${round + 1}/${rounds} ${contender.name} ${seconds.toFixed(2)} s\n`);
    }
  }
  const byName = new Map(times);
  const of = (name: string): number[] => byName.get(name) ?? [];
  return {
    seconds: new Map(times.map(([name, values]) => [name, median(values)])),
    ratio: (slower, faster) => median(of(slower).map((time, i) => time / (of(faster)[i] ?? Number.NaN))),
  };
}
