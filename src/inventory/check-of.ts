import type { ClusterHost, HealthCheck, PortRange, Service } from './cluster.js';
import { addressFor } from './host-address.js';
import type { ServiceInput } from './schema.js';

/** One check as the inventory writes it. */
export type CheckInput = Exclude<ServiceInput['check'], undefined | readonly unknown[]>;

/** The checks of a service as a list, however the inventory writes them. */
export function checksOf({ check }: Pick<ServiceInput, 'check'>): CheckInput[] {
  return check === undefined ? [] : [check].flat();
}

/** Checks, quorum and sorry server with every default filled in; what the inventory doesn't have is absent. */
export function healthOf(
  service: ServiceInput,
  hosts: ReadonlyMap<string, ClusterHost>,
  vip: string,
  servicePort: number,
): Pick<Service, 'checks' | 'sorry' | 'quorum' | 'hysteresis'> {
  const { sorry, quorum, hysteresis } = service;
  const checks = checksOf(service).map(healthCheck);
  if (sorry === undefined) return checks.length > 0 ? { checks } : {};
  const { host, port = servicePort } = sorry;
  const sorryHost = hosts.get(host);
  return {
    ...(checks.length > 0 && { checks }),
    sorry: { host, address: (sorryHost && addressFor(sorryHost, vip)?.address) ?? '', port },
    quorum: quorum ?? 1,
    ...(hysteresis !== undefined && { hysteresis }),
  };
}

function healthCheck(check: CheckInput): HealthCheck {
  const times = {
    ...(check.port !== undefined && { port: check.port }),
    everySeconds: check.everySeconds ?? 5,
    timeoutSeconds: check.timeoutSeconds ?? 3,
    retries: check.retries ?? 1,
    retrySeconds: check.retrySeconds ?? 1,
  };
  const { type, path = '/', hostName, status = ['200-299'], helo, name = '.', record = 'SOA' } = check;
  switch (type) {
    case 'tcp':
      return { type, ...times };
    case 'http':
    case 'https':
      return {
        type,
        ...times,
        path,
        ...(hostName !== undefined && { hostName }),
        status: status.map(statusRange),
      };
    case 'smtp':
      return { type, ...times, ...(helo !== undefined && { helo }) };
    case 'dns':
      return { type, ...times, name, record };
    case 'misc':
      return { type, ...times, command: check.command ?? [], user: check.user ?? 'nobody' };
  }
}

function statusRange(status: number | string): PortRange {
  const [first = 0, last = first] = String(status).split('-').map(Number);
  return { first, last };
}
