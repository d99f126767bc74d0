import type { Inventory } from './types.js';

/**
 * What an inventory file exports: `export default defineInventory({ … })`.
 * It only gives types to the editor; lvsctl checks the value when it reads the file.
 */
export function defineInventory(inventory: Inventory): Inventory {
  return inventory;
}
