import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadInventory } from '../../../src/inventory/index.js';

const EXAMPLE = fileURLToPath(new URL('../../../inventory.example.ts', import.meta.url));

test('the example is the tutorial’s cluster', async () => {
  const cluster = await loadInventory(EXAMPLE);
  expect(cluster.name).toBe('tutorial');
  expect(
    [...cluster.hosts.values()].map(({ name, address, prefix }) => `${name} ${address}/${prefix}`),
  ).toEqual(['director 10.83.33.83/24', 'rs1 10.83.33.76/24', 'rs2 10.83.33.2/24', 'client 10.83.33.50/24']);
  expect(cluster.services).toEqual([
    {
      name: 'ftp',
      vip: '10.83.33.100',
      port: 21,
      protocol: 'tcp',
      scheduler: 'wrr',
      forwarding: 'dr',
      directors: ['director'],
      realServers: [
        { host: 'rs1', address: '10.83.33.76', port: 21, weight: 3 },
        { host: 'rs2', address: '10.83.33.2', port: 21, weight: 1 },
      ],
      label: '100',
    },
  ]);
  expect(cluster.probes).toEqual(['client']);
  expect(cluster.roles).toEqual({ ftp: { banner: 'Welcome to FTP{n} server' } });
});
