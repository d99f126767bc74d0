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
  /** Of `rolling`: a real server is taken out of its directors' tables before it is changed, and given back after a check. Directors never are. */
  readonly drain?: Drain;
  /** Of `rolling`: hosts worked on at once, or a share of the stage's hosts, at least one; 1 unless given. */
  readonly batch?: Share;
  /** Of `rolling`: hosts that may fail before the others are left alone, or a share of the stage's hosts; 0 unless given. */
  readonly maxFailures?: Share;
  /** Hosts with lower numbers come first; the inventory's order among equals, and where this is absent. */
  readonly order?: (host: ClusterHost, cluster: Cluster) => number;
}

/** A number, or a part of all: `25%`. */
export type Share = number | `${number}%`;

/** How a host is taken out and given back. A service's `minAvailable` in the inventory limits how many are out at once. */
export interface Drain {
  /** Seconds in which its connections must have ended; 300 unless given. */
  readonly waitSeconds?: number;
  /** Some are still there then: `stop` (default) gives the host back and is a failure; `cut` goes on, and cuts them. */
  readonly busy?: 'stop' | 'cut';
  /** Seconds in which it must answer on the ports of its services once it was changed; 60 unless given. */
  readonly checkSeconds?: number;
  /** Seconds after which the next host's turn comes although this one was not yet seen to get connections; 15 unless given. */
  readonly settleSeconds?: number;
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
