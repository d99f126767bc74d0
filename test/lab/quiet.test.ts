import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arp, realserver } from '../../roles/index.js';
import type { NoParams } from '../../roles/noParams.js';
import type { Facts } from '../../src/engine/facts.js';
import type { Role, RoleInput } from '../../src/engine/role.js';
import type { Cluster } from '../../src/inventory/cluster.js';
import { labAccess, labDown, labReboot, labUp } from '../../src/lab/index.js';
import { provisionRoles } from '../support/run-playbook.js';
import { service } from '../unit/roles/cluster.js';
import { labCluster } from './support/cluster.js';
import { onGuest } from './support/login.js';

/**
 * The ways to keep a VIP quiet that hosts of 2003 need, with real ARP and real connections: the roles get facts as such a host gives
 * them; the kernel below is the lab's, which has arptables and iptables as modules, and no nf_tables for IP. The client stands for the
 * director too: it sends to the VIP at the real server's MAC.
 */
const vip = '10.83.33.100';
const rip = '10.83.33.76';
const service22 = service({
  name: 'login',
  port: 22,
  realServers: [{ host: 'rs1', address: rip, port: 22, weight: 1 }],
});
const lab: Cluster = {
  ...labCluster(`t${process.pid}q`, { rs1: rip, client: '10.83.33.50' }),
  services: [service22],
};

async function shell(host: string, script: string): Promise<string> {
  const { status, output } = await onGuest(
    lab,
    host,
    `PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n${script}`,
  );
  expect(status, `${host}: ${script}\n${output}`).toBe(0);
  return output.trim();
}

/** What a stock kernel of 2003 shows, with these modules and commands. */
function conceal(facts: Facts, modules: readonly string[], commands: readonly string[]): Facts {
  const without = /^\/proc\/sys\/net\/ipv4\/conf|arp_tables_names/;
  return {
    ...facts,
    kernel: { ...facts.kernel, release: '2.4.21-4.EL' },
    paths: new Set([...facts.paths].filter((path) => !without.test(path))),
    modules: new Set(modules),
    commands: new Set([...facts.commands].filter((one) => !/tables$/.test(one)).concat(commands)),
  };
}

function onStockKernel(modules: readonly string[], commands: readonly string[]): Role[] {
  return [arp, realserver].map((role) => {
    const seen = (input: RoleInput<NoParams>) => ({
      ...input,
      facts: conceal(input.facts, modules, commands),
    });
    const { remarks } = role;
    const wrapped: Role<NoParams> = {
      ...role,
      resources: (input) => role.resources(seen(input)),
      ...(remarks && { remarks: (input: RoleInput<NoParams>) => remarks(seen(input)) }),
    };
    return wrapped as Role;
  });
}

async function provision(roles: readonly Role[]) {
  const access = await labAccess(lab);
  return provisionRoles(access.cluster, roles, access.dial);
}

/** Whether anybody answers when the client asks for an address, twice, or for so many seconds. */
async function answers(address: string, seconds: number): Promise<boolean> {
  const said = await shell('client', `arping -c 2 -w ${seconds} -I eth0 ${address} || :`);
  return said.includes('Unicast reply');
}

/** What the VIP says on port 22, sent to rs1 as a director would. */
async function connect(): Promise<string> {
  const mac = await shell('rs1', 'cat /sys/class/net/eth0/address');
  const said = await shell(
    'client',
    `ip neigh replace ${vip} lladdr ${mac} dev eth0 nud permanent; echo | nc -w 30 ${vip} 22 | head -c 7; ip neigh del ${vip} dev eth0`,
  );
  return said;
}

/** Whether the client learns rs1's MAC for the VIP from a request of rs1's own, sent from the VIP. */
async function betrays(): Promise<boolean> {
  await shell('client', `ip neigh flush dev eth0`);
  await shell('rs1', `ip neigh flush dev eth0; ping -c 1 -W 1 -I ${vip} 10.83.33.50 >/dev/null 2>&1 || :`);
  return (await shell('client', `ip neigh show ${vip}`)).includes('lladdr');
}

async function quietAndServing(): Promise<void> {
  expect({ vip: await answers(vip, 3), rip: await answers(rip, 60) }).toEqual({ vip: false, rip: true });
  expect(await connect()).toBe('SSH-2.0');
}

async function converged(roles: readonly Role[]): Promise<void> {
  const { outcome, story } = await provision(roles);
  expect(outcome, story).toMatchObject({ changed: 0, failed: 0 });
}

beforeAll(async () => {
  await labUp(lab, () => {});
  await shell('client', 'apt-get update -q && apt-get install -q -y iputils-arping');
});
afterAll(() => labDown(lab, () => {}));

describe('without anything', () => {
  it('a real server answers for its VIP, and gives it away', async () => {
    await shell('rs1', `ip addr add ${vip}/32 dev lo`);
    expect(await answers(vip, 60)).toBe(true);
    expect(await betrays()).toBe(true);
    await shell('rs1', `ip addr del ${vip}/32 dev lo`);
  });
});

describe('arptables', () => {
  const roles = onStockKernel(['arptable_filter', 'arpt_mangle'], ['arptables']);

  it('keeps it quiet, and the VIP serves', async () => {
    await shell(
      'rs1',
      'apt-get update -q && apt-get install -q -y arptables && update-alternatives --set arptables /usr/sbin/arptables-legacy',
    );
    const { outcome, story } = await provision(roles);
    expect(outcome, story).toMatchObject({ failed: 0 });
    await quietAndServing();
    expect(await betrays()).toBe(false);
    await converged(roles);
  });

  it('comes back by the boot script, once', async () => {
    const rules = await shell('rs1', 'arptables -L -n');
    expect(rules).toMatch(
      new RegExp(`-j DROP -d ${vip} *\\n[^]*-j mangle -s ${vip} --mangle-ip-s ${rip} *$`, 'm'),
    );
    await shell('rs1', 'arptables -F && sh /etc/lvsctl/realserver.sh && sh /etc/lvsctl/realserver.sh');
    expect(await shell('rs1', 'arptables -L -n')).toBe(rules);
  });

  it('is there after a reboot', async () => {
    await labReboot(lab, ['rs1'], () => {});
    await quietAndServing();
    await converged(roles);
    await shell('rs1', `arptables -F; ip addr del ${vip}/32 dev lo`);
    expect(await shell('rs1', 'ip -o addr show')).not.toContain(vip);
  });
});

describe('iptables REDIRECT', () => {
  const roles = onStockKernel(['iptable_nat', 'ipt_REDIRECT'], ['iptables']);

  it('takes what is sent to a VIP that is nowhere, and one from before is taken away', async () => {
    await shell(
      'rs1',
      `apt-get install -q -y iptables && update-alternatives --set iptables /usr/sbin/iptables-legacy && ip addr add ${vip}/32 dev lo label lo:100`,
    );
    const { outcome, story } = await provision(roles);
    expect(outcome, story).toMatchObject({ failed: 0 });
    expect(await shell('rs1', 'ip -o addr show')).not.toContain(vip);
    await quietAndServing();
    await converged(roles);
  });

  it('comes back by the boot script, once', async () => {
    await shell(
      'rs1',
      `iptables -t nat -F && ip addr add ${vip}/32 dev lo && sh /etc/lvsctl/realserver.sh && sh /etc/lvsctl/realserver.sh`,
    );
    expect((await shell('rs1', 'iptables -t nat -S PREROUTING')).split('\n')).toEqual([
      '-P PREROUTING ACCEPT',
      `-A PREROUTING -d ${vip}/32 -p tcp -m tcp --dport 22 -j REDIRECT`,
    ]);
    await converged(roles);
  });

  it('is there after a reboot', async () => {
    await labReboot(lab, ['rs1'], () => {});
    await quietAndServing();
    await converged(roles);
    await shell('rs1', 'iptables -t nat -F');
  });
});
