import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import arp from '../../roles/arp/role.js';
import ftp from '../../roles/ftp/role.js';
import realserver from '../../roles/realserver/role.js';
import { type NodeCluster, startCluster } from './support/cluster.js';
import { convergeInOneRun, provision } from './support/provision.js';

/** First line that a server says. */
async function greeting(address: string, port: number): Promise<string> {
  const socket = createConnection(port, address);
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return String(chunk).trim();
}

describe.each(['dash', 'busybox'] as const)('roles of real servers, /bin/sh is %s', (shell) => {
  let nodes: NodeCluster;
  beforeAll(async () => {
    nodes = await startCluster(shell, { ftp: { banner: 'Welcome to FTP{n} server' } });
  });
  afterAll(() => nodes?.stop());

  test('arp keeps the VIP quiet, on the real servers only', async () => {
    await convergeInOneRun(nodes.cluster, [arp]);
    const flags =
      'cd /proc/sys/net/ipv4/conf && cat all/arp_ignore eth0/arp_ignore all/arp_announce eth0/arp_announce';
    expect(await nodes.rs1.exec(flags)).toBe('1\n1\n2\n2\n');
    expect(await nodes.rs2.exec(flags)).toBe('1\n1\n2\n2\n');
    expect(await nodes.director.exec(flags)).toBe('0\n0\n0\n0\n');
  });

  test('arp mends what was changed by hand, and nothing else', async () => {
    await nodes.rs2.exec('echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore');
    const { changes, failures } = await provision(nodes.cluster, [arp]);
    expect(failures).toEqual([]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(/^rs2: .*arp_ignore/);
  });

  test('realserver holds the VIP on lo with the label', async () => {
    await convergeInOneRun(nodes.cluster, [arp, realserver]);
    for (const node of [nodes.rs1, nodes.rs2])
      expect(await node.exec('ip -o -4 address show dev lo')).toMatch(
        new RegExp(`${nodes.vip.replaceAll('.', '\\.')}/32 .*lo:100`),
      );
    expect(await nodes.director.exec('ip -o -4 address')).not.toContain(nodes.vip);
  });

  test('realserver puts back a VIP that was taken off lo', async () => {
    await nodes.rs1.exec(`ip address del ${nodes.vip}/32 dev lo`);
    const { changes, failures } = await provision(nodes.cluster, [arp, realserver]);
    expect(failures).toEqual([]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(/^rs1: /);
  });

  test('ftp greets as the tutorial wants it, each real server with its number', async () => {
    await convergeInOneRun(nodes.cluster, [ftp]);
    expect(await greeting(nodes.rs1.host.address, 21)).toBe('220 Welcome to FTP1 server');
    expect(await greeting(nodes.rs2.host.address, 21)).toBe('220 Welcome to FTP2 server');
  });
});
