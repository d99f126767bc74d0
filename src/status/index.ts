export {
  type DirectorStatus,
  directorStatus,
  type RealServerStatus,
  type ServerState,
  type ServiceState,
  type ServiceStatus,
} from './model.js';
export { type ObservedTable, readObserved, statusScript } from './observe.js';
export { prometheusText } from './prometheus.js';
export type { Reading } from './reading.js';
export { type Line, statusLines } from './text.js';
