import { readFileSync } from 'node:fs';

/** Text of a commented inventory to begin with: the tutorial's cluster. It lies at the root, and beside the emitted code. */
export function inventoryTemplate(): string {
  return readFileSync(new URL('../../inventory.example.ts', import.meta.url), 'utf8');
}
