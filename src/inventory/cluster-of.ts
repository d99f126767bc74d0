import { basename, dirname } from 'node:path';
import { parseAddress } from './address.js';
import { checkHosts, DEFAULT_PREFIX, groupsOf } from './check-hosts.js';
import { checkKeepalived } from './check-keepalived.js';
import { checkKernels, ownProfiles } from './check-kernels.js';
import { checkServices, interfaceOf } from './check-services.js';
import { checkSystems } from './check-systems.js';
import { checkTable } from './check-table.js';
import type { Cluster, ClusterHost } from './cluster.js';
import type { Draft } from './draft.js';
import { formatPath, InventoryError, type Problem, presentable, type Report } from './problem.js';
import { sshResolver } from './resolve-ssh.js';
import type { HostInput } from './schema.js';
import { ipvsSettings, keepalivedSettings, resolveServices } from './service-of.js';
import type { Surroundings } from './surroundings.js';

/**
 * The second half of reading an inventory, which knows nothing of the schema: checks across the parts, then every default filled in.
 * @param shape problems that the first half found
 * @throws InventoryError with all problems
 */
export function clusterOf(
  draft: Draft,
  file: string,
  surroundings: Surroundings,
  shape: readonly Problem[] = [],
): Cluster {
  const problems = [...shape];
  const report = reporter(problems);
  const misshapen = new Set(shape.map(({ path }) => path));
  if (!misshapen.has('') && !misshapen.has('hosts')) {
    const reportNew: Report = (path, ...rest) => {
      if (!misshapen.has(formatPath(path))) report(path, ...rest);
    };
    checkHosts(draft, reportNew);
    checkServices(draft, reportNew);
    checkTable(draft, reportNew);
    checkKeepalived(draft, reportNew);
    checkSystems(draft, reportNew);
    checkKernels(draft, reportNew);
  }
  if (problems.length > 0) throw new InventoryError(file, problems);
  const cluster = resolve(draft, file, surroundings, report);
  if (problems.length > 0) throw new InventoryError(file, problems);
  return cluster;
}

/** Takes note of problems in a list. */
export function reporter(problems: Problem[]): Report {
  return (path, found, message, hint) =>
    problems.push({
      path: formatPath(path),
      keys: path,
      value: presentable(found, String(path.at(-1) ?? '')),
      message,
      hint,
    });
}

function resolve(draft: Draft, file: string, surroundings: Surroundings, report: Report): Cluster {
  const ssh = sshResolver(draft, surroundings, report);
  const kernelProfiles = ownProfiles(draft, dirname(file), surroundings, report);
  const hosts = new Map<string, ClusterHost>();
  for (const [name, host] of draft.hosts) {
    const parsed = host && parseAddress(host.address);
    if (!parsed) continue;
    const groups = groupsOf(draft, name);
    hosts.set(name, {
      name,
      address: parsed.address,
      prefix: parsed.prefix ?? DEFAULT_PREFIX[parsed.family],
      ...secondAddress(host),
      interface: interfaceOf(draft, name),
      groups,
      vars: mergeVars(draft, groups, host),
      ssh: ssh.host(name, parsed.address, groups),
      ...(host.os === undefined || host.os === 'linux'
        ? { ...mergeKernel(draft, groups, host), ...nearestLab(draft, groups, host) }
        : { os: host.os }),
    });
  }
  return {
    name: draft.name ?? nameFromFile(file),
    file,
    hosts,
    services: resolveServices(draft, hosts),
    ...ipvsSettings(draft),
    ...keepalivedSettings(draft),
    probes: draft.probes,
    ...(draft.kernelProfiles.size > 0 && { kernelProfiles }),
    roles: { ...draft.ownRoles, ...present(draft.roles ?? {}) },
  };
}

function secondAddress({ address6 }: HostInput): Pick<ClusterHost, 'address6' | 'prefix6'> {
  const parsed = address6 === undefined ? undefined : parseAddress(address6);
  if (!parsed) return {};
  return { address6: parsed.address, prefix6: parsed.prefix ?? DEFAULT_PREFIX[parsed.family] };
}

function mergeVars(draft: Draft, groups: readonly string[], host: HostInput): ClusterHost['vars'] {
  return Object.assign({}, draft.vars, ...groups.map((group) => draft.groups.get(group)?.vars), host.vars);
}

/** The nearest word on each field; nothing where nobody says a word. */
function mergeKernel(draft: Draft, groups: readonly string[], host: HostInput): Pick<ClusterHost, 'kernel'> {
  const said = [draft.kernel, ...groups.map((group) => draft.groups.get(group)?.kernel), host.kernel].filter(
    (each) => each !== undefined,
  );
  if (said.length === 0) return {};
  // Fields that nobody speaks of are absent, not undefined.
  const spoken = said.map((each) => Object.entries(each).filter(([, value]) => value !== undefined));
  return { kernel: { rebuild: false, ...Object.fromEntries(spoken.flat()) } };
}

/** The nearest word on what the twin is; nothing where nobody says a word. */
function nearestLab(draft: Draft, groups: readonly string[], host: HostInput): Pick<ClusterHost, 'lab'> {
  const said = [draft.lab, ...groups.map((group) => draft.groups.get(group)?.lab), host.lab];
  const flavour = said.findLast((each) => each?.flavour !== undefined)?.flavour;
  return flavour === undefined ? {} : { lab: { flavour } };
}

function present(roles: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(roles).filter(([, params]) => params !== undefined));
}

/** The file's name, or its folder's where the file is called inventory; made fit for a cluster's name. */
function nameFromFile(file: string): string {
  const base = basename(file).replace(/\.[a-z]+$/i, '');
  for (const candidate of base === 'inventory' ? [basename(dirname(file)), base] : [base]) {
    const name = candidate
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, 32)
      .replace(/-+$/, '');
    if (name !== '') return name;
  }
  return 'cluster';
}
