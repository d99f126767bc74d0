import { expect, it } from 'vitest';
import { emptyRun, fold } from '../../../src/report/model.js';
import { report, type Scenario } from './scenarios.js';

const run: Scenario = [
  [0, { type: 'run.start', command: 'provision', cluster: 'ftp', hosts: ['rs1', 'rs2'] }],
  [1, { type: 'host.step', host: 'rs1', step: 'drain', seconds: 300 }],
  [2, { type: 'host.drain', host: 'rs1', state: 'waiting', connections: 12 }],
  [3, { type: 'host.drain', host: 'rs1', state: 'waiting', connections: 1 }],
  [4, { type: 'host.drain', host: 'rs1', state: 'out' }],
  [5, { type: 'host.step', host: 'rs1', step: 'check' }],
  [6, { type: 'host.drain', host: 'rs1', state: 'back' }],
  [7, { type: 'host.drain', host: 'rs2', state: 'kept' }],
  [8, { type: 'host.drain', host: 'rs2', state: 'stays' }],
  [9, { type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: 9 }],
];
const drains = (text: string): string[] => text.split('\n').filter((line) => / drain /.test(line));

it('a log tells when a host goes out and comes back, and of the wait only when verbose', async () => {
  const ends = [
    'rs1     drain      no new connections; the present ones have 300 s to end',
    'rs1     drain      out: it gets no connections',
    'rs1     drain      given back',
    'rs2     drain      out already, by an operator; it stays so afterwards',
    'rs2     drain      stays out',
  ];
  expect(drains(await report(run, { mode: 'plain' }))).toEqual(ends);
  const [first = '', ...rest] = ends;
  expect(drains(await report(run, { mode: 'plain', verbose: true }))).toEqual([
    first,
    'rs1     drain      12 connections left',
    'rs1     drain      1 connection left',
    ...rest,
  ]);
});

it('the live line of a host shows how many connections are left', () => {
  const state = emptyRun();
  for (const [at, event] of run.slice(0, 3)) fold(state, event, at);
  expect(state.hosts.get('rs1')).toMatchObject({
    phase: 'running',
    step: 'drain',
    output: '12 connections left',
  });
});
