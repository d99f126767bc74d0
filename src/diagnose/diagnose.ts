import { UsageError } from '../errors.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import { isForeign, titleOf } from '../inventory/systems.js';
import { type Host, runSections } from '../ssh/index.js';
import { endpointOf } from '../verify/judge.js';
import { Survey } from '../verify/survey.js';
import { CATALOGUE } from './catalogue.js';
import {
  type Blind,
  type Check,
  type Diagnosis,
  type Examined,
  type Finding,
  hostsOf,
  isUnseen,
  type Probe,
  type Severity,
  type Site,
  type Told,
  type Where,
} from './check.js';
import { evidence as hostEvidence } from './probes.js';
import { type Observations, type Observed, sceneOf, seenAt } from './scene.js';
import { traffic } from './traffic.js';

export interface DiagnoseOptions {
  readonly cluster: Cluster;
  /** Gives a connection; it is left open. */
  readonly open: (host: ClusterHost) => Promise<Host>;
  /** Names of the services to look at; all by default. */
  readonly services?: readonly string[] | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Looks for everything in the table of causes on directors, real servers and probe hosts at once, one script trip each, and changes nothing.
 * A host that can't be reached is a finding, and the others are looked at all the same.
 * @throws UsageError on the name of a service that the inventory does not have
 */
export async function diagnose({
  cluster,
  open,
  services: names,
  signal,
}: DiagnoseOptions): Promise<Diagnosis> {
  const services = chosen(cluster, names);
  const survey = new Survey(cluster.hosts, open, signal);
  const sites = sitesOf(cluster, services);
  const observations: Observations = new Map(
    await Promise.all(
      sites.map(async ({ site, probes }): Promise<[string, Observed]> => {
        return [site.host.name, await observe(survey, site, probes, signal)];
      }),
    ),
  );
  const owners = await ownersOf(cluster, observations, survey);
  return judge(cluster, services, observations, owners);
}

function chosen(cluster: Cluster, names: readonly string[] | undefined): readonly Service[] {
  if (!names) return cluster.services;
  return names.map((name) => {
    const service = cluster.services.find((candidate) => candidate.name === name);
    if (service) return service;
    throw new UsageError(`no service ${JSON.stringify(name)} in ${cluster.file}`, {
      hint: `Name one of: ${cluster.services.map((candidate) => candidate.name).join(', ')}.`,
    });
  });
}

const PARTS: readonly Where[] = ['director', 'realServer', 'probe'];

const concerned = (check: Check, service: Service, cluster: Cluster): boolean =>
  check.concerns?.(service, cluster) ?? true;

/** Every host with a part in the services, and the probes of the checks that look at it. */
export function sitesOf(
  cluster: Cluster,
  services: readonly Service[],
): { readonly site: Site; readonly probes: readonly Probe<unknown>[] }[] {
  const parts = new Map<string, { services: Set<Service>; probes: Map<string, Probe<unknown>> }>();
  for (const service of services)
    for (const where of PARTS)
      for (const name of hostsOf(where, service, cluster)) {
        const part = parts.get(name) ?? {
          services: new Set(),
          probes: new Map([[hostEvidence.name, hostEvidence]]),
        };
        parts.set(name, part);
        part.services.add(service);
        for (const check of CATALOGUE)
          if (check.where === where && concerned(check, service, cluster))
            for (const probe of check.probes) part.probes.set(probe.name, probe);
      }
  return [...parts].flatMap(([name, { services: of, probes }]) => {
    const host = cluster.hosts.get(name);
    if (host === undefined) return [];
    // What is remembered is looked at before something is asked, which would renew it.
    const ordered = [...probes.values()].sort(
      (one, other) => Number(one === traffic) - Number(other === traffic),
    );
    return [{ site: { host, cluster, services: [...of] }, probes: ordered }];
  });
}

async function observe(
  survey: Survey,
  site: Site,
  probes: readonly Probe<unknown>[],
  signal: AbortSignal | undefined,
): Promise<Observed> {
  const { host } = site;
  if (isForeign(host)) return { unreachable: `it runs ${titleOf(host)}, and lvsctl does not log in there` };
  const connection = await survey.host(host.name);
  if ('unreachable' in connection) return connection;
  try {
    const scripts = new Map(probes.map((probe) => [probe.name, probe.script(site)]));
    const outputs = await runSections(connection, scripts, signal);
    return new Map(
      probes.map((probe) => [probe.name, probe.read(outputs.get(probe.name)?.stdout ?? '', site)]),
    );
  } catch (error) {
    return { unreachable: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Whose the MAC addresses are that answered for a VIP: of the hosts asked, else of those that could not be, as their neighbours know them, else of all
 * others.
 */
export async function ownersOf(
  cluster: Cluster,
  observations: Observations,
  survey: Survey,
): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  const answered = new Set<string>();
  const mute = [...cluster.hosts.values()].filter(
    (host) => isForeign(host) || isUnseen(seenAt(observations, host.name, hostEvidence)),
  );
  for (const name of observations.keys()) {
    const seen = seenAt(observations, name, traffic);
    if (isUnseen(seen)) continue;
    for (const macs of seen.arp.values()) for (const mac of macs) answered.add(mac);
    for (const { name: owner, address } of mute) {
      const mac = seen.neighbours.get(address);
      if (mac !== undefined) owners.set(mac, owner);
    }
  }
  for (const name of observations.keys()) {
    const told = seenAt(observations, name, hostEvidence);
    if (isUnseen(told)) continue;
    for (const { mac } of told.interfaces) if (mac !== undefined) owners.set(mac, name);
  }
  if ([...answered].every((mac) => owners.has(mac))) return owners;
  const others = [...cluster.hosts.keys()].filter((name) => !observations.has(name));
  return new Map([...(await survey.macOwners(others)), ...owners]);
}

const ORDER: readonly Severity[] = ['stops', 'some', 'later', 'advice'];

/** All checks over all that was seen. Pure. */
export function judge(
  cluster: Cluster,
  services: readonly Service[],
  observations: Observations,
  owners: ReadonlyMap<string, string>,
): Diagnosis {
  const findings = new Map<string, Finding>();
  const examined: Examined[] = [];
  for (const service of services) {
    const scene = sceneOf(cluster, service, observations, owners);
    const silent: string[] = [];
    const blind: Blind[] = [];
    let looked = 0;
    let grave = false;
    for (const check of CATALOGUE) {
      if (!concerned(check, service, cluster)) continue;
      // Where something is found that stops connections, that is why they fail.
      const told = check.lastResort && grave ? [] : check.rule(scene);
      const unable = blindOf(check, service, cluster, observations, told);
      blind.push(...unable);
      const sees = hostsOf(check.where, service, cluster).some(
        (host) => !unable.some((one) => one.host === host),
      );
      if (sees) looked++;
      if (sees && told.length === 0) silent.push(check.id);
      if (told.length > 0 && (check.severity === 'stops' || check.severity === 'some')) grave = true;
      for (const each of told) add(findings, service, check, each);
    }
    examined.push({
      service: service.name,
      endpoint: endpointOf(service),
      looked,
      silent,
      blind,
      connections: [...scene.connected].map(([from, one]) => ({ from, ...one })),
    });
  }
  const place = ({ check, severity }: Finding) =>
    ORDER.indexOf(severity) * CATALOGUE.length + CATALOGUE.findIndex(({ id }) => id === check);
  return { findings: [...findings.values()].sort((one, other) => place(one) - place(other)), examined };
}

/** What is wrong with a host is told once, with all services that it concerns. */
function add(findings: Map<string, Finding>, service: Service, check: Check, told: Told): void {
  const key = [check.id, told.host, told.cause].join('\n');
  const before = findings.get(key);
  if (before !== undefined) {
    findings.set(key, { ...before, services: [...new Set([...before.services, service.name])] });
    return;
  }
  const { host, cause, evidence, fix } = told;
  findings.set(key, {
    check: check.id,
    services: [service.name],
    ...(host !== undefined && { host }),
    severity: check.severity,
    symptom: check.symptom,
    cause,
    evidence,
    fix,
  });
}

function blindOf(
  check: Check,
  service: Service,
  cluster: Cluster,
  observations: Observations,
  told: readonly Told[],
): Blind[] {
  const hosts = hostsOf(check.where, service, cluster);
  if (check.probes.length === 0) return [];
  if (hosts.length === 0)
    return [{ check: check.id, host: '-', reason: 'the inventory names no probe host (`probes`)' }];
  return hosts.flatMap((host) => {
    if (told.some((one) => one.host === host)) return [];
    for (const probe of check.probes) {
      const seen = seenAt(observations, host, probe);
      if (isUnseen(seen)) return [{ check: check.id, host, reason: seen.unseen }];
    }
    return [];
  });
}
