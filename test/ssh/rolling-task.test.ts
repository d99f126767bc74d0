import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rollingStages } from '../../playbooks/rolling.js';
import type { Gate } from '../../src/engine/index.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import { type Machine, startMachine } from '../support/machine.js';
import { remoteShells, type SshdOptions } from '../support/sshd.js';
import { clusterOf, runOn, type TestRun } from './running.js';

let work: string;
let machines: Machine[] = [];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-task-'));
  writeFileSync(join(work, 'log'), '');
});
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()));
  machines = [];
  rmSync(work, { recursive: true, force: true });
});

const story = (): string[] => readFileSync(join(work, 'log'), 'utf8').split('\n').filter(Boolean);
const note = (text: string): void => writeFileSync(join(work, 'log'), `${text}\n`, { flag: 'a' });

const gate: Gate = {
  left: async () => new Set(),
  takeOut: async ({ name }) => {
    note(`out ${name}`);
    return 'out';
  },
  putBack: async ({ name }) => note(`back ${name}`),
  stays: ({ name }) => note(`stays ${name}`),
};

async function realServers(options: SshdOptions = {}, onHalt: () => void = () => {}): Promise<ClusterHost[]> {
  const started = await Promise.all(
    ['rs1', 'rs2'].map((name) => startMachine({ onHalt, onBoot: () => note(`boots ${name}`) }, options)),
  );
  machines.push(...started);
  return started.map(({ sshd }, i) => sshd.host({}, `rs${i + 1}`));
}

/** As `lvsctl rolling` does it, each time with an id of its own. */
function rolling(
  hosts: readonly ClusterHost[],
  options: Parameters<typeof rollingStages>[0],
  more: Parameters<typeof runOn>[2] = {},
): Promise<TestRun> {
  const realServers = hosts.map(({ name, address }) => ({ host: name, address, port: 80, weight: 1 }));
  const service = {
    ...{ name: 'web', vip: '10.0.0.1', port: 80, protocol: 'tcp' as const, scheduler: 'rr', label: '1' },
    ...{ forwarding: 'dr' as const, directors: ['director'], realServers },
  };
  return runOn(
    hosts,
    { name: 'rolling', verify: false, stages: rollingStages({ rebootWithinSeconds: 20, ...options }) },
    { cluster: { ...clusterOf(hosts), services: [service] }, openGate: async () => gate, ...more },
  );
}

const logged = (word: string): string => `echo ${word} >> '${join(work, 'log')}'`;

it.each(remoteShells)(
  'runs a command and reboots, once on each host, sh = %s; asked again it does both again',
  async (shell) => {
    const hosts = await realServers({ shell });
    const each = (name: string) => [`out ${name}`, 'command', `boots ${name}`, `back ${name}`];
    const wanted = { command: logged('command'), reboot: true };
    const first = await rolling(hosts, wanted);
    expect(first.of('failure')).toEqual([]);
    expect(first.outcome).toEqual({ changed: 4, failed: 0, pending: 0 });
    expect(story()).toEqual([...each('rs1'), ...each('rs2')]);
    expect(first.of('remark')).toEqual([]);
    writeFileSync(join(work, 'log'), '');
    const second = await rolling(hosts, wanted);
    expect(second.outcome).toEqual({ changed: 4, failed: 0, pending: 0 });
    expect(story()).toEqual([...each('rs1'), ...each('rs2')]);
  },
);

it('interrupted between two hosts, and said again, goes on with the other; with --anew it begins again', async () => {
  const hosts = await realServers();
  const interrupted = new AbortController();
  await rolling(
    hosts,
    { reboot: true },
    {
      signal: interrupted.signal,
      sink: (event) => {
        if (event.type === 'host.drain' && event.state === 'back') interrupted.abort();
      },
    },
  );
  expect(story()).toEqual(['out rs1', 'boots rs1', 'back rs1']);

  const second = await rolling(hosts, { reboot: true });
  expect(second.outcome).toEqual({ changed: 1, failed: 0, pending: 0 });
  expect(story().slice(3)).toEqual(['out rs2', 'boots rs2', 'back rs2']);
  expect(second.of('remark').map(({ host, text }) => [host, text])).toEqual([
    ['rs1', expect.stringMatching(/^goes on with the rolling run of .* UTC, which has done it here; --anew/)],
    ['rs2', expect.stringMatching(/^goes on with the rolling run of .* UTC; --anew/)],
  ]);
  expect(machines.map((machine) => machine.shutdowns().length)).toEqual([1, 1]);

  const third = await rolling(hosts, { reboot: true, anew: true });
  expect(third.outcome.changed).toBe(2);
  expect(machines.map((machine) => machine.shutdowns().length)).toEqual([2, 2]);
});

it('interrupted while a host boots, goes on without rebooting it again', async () => {
  const interrupted = new AbortController();
  const hosts = await realServers({}, () => interrupted.abort());
  await rolling(hosts, { reboot: true }, { signal: interrupted.signal });
  expect(story()).not.toContain('back rs1');
  let second = await rolling(hosts, { reboot: true });
  while (second.of('failure').some(({ resource }) => resource === 'connect'))
    second = await rolling(hosts, { reboot: true });
  expect(second.of('failure')).toEqual([]);
  expect(machines.map((machine) => machine.shutdowns().length)).toEqual([1, 1]);
});

it('stops at a command that fails, with its words and its exit status', async () => {
  const hosts = await realServers();
  const command = `echo first; echo 'no such package' >&2; ${logged('command')}; exit 100`;
  const { of, outcome } = await rolling(hosts, { command });
  expect(outcome).toEqual({ changed: 0, failed: 1, pending: 0 });
  expect(of('failure')[0]).toMatchObject({ host: 'rs1', resource: 'rolling command', status: 100 });
  expect(of('failure')[0]?.stderr).toContain('no such package');
  expect(of('host.output').map(({ line }) => line)).toContain('first');
  expect(story()).toEqual(['out rs1', 'command', 'stays rs1']);
});
