import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNetwork, type NodeNetwork } from './support/network.js';
import { type RoleNode, startNode } from './support/node.js';

/** The roles' claims rest on what these nodes are; so that is proven first. */
describe.each(['dash', 'busybox'] as const)('a node with %s', (shell) => {
  let network: NodeNetwork;
  let node: RoleNode;
  beforeAll(async () => {
    network = await createNetwork();
    node = await startNode({ name: 'rs1', network, octet: 11, shell });
  });
  afterAll(async () => {
    await node?.stop();
    await network?.remove();
  });

  const ssh = (script: string): string => {
    const { address, ssh: settings } = node.host;
    const files = [`-i${settings.identityFiles[0]}`, `-oUserKnownHostsFile=${settings.knownHostsFiles[0]}`];
    const strict = ['-F/dev/null', '-oStrictHostKeyChecking=yes', '-oBatchMode=yes'];
    return execFileSync('ssh', [...strict, ...files, `root@${address}`, script], { encoding: 'utf8' });
  };

  test('is reached over SSH with the key and the known host key', () => {
    expect(ssh('hostname; ip -o -4 addr show eth0')).toMatch(new RegExp(`^rs1\n.*${node.host.address}/24`));
  });

  test('has the shell that it claims as /bin/sh', () => {
    expect(ssh('readlink -f /bin/sh').trim()).toMatch(shell === 'dash' ? /\/dash$/ : /\/busybox$/);
  });

  test('lets root set its own network sysctls', () => {
    expect(
      ssh('echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; cat /proc/sys/net/ipv4/conf/all/arp_ignore'),
    ).toBe('1\n');
  });

  test('installs packages without a network', () => {
    ssh(
      'DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; apt-get update -q && apt-get install -y vsftpd',
    );
    expect(ssh('dpkg-query -s vsftpd')).toContain('Status: install ok installed');
  });
});
