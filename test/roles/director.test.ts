import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { director, ipvsadm } from '../../roles/index.js';
import { type NodeCluster, startCluster } from './support/cluster.js';
import { convergeInOneRun, provision } from './support/provision.js';

/**
 * A container has its machine's kernel, and may load nothing into it. Where that has IPVS with the scheduler, these roles
 * converge as all others do; where it hasn't, they must refuse, and leave no half director behind. The lab's kernels have
 * IPVS always: there (test/lab) the director is proven with traffic.
 */
describe.each(['dash', 'busybox'] as const)('ipvsadm and director, /bin/sh is %s', (shell) => {
  let nodes: NodeCluster;
  beforeAll(async () => {
    nodes = await startCluster(shell);
  });
  afterAll(() => nodes?.stop());

  test('make a director where the kernel has IPVS, and refuse where it has none', async () => {
    const { cluster, vip } = nodes;
    const look = 'test -e /proc/net/ip_vs && test -d /sys/module/ip_vs_wrr && echo yes || echo no';
    const kernelHasIpvs = (await nodes.director.exec(look)).trim() === 'yes';
    if (kernelHasIpvs) {
      await convergeInOneRun(cluster, [ipvsadm, director]);
      const table = await nodes.director.exec('ipvsadm -S -n');
      expect(table).toContain(`-A -t ${vip}:21 -s wrr`);
      expect(table).toContain(`-r ${nodes.rs1.host.address}:21 -g -w 3`);
      expect(table).toContain(`-r ${nodes.rs2.host.address}:21 -g -w 1`);
      expect(await nodes.director.exec('ip -o -4 address show dev eth0')).toContain(`${vip}/32`);
      return;
    }
    const { changes, failures } = await provision(cluster, [ipvsadm, director]);
    expect(changes).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      host: 'director',
      message: expect.stringMatching(/IPVS/),
      hint: expect.stringMatching(/kernel/),
    });
    expect(await nodes.director.exec('ip -o -4 address')).not.toContain(vip);
  });
});
