import type { RoleInput } from '../engine/role.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import { managedHosts } from '../inventory/systems.js';
import { type KernelBundle, kernelBundle } from './bundle.js';
import { configText } from './config-text.js';
import { profileNamed } from './own-profile.js';

/** Keys of what the survey of a host publishes; both are absent where no other kernel is wanted. */
export const PUBLISHED = {
  /** Name of the profile. */
  profile: 'kernel.profile',
  /** Text of the configuration that the build begins with; absent where the profile makes its own. */
  config: 'kernel.config',
} as const;

/**
 * The kernel that the survey of this run found wanting on the host; undefined where the running one will do. It rests on what was
 * published, and so stays the same when the host has booted it. It is built when its `name` is in `stored`.
 */
export function wantedKernel(
  host: Pick<ClusterHost, 'name'>,
  { cluster, published, stored }: Pick<RoleInput<unknown>, 'cluster' | 'published' | 'stored'>,
): KernelBundle | undefined {
  const said = published.get(host.name);
  const profile = profileNamed(said?.[PUBLISHED.profile] ?? '', cluster);
  if (!profile) return undefined;
  const config = publishedConfig(said);
  // Without the configuration that it begins with there is nothing to build: the survey has said so.
  if (profile.build.base === 'running' && config === undefined) return undefined;
  return kernelBundle(profile, config ?? '', stored);
}

/** What a host's build begins with, of what it published; undefined where it published none. */
export function publishedConfig(said: Readonly<Record<string, string>> = {}): string | undefined {
  const text = said[PUBLISHED.config];
  return text === undefined ? undefined : configText(text);
}

/** Hosts whose kernel may be replaced. */
export function rebuildHosts({ hosts }: Cluster): ClusterHost[] {
  return managedHosts(hosts.values()).filter(({ kernel }) => kernel?.rebuild === true);
}

/** Who builds for a host: whom the inventory names, else the first that may be rebuilt itself and directs nothing. */
export function buildHostOf(cluster: Cluster, { kernel }: ClusterHost): ClusterHost | undefined {
  if (kernel?.rebuild !== true) return undefined;
  if (kernel.buildHost !== undefined) return cluster.hosts.get(kernel.buildHost);
  const directors = new Set(cluster.services.flatMap((service) => service.directors));
  const candidates = rebuildHosts(cluster);
  return candidates.find(({ name }) => !directors.has(name)) ?? candidates[0];
}
