import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { frame } from '../../../src/report/frame.js';
import { createReporter } from '../../../src/report/index.js';
import { emptyRun, fold } from '../../../src/report/model.js';
import { createPaint } from '../../../src/report/paint.js';
import { width } from '../../../src/report/text.js';
import { manyHosts, nothingToChange, report, type Scenario, START, threeHosts } from './scenarios.js';
import { VirtualTerminal } from './virtual-terminal.js';

const paint = createPaint(false);

/** The lines of a scenario at a moment. */
function frameAt(scenario: Scenario, milliseconds: number, columns: number, rows: number): string[] {
  const run = emptyRun();
  for (const [at, event] of scenario) if (at <= milliseconds) fold(run, event, START + at);
  return frame(run, { columns, rows }, START + milliseconds, paint);
}

const golden = (name: string) => `golden/${name}.txt`;
const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

describe('a frame', () => {
  it('has a line a host: what is done, what is at work, what it says', async () => {
    await expect(text(frameAt(threeHosts('provision'), 560, 92, 24))).toMatchFileSnapshot(golden('frame'));
  });

  it('shows who failed and why while the others go on', async () => {
    await expect(text(frameAt(threeHosts('provision', true), 2050, 92, 24))).toMatchFileSnapshot(
      golden('frame-failed'),
    );
  });

  it('has with 200 hosts room for those at work and those that failed', async () => {
    const lines = frameAt(manyHosts(), 9400, 80, 24);
    await expect(text(lines)).toMatchFileSnapshot(golden('frame-many'));
    expect(lines.at(-1)).toMatch(/^… \d+ more: \d+ done, (\d+ running, )?\d+ waiting$/);
  });

  it.each([
    [80, 24],
    [92, 14],
    [40, 6],
    [20, 4],
    [200, 60],
  ])('is smaller than a terminal of %i×%i at every moment', (columns, rows) => {
    for (const scenario of [threeHosts('provision', true), threeHosts('plan'), manyHosts()]) {
      const end = scenario.at(-1)?.[0] ?? 0;
      for (let at = 0; at <= end; at += Math.ceil(end / 60)) {
        const lines = frameAt(scenario, at, columns, rows);
        expect(lines.length).toBeLessThan(rows);
        expect(Math.max(0, ...lines.map(width))).toBeLessThan(columns);
      }
    }
  });

  it('cuts what a host says, wide characters and control sequences included', () => {
    const scenario: Scenario = [
      [0, { type: 'run.start', command: 'provision', cluster: 'c', hosts: ['rs1'] }],
      [1, { type: 'host.step', host: 'rs1', step: 'apply' }],
      [2, { type: 'host.output', host: 'rs1', line: `\u001b[2J${'日本語'.repeat(40)}` }],
    ];
    const [, line = ''] = frameAt(scenario, 100, 60, 24);
    expect(line).toContain('日本語');
    expect(line).not.toContain('\u001b');
    expect(width(line)).toBeLessThan(60);
  });

  it('puts what an attached job did before what is found after it', () => {
    const scenario: Scenario = [
      [0, { type: 'run.start', command: 'provision', cluster: 'c', hosts: ['rs1'] }],
      [1, { type: 'host.step', host: 'rs1', step: 'attach' }],
      [2, { type: 'change.start', host: 'rs1', resource: 'file a', summary: 's', index: 0, total: 2 }],
      [3, { type: 'change.end', host: 'rs1', resource: 'file a', status: 0, seconds: 1 }],
      [4, { type: 'change.start', host: 'rs1', resource: 'file b', summary: 's', index: 1, total: 2 }],
      [5, { type: 'change.end', host: 'rs1', resource: 'file b', status: 0, seconds: 1 }],
      [6, { type: 'host.step', host: 'rs1', step: 'probe', resources: 3 }],
      [7, { type: 'change.planned', host: 'rs1', role: 'r', resource: 'file b', summary: 's', position: 1 }],
      [8, { type: 'host.step', host: 'rs1', step: 'apply' }],
    ];
    expect(frameAt(scenario, 10, 80, 24)[1]).toMatch(/^rs1 {2}±±·\+· {2}applying/);
  });

  it('calls a host done again when the traffic is checked', () => {
    const scenario = [...threeHosts('provision')].filter(([, event]) => event.type !== 'run.end');
    const traffic: Scenario = [
      ...scenario.filter(([at]) => at < 3150),
      [3150, { type: 'host.step', host: 'rs1', step: 'traffic' }],
      ...scenario.filter(([at]) => at > 3150),
    ];
    expect(frameAt(traffic, 3160, 92, 24)[2]).toContain('checking traffic');
    expect(frameAt(traffic, 3300, 92, 24)[2]).toContain('ok 5  changed 3');
  });

  it('leaves the hosts of verify to the traffic once they are connected', () => {
    const connecting: Scenario = [
      [0, { type: 'run.start', command: 'verify', cluster: 'c', hosts: ['rs1', 'rs2'] }],
      [1, { type: 'host.step', host: 'rs1', step: 'connect' }],
    ];
    const progress = { type: 'verify.progress', service: 'ftp', from: 'client', done: 1, total: 4 } as const;
    expect(frameAt(connecting, 100, 80, 24)).toHaveLength(3);
    expect(frameAt([...connecting, [2, progress]], 100, 80, 24)).toEqual([
      expect.stringMatching(/^verify c +0\.1s$/),
      expect.stringMatching(/^ftp from client /),
    ]);
  });

  it('shares a mark among resources when there are more than columns', () => {
    const run = emptyRun();
    fold(run, { type: 'run.start', command: 'provision', cluster: 'c', hosts: ['rs1'] }, START);
    fold(run, { type: 'host.step', host: 'rs1', step: 'probe', resources: 400 }, START);
    for (const position of [0, 399]) {
      const resource = `file ${position}`;
      fold(run, { type: 'change.planned', host: 'rs1', role: 'r', resource, summary: 's', position }, START);
    }
    fold(run, { type: 'host.step', host: 'rs1', step: 'apply' }, START);
    fold(run, { type: 'change.end', host: 'rs1', resource: 'file 399', status: 1, seconds: 1 }, START);
    const [, line = ''] = frame(run, { columns: 80, rows: 24 }, START, paint);
    expect(line).toMatch(/^rs1 {2}\+·{17}✗ {2}/);
  });

  it('shows the progress of a lab and of a traffic check as bars', () => {
    const lab: Scenario = [
      [0, { type: 'run.start', command: 'lab up', cluster: 'c', hosts: ['rs1', 'rs2'] }],
      [1, { type: 'lab.progress', text: 'booting 2 hosts', fraction: 0 }],
      [2, { type: 'lab.progress', host: 'rs1', text: 'rs1 is up', fraction: 0.5 }],
    ];
    expect(frameAt(lab, 100, 80, 24).slice(1)).toEqual([
      'rs1  is up',
      `${'█'.repeat(12)}${'░'.repeat(12)}  50%  booting 2 hosts`,
    ]);
    const check: Scenario = [
      [1, { type: 'verify.progress', service: 'ftp', from: 'client', done: 10, total: 40 }],
    ];
    expect(frameAt(check, 100, 80, 24)).toEqual([`ftp from client  ${'█'.repeat(6)}${'░'.repeat(18)} 10/40`]);
  });
});

describe('the live report', () => {
  const reporters: { close(): void }[] = [];
  afterEach(() => {
    vi.useRealTimers();
    for (const reporter of reporters.splice(0)) reporter.close();
  });

  async function start(terminal: VirtualTerminal, verbose = false) {
    const reporter = await createReporter({ mode: 'terminal', stream: terminal, verbose });
    reporters.push(reporter);
    return reporter;
  }

  /** Plays a scenario in the time of fake clocks; calls back after each frame's time. */
  async function play(
    terminal: VirtualTerminal,
    scenario: Scenario,
    verbose = false,
    onTick = (_at: number) => {},
  ) {
    vi.useFakeTimers({ now: START });
    const reporter = await start(terminal, verbose);
    await vi.advanceTimersByTimeAsync(0);
    let index = 0;
    const end = scenario.at(-1)?.[0] ?? 0;
    for (let at = 0; at <= end + 100; at += 50) {
      for (; (scenario[index]?.[0] ?? Number.POSITIVE_INFINITY) <= at; index++) {
        const event = scenario[index]?.[1];
        if (event) reporter.sink(event);
      }
      await vi.advanceTimersByTimeAsync(50);
      onTick(at);
    }
  }

  it('paints in place: nothing scrolls, and at the end only the report is left', async () => {
    const terminal = new VirtualTerminal(92, 24);
    const seen = new Set<string>();
    terminal.onFrame = (screen) => {
      for (const line of screen) seen.add(line.replace(/\d/g, 'N'));
    };
    await play(terminal, threeHosts('provision'), false, () => {
      if (!terminal.cursorVisible) expect(terminal.scrolled).toEqual([]);
    });
    expect([...seen].some((line) => line.includes('│ working on'))).toBe(true);
    expect(terminal.cursorVisible).toBe(true);
    await expect(`${terminal.transcript}\n`).toMatchFileSnapshot(golden('terminal-provision'));
  });

  it('ends with the failures', async () => {
    const terminal = new VirtualTerminal(92, 40);
    await play(terminal, threeHosts('provision', true));
    await expect(`${terminal.transcript}\n`).toMatchFileSnapshot(golden('terminal-failed'));
  });

  it('holds 200 hosts in 80×24, and sums up those without a change', async () => {
    const terminal = new VirtualTerminal(80, 24);
    let frames = 0;
    await play(terminal, manyHosts(), false, () => {
      if (terminal.cursorVisible) return;
      frames += 1;
      expect(terminal.scrolled).toEqual([]);
    });
    expect(frames).toBeGreaterThan(100);
    expect(terminal.transcript).toMatch(/^… 66 more without a change: rs1, rs4, /m);
    expect(terminal.transcript).toMatch(/^✗ rs50, rs100, rs150, rs200: service vsftpd$/m);
  });

  it('is painted ten times a second, however much the hosts say', async () => {
    const terminal = new VirtualTerminal(80, 24);
    let writes = 0;
    terminal.onFrame = () => {
      writes += 1;
    };
    const loud: Scenario = [
      [0, { type: 'run.start', command: 'provision', cluster: 'c', hosts: ['rs1'] }],
      [0, { type: 'host.step', host: 'rs1', step: 'apply' }],
      ...Array.from(
        { length: 5000 },
        (_, index) => [index / 5, { type: 'host.output', host: 'rs1', line: `line ${index}` }] as const,
      ),
      [1000, { type: 'host.step', host: 'rs1', step: 'proof' }],
    ];
    await play(terminal, loud);
    expect(writes).toBeGreaterThan(5);
    expect(writes).toBeLessThan(20);
  });

  it('prints what is verbose above the live lines', async () => {
    const terminal = new VirtualTerminal(92, 50);
    await play(terminal, threeHosts('provision'), true);
    expect(terminal.transcript).toContain(
      'rs1       |          working on sysctl net.ipv4.conf.all.arp_ignore',
    );
    expect(terminal.transcript.match(/^director {2}ready$/gm)).toHaveLength(1);
  });

  it('shows a frame anew after a resize, and leaves no remains of the wider one', async () => {
    const terminal = new VirtualTerminal(92, 24);
    const scenario = threeHosts('provision').filter(([at]) => at < 500);
    await play(terminal, scenario, false, (at) => {
      if (at === 300) terminal.resize(60, 20);
    });
    expect(terminal.screen.filter((line) => line.startsWith('rs1 '))).toHaveLength(1);
    expect(terminal.screen.filter((line) => line.startsWith('provision'))).toHaveLength(1);
    expect(Math.max(...terminal.screen.map(width))).toBeLessThan(60);
  });

  it('gives the screen to a question and takes it back', async () => {
    const terminal = new VirtualTerminal(92, 24);
    vi.useFakeTimers({ now: START });
    const reporter = await start(terminal);
    reporter.sink({ type: 'run.start', command: 'plan', cluster: 'c', hosts: ['rs1'] });
    await vi.advanceTimersByTimeAsync(500);
    expect(terminal.cursorVisible).toBe(false);
    await reporter.quietly(async () => {
      expect(terminal.cursorVisible).toBe(true);
      terminal.write('Password: ');
      const shown = [...terminal.screen];
      await vi.advanceTimersByTimeAsync(500);
      expect(terminal.screen).toEqual(shown);
      terminal.write('\n');
    });
    await vi.advanceTimersByTimeAsync(500);
    expect(terminal.cursorVisible).toBe(false);
    expect(terminal.screen.some((line) => line.startsWith('plan c'))).toBe(true);
  });

  it('shows the cursor again when the process ends in the middle', async () => {
    const terminal = new VirtualTerminal(92, 24);
    const reporter = await start(terminal);
    reporter.sink({ type: 'run.start', command: 'plan', cluster: 'c', hosts: ['rs1'] });
    await pause(1);
    expect(terminal.cursorVisible).toBe(false);
    const [onExit] = process.listeners('exit').slice(-1);
    onExit?.call(process, 1);
    expect(terminal.cursorVisible).toBe(true);
  });

  it('leaves no listener behind', async () => {
    const before = process.listenerCount('exit') + process.listenerCount('SIGINT');
    await play(new VirtualTerminal(92, 24), nothingToChange('plan'));
    expect(process.listenerCount('exit') + process.listenerCount('SIGINT')).toBe(before);
  });

  it('says clearly that there is nothing to change', async () => {
    const written = await report(nothingToChange('plan'), { mode: 'terminal' });
    expect(written).toContain('Nothing to change: rs1, rs2 are as the inventory wants.\n');
  });
});
