export type { LocalFile } from './local.js';
export { openStore, type StoreOptions } from './open.js';
