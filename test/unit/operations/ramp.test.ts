import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Access, type RampStep, setWeight } from '../../../src/operations/index.js';
import { rampWeights } from '../../../src/operations/ramp.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const vip = '-t 10.83.33.100:21';
const opened: FakeDirector[] = [];
afterEach(async () => {
  for (const director of opened.splice(0)) await director.close();
});

function director(weight: number): FakeDirector {
  const kernel = new FakeKernel();
  for (const line of [
    `-A ${vip} -s wrr`,
    `-a ${vip} -r 10.83.33.76:21 -g -w ${weight}`,
    `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
  ])
    expect(kernel.run(line.split(' ')).status).toBe(0);
  const found = new FakeDirector('lvs', kernel);
  opened.push(found);
  return found;
}

const access = (one: FakeDirector, signal = new AbortController().signal): Access => ({
  cluster: cluster(),
  host: async () => one,
  signal,
});
const edits = (one: FakeDirector) =>
  one.fake.commands
    .filter((command) => command.startsWith('-e'))
    .map((command) => Number(command.split(' -w ')[1]));
const options = { host: 'ftp1', service: 'ftp', who: 'alice@ops1' };

describe('the steps of a slow change', () => {
  it('end at the target, go one way, and are one a second at the most', () => {
    const weight = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(weight, weight, fc.integer({ min: 1, max: 600 }), (from, to, seconds) => {
        const weights = rampWeights(from, to, seconds);
        expect(weights.at(-1)).toBe(to);
        expect(weights.length).toBeLessThanOrEqual(Math.max(1, seconds));
        const steps = [from, ...weights].slice(1).map((one, i) => one - ([from, ...weights][i] ?? 0));
        if (from !== to) expect(steps.every((step) => Math.sign(step) === Math.sign(to - from))).toBe(true);
      }),
    );
  });

  it('are one in ten seconds where keepalived reads its file for each', () => {
    expect(rampWeights(0, 100, 60, 10)).toEqual([17, 33, 50, 67, 83, 100]);
    expect(rampWeights(0, 100, 5, 10)).toEqual([100]);
  });

  it('are taken one by one, each of them recorded before', async () => {
    const lvs = director(0);
    const told: RampStep[] = [];
    const records: (string | undefined)[] = [];
    lvs.fake.onCommand = (command) => {
      if (command.startsWith('-e')) records.push(/^ftp1 ftp \d+ /.exec(lvs.record)?.[0]);
    };
    const begun = Date.now();
    const outcome = await setWeight(access(lvs), {
      ...options,
      weight: 8,
      overSeconds: 2,
      onStep: (step) => told.push(step),
    });
    expect(Date.now() - begun).toBeGreaterThan(1900);
    expect(edits(lvs)).toEqual([4, 8]);
    expect(records).toEqual(['ftp1 ftp 4 ', 'ftp1 ftp 8 ']);
    expect(told.map(({ weight, target }) => [weight, target])).toEqual([
      [4, 8],
      [8, 8],
    ]);
    expect(outcome.directors[0]?.changes).toEqual([
      { service: 'ftp', host: 'ftp1', address: '10.83.33.76:21', before: 0, after: 8, recorded: true },
    ]);
  });

  it('stop when they are interrupted, say where, and leave that recorded', async () => {
    const lvs = director(0);
    const controller = new AbortController();
    const outcome = await setWeight(access(lvs, controller.signal), {
      ...options,
      weight: 600,
      overSeconds: 600,
      onStep: () => controller.abort(),
    });
    expect(edits(lvs)).toEqual([1]);
    expect(outcome.directors[0]?.changes).toMatchObject([
      { before: 0, after: 600, stoppedAt: 1, recorded: true },
    ]);
    expect(lvs.record).toMatch(/^ftp1 ftp 1 /);
  });

  it('leave the record alone when they are interrupted before the first', async () => {
    const lvs = director(3);
    const controller = new AbortController();
    controller.abort();
    const slow = { ...options, weight: 9, overSeconds: 60 };
    const { directors } = await setWeight(access(lvs, controller.signal), slow);
    expect(directors[0]?.changes).toMatchObject([{ before: 3, after: 9, stoppedAt: 3, recorded: false }]);
    expect([edits(lvs), lvs.record]).toEqual([[], '']);
  });

  it('end with the connection, at a weight that table and record say, and the failure too', async () => {
    const lvs = director(0);
    const slow = {
      ...options,
      weight: 600,
      overSeconds: 600,
      onStep: () => {
        lvs.losesAt = lvs.trips + 1;
      },
    };
    const { directors } = await setWeight(access(lvs), slow);
    expect(directors[0]?.failure).toMatchObject({
      message: 'the connection was lost; ftp1 in ftp has weight 1 or 2 there, on its way to 600',
      hint: expect.stringContaining('`lvsctl weight ftp1 ftp 600 --over …` goes on from it'),
    });
    expect(edits(lvs)).toEqual([1]);
    expect(lvs.record).toMatch(/^ftp1 ftp 1 /);
  });

  it('end where another run has written the record, which stays as that run left it', async () => {
    const lvs = director(0);
    process.env.LVSCTL_SHELL = String(process.pid);
    const lock = { token: 'one', name: 'alice@ops1 pid 1' };
    const state = join(lvs.fake.folder, 'state');
    const onStep = () => {
      // As if the connection had been lost, and the other run had come and gone before it is opened anew.
      rmSync(join(state, 'lock'), { recursive: true, force: true });
      appendFileSync(join(state, 'weights'), 'ftp2 ftp 0 2026-11-25T16:40:00Z bob@ops2 new disk\n');
    };
    const slow = { ...options, weight: 4, overSeconds: 4, onStep };
    const { directors } = await setWeight({ ...access(lvs), lock }, slow);
    expect(directors[0]?.failure?.message).toBe(
      'weights on lvs: another run has changed the record of weights since this one read it; ftp1 in ftp has weight 1 there, on its way to 4',
    );
    expect(edits(lvs)).toEqual([1]);
    expect(lvs.record).toMatch(/^ftp1 ftp 1 .*\nftp2 ftp 0 .*\n$/);
  });

  it('are taken back from the record where the kernel refuses one', async () => {
    const lvs = director(0);
    lvs.fake.broken = (command) => command.startsWith('-e') && command.endsWith('-w 2');
    const { directors } = await setWeight(access(lvs), { ...options, weight: 4, overSeconds: 4 });
    expect(directors[0]?.failure?.message).toMatch(
      /refused .*; ftp1 in ftp has weight 1 there, on its way to 4$/,
    );
    expect(lvs.kernel.save()).toContain('-r 10.83.33.76:21 -g -w 1');
    expect(lvs.record).toMatch(/^ftp1 ftp 1 /);
  });

  it('say what the table has, and no other weight, where something else changes it', async () => {
    const lvs = director(0);
    let read = 0;
    lvs.fake.onCommand = (command) => {
      // Between the second edit and the listing that is compared with it.
      if (command.startsWith('-e')) read = 0;
      else if (edits(lvs).length === 2 && read++ === 0)
        lvs.kernel.run(`-e ${vip} -r 10.83.33.76:21 -g -w 9`.split(' '));
    };
    const { directors } = await setWeight(access(lvs), { ...options, weight: 4, overSeconds: 4 });
    expect(directors[0]?.failure).toMatchObject({
      message:
        '10.83.33.76:21 in tcp 10.83.33.100:21 was set to weight 2, and has 9; ftp1 in ftp was at weight 1, on its way to 4',
      hint: expect.stringMatching(
        /^something else changes this table: .*; `lvsctl status` shows the weight; /,
      ),
    });
  });

  it('leave it open which weight it is where one of several ports is refused', async () => {
    const lvs = director(0);
    lvs.kernel.run(`-a ${vip} -r 10.83.33.76:22 -m -w 0`.split(' '));
    const [service] = cluster().services;
    const [ftp1, ...others] = service?.realServers ?? [];
    if (service === undefined || ftp1 === undefined) throw new Error('no ftp1');
    const ports = [21, 22].map((port) => ({ ...ftp1, port }));
    const of = {
      ...cluster(),
      services: [{ ...service, forwarding: 'nat' as const, realServers: [...ports, ...others] }],
    };
    lvs.fake.broken = (command) => command.includes(':22 ') && command.endsWith('-w 2');
    const slow = { ...options, weight: 4, overSeconds: 4 };
    const { directors } = await setWeight({ ...access(lvs), cluster: of }, slow);
    expect(directors[0]?.failure?.message).toMatch(
      /refused .*; ftp1 in ftp has weight 1 or 2 there, on its way to 4$/,
    );
    expect(lvs.kernel.save()).toMatch(/:21 -r 10\.83\.33\.76:21 .* -w 2\n/);
  });

  it('of a way back to the inventory’s weight leave no record', async () => {
    const lvs = director(1);
    await setWeight(access(lvs), { ...options, weight: 5 });
    await setWeight(access(lvs), { ...options, weight: 3, overSeconds: 1 });
    expect(edits(lvs)).toEqual([5, 3]);
    expect(lvs.record).toBe('');
  });

  it('are none where the weight is there already', async () => {
    const lvs = director(7);
    const { directors } = await setWeight(access(lvs), { ...options, weight: 7, overSeconds: 600 });
    expect(directors[0]?.changes).toMatchObject([{ before: 7, after: 7 }]);
    expect(edits(lvs)).toEqual([]);
  });
});
