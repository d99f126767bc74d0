import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { machine } from '../inventory/inventories.js';

export const sample = (name: string): string =>
  readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');

export const SAMPLES = [
  ['table.save', 'ipvsadm'],
  ['by-hand.save', 'ipvsadm'],
  ['keepalived.conf', 'keepalived'],
  ['checks.conf', 'keepalived'],
  ['ldirectord.cf', 'ldirectord'],
] as const;

/** What an operator does with a new inventory: an address, a VIP and ports for each gap. */
export function filled(text: string, director = '192.0.2.1/24', vips: 4 | 6 = 4): string {
  let host = 200;
  let vip = 220;
  let port = 40000;
  const network = vips === 4 ? '192.0.2.' : '2001:db8::';
  return text
    .replace(/^( *director: \{ address: )'FILL IN'/m, `$1'${director}'`)
    .replace(/address: 'FILL IN'/g, () => `address: '${network}${host++}'`)
    .replace(/vip: 'FILL IN'/g, () => `vip: '${network}${vip++}'`)
    .replace(/ports: \['FILL IN'\]/g, () => {
      port += 10;
      return `ports: [${port}, "${port + 1}-${port + 9}"]`;
    });
}

/** The inventory that a text is, checked, without a file. */
export function clusterOfText(text: string): Cluster {
  const code = text.replace(/^import .*$/m, '').replace('export default defineInventory(', '(');
  // Values of another context have other prototypes, which schemas look at.
  const value: unknown = JSON.parse(JSON.stringify(runInNewContext(code)));
  return parseInventory(value, '/imported/inventory.ts', machine());
}
