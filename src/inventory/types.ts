import type { InventoryInput } from './schema.js';
export type Inventory = InventoryInput;
