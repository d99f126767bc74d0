import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Host } from '../ssh/host.js';
import type { EventSink } from './events.js';
import type { Gate, GateReach } from './gate.js';
import type { Playbook } from './playbook.js';
import type { Store } from './store.js';

export type RunCommand = 'facts' | 'plan' | 'provision' | 'verify';

export interface ClusterRun {
  readonly command: RunCommand;
  readonly cluster: Cluster;
  readonly playbook: Playbook;
  /** Names of hosts or groups; all when absent. Hosts left out are taken to be as the inventory says. */
  readonly limit?: readonly string[];
  /** Names of roles; all when absent. */
  readonly roles?: readonly string[];
  /** Hosts worked on at once. */
  readonly forks: number;
  /** Connections that `verify` makes from each probe host to each service. */
  readonly connections: number;
  /** Services that `verify` tries; all when absent. */
  readonly services?: readonly string[];
  readonly open: (host: ClusterHost) => Promise<Host>;
  /** Called once, and only when a role of the run has artifacts. */
  readonly openStore?: () => Promise<Store>;
  /** Called once, and only when a stage of the run drains hosts. */
  readonly openGate?: (reach: GateReach) => Promise<Gate>;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  /** For tests: waits between attempts to come back to a lost host, milliseconds. */
  readonly reconnectDelays?: readonly number[];
  /** For tests: milliseconds between attempts to come back to a host that reboots. */
  readonly rebootPollMs?: number;
}

export interface RunOutcome {
  readonly changed: number;
  readonly failed: number;
  /** Changes that `plan` found. */
  readonly pending: number;
}
