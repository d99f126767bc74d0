import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import { frame } from '../../../src/report/frame.js';
import { createPaint } from '../../../src/report/index.js';
import { emptyRun, fold } from '../../../src/report/model.js';
import { report, type Scenario } from '../report/scenarios.js';

const MIB = 1024 * 1024;
const progress = (
  state: 'fetching' | 'checking' | 'ready' | 'failed',
  text: string,
  done?: number,
): RunEvent => ({
  type: 'artifact.progress',
  artifact: 'linux-2.4.20',
  state,
  text,
  ...(done !== undefined && { done: done * MIB, total: 40 * MIB }),
});

const events = [
  progress('fetching', 'from https://mirror/', 0),
  progress('fetching', 'from https://mirror/', 5),
  progress('fetching', 'from https://mirror/', 12),
  progress('fetching', 'https://mirror/: HTTP 404'),
  progress('checking', 'checking', 40),
  progress('ready', 'fetched'),
];

describe('an artifact on its way', () => {
  it('is told in a log by its steps and quarters', async () => {
    const scenario: Scenario = events.map((event, index) => [index, event] as const);
    expect((await report(scenario, { mode: 'plain' })).split('\n')).toEqual([
      'lvsctl  artifact   linux-2.4.20: from https://mirror/ 0%',
      'lvsctl  artifact   linux-2.4.20: from https://mirror/ 25%',
      'lvsctl  artifact   linux-2.4.20: https://mirror/: HTTP 404',
      'lvsctl  artifact   linux-2.4.20: checking',
      'lvsctl  artifact   linux-2.4.20: fetched',
      '',
    ]);
  });

  it('has a bar in a terminal, until it is there', () => {
    const run = emptyRun();
    const lines = () => frame(run, { columns: 100, rows: 24 }, 0, createPaint(false));
    for (const event of events.slice(0, 3)) fold(run, event, 0);
    expect(lines()).toEqual([
      `linux-2.4.20  ${'█'.repeat(7)}${'░'.repeat(17)} 12.0 MiB/40.0 MiB  from https://mirror/`,
    ]);
    fold(run, progress('ready', 'fetched'), 0);
    expect(lines()).toEqual([]);
  });
});
