export { codeFrame } from './code-frame.js';
export { defineInventory } from './define.js';
export { importDefault, loadInventory } from './load.js';
export { parseInventory } from './parse.js';
export { InventoryError, type Problem } from './problem.js';
export { inventoryJsonSchema } from './schema.js';
export type { Surroundings } from './surroundings.js';
export { inventoryTemplate } from './template.js';
export type { Inventory } from './types.js';
