import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFault } from '../../src/diagnose/index.js';
import { namesOf, SickCluster } from './support/diagnosis.js';
import { ROUTING_ADVICE, ROUTING_FAULTS, SHUT } from './support/faults/routing.js';
import { lvsctl } from './support/program.js';

/**
 * The checks of `lvsctl diagnose` that direct routing with one director can have at fault: the fault is put in by a command, is found, and
 * nothing else is; what the finding says mends it takes it away. Between them, and at the end, nothing is found.
 */
const cluster = new SickCluster(
  'diagnose',
  `export default {
  name: 'diag-${process.pid}',
  ssh: { user: 'root', hostKeys: 'strict' },
  interface: 'eth0',
  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
    rs2: { address: '10.83.33.2/24' },
    client: { address: '10.83.33.50/24' },
  },
  services: {
    ftp: {
      vip: '10.83.33.100', port: 21, scheduler: 'wrr', forwarding: 'dr', directors: ['director'],
      realServers: [{ host: 'rs1', weight: 3 }, { host: 'rs2', weight: 1 }],
    },
    ssh: {
      vip: '10.83.33.101', port: 22, scheduler: 'wlc', forwarding: 'dr', directors: ['director'],
      persistence: { seconds: 60, netmask: '255.255.255.0' },
      realServers: [{ host: 'rs1' }, { host: 'rs2' }],
    },
  },
  probes: ['client'],
  roles: { ftp: { banner: 'Welcome to FTP{n} server' } },
};
`,
);

beforeAll(async () => {
  await cluster.up();
  // So that closed connections are soon forgotten: they count for thresholds and persistence.
  await cluster.on('director', 'ipvsadm --set 0 5 0');
  await Promise.all(
    ['director', 'rs1', 'rs2', 'client'].map((host) =>
      cluster.on(host, 'DEBIAN_FRONTEND=noninteractive apt-get install -y iptables >/tmp/apt 2>&1'),
    ),
  );
});

afterAll(() => cluster.down());

describe('diagnose', () => {
  it('finds nothing on a sound cluster', async () => {
    const run = await lvsctl('diagnose', cluster.inventory, '--lab');
    expect(run.of('diagnosis.finding').map(({ finding }) => finding.check)).toEqual(ROUTING_ADVICE);
    expect(run.status).toBe(0);
    expect(run.of('diagnosis.service').map(({ examined }) => examined)).toMatchObject([
      { service: 'ftp', blind: [], connections: [{ from: 'client', answered: true }] },
      { service: 'ssh', blind: [], connections: [{ from: 'client', answered: true }] },
    ]);
  });

  it.each(ROUTING_FAULTS.map((group) => [namesOf(group), group] as const))('%s', async (_, group) => {
    await cluster.expectFound(group, isFault);
  });

  it('finds nothing when all faults are taken away', async () => {
    const diagnosis = await cluster.look();
    expect(diagnosis.findings.filter(isFault)).toEqual([]);
    expect(diagnosis.examined.flatMap(({ connections }) => connections)).toHaveLength(2);
  });

  it('looks at the others where hosts can’t be reached', async () => {
    await cluster.onEach(SHUT.put);
    const run = await lvsctl('diagnose', cluster.inventory, 'ftp', '--lab');
    await cluster.onEach(SHUT.undo ?? {});
    expect(run.status).toBe(1);
    const findings = run.of('diagnosis.finding').map(({ finding }) => finding);
    expect(findings.map(({ check, host }) => `${check}@${host}`)).toEqual([
      ...SHUT.found,
      ...ROUTING_ADVICE.map((check) => `${check}@undefined`),
    ]);
    expect(findings[0]).toMatchObject({ services: ['ftp'] });
    const examined = run.of('diagnosis.service')[0]?.examined;
    expect(examined?.blind).toContainEqual({ check: 'server-vip', host: 'rs2', reason: expect.any(String) });
    expect(examined?.silent).toContain('listener');
  });
});
