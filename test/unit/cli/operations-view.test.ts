import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createOperationView } from '../../../src/cli/operations/view.js';
import type { RunEvent } from '../../../src/engine/index.js';
import { Capture } from '../report/scenarios.js';

async function shown(events: readonly RunEvent[], terminal = false) {
  const stdout = Object.assign(new Capture(), { isTTY: terminal, columns: 60, rows: 24 });
  const context = {
    stdout,
    stderr: new Capture(),
    env: { TERM: 'xterm' },
    cwd: '/',
    signals: new EventEmitter(),
    exit: () => undefined,
  };
  const view = await createOperationView(context, { color: false });
  for (const event of events) view.event(event);
  view.close();
  return { text: stdout.text, changed: view.changed };
}

const weight = (change: Partial<Extract<RunEvent, { type: 'weight' }>> = {}): RunEvent => ({
  type: 'weight',
  director: 'lvs',
  service: 'ftp',
  host: 'rs1',
  address: '10.83.33.76:21',
  before: 3,
  after: 0,
  recorded: true,
  ...change,
});
const wait = (established: number, closing: number, secondsLeft: number): RunEvent => ({
  type: 'wait.progress',
  host: 'rs1',
  connections: established + 1,
  secondsLeft,
  unanswered: [],
  held: [
    { director: 'lvs', service: 'ftp', established, opening: 1, closing },
    { director: 'lvs2', service: 'ftp', established: 1, opening: 0, closing: 1 },
  ],
});

describe('operations, as the operator sees them', () => {
  it('is a line for each weight, and what it was', async () => {
    const { before: _, ...absent } = weight() as Extract<RunEvent, { type: 'weight' }>;
    const { text, changed } = await shown([
      weight(),
      weight({ before: 0 }),
      absent,
      weight({ after: 3, before: 0, recorded: false }),
      weight({ after: 8, stoppedAt: 5 }),
      weight({ kept: 'rs1 in ftp has weight 2 since T by bob: x' }),
    ]);
    expect(text.split('\n')).toEqual([
      'lvs  ftp  rs1 (10.83.33.76:21)  weight 3 → 0, recorded',
      'lvs  ftp  rs1 (10.83.33.76:21)  weight 0 already, recorded',
      'lvs  ftp  rs1 (10.83.33.76:21)  weight 0, recorded; not in the table',
      'lvs  ftp  rs1 (10.83.33.76:21)  weight 0 → 3, as in the inventory',
      'lvs  ftp  rs1 (10.83.33.76:21)  stopped at weight 5, on the way to 8, recorded',
      'lvs  ftp  rs1 (10.83.33.76:21)  left as it is: rs1 in ftp has weight 2 since T by bob: x',
      '',
    ]);
    expect(changed).toBe(4);
    expect((await shown([weight({ after: 8, stoppedAt: 3 })])).changed).toBe(0);
  });

  it('says in a log what is new, and nothing twice', async () => {
    const { text } = await shown([wait(2, 4, 299.2), wait(2, 4, 298), wait(1, 4, 297)]);
    expect(text).toBe(
      'rs1 has 3 connections (2 established, 1 opening), beside 4 that end by themselves; 5m 00s left\n' +
        'rs1 has 2 connections (1 established, 1 opening), beside 4 that end by themselves; 4m 57s left\n',
    );
  });

  it('says which director did not answer, and leaves the end to its own line', async () => {
    const none = { ...wait(0, 0, 9), connections: 0, held: [] };
    const silent = { ...none, unanswered: ['lvs2'] };
    expect((await shown([none as RunEvent, silent as RunEvent])).text).toBe(
      'rs1 has 0 connections, and lvs2 did not answer; 9s left\n',
    );
  });

  it('rewrites one line of a terminal, which fits', async () => {
    const end: RunEvent = {
      type: 'wait.end',
      host: 'rs1',
      idle: true,
      connections: 0,
      seconds: 3.2,
      held: [],
    };
    const { text } = await shown([wait(2, 4, 299), wait(1, 4, 298), end], true);
    const parts = text.split('\r\u001b[K');
    expect(parts.map((part) => part.length <= 59)).toEqual([true, true, true, true]);
    expect(parts.slice(1, 3).map((part) => part.slice(0, 30))).toEqual([
      'rs1 has 3 connections (2 estab',
      'rs1 has 2 connections (1 estab',
    ]);
    expect(parts[3]).toBe('✓ rs1 has no connections left, after 4s\n');
  });

  it('says what is left when the time is over', async () => {
    const { text } = await shown([
      {
        type: 'wait.end',
        host: 'rs1',
        idle: false,
        connections: 1,
        seconds: 60,
        held: [{ director: 'lvs', service: 'ftp', established: 1, opening: 0, closing: 0 }],
      },
      { type: 'failure', host: 'lvs2', resource: 'lock', message: 'bob works on lvs2', hint: 'wait' },
    ]);
    expect(text).toBe(
      '✗ rs1 has 1 connection (1 established) after 1m 00s, and stays drained\n✗ lvs2: lock: bob works on lvs2\n    wait\n',
    );
  });
});
