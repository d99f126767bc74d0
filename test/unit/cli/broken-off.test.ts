import { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchInterrupts } from '../../../src/cli/interrupt.js';
import { createReporter } from '../../../src/report/index.js';
import { Capture } from '../report/scenarios.js';
import { folderWithInventory, lvsctl } from './run-cli.js';

let folder: string;
beforeAll(async () => {
  folder = await folderWithInventory();
});
afterAll(() => rm(folder, { recursive: true }));

const events = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('a run that is broken off', () => {
  it.each([
    ['drain', ['drain', 'rs1', '--lab']],
    ['weight', ['weight', 'rs1', 'ftp', '2', '--lab']],
    ['status', ['status', '--lab']],
    ['diagnose', ['diagnose', '--lab']],
  ])('%s: tells by an event how it ended, after the reason', async (command, args) => {
    const { status, stdout, stderr } = await lvsctl(folder, [...args, '--json']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const told = events(stdout);
    expect(told.filter(({ type }) => type === 'run.start')).toHaveLength(1);
    expect(told.filter(({ type }) => type === 'run.end')).toHaveLength(1);
    expect(told).toMatchObject([
      { type: 'run.start', command },
      { type: 'failure', message: expect.stringContaining('lab') },
      { type: 'run.end', exitStatus: 1, changed: 0, failed: 1 },
    ]);
  });

  it('says nothing of that where nobody reads events', async () => {
    const { stdout } = await lvsctl(folder, ['drain', 'rs1', '--lab']);
    expect(stdout).not.toContain('run.end');
  });

  it('by a second Ctrl-C ends with its status, and with what it has changed', async () => {
    const stdout = new Capture();
    const signals = new EventEmitter();
    const context = { stdout, stderr: new Capture(), env: {}, cwd: '/', signals, exit: () => undefined };
    const { sink } = await createReporter({ mode: 'json', stream: stdout });
    watchInterrupts(context, { first: () => undefined, again: () => undefined });
    sink({ type: 'run.start', command: 'provision', cluster: 'small', hosts: ['rs1'] });
    sink({ type: 'change.end', host: 'rs1', resource: 'a', status: 0, seconds: 1 });
    sink({ type: 'change.end', host: 'rs1', resource: 'b', status: 1, seconds: 1 });
    for (let times = 0; times < 2; times++) signals.emit('SIGINT', 'SIGINT');
    expect(events(stdout.text).at(-1)).toMatchObject({ type: 'run.end', exitStatus: 130, changed: 1 });
  });
});
