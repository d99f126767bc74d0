import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { service } from '../../unit/roles/cluster.js';
import { createNetwork } from './network.js';
import { type NodeShell, type RoleNode, startNode } from './node.js';

/** The tutorial's cluster, of nodes: one director, two real servers 3:1, an FTP service by direct routing. */
export interface NodeCluster {
  readonly cluster: Cluster;
  readonly director: RoleNode;
  readonly rs1: RoleNode;
  readonly rs2: RoleNode;
  readonly vip: string;
  stop(): Promise<void>;
}

/** Parameters by role, as an inventory gives them. */
type RoleParams = Cluster['roles'];

export async function startCluster(shell: NodeShell, roles: RoleParams = {}): Promise<NodeCluster> {
  const network = await createNetwork();
  const node = (name: string, octet: number): Promise<RoleNode> => startNode({ name, network, octet, shell });
  const [director, rs1, rs2] = await Promise.all([node('director', 83), node('rs1', 76), node('rs2', 2)]);
  const nodes = [director, rs1, rs2];
  const vip = network.address(100);
  const realServer = ({ host }: RoleNode, weight: number): Service['realServers'][number] => ({
    host: host.name,
    address: host.address,
    port: 21,
    weight,
  });
  return {
    cluster: {
      name: 'role-test',
      file: '/role-test/inventory.ts',
      hosts: new Map(nodes.map(({ host }) => [host.name, host])),
      services: [service({ vip, realServers: [realServer(rs1, 3), realServer(rs2, 1)] })],
      probes: [],
      roles,
    },
    director,
    rs1,
    rs2,
    vip,
    stop: async () => {
      await Promise.all(nodes.map((one) => one.stop()));
      await network.remove();
    },
  };
}
