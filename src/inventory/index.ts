export { codeFrame } from './code-frame.js';
export { defineInventory } from './define.js';
export { importDefault, loadInventory } from './load.js';
export { InventoryError, type Problem } from './problem.js';
export type { Surroundings } from './surroundings.js';
export { inventoryTemplate } from './template.js';
export type { Inventory } from './types.js';

/** JSON schema of an inventory. The schema and its library are loaded when they are asked for: most runs need neither. */
export async function inventoryJsonSchema(): Promise<object> {
  return (await import('./schema.js')).inventoryJsonSchema();
}
