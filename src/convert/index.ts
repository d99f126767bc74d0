export { GAP, type InventoryDraft } from './draft.js';
export type { GivenDirector } from './hosts.js';
export { type ImportResult, importInventory, recogniseFormat } from './import.js';
export { FORMATS, type ImportFormat } from './imported.js';
export type { LostLine } from './ledger.js';
