import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchInterrupts } from '../../../src/cli/interrupt.js';
import type { HostStep } from '../../../src/engine/index.js';
import { Capture } from '../report/scenarios.js';

function watch() {
  const signals = new EventEmitter();
  const seen: unknown[] = [];
  const interruption = watchInterrupts(
    {
      stdout: new Capture(),
      stderr: new Capture(),
      env: {},
      cwd: '/',
      signals,
      exit: (status) => seen.push(['exit', status]),
    },
    { first: (working) => seen.push(['first', working]), again: () => seen.push(['again']) },
  );
  const step = (host: string, step: HostStep) => interruption.watch({ type: 'host.step', host, step });
  const end = (host: string) =>
    interruption.watch({
      type: 'host.end',
      host,
      stage: 's',
      summary: { ok: 0, changed: 0, failed: 0, trips: 0, connections: 0 },
      seconds: 0,
    });
  return { signals, seen, interruption, step, end };
}

describe('Ctrl-C', () => {
  it('asks the run to end, and tells on which hosts a job goes on', () => {
    const { signals, seen, interruption, step, end } = watch();
    for (const host of ['rs1', 'rs2', 'rs3', 'rs4']) step(host, 'apply');
    step('rs2', 'proof');
    step('rs5', 'probe');
    step('rs6', 'attach');
    end('rs3');
    signals.emit('SIGINT', 'SIGINT');
    expect(seen).toEqual([['first', ['rs1', 'rs4', 'rs6']]]);
    expect(interruption.signal.aborted).toBe(true);
    expect(interruption.status).toBe(130);
  });

  it('forgets no job because the engine leaves its host, but one whose end was still seen', () => {
    const { signals, interruption, step, end } = watch();
    step('rs1', 'apply');
    step('rs2', 'apply');
    signals.emit('SIGINT', 'SIGINT');
    end('rs1');
    step('rs2', 'proof');
    expect(interruption.working()).toEqual(['rs1']);
  });

  it('leaves at once the second time', () => {
    const { signals, seen } = watch();
    signals.emit('SIGINT', 'SIGINT');
    signals.emit('SIGINT', 'SIGINT');
    expect(seen).toEqual([['first', []], ['again'], ['exit', 130]]);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('is like %s, but for the exit status', (signal, status) => {
    const { signals, interruption } = watch();
    signals.emit(signal, signal);
    expect(interruption.status).toBe(status);
  });

  it('is given back to the process when the run is over', () => {
    const { signals, interruption } = watch();
    interruption.done();
    expect(signals.eventNames()).toEqual([]);
  });
});
