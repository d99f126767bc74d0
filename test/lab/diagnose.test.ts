import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, type Finding, isFault } from '../../src/diagnose/index.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { loadInventory } from '../../src/inventory/index.js';
import { labAccess } from '../../src/lab/index.js';
import { nested, sh, trusted } from '../../src/shell/index.js';
import type { Host } from '../../src/ssh/host.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';
import { FAULTS, type Fault, type FaultGroup } from './support/faults.js';
import { lvsctl } from './support/program.js';

/**
 * Every check of `lvsctl diagnose` that this lab can have at fault: the fault is put in by a command, is found, and nothing else
 * is; what the finding says mends it takes it away. Between them, and at the end, nothing is found.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-diagnose-'));
const inventory = join(folder, 'inventory.ts');
let cluster: Cluster;
let open: (host: ClusterHost) => Promise<Host>;
const hosts = new Map<string, Promise<Host>>();

writeFileSync(
  inventory,
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

async function on(host: string, script: string): Promise<void> {
  const target = cluster.hosts.get(host);
  if (!target) throw new Error(`no host ${host}`);
  const { status, stderr } = await (await open(target)).run(sh`bash -c ${nested(trusted(script))}`);
  expect(status, `${host}: ${script}\n${stderr}`).toBe(0);
}

/** One host after the other, in the order that they stand in. */
async function onEach(scripts: Readonly<Record<string, string>>): Promise<void> {
  for (const [host, script] of Object.entries(scripts)) await on(host, script);
}

const look = (of: Cluster = cluster): Promise<Diagnosis> => diagnose({ cluster: of, open });
const faults = ({ findings }: Diagnosis): Finding[] => findings.filter(isFault);
const named = (found: readonly Finding[]): string[] => found.map(({ check, host }) => `${check}@${host}`);

beforeAll(async () => {
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
  const provision = await lvsctl('provision', inventory, '--lab');
  expect(provision.status, provision.story).toBe(0);
  const access = await labAccess(await loadInventory(inventory));
  cluster = access.cluster;
  const passwords = environmentPasswords({});
  open = (target) => {
    const opened = hosts.get(target.name) ?? openHost(target, { passwords, dial: access.dial });
    hosts.set(target.name, opened);
    return opened;
  };
  // So that closed connections are soon forgotten: they count for thresholds and persistence.
  await on('director', 'ipvsadm --set 0 5 0');
  await Promise.all(
    ['director', 'rs1', 'rs2', 'client'].map((host) =>
      on(host, 'DEBIAN_FRONTEND=noninteractive apt-get install -y iptables >/tmp/apt 2>&1'),
    ),
  );
});

afterAll(async () => {
  await Promise.all([...hosts.values()].map(async (host) => (await host).close()));
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

/** By the fixes of its findings, unless it says otherwise. */
async function mend(fault: Fault, found: readonly Finding[]): Promise<void> {
  if (fault.undo !== undefined) await onEach(fault.undo);
  else
    for (const { fix, check, host } of found) {
      if (!fault.found.includes(`${check}@${host}`)) continue;
      if (!('command' in fix) || fix.on === undefined)
        throw new Error(`${check} has no command on a host: ${JSON.stringify(fix)}`);
      await on(fix.on, fix.command);
    }
  if (fault.after !== undefined) await onEach(fault.after);
}

const namesOf = ({ faults: of }: FaultGroup): string => of.map(({ name }) => name).join('; ');

describe('diagnose', () => {
  it('finds nothing on a sound cluster', async () => {
    const run = await lvsctl('diagnose', inventory, '--lab');
    expect(run.of('diagnosis.finding').map(({ finding }) => finding.check)).toEqual(['ftp-passive']);
    expect(run.status).toBe(0);
    expect(run.of('diagnosis.service').map(({ examined }) => examined)).toMatchObject([
      { service: 'ftp', blind: [], connections: [{ from: 'client', answered: true }] },
      { service: 'ssh', blind: [], connections: [{ from: 'client', answered: true }] },
    ]);
  });

  it.each(FAULTS.map((group) => [namesOf(group), group] as const))(
    '%s',
    async (_, { faults: put, probes }) => {
      for (const fault of put) await onEach(fault.put);
      const of = probes === undefined ? cluster : { ...cluster, probes };
      let found: readonly Finding[] = [];
      try {
        found = faults(await look(of));
        const expected = put.flatMap((fault) => fault.found);
        expect(named(found).sort(), JSON.stringify(found, undefined, 1)).toEqual([...expected].sort());
      } finally {
        for (const fault of put) await mend(fault, found);
      }
    },
  );

  it('finds nothing when all faults are taken away', async () => {
    const diagnosis = await look();
    expect(faults(diagnosis)).toEqual([]);
    expect(diagnosis.examined.flatMap(({ connections }) => connections)).toHaveLength(2);
  });

  it('looks at the others where a host can’t be reached', async () => {
    await on('rs2', 'systemctl stop ssh.socket ssh.service');
    const run = await lvsctl('diagnose', inventory, 'ftp', '--lab');
    await on('rs2', 'systemctl start ssh.socket');
    expect(run.status).toBe(1);
    const [first] = run.of('diagnosis.finding').map(({ finding }) => finding);
    expect(first).toMatchObject({ check: 'server-unreachable', host: 'rs2', services: ['ftp'] });
    const examined = run.of('diagnosis.service')[0]?.examined;
    expect(examined?.blind).toContainEqual({ check: 'server-vip', host: 'rs2', reason: expect.any(String) });
    expect(examined?.silent).toContain('director-vip');
  });
});
