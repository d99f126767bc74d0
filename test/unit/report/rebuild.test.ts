import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import { frame } from '../../../src/report/frame.js';
import { emptyRun, fold } from '../../../src/report/model.js';
import { createPaint } from '../../../src/report/paint.js';
import { report, type Scenario, START } from './scenarios.js';

const host = 'rs1';
const about = { host, resource: 'kernel image' };
const files = (done: number, secondsLeft?: number): RunEvent => ({
  type: 'host.progress',
  ...about,
  unit: 'compiled',
  done,
  total: 1234,
  ...(secondsLeft !== undefined && { secondsLeft }),
});
const bytes = (done: number): RunEvent => ({
  type: 'host.progress',
  host,
  resource: 'source',
  unit: 'sent',
  done,
  total: 32_502_972,
});
const planned = (resource: string, summary: string, position: number): RunEvent => ({
  type: 'change.planned',
  ...{ host, role: 'kernel', resource, summary, position },
});

/** A kernel is compiled in 20 minutes and booted in one; what was planned behind the reboot is found to be right after it. */
const rebuild: Scenario = [
  [0, { type: 'run.start', command: 'provision', cluster: 'tutorial', hosts: [host] }],
  [0, { type: 'stage.start', stage: 'kernel', hosts: [host] }],
  [100, { type: 'host.step', host, step: 'probe', resources: 4 }],
  [200, planned('source', 'send linux-2.4.20.tar.bz2', 0)],
  [200, planned('kernel image', 'compile the kernel', 1)],
  [200, planned('boot', 'boot 2.4.20-lvs3f2a1c9d once', 2)],
  [200, planned('module ip_vs', 'load ip_vs', 3)],
  [300, { type: 'host.step', host, step: 'apply', resources: 3 }],
  [400, bytes(0)],
  [5_000, bytes(12_700_000)],
  [9_000, bytes(32_502_972)],
  [
    10_000,
    {
      type: 'change.start',
      host,
      resource: 'source',
      summary: 'send linux-2.4.20.tar.bz2',
      index: 0,
      total: 3,
    },
  ],
  [11_000, { type: 'change.end', host, resource: 'source', status: 0, seconds: 1 }],
  [
    11_000,
    {
      type: 'change.start',
      host,
      resource: 'kernel image',
      summary: 'compile the kernel',
      index: 1,
      total: 3,
    },
  ],
  [12_000, files(0)],
  [13_000, files(2)],
  [43_500, files(30, 1200)],
  [60_000, files(60, 1180)],
  [200_000, files(124, 1110)],
  [200_900, files(126, 1109)],
  [500_000, files(512, 610)],
  [500_100, { type: 'host.output', host, line: 'gcc -D__KERNEL__ -c -o fork.o fork.c' }],
  [1_199_000, files(1234)],
  [1_200_000, { type: 'change.end', host, resource: 'kernel image', status: 0, seconds: 1189 }],
  [
    1_200_000,
    {
      type: 'change.start',
      host,
      resource: 'boot',
      summary: 'boot 2.4.20-lvs3f2a1c9d once',
      index: 2,
      total: 3,
    },
  ],
  [1_200_500, { type: 'change.end', host, resource: 'boot', status: 0, seconds: 0.5 }],
  [1_201_000, { type: 'host.step', host, step: 'reboot', seconds: 600 }],
  [1_261_000, { type: 'host.step', host, step: 'back', seconds: 60 }],
  [1_261_000, { type: 'host.step', host, step: 'facts' }],
  [1_262_000, { type: 'host.step', host, step: 'probe', resources: 4 }],
  [
    1_263_000,
    {
      type: 'host.end',
      host,
      stage: 'kernel',
      seconds: 1263,
      summary: { ok: 1, changed: 3, failed: 0, trips: 6, connections: 2 },
    },
  ],
  [1_263_000, { type: 'stage.end', stage: 'kernel', seconds: 1263 }],
  [1_264_000, { type: 'run.end', exitStatus: 0, changed: 3, failed: 0, seconds: 1264 }],
];

/** The host's line at a moment. */
function lineAt(milliseconds: number, columns = 100): string {
  const run = emptyRun();
  for (const [at, event] of rebuild) if (at <= milliseconds) fold(run, event, START + at);
  const lines = frame(run, { columns, rows: 24 }, START + milliseconds, createPaint(false));
  return lines.find((line) => line.startsWith(host)) ?? '';
}

describe('a rebuild and its reboot', () => {
  it('are told in a log by tenths and half minutes, and the reboot in any case', async () => {
    await expect(await report(rebuild, { mode: 'plain' })).toMatchFileSnapshot('golden/rebuild.txt');
  });

  it.each([
    [5_000, 'sent 39% (12.1 MiB of 31.0 MiB) applying'],
    [10_500, '1/3 send linux-2.4.20.tar.bz2'],
    [43_500, '2/3 2% (30/1234 files), 20m 00s left compile the kernel'],
    [500_100, '2/3 41% (512/1234 files), 10m 10s left compile the kernel │ gcc -D'],
    [1_199_000, '2/3 100% (1234/1234 files) compile the kernel'],
    [1_200_200, '3/3 boot 2.4.20-lvs3f2a1c9d once'],
    [1_201_000, 'rebooting … 0 s of at most 600 s'],
    [1_238_400, 'rebooting … 37 s of at most 600 s'],
    [1_261_500, 'gathering facts'],
  ])('are seen live after %i ms', (milliseconds, words) => {
    expect(lineAt(milliseconds)).toContain(words);
  });

  it('show the share before what there is no room for', () => {
    expect(lineAt(500_100, 60)).toContain('2/3 41% (512/1234');
  });

  it('leave no cell open at the end', () => {
    expect(lineAt(1_200_200)).toMatch(/^rs1 {2}±±\S\S {2}/);
    expect(lineAt(1_263_000)).toMatch(/^rs1 {2}±±±· {2}/);
  });

  it('are events of NDJSON', async () => {
    const lines = (await report(rebuild, { mode: 'json' }))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'host.progress')).toHaveLength(11);
    expect(lines.find(({ step }) => step === 'reboot')).toMatchObject({
      type: 'host.step',
      host,
      seconds: 600,
    });
  });
});
