export { noParams } from '../roles/noParams.js';
export type { RunEvent } from './engine/events.js';
export type { Facts } from './engine/facts.js';
export type { ParamsSchema } from './engine/params.js';
export { type Drain, definePlaybook, type Playbook, type Stage } from './engine/playbook.js';
export type {
  Change,
  ChangeFile,
  PlanContext,
  ProbeOutput,
  Reboot,
  Resource,
} from './engine/resource.js';
export { defineRole, type Role, type RoleInput } from './engine/role.js';
export type { StoredFile } from './engine/store.js';
export { LvsctlError, OutcomeUnknownError, UsageError } from './errors.js';
export type { Cluster, ClusterHost, Service } from './inventory/cluster.js';
export { defineInventory } from './inventory/define.js';
export type {
  GroupOptions,
  HostOptions,
  HostSshOptions,
  Inventory,
  KernelOptions,
  RealServerOptions,
  ServiceOptions,
  SshOptions,
} from './inventory/types.js';
export { nested, quote, Sh, sh, shLines, template } from './shell/index.js';
