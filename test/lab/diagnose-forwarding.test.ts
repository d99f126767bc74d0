import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, SickCluster } from './support/diagnosis.js';
import { director, FORWARDING_FAULTS, mark, old, tunnelVip, udp } from './support/faults/forwarding.js';
import { lvsctl } from './support/program.js';
import { inGuest, respond } from './support/responder.js';
import { serveWeb } from './support/web.js';

/**
 * The checks of `lvsctl diagnose` that LVS-NAT, tunnels, services by mark and UDP have beside those of direct routing: each is shown a
 * fault of its own in one cluster that has them all, finds it and nothing else, and is silent before and after.
 */
const rs2 = '10.85.1.12';
const cluster = new SickCluster(
  'diagnose-forwarding',
  `export default {
  name: 'diagf-${process.pid}',
  hosts: {
    director: { address: '${director}/24' },
    rs1: { address: '10.85.1.11/24' },
    rs2: { address: '${rs2}/24' },
    old: { address: '${old}/24', os: 'freebsd' },
    client: { address: '10.85.2.20/24' },
  },
  services: {
    nat: {
      vip: '10.85.1.100', port: 8080, forwarding: 'nat', scheduler: 'rr', directors: ['director'],
      realServers: [{ host: 'rs1', port: 80 }],
    },
    tunnel: {
      vip: '${tunnelVip}', port: 80, forwarding: 'tun', scheduler: 'rr', directors: ['director'],
      realServers: [{ host: 'rs2' }],
    },
    datagrams: {
      vip: '${tunnelVip}', port: ${udp}, protocol: 'udp', forwarding: 'tun', scheduler: 'rr', directors: ['director'],
      realServers: [{ host: 'rs2' }],
    },
    marked: {
      vip: '10.85.1.102', fwmark: ${mark}, ports: [80, '8000-8010'], forwarding: 'dr', scheduler: 'rr', directors: ['director'],
      realServers: [{ host: 'rs2' }, { host: 'old' }],
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
      inGuest(
        inventory,
        'director',
        `echo 'options ip_vs conn_tab_bits=8' > /etc/modprobe.d/few-chains.conf`,
      ),
      serveWeb(inventory, 'rs1'),
      serveWeb(inventory, 'rs2'),
      respond(inventory, 'rs2', { udp, tcp: udp + 1 }, [rs2, tunnelVip]),
    ]);
  });
});

afterAll(() => cluster.down());

describe('diagnose of LVS-NAT, tunnels and services by mark', () => {
  it('finds nothing on a sound cluster, and advises nothing', async () => {
    const run = await lvsctl('diagnose', cluster.inventory, '--lab');
    expect(run.of('diagnosis.finding').map(({ finding }) => finding)).toEqual([]);
    expect(run.status).toBe(0);
    const answered = [{ from: 'client', answered: true }];
    expect(run.of('diagnosis.service').map(({ examined }) => examined)).toMatchObject([
      { service: 'nat', blind: [], connections: answered },
      { service: 'tunnel', blind: [], connections: answered },
      { service: 'datagrams', blind: [], connections: [] },
      { service: 'marked', connections: answered },
    ]);
  });

  it.each(FORWARDING_FAULTS.map((group) => [namesOf(group), group] as const))('%s', async (_, group) => {
    await cluster.expectFound(group, () => true);
  });

  it('finds nothing when all faults are taken away', async () => {
    const { findings, examined } = await cluster.look();
    expect(findings).toEqual([]);
    expect(examined.flatMap(({ connections }) => connections.map(({ answered }) => answered))).toEqual([
      true,
      true,
      true,
    ]);
  });
});
