import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gate, Taken } from '../../src/engine/index.js';
import type { Playbook, Stage } from '../../src/engine/playbook.js';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost, Service } from '../../src/inventory/cluster.js';
import { sh } from '../../src/shell/index.js';
import { type Machine, type Reboots, startMachine } from '../support/machine.js';
import { clusterOf, role, runOn, stages, type TestRun } from './running.js';

let work: string;
let machines: Machine[] = [];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-rolling-'));
  writeFileSync(join(work, 'log'), '');
});
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()));
  machines = [];
  rmSync(work, { recursive: true, force: true });
});

/** What happened, in its order: the gate and the hosts write into one file. */
const story = (): string[] => readFileSync(join(work, 'log'), 'utf8').split('\n').filter(Boolean);
const note = (text: string): void => writeFileSync(join(work, 'log'), `${text}\n`, { flag: 'a' });

async function hosts(names: readonly string[], reboots: Reboots = {}): Promise<ClusterHost[]> {
  const started = await Promise.all(names.map(() => startMachine(reboots)));
  machines.push(...started);
  return started.map(({ sshd }, i) => sshd.host({}, names[i]));
}

/** A gate that tells what is asked of it, and how many were out at most. */
class FakeGate implements Gate {
  most = 0;
  readonly #out = new Set<string>();
  constructor(
    readonly answers: {
      readonly left?: readonly string[];
      readonly taken?: Readonly<Record<string, Taken>>;
      readonly refuses?: readonly string[];
      readonly unsound?: readonly string[];
    } = {},
  ) {}

  async left(): Promise<ReadonlySet<string>> {
    return new Set(this.answers.left);
  }
  async takeOut({ name }: ClusterHost): Promise<Taken> {
    note(`out ${name}`);
    if (this.answers.refuses?.includes(name))
      throw new LvsctlError('too few would be left', { host: name, resource: 'drain' });
    this.#out.add(name);
    this.most = Math.max(this.most, this.#out.size);
    return this.answers.taken?.[name] ?? 'out';
  }
  async putBack({ name }: ClusterHost): Promise<void> {
    note(`back ${name}`);
    if (this.answers.unsound?.includes(name))
      throw new LvsctlError('nothing listens', { host: name, resource: 'check' });
    this.#out.delete(name);
  }
  stays(): void {
    // What the engine says of it is looked at in its events.
  }
}

const service = (realServers: readonly string[], directors: readonly string[] = ['director']): Service => ({
  name: 'web',
  vip: '10.0.0.1',
  port: 80,
  protocol: 'tcp',
  scheduler: 'wrr',
  forwarding: 'dr',
  directors,
  realServers: realServers.map((host) => ({ host, address: '', port: 80, weight: 1 })),
  label: '1',
});

/** Writes its host's name into the story and into a file, once; may fail. */
const change = ({ name }: ClusterHost, fails: readonly string[] = [], reboot = false): Resource => ({
  id: 'change',
  probe: sh`cat ${join(work, name)} 2>/dev/null; :`,
  plan: ({ stdout }) =>
    stdout.trim() === 'done'
      ? undefined
      : {
          summary: `change ${name}`,
          apply: fails.includes(name)
            ? sh`echo ${`fails ${name}`} >> ${join(work, 'log')}; exit 3`
            : sh`echo ${`change ${name}`} >> ${join(work, 'log')}; echo done > ${join(work, name)}`,
          ...(reboot && { reboot: { withinSeconds: 20 } }),
        },
});

const book = (stage: Partial<Stage> = {}, fails: readonly string[] = [], reboot = false): Playbook =>
  stages({
    strategy: 'rolling',
    drain: {},
    roles: [role('change', ({ host }) => [change(host, fails, reboot)])],
    ...stage,
  });

async function run(
  targets: readonly ClusterHost[],
  playbook: Playbook,
  gate: Gate,
  services: readonly Service[] = [service(targets.map(({ name }) => name))],
  options: Parameters<typeof runOn>[2] = {},
): Promise<TestRun> {
  return runOn(targets, playbook, {
    cluster: { ...clusterOf(targets), services },
    openGate: async () => gate,
    ...options,
  });
}

const drains = ({ of }: TestRun) => of('host.drain').map(({ host, state }) => `${host} ${state}`);
const trio = ['rs1', 'rs2', 'rs3'];

it('takes each host out before its first change and gives it back after its proof, one after the other, reboots included', async () => {
  const machinesUp = await hosts(['rs1', 'rs2']);
  const gate = new FakeGate();
  const outcome = await run(machinesUp, book({}, [], true), gate);
  expect(outcome.of('failure')).toEqual([]);
  expect(story()).toEqual(['out rs1', 'change rs1', 'back rs1', 'out rs2', 'change rs2', 'back rs2']);
  expect(drains(outcome)).toEqual(['rs1 out', 'rs1 back', 'rs2 out', 'rs2 back']);
  expect(machines.map((each) => each.shutdowns().length)).toEqual([1, 1]);
  const steps = outcome.of('host.step').filter(({ host }) => host === 'rs1');
  expect(steps.map(({ step }) => step)).toEqual([
    ...['connect', 'facts', 'ready', 'probe', 'drain', 'apply', 'reboot', 'back', 'facts', 'probe', 'check'],
  ]);
});

it('leaves a host without changes in, and one of no service, or that directs, alone', async () => {
  const [rs1, rs2, director, other] = await hosts(['rs1', 'rs2', 'director', 'other']);
  if (!rs1 || !rs2 || !director || !other) throw new Error('no machines');
  writeFileSync(join(work, 'rs1'), 'done\n');
  const outcome = await run([rs1, rs2, director, other], book(), new FakeGate(), [
    service(['rs1', 'rs2', 'director']),
  ]);
  expect(outcome.outcome).toEqual({ changed: 3, failed: 0, pending: 0 });
  expect(story()).toEqual(['out rs2', 'change rs2', 'back rs2', 'change director', 'change other']);
});

it('leaves out one that an operator had drained before', async () => {
  const machinesUp = await hosts(['rs1']);
  const outcome = await run(machinesUp, book(), new FakeGate({ taken: { rs1: 'kept' } }));
  expect(story()).toEqual(['out rs1', 'change rs1']);
  expect(drains(outcome)).toEqual(['rs1 kept']);
});

it('takes first those that an earlier run left out, and gives them back though they have nothing to change', async () => {
  const machinesUp = await hosts(trio);
  writeFileSync(join(work, 'rs3'), 'done\n');
  const outcome = await run(machinesUp, book(), new FakeGate({ left: ['rs2', 'rs3'] }));
  expect(outcome.outcome).toEqual({ changed: 2, failed: 0, pending: 0 });
  expect(story()).toEqual([
    ...['out rs2', 'change rs2', 'back rs2'],
    'back rs3',
    ...['out rs1', 'change rs1', 'back rs1'],
  ]);
});

describe('at the first failure', () => {
  const stays = (name: string) => ({
    host: name,
    text: expect.stringMatching(/^stays drained: .*run the same again.*`lvsctl undrain /),
  });

  it('of a change the host stays out and the others are untouched', async () => {
    const machinesUp = await hosts(trio);
    const outcome = await run(machinesUp, book({}, ['rs1']), new FakeGate());
    expect(outcome.outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
    expect(story()).toEqual(['out rs1', 'fails rs1']);
    expect(drains(outcome)).toEqual(['rs1 out', 'rs1 stays']);
    expect(outcome.of('remark')).toMatchObject([
      stays('rs1'),
      { host: 'rs2', text: 'not tried: rs1 failed before it in the rolling stage "stage 1"' },
      { host: 'rs3', text: 'not tried: rs1 failed before it in the rolling stage "stage 1"' },
    ]);
  });

  it('of a check it is the same', async () => {
    const machinesUp = await hosts(['rs1', 'rs2']);
    const outcome = await run(machinesUp, book(), new FakeGate({ unsound: ['rs1'] }));
    expect(outcome.outcome).toEqual({ changed: 1, failed: 1, pending: 0 });
    expect(outcome.of('failure')).toMatchObject([
      { host: 'rs1', resource: 'check', message: 'nothing listens' },
    ]);
    expect(drains(outcome)).toEqual(['rs1 out', 'rs1 stays']);
    expect(story()).toEqual(['out rs1', 'change rs1', 'back rs1']);
  });

  it('of a machine that does not come back it is the same', async () => {
    const machinesUp = await hosts(['rs1', 'rs2'], { back: 'never' });
    const never = (host: ClusterHost): Resource => {
      const { plan, ...rest } = change(host, [], true);
      return {
        ...rest,
        plan: (observed, context) => {
          const found = plan(observed, context);
          return found && { ...found, reboot: { withinSeconds: 8 } };
        },
      };
    };
    const outcome = await run(
      machinesUp,
      book({ roles: [role('change', ({ host }) => [never(host)])] }),
      new FakeGate(),
    );
    expect(outcome.of('failure')[0]?.message).toMatch(/did not answer in another boot within 8 s/);
    expect(drains(outcome)).toEqual(['rs1 out', 'rs1 stays']);
    expect(story()).toEqual(['out rs1', 'change rs1']);
  });

  it('of the way out nothing is done, and nothing stays out', async () => {
    const machinesUp = await hosts(['rs1', 'rs2']);
    const outcome = await run(machinesUp, book(), new FakeGate({ refuses: ['rs1'] }));
    expect(outcome.of('failure')).toMatchObject([
      { host: 'rs1', resource: 'drain', message: 'too few would be left' },
    ]);
    expect(drains(outcome)).toEqual([]);
    expect(story()).toEqual(['out rs1']);
  });
});

it.each([
  [1, ['out rs1', 'fails rs1', 'out rs2', 'fails rs2']],
  ['34%' as const, ['out rs1', 'fails rs1', 'out rs2', 'fails rs2']],
  [2, ['out rs1', 'fails rs1', 'out rs2', 'fails rs2', 'out rs3', 'change rs3', 'back rs3']],
])('goes on over %s failures, and stops at one more', async (maxFailures, happened) => {
  const machinesUp = await hosts(trio);
  const outcome = await run(machinesUp, book({ maxFailures }, ['rs1', 'rs2']), new FakeGate());
  expect(story()).toEqual(happened);
  expect(outcome.outcome.failed).toBe(2);
});

it.each([
  [2, 2],
  ['67%' as const, 2],
  ['10%' as const, 1],
])('works on a batch of %s at once', async (batch, most) => {
  const machinesUp = await hosts(trio);
  const gate = new FakeGate();
  const outcome = await run(machinesUp, book({ batch }), gate);
  expect(outcome.outcome).toEqual({ changed: 3, failed: 0, pending: 0 });
  expect(gate.most).toBe(most);
});

it('touches nothing when the gate can’t tell who was left out', async () => {
  const machinesUp = await hosts(['rs1']);
  const gate = new FakeGate();
  gate.left = () =>
    Promise.reject(new LvsctlError('no route to host', { host: 'director', resource: 'connect' }));
  const outcome = await run(machinesUp, book(), gate);
  expect(outcome.outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
  expect(outcome.of('failure')).toMatchObject([{ host: 'director', message: 'no route to host' }]);
  expect(story()).toEqual([]);
});

it('does not go on to the next host after Ctrl-C, and says of none that it failed', async () => {
  const machinesUp = await hosts(['rs1', 'rs2']);
  const interrupted = new AbortController();
  const outcome = await run(machinesUp, book(), new FakeGate(), undefined, {
    signal: interrupted.signal,
    sink: (event) => {
      if (event.type === 'host.drain' && event.state === 'back') interrupted.abort();
    },
  });
  expect(story()).toEqual(['out rs1', 'change rs1', 'back rs1']);
  expect(outcome.of('remark')).toEqual([]);
});

it('plans what it would do with each host that has something to change, and asks no gate', async () => {
  const machinesUp = await hosts(['rs1', 'rs2']);
  writeFileSync(join(work, 'rs2'), 'done\n');
  const outcome = await run(
    machinesUp,
    book({ drain: { waitSeconds: 30, busy: 'cut' } }),
    new FakeGate(),
    undefined,
    {
      command: 'plan',
    },
  );
  expect(story()).toEqual([]);
  expect(outcome.of('remark')).toEqual([
    {
      type: 'remark',
      host: 'rs1',
      text: 'before these changes it is drained (web): its connections have 30 s to end, what is left then is cut; after them it is checked and given back',
    },
  ]);
});
