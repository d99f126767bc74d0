import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, SickCluster } from './support/diagnosis.js';
import { DIRECTORS_FAULTS, lvs2, SOUND, vip } from './support/faults/directors.js';
import { lvsctl } from './support/program.js';
import { inGuest } from './support/responder.js';
import { serveWeb } from './support/web.js';

/** The checks of `lvsctl diagnose` that two directors with keepalived have beside those of one. */
const cluster = new SickCluster(
  'diagnose-directors',
  `export default {
  name: 'diagd-${process.pid}',
  hosts: {
    lvs1: { address: '10.85.3.2/24' },
    lvs2: { address: '${lvs2}/24' },
    rs1: { address: '10.85.3.11/24' },
    client: { address: '10.85.3.50/24' },
  },
  keepalived: { id: 85, preempt: true },
  ipvs: { sync: { id: 85 } },
  services: {
    web: {
      vip: '${vip}', port: 80, scheduler: 'rr', directors: ['lvs1', 'lvs2'],
      check: { type: 'http', path: '/', everySeconds: 1, timeoutSeconds: 5, retries: 2 },
      realServers: [{ host: 'rs1' }],
    },
  },
  probes: ['client'],
};
`,
);

beforeAll(async () => {
  const { inventory } = cluster;
  await cluster.up(async () => {
    await Promise.all([
      inGuest(inventory, 'lvs2', '(apt-get -q update && apt-get -q -y install iptables) >/dev/null'),
      serveWeb(inventory, 'rs1'),
    ]);
  });
  await cluster.onEach(SOUND);
});

afterAll(() => cluster.down());

describe('diagnose of two directors', () => {
  it('finds nothing on a sound cluster, and advises nothing', async () => {
    const run = await lvsctl('diagnose', cluster.inventory, '--lab');
    expect(run.of('diagnosis.finding').map(({ finding }) => finding)).toEqual([]);
    expect(run.status).toBe(0);
    expect(run.of('diagnosis.service').map(({ examined }) => examined)).toMatchObject([
      { service: 'web', blind: [], connections: [{ from: 'client', answered: true }] },
    ]);
  });

  it.each(DIRECTORS_FAULTS.map((group) => [namesOf(group), group] as const))('%s', async (_, group) => {
    await cluster.expectFound(group, () => true);
  });

  it('finds nothing when all faults are taken away', async () => {
    const { findings, examined } = await cluster.look();
    expect(findings).toEqual([]);
    expect(examined.map(({ connections }) => connections.map(({ answered }) => answered))).toEqual([[true]]);
  });
});
