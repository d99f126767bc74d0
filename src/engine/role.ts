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
  /** What is said to the operator beside the resources, e.g. a real server held back. */
  remarks?(input: RoleInput<Params>): readonly string[];
}

/** Identity that infers `Params`; what a role file exports as default. */
export function defineRole<Params>(role: Role<Params>): Role<Params> {
  return role;
}
