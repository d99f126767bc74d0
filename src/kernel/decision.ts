/** A way that was not taken. */
export interface Alternative {
  readonly way: string;
  /** True: it would work here too. */
  readonly possible: boolean;
  readonly whyNot: string;
}

/** What every decision comes with, for the operator. */
export interface Explained {
  /** One line: what is done. */
  readonly summary: string;
  /** What the kernel shows, then what its version tells. */
  readonly reasons: readonly string[];
  /** What the operator should know of the way that is taken. */
  readonly cautions: readonly string[];
  readonly alternatives: readonly Alternative[];
}

/** One way to the goal, judged on its own. */
export interface Way<Decided> {
  readonly way: string;
  readonly possible: boolean;
  /** Why it is not taken: it can't be, or a better one can. */
  readonly whyNot: string;
  readonly decided: Decided;
  readonly summary: string;
  readonly reasons: readonly string[];
  readonly cautions?: readonly string[];
}

/** The first way that is possible, the others as alternatives. Ways stand in the order in which they are liked. */
export function firstPossible<Decided>(ways: readonly Way<Decided>[]): (Explained & Decided) | undefined {
  const chosen = ways.find(({ possible }) => possible);
  if (!chosen) return undefined;
  const { summary, reasons, cautions = [], decided } = chosen;
  const others = ways.filter((each) => each !== chosen);
  return { ...decided, summary, reasons, cautions, alternatives: alternatives(others) };
}

export function alternatives(ways: readonly Way<unknown>[]): readonly Alternative[] {
  return ways.map(({ way, possible, whyNot }) => ({ way, possible, whyNot }));
}
