import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '../engine/events.js';
import { UsageError } from '../errors.js';
import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import type { Host } from '../ssh/host.js';
import { askAtVip } from './at-vip.js';
import { counterLagMilliseconds } from './counters.js';
import { askDirectors } from './directors.js';
import type { VerifyReport } from './report.js';
import { checkService, unprovenReport } from './service.js';
import { Survey } from './survey.js';

export type { RealServerShare, VerifyReport } from './report.js';

export interface VerifyOptions {
  readonly cluster: Cluster;
  /** Gives a connection from the run's pool; it is left open. */
  readonly open: (host: ClusterHost) => Promise<Host>;
  /** Connections to each service from each probe host; a multiple of the weights' cycle makes the result exact. */
  readonly connections: number;
  /** Names of the services to check; all by default. */
  readonly services?: readonly string[];
  readonly sink: EventSink;
  /** Aborting ends the check after what is running; the reports made so far are returned. */
  readonly signal?: AbortSignal;
}

/**
 * Proves each service by real connections from each probe host, one after the other, so that the director's counters tell them
 * apart. Before them the director asks each real server of DR and TUN whether it takes what is sent to the VIP, also those
 * that the scheduler would send nothing to. Every report is also told as `verify.result`; one with problems names their causes. Hosts that can't be reached
 * are problems of the report, not errors.
 * @throws UsageError on the name of a service that the inventory does not have
 */
export async function verifyCluster(options: VerifyOptions): Promise<VerifyReport[]> {
  const { cluster, connections, sink, signal } = options;
  const services = chosenServices(cluster, options.services);
  const survey = new Survey(cluster.hosts, options.open, signal);
  const counterLag = sleep(counterLagMilliseconds, undefined, { ref: false });
  const reports: VerifyReport[] = [];
  const conclude = (report: VerifyReport): void => {
    reports.push(report);
    sink({ type: 'verify.result', report });
  };
  for (const wanted of services) {
    const { service, problems } = await askDirectors({ cluster, service: wanted, survey, sink });
    const atVip = [...problems, ...(await askAtVip({ cluster, service, survey, sink }))];
    if (signal?.aborted) return reports;
    if (cluster.probes.length === 0)
      conclude(
        unprovenReport(
          service,
          '-',
          'the inventory names no probe host: add one, as in `probes: ["client"]`',
          ...atVip,
        ),
      );
    for (const name of cluster.probes) {
      const probe = cluster.hosts.get(name);
      if (!probe) continue;
      const report = await checkService({
        cluster,
        service,
        probe,
        connections,
        survey,
        sink,
        signal,
        counterLag,
        atVip,
      });
      if (signal?.aborted) return reports;
      conclude(report);
    }
  }
  return reports;
}

function chosenServices(cluster: Cluster, names: readonly string[] | undefined): readonly Service[] {
  if (!names) return cluster.services;
  return names.map((name) => {
    const service = cluster.services.find((candidate) => candidate.name === name);
    if (service) return service;
    const known = cluster.services.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`no service ${JSON.stringify(name)} in ${cluster.file}`, {
      hint: `Name one of: ${known}.`,
    });
  });
}
