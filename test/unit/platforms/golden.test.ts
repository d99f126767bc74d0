import { describe, expect, it } from 'vitest';
import { instructionsText } from '../../../src/cli/commands/render.js';
import { FOREIGN_SYSTEMS, type ForeignSystem } from '../../../src/inventory/systems.js';
import { instructionsFor } from '../../../src/platforms/index.js';
import { createPaint } from '../../../src/report/index.js';
import { clusterWith, forwardings } from './clusters.js';

const systems = Object.keys(FOREIGN_SYSTEMS) as ForeignSystem[];
const cases = systems.flatMap((os) =>
  forwardings
    .filter((forwarding) => forwarding !== 'tun' || FOREIGN_SYSTEMS[os].ipip)
    .map((forwarding) => [os, forwarding] as const),
);

describe('what is rendered', () => {
  it.each(cases)('%s, %s', async (os, forwarding) => {
    const { cluster, rs9 } = clusterWith(os, [{ forwarding }]);
    const lines = instructionsText(instructionsFor(cluster, rs9), createPaint(false));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${os}-${forwarding}.txt`);
  });

  it.each(systems)('%s with two VIPs, and NAT beside them', async (os) => {
    const { cluster, rs9 } = clusterWith(os, [
      { name: 'ftp', vip: '10.83.33.100' },
      { name: 'web', vip: '10.83.33.101', port: 80 },
      { name: 'webs', vip: '10.83.33.101', port: 443 },
      {
        name: 'mail',
        vip: '10.83.33.102',
        port: 25,
        forwarding: 'nat',
        directors: ['director', 'director2'],
      },
    ]);
    const lines = instructionsText(instructionsFor(cluster, rs9), createPaint(false));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${os}-several.txt`);
  });
});
