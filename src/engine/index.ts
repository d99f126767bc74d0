export type { EventSink, FailureDetails, HostStep, HostSummary, PlannedChange, RunEvent } from './events.js';
export type { Facts, NetworkInterface } from './facts.js';
export type { Gate, GateReach, Taken } from './gate.js';
export { loadPlaybook } from './load-playbook.js';
export { lockOwner } from './lock.js';
export {
  type Drain,
  definePlaybook,
  type HostSelector,
  type Playbook,
  type Share,
  type Stage,
} from './playbook.js';
export type { Change, ChangeFile, PlanContext, ProbeOutput, Reboot, Resource } from './resource.js';
export {
  type AskedTurn,
  type Before,
  defineRole,
  type Role,
  type RoleInput,
  type Turn,
  type TurnInput,
} from './role.js';
export { type ClusterRun, type RunCommand, type RunOutcome, runCluster } from './run.js';
export { HostSession } from './session.js';
export type { Content, Store, StoredFile } from './store.js';
