export { GAP, type InventoryDraft } from './draft.js';
export { EXPORT_FORMATS, type Exported, type ExportFormat, type NotExpressed } from './export.js';
export { exportIpvsadm } from './export-ipvsadm.js';
export { exportKeepalived } from './export-keepalived.js';
export type { GivenDirector } from './hosts.js';
export { type ImportResult, importInventory, recogniseFormat } from './import.js';
export { FORMATS, type ImportFormat } from './imported.js';
export type { LostLine } from './ledger.js';
