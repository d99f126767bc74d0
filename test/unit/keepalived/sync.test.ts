import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { keepalivedConf } from '../../../src/keepalived/index.js';
import { host, hostOf, service, tutorial } from '../roles/cluster.js';

const both = { directors: ['director', 'other'] };
const cluster: Cluster = {
  ...tutorial({
    hosts: ['director', 'other', 'rs1'].map((name, i) =>
      host(name, `10.83.33.${83 + i}`, { address6: `fd00:83::${83 + i}`, prefix6: 64 }),
    ),
    services: [service(both), service({ ...both, name: 'ftp6', vip: 'fd00:83::100' })],
  }),
  ipvs: { sync: { id: 3 } },
};
const daemon = (keepalived?: Cluster['keepalived']) => {
  const settings = { ...cluster, ...(keepalived && { keepalived }) };
  const text = keepalivedConf({ cluster: settings, host: hostOf(cluster, 'director'), services: [] });
  return /^ *lvs_sync_daemon (.*)$/m.exec(text)?.[1];
};

it('a sync daemon follows the VIPs where all of them move together, and is both where they may part', () => {
  expect(daemon()).toBe('eth0 VI_director id 3');
  expect(daemon({ syncGroup: false })).toBe('eth0 id 3');
});
