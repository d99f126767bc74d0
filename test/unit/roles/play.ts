import { contentParams } from '../../../roles/content/params.js';
import { ftpParams } from '../../../roles/ftp/params.js';
import { noParams } from '../../../roles/noParams.js';
import type { Facts } from '../../../src/engine/facts.js';
import type { Change, Resource } from '../../../src/engine/resource.js';
import type { Role, RoleInput } from '../../../src/engine/role.js';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { nothingChanging, said } from '../resources/shells.js';
import { hostOf } from './cluster.js';

/** As the engine reads them, but without waiting for a schema to be loaded. */
export function params<Params>(role: Role<Params>, cluster: Cluster): Params {
  const schema = { ftp: ftpParams, content: contentParams }[role.name] ?? noParams;
  const result = schema.safeParse(cluster.roles[role.name] ?? {});
  if (!result.success) throw new Error(`parameters of ${role.name}: ${result.error.issues[0]?.message}`);
  return result.data as Params;
}

/** What a role gets, as the engine makes it. */
export function input<Params>(
  role: Role<Params>,
  cluster: Cluster,
  host: string,
  facts: Facts,
  extra: Partial<Pick<RoleInput<Params>, 'unready' | 'published' | 'stored'>> = {},
): RoleInput<Params> {
  return {
    cluster,
    host: hostOf(cluster, host),
    facts,
    params: params(role, cluster),
    unready: extra.unready ?? new Map(),
    published: extra.published ?? new Map(),
    stored: extra.stored ?? new Map(),
  };
}

export function ids(resources: readonly Resource[]): string[] {
  return resources.map((resource) => resource.id);
}

/** The change of one resource, when its probe says this. */
export function changeOf(resources: readonly Resource[], id: string, stdout: string): Change | undefined {
  const found = resources.find((resource) => resource.id === id);
  if (!found) throw new Error(`no resource "${id}" among ${ids(resources).join(', ')}`);
  return found.plan(said(stdout), nothingChanging);
}

/** The text that a file resource writes where there is no file. */
export function writtenText(resources: readonly Resource[], path: string): string {
  const change = changeOf(resources, `file ${path}`, 'absent\n');
  const added = (change?.diff ?? '')
    .split('\n')
    .filter((line) => line.startsWith('+') && !line.startsWith('+++'));
  return added.map((line) => `${line.slice(1)}\n`).join('');
}
