import type { Service, ServiceTunnel } from '../../../src/inventory/cluster.js';
import { service, tutorial } from './cluster.js';

/** A service on one real server, which packets reach by this tunnel. */
export function tunnelled(n: number, vip: string, address: string, tunnel?: ServiceTunnel): Service {
  return service({
    name: `web${n}`,
    vip,
    port: 80,
    forwarding: 'tun',
    label: vip.includes(':') ? '' : String(n),
    realServers: [{ host: 'rs1', address, port: 80, weight: 1, ...(tunnel && { tunnel }) }],
  });
}

export const v4 = '10.83.33.76';
export const v6 = 'fd00:83::76';

export const everyTunnel = tutorial({
  services: [
    service(),
    tunnelled(101, '10.83.33.101', v4),
    tunnelled(102, '10.83.33.102', v4, { type: 'gue', port: 6080 }),
    tunnelled(103, '10.83.33.103', v4, { type: 'gre', checksum: 'full' }),
    tunnelled(104, '10.83.33.104', v6),
    tunnelled(111, 'fd00:83::111', v6),
    tunnelled(112, 'fd00:83::112', v6, { type: 'gue', port: 6080 }),
    tunnelled(113, 'fd00:83::113', v6, { type: 'gre' }),
    tunnelled(114, 'fd00:83::114', v4),
  ],
});
