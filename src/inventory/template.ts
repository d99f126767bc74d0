import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Text of a commented inventory to begin with: the tutorial's cluster. */
export function inventoryTemplate(): string {
  return readFileSync(exampleFile(), 'utf8');
}

/** inventory.example.ts lies at the root of the package; from src/inventory that is two folders up, from dist three. */
function exampleFile(): string {
  const up = import.meta.url.includes('/dist/src/inventory/') ? '../../../' : '../../';
  return fileURLToPath(new URL(`${up}inventory.example.ts`, import.meta.url));
}
