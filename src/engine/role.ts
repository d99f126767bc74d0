import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Sh } from '../shell/index.js';
import type { Facts } from './facts.js';
import type { ParamsSchema } from './params.js';
import type { Resource } from './resource.js';
import type { StoredFile } from './store.js';

/** All that a role may look at: values, no I/O (rule 1). */
export interface RoleInput<Params> {
  readonly cluster: Cluster;
  readonly host: ClusterHost;
  readonly facts: Facts;
  readonly params: Params;
  /** Hosts of earlier stages that did not converge, with the reason: what depends on them is held back. */
  readonly unready: ReadonlyMap<string, string>;
  /** What hosts reported by {@link Role.publish} so far in this run, by host name, then key (e.g. a public key). */
  readonly published: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Files that this machine has for its hosts: artifacts by their names in the catalogue, and what hosts have built. */
  readonly stored: ReadonlyMap<string, StoredFile>;
}

/** A host that must be done, and well, before another one of the same stage. */
export interface Before {
  readonly host: string;
  /** What it is or has, as the end of a sentence: `holds 10.83.33.100 without keepalived`. */
  readonly because: string;
  /** Where a run leaves that host out (`--limit`), the other one is refused, before anything is changed. */
  readonly needed: boolean;
}

/** By what hosts are now, as opposed to a stage's `order`. Pure, as all of a role. */
export interface Turn {
  /** Other hosts whose facts decide; none where the host's own say that nothing has to be decided. Those of its stage are known anyway. */
  asks(input: TurnInput): readonly string[];
  /** Who comes before the host. `others` has the facts of those that could be asked, the host itself among them. */
  after(input: AskedTurn): readonly Before[];
  /** What is said to the operator of hosts that could not be asked, and may matter; a sentence each. */
  remarks?(input: AskedTurn): readonly string[];
}

export type AskedTurn = TurnInput & { readonly others: ReadonlyMap<string, Facts> };

export interface TurnInput {
  readonly cluster: Cluster;
  readonly host: ClusterHost;
  readonly facts: Facts;
}

export interface Role<Params = unknown> {
  readonly name: string;
  /** One line for help and plan. */
  readonly description: string;
  /** A schema (zod's, say), or a function that loads it when the role is used. */
  readonly params: ParamsSchema<Params> | (() => Promise<ParamsSchema<Params>>);
  /** False: the role has nothing to do on this host, and is not shown there. */
  appliesTo(host: ClusterHost, cluster: Cluster): boolean;
  /** @throws LvsctlError when the host can't carry the role, with the way out */
  resources(input: RoleInput<Params>): readonly Resource[];
  /** Commands and paths whose presence the role asks about; the facts script looks for them. */
  readonly wants?: { readonly commands?: readonly string[]; readonly paths?: readonly string[] };
  /** Public values that other hosts' roles need: each script prints one; empty output means not yet. Travels with the probes. */
  publish?(input: RoleInput<Params>): Readonly<Record<string, Sh>>;
  /**
   * Names of artifacts that must be in the store, right by their digests, before any host is changed. By the first facts.
   * The store is opened only for roles that have this: one that reads `stored` and needs no artifact returns none.
   */
  artifacts?(input: RoleInput<Params>): readonly string[];
  /**
   * By the facts: false where there is nothing to do, nor to look at, and the host has no part in the stage. A host that all its roles can
   * do without is not missed when it can't be reached.
   */
  needed?(input: TurnInput): boolean;
  /** The order of the hosts of a stage, where it matters to the role. */
  readonly turn?: Turn;
  /** What is said to the operator beside the resources, e.g. a real server held back. */
  remarks?(input: RoleInput<Params>): readonly string[];
}

/** Identity that infers `Params`; what a role file exports as default. */
export function defineRole<Params>(role: Role<Params>): Role<Params> {
  return role;
}
