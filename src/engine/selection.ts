import { UsageError } from '../errors.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { FactWishes } from './gather.js';
import { paramsOf } from './params.js';
import type { HostSelector, Playbook, Stage } from './playbook.js';
import type { Role } from './role.js';

export type AnyRole = Role<unknown>;

/** A stage with the hosts that have something to do in it. */
export interface StageWork {
  readonly stage: Stage;
  readonly hosts: readonly { readonly host: ClusterHost; readonly roles: readonly AnyRole[] }[];
}

interface Selection {
  readonly cluster: Cluster;
  readonly playbook: Playbook;
  readonly roles?: readonly string[];
}

/** @throws UsageError for a name that is no host's and no group's */
export function selectHosts(cluster: Cluster, limit: readonly string[] | undefined): ClusterHost[] {
  const all = [...cluster.hosts.values()];
  if (!limit) return all;
  for (const name of limit) {
    if (!all.some((host) => host.name === name || host.groups.includes(name)))
      throw new UsageError(`--limit: no host or group "${name}" in ${cluster.file}`, {
        hint: `hosts: ${all.map((host) => host.name).join(', ')}`,
      });
  }
  return all.filter((host) => limit.some((name) => host.name === name || host.groups.includes(name)));
}

/** Who does what in which stage; checks every name before anything is contacted. */
export function planWork(run: Selection, selected: readonly ClusterHost[]): StageWork[] {
  const known = new Set(run.playbook.stages.flatMap(({ roles }) => roles.map(({ name }) => name)));
  for (const name of run.roles ?? []) {
    if (!known.has(name))
      throw new UsageError(`--roles: no role "${name}" in the playbook "${run.playbook.name}"`, {
        hint: `roles: ${[...known].join(', ')}`,
      });
  }
  return run.playbook.stages.flatMap((stage) => {
    const roles = (stage.roles as readonly AnyRole[]).filter(
      ({ name }) => !run.roles || run.roles.includes(name),
    );
    const { order = () => 0 } = stage;
    const hosts = selected
      .filter((host) => matches(stage.hosts, host, run.cluster))
      .sort((one, other) => order(one, run.cluster) - order(other, run.cluster))
      .map((host) => ({ host, roles: roles.filter((role) => role.appliesTo(host, run.cluster)) }))
      .filter((entry) => entry.roles.length > 0);
    return hosts.length > 0 ? [{ stage, hosts }] : [];
  });
}

export function matches(selector: HostSelector, host: ClusterHost, cluster: Cluster): boolean {
  if (typeof selector === 'function') return selector(host, cluster);
  return selector === 'all' || host.name === selector || host.groups.includes(selector);
}

export function uniqueHosts(work: readonly StageWork[]): ClusterHost[] {
  return [
    ...new Map(work.flatMap(({ hosts }) => hosts.map(({ host }) => [host.name, host] as const))).values(),
  ];
}

export function rolesOf(work: readonly StageWork[]): AnyRole[] {
  return [...new Set(work.flatMap(({ hosts }) => hosts.flatMap((entry) => entry.roles)))];
}

/** What the facts are asked about for them. */
export function wishesOf(work: readonly StageWork[]): FactWishes {
  const roles = rolesOf(work);
  return {
    commands: roles.flatMap((role) => role.wants?.commands ?? []),
    paths: roles.flatMap((role) => role.wants?.paths ?? []),
  };
}

/** Every role's parameters, checked before anything is contacted. */
export async function checkedParams(
  work: readonly StageWork[],
  cluster: Cluster,
): Promise<Map<AnyRole, unknown>> {
  const entries = rolesOf(work).map(async (role) => [role, await paramsOf(role, cluster)] as const);
  return new Map(await Promise.all(entries));
}
