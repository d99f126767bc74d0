import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Role } from './role.js';

/** Which hosts a stage is for: a group's or host's name, or a predicate. */
export type HostSelector = string | ((host: ClusterHost, cluster: Cluster) => boolean);

export interface Stage {
  /** Short, for output: `real servers`. */
  readonly name: string;
  readonly hosts: HostSelector;
  readonly roles: readonly Role[];
  /** `parallel` (default): all hosts at once, up to --forks. `rolling`: one after the other, stopping at the first failure. */
  readonly strategy?: 'parallel' | 'rolling';
  /** Hosts with lower numbers come first; the inventory's order among equals, and where this is absent. */
  readonly order?: (host: ClusterHost, cluster: Cluster) => number;
}

/** Stages run in order; a stage's hosts that failed are `unready` for the later ones. */
export interface Playbook {
  readonly name: string;
  readonly stages: readonly Stage[];
  /** End with the traffic check of every service from every probe host. */
  readonly verify: boolean;
}

/** Identity with types; what a playbook file exports as default. */
export function definePlaybook(playbook: Playbook): Playbook {
  return playbook;
}
