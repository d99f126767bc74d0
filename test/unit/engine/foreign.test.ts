import { describe, expect, it } from 'vitest';
import site from '../../../playbooks/site.js';
import { noParams } from '../../../roles/noParams.js';
import { type ClusterRun, defineRole, type RunEvent, runCluster } from '../../../src/engine/index.js';
import type { ForeignSystem } from '../../../src/inventory/systems.js';
import { host, service, tutorial } from '../roles/cluster.js';

const foreign = (name: string, address: string, os: ForeignSystem) =>
  host(name, address, { os, groups: ['old'] });
const cluster = tutorial({
  hosts: [
    host('director', '10.83.33.83'),
    host('rs1', '10.83.33.76'),
    foreign('bsd1', '10.83.33.77', 'freebsd'),
    foreign('win1', '10.83.33.78', 'windows'),
    host('client', '10.83.33.50'),
  ],
  services: [
    service({
      realServers: ['rs1', 'bsd1', 'win1'].map((name, i) => ({
        host: name,
        address: `10.83.33.${76 + i}`,
        port: 21,
        weight: 1,
      })),
    }),
  ],
});

async function run(options: Partial<ClusterRun> = {}) {
  const events: RunEvent[] = [];
  const opened: string[] = [];
  const outcome = await runCluster({
    command: 'plan',
    cluster,
    playbook: site,
    forks: 10,
    connections: 40,
    open: async ({ name }) => {
      opened.push(name);
      throw new Error(`${name} is not there`);
    },
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
    ...options,
  });
  const remarks = events.flatMap((event) =>
    event.type === 'remark' ? [`${event.host}: ${event.text}`] : [],
  );
  const started = events.flatMap((event) => (event.type === 'run.start' ? [event.hosts] : []))[0];
  return { opened: [...new Set(opened)].sort(), remarks, started, outcome };
}

const bsd1 =
  'bsd1: runs FreeBSD, and lvsctl does not log in there: `lvsctl render /home/me/inventory.ts bsd1` shows the commands for it, `lvsctl verify` proves them from outside';

describe('a real server that is not Linux', () => {
  it.each(['facts', 'plan', 'provision'] as const)(
    'is not connected to by %s, which says so once',
    async (command) => {
      const { opened, remarks, started } = await run({ command });
      expect(opened).toEqual(['client', 'director', 'rs1']);
      expect(started).not.toContain('bsd1');
      expect(remarks.filter((text) => /^(bsd1|win1):/.test(text))).toEqual([
        bsd1,
        expect.stringMatching(/^win1: runs Windows, /),
      ]);
    },
  );

  it('has no part in a role of the user’s own either', async () => {
    const asked: string[] = [];
    const own = defineRole({
      name: 'own',
      description: 'everywhere',
      params: noParams,
      appliesTo: ({ name }) => asked.push(name) > 0,
      resources: () => [],
    });
    await run({
      playbook: { name: 'own', verify: false, stages: [{ name: 'own', hosts: 'all', roles: [own] }] },
    });
    expect(asked).toEqual(['director', 'rs1', 'client']);
  });

  it('chosen by --limit leaves nothing to do, and is no failure', async () => {
    const { opened, remarks, outcome } = await run({ limit: ['bsd1'] });
    expect({ opened, remarks }).toEqual({ opened: [], remarks: [bsd1] });
    expect(outcome).toEqual({ changed: 0, failed: 0, pending: 0 });
  });

  it('is not told of when --limit leaves it out, but is when its group is chosen', async () => {
    expect((await run({ limit: ['rs1'] })).remarks.filter((text) => text.startsWith('bsd1'))).toEqual([]);
    expect((await run({ limit: ['old'] })).remarks).toHaveLength(2);
  });
});
