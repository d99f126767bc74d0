import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/secret.js';
import { manyHosts, nothingToChange, report, TRAFFIC, threeHosts } from './scenarios.js';

const ESC = String.fromCharCode(27);

describe('the log in a pipe', () => {
  it('tells of a run on three hosts', async () => {
    await expect(await report(threeHosts('provision'), { mode: 'plain' })).toMatchFileSnapshot(
      'golden/provision.txt',
    );
  });

  it('tells each failure at once, and again at the end with its details', async () => {
    const text = await report(threeHosts('provision', true), { mode: 'plain' });
    await expect(text).toMatchFileSnapshot('golden/provision-failed.txt');
    expect(text).not.toContain(ESC);
  });

  it('shows every step, resource and line of output when verbose', async () => {
    const text = await report(threeHosts('provision', true), { mode: 'plain', verbose: true });
    await expect(text).toMatchFileSnapshot('golden/provision-verbose.txt');
  });

  it('says of 200 hosts who did what, each line with its host', async () => {
    const text = await report(manyHosts(), { mode: 'plain' });
    const lines = text.split('\n');
    expect(lines.filter((line) => /^rs\d+ +(done|not done) /.test(line))).toHaveLength(200);
    expect(lines.filter((line) => /^rs\d+ +failed /.test(line))).toHaveLength(4);
    const log = lines.slice(0, lines.indexOf(''));
    expect(
      log.filter((line) => !/^(lvsctl|rs\d+) {2,}(provision|stage|changed|failed|done|not done) /.test(line)),
    ).toEqual([]);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^✗ ftp-cluster: 200 hosts, .*4 failed in 20\.0s$/),
      '',
    ]);
  });

  it('has colours only when asked', async () => {
    expect(await report(threeHosts('plan'), { mode: 'plain' })).not.toContain(ESC);
    expect(await report(threeHosts('plan'), { mode: 'plain', color: true })).toContain(`${ESC}[33m`);
  });

  it('tells the steps of a lab, of fractions only the quarters', async () => {
    const text = await report(
      [
        [0, { type: 'run.start', command: 'lab up', cluster: 'ftp-cluster', hosts: ['rs1', 'rs2'] }],
        ...[0, 0.1, 0.2, 0.3].map(
          (fraction) => [0, { type: 'lab.progress', text: 'unpacking', fraction }] as const,
        ),
        [1, { type: 'lab.progress', host: 'rs1', text: 'rs1 is up', fraction: 0.5 }],
        [2, { type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: 2 }],
      ],
      { mode: 'plain' },
    );
    await expect(text).toMatchFileSnapshot('golden/lab-up.txt');
  });
});

describe('the plan', () => {
  it('shows every change by host and role', async () => {
    await expect(await report(threeHosts('plan'), { mode: 'plain' })).toMatchFileSnapshot('golden/plan.txt');
  });

  it('shows differences when asked', async () => {
    const text = await report(threeHosts('plan'), { mode: 'plain', diff: true });
    await expect(text).toMatchFileSnapshot('golden/plan-diff.txt');
  });

  it('says clearly that there is nothing to change', async () => {
    const text = await report(nothingToChange('plan'), { mode: 'plain' });
    expect(text.trimEnd().split('\n').at(-1)).toBe('Nothing to change: rs1, rs2 are as the inventory wants.');
  });

  it('does not call a host converged that could not be looked at', async () => {
    const scenario = [
      [0, { type: 'run.start', command: 'plan', cluster: 'c', hosts: ['rs1', 'rs2'] }],
      [5, { type: 'failure', host: 'rs2', resource: 'connect', message: 'connection refused' }],
      [9, { type: 'run.end', exitStatus: 1, changed: 0, failed: 1, seconds: 1 }],
    ] as const;
    const text = await report(scenario, { mode: 'plain' });
    expect(text).toContain('Nothing to change on rs1.');
    expect(text).not.toMatch(/Nothing to change.*rs2/);
    expect(text).toContain('✗ rs2: connect\n    connection refused');
  });
});

describe('failures', () => {
  it('that are alike are told once, with their hosts', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `rs${index + 1}`);
    const text = await report(
      [
        [0, { type: 'run.start', command: 'facts', cluster: 'c', hosts }],
        ...hosts.map(
          (host) =>
            [1, { type: 'failure', host, resource: 'connect', message: `${host}: no route` }] as const,
        ),
        [2, { type: 'failure', host: 'rs3', resource: 'connect', message: 'refused' }],
      ],
      { mode: 'plain' },
    );
    expect(text.slice(text.indexOf('\n\n') + 2)).toBe(
      '✗ rs1, rs2, rs3, rs4, rs5, rs6, rs7 and 5 more: connect\n    no route\n✗ rs3: connect\n    refused\n',
    );
  });
});

describe('facts', () => {
  const facts = {
    os: { id: 'debian', version: '12' },
    commands: new Set(['ip', 'ipvsadm']),
    interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01', up: true }],
    packageManager: undefined,
    password: new Secret('hunter2'),
  };
  const scenario = [
    [0, { type: 'run.start', command: 'facts', cluster: 'c', hosts: ['rs1'] }],
    [1, { type: 'facts', host: 'rs1', facts }],
    [2, { type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: 1 }],
  ] as const;

  it('are shown by host, nested ones with their path', async () => {
    await expect(await report(scenario, { mode: 'plain' })).toMatchFileSnapshot('golden/facts.txt');
  });

  it.each(['plain', 'json', 'terminal'] as const)('never show a secret (%s)', async (mode) => {
    const text = await report(scenario, { mode });
    expect(text).toContain('[secret]');
    expect(text).not.toContain('hunter2');
  });
});

describe('NDJSON', () => {
  it('is every event, one a line, with its time', async () => {
    const scenario = threeHosts('provision', true);
    const lines = (await report(scenario, { mode: 'json' }))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ t: _, ...event }) => event)).toEqual(scenario.map(([, event]) => event));
    expect(lines[0].t).toBe('2024-05-01T12:00:00.000Z');
    expect(lines.at(-1).t).toBe('2024-05-01T12:00:04.000Z');
  });

  it('keeps sets', async () => {
    const text = await report(
      [[0, { type: 'facts', host: 'rs1', facts: { commands: new Set(['ip']), report: TRAFFIC } }]],
      { mode: 'json' },
    );
    expect(JSON.parse(text).facts.commands).toEqual(['ip']);
  });
});
