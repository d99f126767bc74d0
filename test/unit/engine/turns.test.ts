import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { noParams } from '../../../roles/noParams.js';
import {
  type ClusterRun,
  defineRole,
  type RunEvent,
  runCluster,
  type Turn,
} from '../../../src/engine/index.js';
import { rounds } from '../../../src/engine/turns.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Sh } from '../../../src/shell/index.js';
import type { Host } from '../../../src/ssh/host.js';
import { host, tutorial } from '../roles/cluster.js';

const names = ['a', 'b', 'c', 'd'];
const cluster = tutorial({ hosts: names.map((name, i) => host(name, `10.83.33.${i + 1}`)), services: [] });
const before = (first: string, needed = false) => ({ host: first, because: 'has it', needed });

describe('rounds', () => {
  const of = (turns: Readonly<Record<string, readonly string[]>>) =>
    rounds(
      names.map((name) => ({ host: { name } })),
      new Map(Object.entries(turns).map(([name, first]) => [name, first.map((one) => before(one))])),
    ).map((round) => round.map(({ host: { name } }) => name).join(''));

  it('are one where nobody waits, or for hosts that are not of the stage', () => {
    expect(of({})).toEqual(['abcd']);
    expect(of({ a: ['elsewhere'] })).toEqual(['abcd']);
  });

  it('have each host behind those that come before it, in the order that they have', () => {
    expect(of({ a: ['c'], c: ['d'] })).toEqual(['bd', 'c', 'a']);
    expect(of({ a: ['b', 'd'] })).toEqual(['bcd', 'a']);
  });

  it('end where hosts wait for each other', () => {
    expect(of({ a: ['b'], b: ['a'], c: ['a'] })).toEqual(['d', 'abc']);
  });
});

/** Runs scripts on this machine; facts and nothing else are asked for. */
const here = (name: string): Host =>
  ({
    name,
    trips: 0,
    connections: 1,
    closed: new Promise(() => undefined),
    run: async (script: Sh) => {
      const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: script.text });
      return { stdout, stderr, status: status ?? 255, truncated: false };
    },
    close: async () => undefined,
  }) as unknown as Host;

/** Whose turn came, in order, with what was said. */
async function run(turn: Turn, options: Partial<ClusterRun> & { fails?: string; idle?: string } = {}) {
  const order: string[] = [];
  const events: RunEvent[] = [];
  const opened: string[] = [];
  const { fails, idle, ...rest } = options;
  const role = defineRole({
    name: 'turning',
    description: 'waits',
    params: noParams,
    appliesTo: () => true,
    turn,
    ...(idle !== undefined && { needed: ({ host: { name } }) => name !== idle }),
    resources: ({ host: { name } }) => {
      order.push(name);
      if (name === fails) throw new LvsctlError(`${name} can't`);
      return [];
    },
  });
  const outcome = await runCluster({
    command: 'plan',
    cluster,
    playbook: { name: 'test', verify: false, stages: [{ name: 'all', hosts: 'all', roles: [role] }] },
    forks: 1,
    connections: 40,
    open: async ({ name }) => {
      opened.push(name);
      if (name === 'd') throw new LvsctlError('d is not there');
      return here(name);
    },
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
    ...rest,
  });
  const said = events.flatMap((event) =>
    event.type === 'remark' || event.type === 'failure'
      ? [`${event.host}: ${event.type === 'remark' ? event.text : `✗ ${event.message} → ${event.hint}`}`]
      : [],
  );
  const ended = events.flatMap((event) => (event.type === 'host.end' ? [event.host] : []));
  return { order, said, ended, opened: [...new Set(opened)].sort(), failed: outcome.failed };
}

const none: Turn = { asks: () => [], after: () => [] };
const aWaits = (first: string, needed = false): Turn => ({
  asks: ({ host: { name } }) => (name === 'a' ? [first] : []),
  after: ({ host: { name }, others }) => (name === 'a' && others.has(first) ? [before(first, needed)] : []),
});

describe('a stage', () => {
  it('takes hosts in the inventory’s order where nobody waits', async () => {
    expect((await run(none)).order).toEqual(['a', 'b', 'c']);
  });

  it('does a host behind the one that comes before it, and says so', async () => {
    const { order, said } = await run(aWaits('c'));
    expect(order).toEqual(['b', 'c', 'a']);
    expect(said).toContain('a: comes after c, which has it');
  });

  it('does not try a host whose first one has failed', async () => {
    const { order, said, failed } = await run(aWaits('c'), { fails: 'c' });
    expect(order).toEqual(['b', 'c']);
    expect(said).toContain('a: not tried: c failed before it');
    expect(failed).toBe(2);
  });

  it('waits for nobody whose facts can’t be had', async () => {
    expect((await run(aWaits('d'))).order).toEqual(['a', 'b', 'c']);
  });

  it('says what the role has to say of one that can’t be asked, and of nobody where the run is interrupted', async () => {
    const turn: Turn = {
      ...aWaits('d'),
      remarks: ({ host: { name }, others }) =>
        name === 'a' && !others.has('d') ? ['d could not be asked'] : [],
    };
    expect((await run(turn)).said.filter((one) => one.startsWith('a: '))).toEqual([
      'a: d could not be asked',
    ]);
    const interruption = new AbortController();
    const { said } = await run(turn, {
      signal: interruption.signal,
      open: async ({ name }) => {
        if (name === 'd') interruption.abort();
        if (name === 'd') throw new LvsctlError('interrupted');
        return here(name);
      },
    });
    expect(said).toEqual([]);
  });

  it('does not try a host behind one that the role names and that can’t be reached', async () => {
    const turn: Turn = { ...none, after: ({ host: { name } }) => (name === 'a' ? [before('d')] : []) };
    const { order, said } = await run(turn);
    expect(order).toEqual(['b', 'c']);
    expect(said).toContain('a: not tried: d failed before it');
  });

  it('refuses a host before anything is changed when the run leaves out who is needed first, and asks that one', async () => {
    const { order, said, opened } = await run(aWaits('c', true), { limit: ['a', 'b'] });
    expect(order).toEqual(['b']);
    expect(opened).toEqual(['a', 'b', 'c']);
    expect(said).toEqual([
      'a: ✗ c must be done before a, since it has it; this run leaves it out → ' +
        'run `lvsctl provision --limit c` first, or take c into --limit: then it is done first',
    ]);
  });

  it('goes on without who is left out where the order counts for both alone', async () => {
    expect((await run(aWaits('c'), { limit: ['a', 'b'] })).order).toEqual(['a', 'b']);
  });

  it('says of none that the run leaves out that it comes before', async () => {
    const [b, c] = [aWaits('b'), aWaits('c')];
    const turn: Turn = { asks: c.asks, after: (input) => [...b.after(input), ...c.after(input)] };
    const { order, said } = await run(turn, { limit: ['a', 'b'] });
    expect(order).toEqual(['b', 'a']);
    expect(said).toEqual(['a: comes after b, which has it']);
  });

  it('leaves out a host that has nothing to do by its facts, and does not miss one that can’t be asked', async () => {
    const { order, said, ended, failed } = await run(none, { idle: 'b' });
    expect(order).toEqual(['a', 'c']);
    expect([...ended].sort()).toEqual(names);
    expect(said).toEqual(['d: not asked whether it has more to do: d is not there']);
    expect(failed).toBe(0);
  });

  it('does not say of hosts that an interrupted run has not asked that they were done, nor that they could not be asked', async () => {
    const interruption = new AbortController();
    const { order, said, ended } = await run(none, {
      idle: 'b',
      signal: interruption.signal,
      open: async ({ name }) => {
        if (name === 'c') interruption.abort();
        if (interruption.signal.aborted) throw new LvsctlError('interrupted');
        return here(name);
      },
    });
    expect({ order, said, ended }).toEqual({ order: [], said: [], ended: [] });
  });
});
