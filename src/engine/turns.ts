import { LvsctlError } from '../errors.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Facts } from './facts.js';
import type { Before } from './role.js';
import type { StageWork } from './selection.js';

type Entry = StageWork['hosts'][number];

/** Of each host that has to wait, who comes before it. */
export type Turns = ReadonlyMap<string, readonly Before[]>;

export interface AskedTurns {
  readonly turns: Turns;
  /** Of hosts that could not be asked; of an interrupted run they are not true. */
  readonly remarks: readonly TurnRemark[];
}

export interface TurnRemark {
  readonly host: ClusterHost;
  readonly text: string;
}

/**
 * Who must be done before whom, by the roles and the facts. Of a host whose facts can't be had nothing is known: its own turn fails with the
 * reason, and nobody waits for it.
 */
export async function turnsOf(
  entries: readonly Entry[],
  cluster: Cluster,
  factsOf: (host: string) => Promise<Facts>,
): Promise<AskedTurns> {
  const turning = entries.filter(({ roles }) => roles.some(({ turn }) => turn));
  const facts = new Map<string, Facts>();
  const gather = async (names: Iterable<string>): Promise<void> => {
    await Promise.all(
      [...names].map(async (name) => {
        const found = facts.has(name) ? undefined : await factsOf(name).catch(() => undefined);
        if (found) facts.set(name, found);
      }),
    );
  };
  await gather(turning.map(({ host }) => host.name));
  const asking = turning.flatMap(({ host, roles }) => {
    const own = facts.get(host.name);
    return own ? roles.flatMap(({ turn }) => (turn ? [{ host, own, turn }] : [])) : [];
  });
  await gather(new Set(asking.flatMap(({ host, own, turn }) => turn.asks({ cluster, host, facts: own }))));
  const turns = new Map<string, readonly Before[]>();
  const remarks: TurnRemark[] = [];
  for (const { host, own, turn } of asking) {
    const input = { cluster, host, facts: own, others: facts };
    const before = turn.after(input);
    if (before.length > 0) turns.set(host.name, [...(turns.get(host.name) ?? []), ...before]);
    for (const text of turn.remarks?.(input) ?? []) remarks.push({ host, text });
  }
  return { turns, remarks };
}

/** Why the hosts of a round come only now. */
export function waitingRemarks(round: readonly Entry[], turns: Turns, all: readonly Entry[]): TurnRemark[] {
  const present = new Set(all.map(({ host }) => host.name));
  return round.flatMap(({ host }) =>
    (turns.get(host.name) ?? [])
      .filter((before) => present.has(before.host))
      .map(({ host: first, because }) => ({ host, text: `comes after ${first}, which ${because}` })),
  );
}

/** The hosts in rounds, one after the other: each host behind those that come before it. Who waits for each other comes in one round. */
export function rounds<Of extends { readonly host: Pick<ClusterHost, 'name'> }>(
  entries: readonly Of[],
  turns: Turns,
): readonly (readonly Of[])[] {
  const found: Of[][] = [];
  let left = [...entries];
  while (left.length > 0) {
    const names = new Set(left.map(({ host }) => host.name));
    const free = left.filter(({ host }) => !(turns.get(host.name) ?? []).some((one) => names.has(one.host)));
    const round = free.length > 0 ? free : left;
    found.push(round);
    left = left.filter((entry) => !round.includes(entry));
  }
  return found;
}

/** The hosts with those of their roles that have something to do, by the facts; who has none left is not among them. */
export async function neededOf(
  entries: readonly Entry[],
  cluster: Cluster,
  factsOf: (host: ClusterHost) => Promise<Facts | undefined>,
): Promise<readonly Entry[]> {
  const found = entries.map(async ({ host, roles }) => {
    if (roles.every(({ needed }) => !needed)) return { host, roles };
    const facts = await factsOf(host);
    return {
      host,
      roles: roles.filter(({ needed }) => !needed || (facts && needed({ cluster, host, facts }))),
    };
  });
  return (await Promise.all(found)).filter(({ roles }) => roles.length > 0);
}

/** Of a host that must not be done before one that the run leaves out. */
export function leftOutError(host: string, { host: first, because }: Before): LvsctlError {
  return new LvsctlError(
    `${first} must be done before ${host}, since it ${because}; this run leaves it out`,
    {
      host,
      hint: `run \`lvsctl provision --limit ${first}\` first, or take ${first} into --limit: then it is done first`,
    },
  );
}
