import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runId, runOf, timeText } from '../../../roles/rolling/continued.js';
import {
  type HostMarks,
  isDone,
  parseMarks,
  stepsOf,
  type TaskStep,
  taskKey,
} from '../../../roles/rolling/marks.js';
import { rollingSurvey, rollingTask } from '../../../roles/rolling/role.js';
import { debian } from '../resources/facts.js';
import { said } from '../resources/shells.js';
import { tutorial } from './cluster.js';
import { changeOf, ids, input } from './play.js';

const at = (minutes: number): string => runId(new Date(Date.UTC(2026, 10, 25, 12, minutes)), 'aa');
const hosts = (each: Readonly<Record<string, HostMarks>>) => new Map(Object.entries(each));
const mark = (run: string, step: TaskStep, boot = 'boot1', task = 't') => ({ run, task, step, boot });

it('an id tells its time, and marks are read as they are written', () => {
  expect(at(7)).toBe('20261125T120700Z-aa');
  expect(timeText(at(7))).toBe('2026-11-25 12:07:00 UTC');
  const text = `${at(7)} t command b1\nnonsense\n${at(7)} t reboot b1\n${at(7)} t dance b1\nboot b2\n`;
  expect(parseMarks(text)).toEqual({
    marks: [mark(at(7), 'command', 'b1'), mark(at(7), 'reboot', 'b1')],
    boot: 'b2',
  });
});

it('a command is done once its mark is there, a reboot in another boot than that of its mark', () => {
  const marks = parseMarks(`r t command b1\nr t reboot b1\nboot b1\n`);
  expect([isDone(marks, 'r', 'command'), isDone(marks, 'r', 'reboot')]).toEqual([true, false]);
  expect(isDone({ ...marks, boot: 'b2' }, 'r', 'reboot')).toBe(true);
  expect(isDone(marks, 'another', 'command')).toBe(false);
});

it('a task is known by what is done and by its hosts, in any order', () => {
  const key = taskKey({ command: 'x' }, ['rs1', 'rs2']);
  expect(taskKey({ command: 'x', reboot: false }, ['rs2', 'rs1'])).toBe(key);
  for (const other of [
    taskKey({ command: 'y' }, ['rs1', 'rs2']),
    taskKey({ command: 'x', reboot: true }, ['rs1', 'rs2']),
    taskKey({ command: 'x' }, ['rs1']),
  ])
    expect(other).not.toBe(key);
});

describe('which run it is', () => {
  const done = { marks: [mark(at(0), 'reboot')], boot: 'boot2' };
  const begun = { marks: [mark(at(0), 'reboot')], boot: 'boot1' };
  const none = { marks: [], boot: 'boot1' };
  const own = { id: at(5), continued: false };
  const rest = { id: at(0), continued: true };

  it.each([
    ['one of its own where nobody has marks', { rs1: none, rs2: none }, [], own],
    ['the rest of one that some have behind them', { rs1: done, rs2: none }, [], rest],
    ['the rest of one that was interrupted in a reboot', { rs1: done, rs2: begun }, [], rest],
    ['one of its own where all have it behind them', { rs1: done, rs2: done }, [], own],
    ['the rest where all have, and one is still out', { rs1: done, rs2: done }, ['rs2'], rest],
    ['the rest where one does not answer', { rs1: done }, ['rs2'], rest],
  ])('%s', (_, each, open, wanted) => {
    expect(runOf(at(5), 't', ['reboot'], hosts(each), open)).toEqual(wanted);
  });

  it('one of its own when it is for something else, or a day later', () => {
    expect(runOf(at(5), 'other', ['reboot'], hosts({ rs1: done, rs2: none }), [])).toEqual(own);
    const late = at(24 * 60 + 1);
    expect(runOf(late, 't', ['reboot'], hosts({ rs1: done, rs2: none }), [])).toEqual({
      id: late,
      continued: false,
    });
    expect(runOf(at(24 * 60), 't', ['reboot'], hosts({ rs1: done, rs2: none }), []).continued).toBe(true);
  });

  it('no step is done twice within a run, wherever it was interrupted, and none is left out', () => {
    const names = ['rs1', 'rs2', 'rs3'];
    const steps: readonly TaskStep[] = ['command', 'reboot'];
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 }), (interruptions) => {
        const state = new Map<
          string,
          { marks: HostMarks['marks'][number][]; boot: string; count: Record<string, number> }
        >(names.map((name) => [name, { marks: [], boot: 'b0', count: {} }]));
        let finished = false;
        // The last attempt is not interrupted.
        [...interruptions, 99].forEach((after, attempt) => {
          if (finished) return;
          let budget = after;
          const { id } = runOf(at(attempt), 't', steps, state, []);
          for (const one of state.values())
            for (const step of steps) {
              if (isDone(one, id, step)) continue;
              if (budget-- <= 0) return;
              one.marks = [...one.marks.filter(({ run }) => run === id), mark(id, step, one.boot)];
              if (step === 'command') one.count.command = (one.count.command ?? 0) + 1;
              if (step === 'reboot') {
                // Interrupted between the mark and the reboot itself.
                if (budget-- <= 0) return;
                one.boot = `b${attempt + 1}`;
                one.count.reboot = (one.count.reboot ?? 0) + 1;
              }
            }
          finished = true;
        });
        for (const { count } of state.values()) expect(count).toEqual({ command: 1, reboot: 1 });
      }),
    );
  });
});

describe('roles', () => {
  const cluster = tutorial();
  const facts = debian;
  const options = { run: at(5), reboot: true, command: 'apt-get -y upgrade' };
  const task = rollingTask(options);
  const key = taskKey(options, ['rs1', 'rs2']);
  const asked = (rs1: string, rs2: string, left = '') =>
    new Map([
      ['director', { 'rolling left': left }],
      ['rs1', { 'rolling marks': rs1 }],
      ['rs2', { 'rolling marks': rs2 }],
    ]);

  it('are for real servers; directors tell who was left out', () => {
    const hostsOf = (role: typeof task) =>
      [...cluster.hosts.values()].filter((host) => role.appliesTo(host, cluster)).map(({ name }) => name);
    expect(hostsOf(task)).toEqual(['rs1', 'rs2']);
    expect(hostsOf(rollingSurvey)).toEqual(['director', 'rs1', 'rs2']);
    const keys = (name: string) =>
      Object.keys(rollingSurvey.publish?.(input(rollingSurvey, cluster, name, facts)) ?? {});
    expect([keys('director'), keys('rs1')]).toEqual([['rolling left'], ['rolling marks']]);
  });

  it('run the command and then reboot, each with a mark of this run', () => {
    const published = asked('boot b1', 'boot b1');
    const resources = task.resources(input(task, cluster, 'rs1', facts, { published }));
    expect(ids(resources)).toEqual(['rolling command', 'rolling reboot']);
    const command = changeOf(resources, 'rolling command', 'boot b1\n');
    expect(command?.summary).toBe('run apt-get -y upgrade');
    expect(command?.apply.text).toContain(`${at(5)} ${key} command `);
    const reboot = changeOf(resources, 'rolling reboot', 'boot b1\n');
    expect(reboot).toMatchObject({
      summary: 'reboot, to be back within 600 s',
      reboot: { withinSeconds: 600 },
    });
    const marked = `${at(5)} ${key} command b1\n${at(5)} ${key} reboot b1\n`;
    expect(changeOf(resources, 'rolling command', `${marked}boot b1\n`)).toBeUndefined();
    expect(changeOf(resources, 'rolling reboot', `${marked}boot b1\n`)).toBeDefined();
    expect(changeOf(resources, 'rolling reboot', `${marked}boot b2\n`)).toBeUndefined();
    expect(task.remarks?.(input(task, cluster, 'rs1', facts, { published }))).toEqual([]);
  });

  it('go on with an interrupted run, and say so; not with --anew', () => {
    const published = asked(`${at(0)} ${key} command b1\n${at(0)} ${key} reboot b1\nboot b2`, 'boot b1');
    const play = (role: typeof task, name: string) => input(role, cluster, name, facts, { published });
    expect(task.remarks?.(play(task, 'rs1'))).toEqual([
      'goes on with the rolling run of 2026-11-25 12:00:00 UTC, which has done it here; --anew begins again',
    ]);
    expect(task.remarks?.(play(task, 'rs2'))).toEqual([
      'goes on with the rolling run of 2026-11-25 12:00:00 UTC; --anew begins again',
    ]);
    const own = published.get('rs1')?.['rolling marks'] ?? '';
    expect(
      task.resources(play(task, 'rs1')).map((one) => one.plan(said(own), { changing: new Set() })),
    ).toEqual([undefined, undefined]);
    const anew = rollingTask({ ...options, anew: true });
    expect(anew.remarks?.(play(anew, 'rs1'))).toEqual([]);
    expect(changeOf(anew.resources(play(anew, 'rs1')), 'rolling reboot', own)).toBeDefined();
  });

  it('count a host that the run left out as one that is not done', () => {
    const done = `${at(0)} ${key} command b1\n${at(0)} ${key} reboot b1\nboot b2`;
    const remarks = (left: string) =>
      task.remarks?.(input(task, cluster, 'rs1', facts, { published: asked(done, done, left) }));
    expect(remarks('')).toEqual([]);
    expect(remarks('rs2')).toHaveLength(1);
    expect(remarks('elsewhere')).toEqual([]);
  });

  it('wait for a reboot as long as the inventory or the run says', () => {
    const rs1 = cluster.hosts.get('rs1');
    if (!rs1) throw new Error('no rs1');
    const slow = {
      ...cluster,
      hosts: new Map(cluster.hosts).set('rs1', {
        ...rs1,
        kernel: { rebuild: false, rebootWithinSeconds: 900 },
      }),
    };
    const within = (role: typeof task) =>
      changeOf(role.resources(input(role, slow, 'rs1', facts)), 'rolling reboot', 'boot b1')?.reboot
        ?.withinSeconds;
    expect([within(task), within(rollingTask({ ...options, withinSeconds: 60 }))]).toEqual([900, 60]);
  });

  it('steps of a task come in their order', () => {
    expect([stepsOf({}), stepsOf({ reboot: true }), stepsOf({ reboot: true, command: 'x' })]).toEqual([
      [],
      ['reboot'],
      ['command', 'reboot'],
    ]);
  });
});
