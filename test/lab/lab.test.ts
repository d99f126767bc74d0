import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/engine/events.js';
import {
  labAccess,
  labDown,
  labExec,
  labPackages,
  labReboot,
  labStatus,
  labUp,
} from '../../src/lab/index.js';
import { labCluster, pair } from './support/cluster.js';
import { onGuest } from './support/login.js';
import { startChild, supervisorPid, traces } from './support/traces.js';

const one = pair(`t${process.pid}a`);
const two = pair(`t${process.pid}b`);
const grown = labCluster(one.name, { director: '10.83.33.83', rs2: '10.83.33.2' });
const quiet = () => {};

async function succeed(cluster: typeof one, host: string, command: string): Promise<string> {
  const { status, output } = await onGuest(cluster, host, command);
  expect(status, `${host}: ${command}\n${output}`).toBe(0);
  return output;
}

afterAll(async () => {
  await labDown(one, quiet);
  await labDown(two, quiet);
});

describe('before anything is started', () => {
  test('a lab that is not up says how to bring it up', async () => {
    await expect(labAccess(one)).rejects.toMatchObject({
      message: expect.stringContaining('not up'),
      hint: `lvsctl lab up ${one.file}`,
    });
    const status = await labStatus(one);
    expect(status.running).toBe(false);
    expect(status.hosts.map((host) => [host.name, host.address, host.state])).toEqual([
      ['director', '10.83.33.83', 'off'],
      ['rs1', '10.83.33.76', 'off'],
    ]);
  });

  test('needs root, and says so', async () => {
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
    await expect(labUp(one, quiet)).rejects.toMatchObject({
      name: 'LvsctlError',
      hint: expect.stringContaining('sudo'),
    });
    getuid.mockRestore();
  });

  test('names the Debian packages that are missing', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      await expect(labUp(one, quiet)).rejects.toMatchObject({
        message: expect.stringContaining('linux.uml'),
        hint: expect.stringMatching(/^apt-get install .*user-mode-linux mmdebstrap/),
      });
    } finally {
      process.env.PATH = path;
    }
    expect(labPackages).toContain('user-mode-linux');
  });

  test.each([
    ['a name of a lab', labCluster('UPPER', { a: '10.0.0.1' }), 'UPPER'],
    ['a name of a host', labCluster('bad', { '../a': '10.0.0.1' }), '../a'],
  ])('%s that could leave its folder is refused', async (_, cluster, named) => {
    await expect(labUp(cluster, quiet)).rejects.toThrow(named);
  });
});

describe('a lab of two hosts', () => {
  const events: RunEvent[] = [];
  beforeAll(() => labUp(one, (event) => events.push(event)));

  test('is up, and told its progress', async () => {
    const { running, hosts } = await labStatus(one);
    expect(running).toBe(true);
    expect(hosts.map((host) => host.state)).toEqual(['up', 'up']);
    for (const host of hosts) expect(existsSync(`/proc/${host.pid}`)).toBe(true);
    expect(events.every((event) => event.type === 'lab.progress')).toBe(true);
    expect(events.at(-1)).toMatchObject({ fraction: 1 });
  });

  test('each host has its name, its address on its NIC, and knows the others', async () => {
    for (const { name, address } of one.hosts.values()) {
      const output = await succeed(one, name, 'hostname; ip -o -4 address show dev eth0; cat /etc/hosts');
      expect(output).toMatch(new RegExp(`^${name}\n`));
      expect(output).toContain(`inet ${address}/24`);
      for (const other of one.hosts.values()) expect(output).toContain(`${other.address}\t${other.name}\n`);
    }
    await succeed(one, 'director', 'ping -c 1 -W 20 rs1');
    await succeed(one, 'rs1', 'ping -c 1 -W 20 director');
  });

  test('does without a host that is not Linux, and says so', async () => {
    const foreign = labCluster(one.name, { bsd1: '10.83.33.77' }).hosts.get('bsd1');
    if (!foreign) throw new Error('no bsd1');
    const mixed = {
      ...one,
      hosts: new Map([...one.hosts, ['bsd1', { ...foreign, os: 'freebsd' as const }]]),
    };
    const told: RunEvent[] = [];
    await labUp(mixed, (event) => told.push(event));
    expect(told[0]).toEqual({ type: 'remark', text: expect.stringContaining('does without bsd1 (FreeBSD)') });
    expect((await labStatus(mixed)).hosts.map(({ name, boots }) => [name, boots])).toEqual([
      ['director', 1],
      ['rs1', 1],
    ]);
    const access = await labAccess(mixed);
    expect([...access.cluster.hosts.keys()]).toEqual(['director', 'rs1', 'bsd1']);
    expect(access.cluster.hosts.get('bsd1')).toMatchObject({
      os: 'freebsd',
      ssh: { hostName: 'unreachable.invalid' },
    });
    expect(access.remark).toContain('bsd1');
    await expect(labExec(mixed, 'bsd1', ['true'])).rejects.toThrow('no twin of bsd1');
    await expect(labReboot(mixed, ['bsd1'], quiet)).rejects.toThrow('no twin of bsd1');
  });

  test('dial says why it cannot connect', async () => {
    const { dial } = await labAccess(one);
    await expect(dial('10.83.33.83', 9)).rejects.toThrow('ECONNREFUSED');
  });

  test('its settings replace those of the inventory', async () => {
    const access = await labAccess(one);
    expect(access.cluster.hosts.get('rs1')?.ssh).toMatchObject({
      hostName: '10.83.33.76',
      port: 22,
      user: 'root',
      agent: false,
      hostKeys: 'strict',
      algorithms: 'modern',
      sudo: false,
    });
    const key = access.cluster.hosts.get('rs1')?.ssh.identityFiles[0] ?? '';
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  test('exec passes words, stdin, stdout and the exit status', async () => {
    const script = `printf '[%s]' "$@"; cat; exit 7`;
    const child = startChild('exec', one.name, 'rs1', 'sh', '-c', script, 'sh', `it's $HOME`, 'b  c');
    child.stdin.end('through stdin');
    const closed = new Promise((resolve) => child.once('close', resolve));
    expect(await text(child.stdout)).toBe(`[it's $HOME][b  c]through stdin`);
    expect(await closed).toBe(7);
  });

  test('bridged frames meet no iptables of this machine', () => {
    const file = '/proc/sys/net/bridge/bridge-nf-call-iptables';
    const inside = ['netns', 'exec', `lvs-${one.name}`, 'sh', '-c', `cat ${file} 2>/dev/null || echo 0`];
    expect(execFileSync('ip', inside, { encoding: 'utf8' }).trim()).toBe('0');
    const rules = ['netns', 'exec', `lvs-${one.name}`, 'cat', '/proc/net/ip_tables_names'];
    expect(execFileSync('ip', rules, { encoding: 'utf8' }).trim()).toBe('');
  });

  test('the lab’s machine keeps its MAC address, whichever hosts come and go', () => {
    const file = '/sys/class/net/lab/addr_assign_type';
    const inside = ['netns', 'exec', `lvs-${one.name}`, 'cat', file];
    // 3: it was given; 1: it is that of one of the taps.
    expect(execFileSync('ip', inside, { encoding: 'utf8' }).trim()).toBe('3');
  });

  test('a host installs ipvsadm without any network and balances with a real IPVS', async () => {
    expect((await onGuest(one, 'director', 'command -v ipvsadm')).status).not.toBe(0);
    await succeed(
      one,
      'director',
      'export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get install -y ipvsadm',
    );
    await succeed(one, 'director', 'modprobe ip_vs && modprobe ip_vs_wrr');
    await succeed(one, 'director', 'ipvsadm -A -t 10.83.33.100:21 -s wrr');
    await succeed(one, 'director', 'ipvsadm -a -t 10.83.33.100:21 -r 10.83.33.76 -g -w 3');
    expect(await succeed(one, 'director', 'ipvsadm -Sn')).toBe(
      '-A -t 10.83.33.100:21 -s wrr\n-a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3\n',
    );
  });

  test('a reboot brings a host back with its disk and without its memory', async () => {
    await succeed(one, 'director', 'echo kept >/root/kept');
    const bootId = await succeed(one, 'director', 'cat /proc/sys/kernel/random/boot_id');
    const address = await succeed(one, 'director', 'cat /sys/class/net/eth0/address');
    await labReboot(one, ['director'], quiet);
    expect(await succeed(one, 'director', 'cat /root/kept')).toBe('kept\n');
    expect(await succeed(one, 'director', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(bootId);
    expect(await succeed(one, 'director', 'cat /sys/class/net/eth0/address')).toBe(address);
    expect(await succeed(one, 'director', 'modprobe ip_vs && ipvsadm -Sn')).toBe('');
    expect((await labStatus(one)).hosts.map((host) => host.boots)).toEqual([2, 1]);
  });

  test('a poweroff lasts until the next up, which leaves the other host alone', async () => {
    await succeed(one, 'rs1', '(sleep 1; poweroff) </dev/null >/dev/null 2>&1 &');
    while ((await labStatus(one)).hosts[1]?.state !== 'off') await sleep(200);
    const { dial } = await labAccess(one);
    await expect(dial('10.83.33.76', 22)).rejects.toThrow('EHOSTUNREACH');
    const [director] = (await labStatus(one)).hosts;
    await labUp(one, quiet);
    expect((await labStatus(one)).hosts.map((host) => host.state)).toEqual(['up', 'up']);
    expect((await labStatus(one)).hosts[0]?.pid).toBe(director?.pid);
  });

  test('after its supervisor was killed, up brings it back with its disks', async () => {
    await succeed(one, 'rs1', 'echo survived >/root/survived');
    process.kill(supervisorPid(one.name), 'SIGKILL');
    while ((await labStatus(one)).running) await sleep(50);
    await expect(labAccess(one)).rejects.toThrow('not up');
    await labUp(one, quiet);
    expect(await succeed(one, 'rs1', 'cat /root/survived')).toBe('survived\n');
    expect(await succeed(one, 'director', 'cat /root/kept')).toBe('kept\n');
  });

  test('a host that joins the inventory joins the lab, and one that leaves leaves nothing', async () => {
    const [before] = (await labStatus(one)).hosts;
    await expect(labAccess(grown)).rejects.toThrow('rs2');
    await labUp(grown, quiet);
    expect((await labStatus(grown)).hosts.map((host) => host.state)).toEqual(['up', 'up']);
    expect((await labStatus(grown)).hosts[0]?.pid).toBe(before?.pid);
    await succeed(grown, 'director', 'ping -c 1 -W 20 rs2');
    expect(existsSync(`/var/lib/lvsctl-lab/${one.name}/hosts/rs1`)).toBe(false);
  });

  test('another inventory of the same name is refused while the first exists', async () => {
    const moved = { ...grown, file: import.meta.filename };
    await labUp(moved, quiet);
    await expect(labUp(grown, quiet)).rejects.toMatchObject({ hint: expect.stringContaining(moved.file) });
  });
});

describe('hosts of two IPv6 networks, with a NIC of another name', () => {
  const hosts = { near: 'fd00:83::83', far: 'fd00:84::1' };
  const six = labCluster(`t${process.pid}c`, hosts, { prefix: 64, interface: 'ens3' });
  beforeAll(() => labUp(six, quiet, { memoryMegabytes: 192 }));
  afterAll(() => labDown(six, quiet));

  test('reach each other through the namespace, also after a reboot', async () => {
    await succeed(six, 'near', 'ping -c 1 -W 20 far');
    await labReboot(six, ['far', 'near'], quiet);
    await succeed(six, 'far', 'ping -c 1 -W 20 near');
    expect(await succeed(six, 'far', 'ip -6 -o address show dev ens3')).toContain('fd00:84::1/64');
  });

  test('have the memory that was asked for', async () => {
    const kilobytes = Number(
      (await succeed(six, 'near', 'cat /proc/meminfo')).match(/MemTotal: +(\d+)/)?.[1],
    );
    expect(kilobytes).toBeLessThan(192 * 1024);
    expect(kilobytes).toBeGreaterThan(128 * 1024);
  });
});

describe('side by side', () => {
  beforeAll(() => labUp(two, quiet));

  test('a second lab with the same addresses is another lab', async () => {
    const id = 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub';
    const [a, b] = await Promise.all([succeed(two, 'director', id), succeed(two, 'rs1', id)]);
    expect(a).not.toBe(b);
    expect((await onGuest(two, 'director', 'test -e /root/kept')).status).toBe(1);
  });

  test('down ends one and leaves the other', async () => {
    expect(traces(one.name)).not.toEqual([]);
    await labDown(one, quiet);
    expect(traces(one.name)).toEqual([]);
    await succeed(two, 'director', 'ping -c 1 -W 20 rs1');
  });

  test('down leaves nothing even after the supervisor was killed', async () => {
    process.kill(supervisorPid(two.name), 'SIGKILL');
    await labDown(two, quiet);
    expect(traces(two.name)).toEqual([]);
    await labDown(two, quiet);
  });

  test('an up that is killed in its midst is finished by the next', async () => {
    const child = startChild('up', two.name);
    while (!existsSync(`/var/lib/lvsctl-lab/${two.name}/lab.json`)) await sleep(10);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await labUp(two, quiet);
    expect((await labStatus(two)).hosts.map((host) => host.state)).toEqual(['up', 'up']);
    await labDown(two, quiet);
    expect(traces(two.name)).toEqual([]);
  });
});
