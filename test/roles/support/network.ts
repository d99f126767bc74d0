import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { engineApi, useEngine } from './runtime.js';

/** A network without a way out, in which nodes have the addresses that the test gives them. */
export interface NodeNetwork {
  readonly name: string;
  readonly prefix: number;
  /** The n-th address, 2–254; 1 is the machine's own. */
  address(n: number): string;
  remove(): Promise<void>;
}

/** Tried in order: a machine may use one of them itself. */
const SUBNETS = ['10.78.67', '10.178.67', '172.29.67', '192.168.167'];

export async function createNetwork(): Promise<NodeNetwork> {
  const { dockerHost, label } = inject('roleTests');
  useEngine(dockerHost);
  const dockerode = await engineApi();
  const name = `lvsctl-${randomBytes(4).toString('hex')}`;
  const taken: string[] = [];
  for (const subnet of SUBNETS) {
    try {
      const network = await dockerode.createNetwork({
        Name: name,
        Internal: true,
        Labels: { [label]: '' },
        IPAM: { Driver: 'default', Config: [{ Subnet: `${subnet}.0/24` }] },
      });
      return {
        name,
        prefix: 24,
        address: (n) => `${subnet}.${n}`,
        remove: async () => {
          await network.remove();
        },
      };
    } catch (error) {
      taken.push(`${subnet}.0/24: ${(error as Error).message}`);
    }
  }
  throw new Error(`no subnet is free for the role tests:\n${taken.join('\n')}`);
}
