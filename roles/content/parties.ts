import { createHash } from 'node:crypto';
import type { ParamsSchema } from '../../src/engine/params.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { managedHosts } from '../../src/inventory/systems.js';
import type { ContentParams } from './params.js';

/** Names under which hosts publish; see `Role.publish`. */
export const published = { receiverKey: 'content key', hostKeys: 'ssh host keys' } as const;

/** On the source. Its home belongs to root, so that the account can't let anybody else in. */
export const sourceAccount = { name: 'lvsctl-content', home: '/etc/lvsctl/content' } as const;

export const paths = {
  key: '/etc/lvsctl/content_key',
  knownHosts: '/etc/lvsctl/content_known_hosts',
  syncScript: '/etc/lvsctl/content-sync.sh',
  serveScript: '/etc/lvsctl/content-serve.sh',
} as const;

/** The schema and its library are loaded when the role is used. */
export const loadParams = async (): Promise<ParamsSchema<ContentParams>> =>
  (await import('./params.js')).contentParams;

/** The role's parameters, which the inventory's schema has checked, or undefined when it has none. */
export function contentOf(cluster: Cluster): ContentParams | undefined {
  return cluster.roles.content as ContentParams | undefined;
}

export function isSource(host: ClusterHost, cluster: Cluster): boolean {
  return contentOf(cluster)?.source === host.name;
}

/** Every real server but the source, and but those that lvsctl does not log in to. */
export function isReceiver(host: ClusterHost, cluster: Cluster): boolean {
  return receivers(cluster).some((one) => one.name === host.name);
}

export function receivers(cluster: Cluster): ClusterHost[] {
  const params = contentOf(cluster);
  if (params === undefined) return [];
  const names = cluster.services.flatMap((service) => service.realServers.map((one) => one.host));
  const realServers = [...new Set(names)].flatMap((name) => cluster.hosts.get(name) ?? []);
  return managedHosts(realServers).filter(({ name }) => name !== params.source);
}

/** @throws LvsctlError when the inventory has no such host */
export function sourceOf(cluster: Cluster, params: ContentParams): ClusterHost {
  const found = cluster.hosts.get(params.source);
  if (found) return found;
  throw new LvsctlError(`roles.content.source: there is no host "${params.source}"`, {
    hint: `one of ${[...cluster.hosts.keys()].join(', ')}`,
  });
}

/**
 * What a receiver calls a folder of the source. Not its path, whose blanks and quotes rsync's releases escape each in
 * their own way; not its place in the list, which would mean another folder for the moment in which only one side has
 * the new list.
 */
export function folderName(from: string): string {
  return createHash('sha256').update(from).digest('hex').slice(0, 16);
}
