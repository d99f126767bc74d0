export { destinationSettings, destinationWords, serviceSettings, serviceWords } from './args.js';
export { overlayDestination } from './compare.js';
export { type Connection, type Endpoint, parseConnections, parseProcConnections } from './connections.js';
export {
  closes,
  type HeldConnections,
  heldScript,
  parseHeld,
} from './held.js';
export { asChecksLeft, type Checked } from './left-by-checks.js';
export { parseListing } from './list.js';
export {
  type Counters,
  type DestinationStats,
  type MarkStats,
  parseRates,
  parseStats,
  parseThresholds,
  type Rates,
  type ReadRates,
  type ServiceStats,
  type Stats,
  type Thresholds,
} from './listing.js';
export { observe, type Views } from './observe.js';
export {
  describeOperation,
  type Operation,
  operationDiff,
  operationService,
  renderArgs,
} from './operation.js';
export {
  connectionsOf,
  type HeldDestination,
  type Owned,
  owns,
  type PlanNote,
  planTable,
  type TablePlan,
  type Wanted,
} from './plan.js';
export { parseProc } from './proc.js';
export {
  beforeRolling,
  describeRecorded,
  emptyRecord,
  isRolling,
  parseRecord,
  type RecordedWeight,
  recordedWeight,
  recordPath,
  recordReason,
  recordWith,
  recordWithout,
  recordWord,
  renderRecord,
  rollingOver,
  rollingReason,
  staleEntries,
  type WeightRecord,
  withRecorded,
} from './recorded.js';
export { type RecordDifference, recordDifferences } from './recorded-differences.js';
export { type PlacedEntry, parseSave, renderSave, renderService } from './save.js';
export {
  daemonArgs,
  parseDaemons,
  parseTimeouts,
  type SyncDaemon,
  type Timeouts,
  timeoutArgs,
} from './settings.js';
export { stayingServices } from './staying.js';
export {
  type AddressIdentity,
  type Destination,
  destinationKey,
  endpointText,
  fullNetmask,
  isIPv6,
  type MarkIdentity,
  type Persistence,
  type ReadTable,
  type ServiceIdentity,
  serviceFamily,
  serviceKey,
  type Table,
  type Tunnel,
  type UnreadLine,
  type VirtualService,
} from './table.js';
export { canonicalAddress, readMark, wholeNumber } from './text.js';
export { parseTotals, type Totals } from './totals.js';
export { destinationOf, serviceIdentity, wantedService, wantedTable } from './wanted.js';
