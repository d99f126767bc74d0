import type { HealthCheck, Service, ServiceRealServer } from '../inventory/cluster.js';
import { goesToVip, type VipCheck } from './check-marks.js';
import type { Part } from './parts.js';

export interface Target {
  readonly service: Service;
  readonly realServer: ServiceRealServer;
  /** To the VIP on the real server; absent: it is asked by its own address. */
  readonly way: VipCheck | undefined;
  /** The director's own address of the VIP's family. */
  readonly from: string | undefined;
}

const NAMES = {
  tcp: 'TCP_CHECK',
  http: 'HTTP_GET',
  https: 'SSL_GET',
  smtp: 'SMTP_CHECK',
  dns: 'DNS_CHECK',
  misc: 'MISC_CHECK',
} as const;

/** One check of one real server. */
export function checkParts(check: HealthCheck, target: Target): Part {
  const { everySeconds, timeoutSeconds, retries, retrySeconds } = check;
  return {
    head: NAMES[check.type],
    parts: [
      ...(check.type === 'misc' ? [] : [...connection(check, target), `connect_timeout ${timeoutSeconds}`]),
      ...ownParts(check, target),
      `delay_loop ${everySeconds}`,
      `retry ${retries}`,
      `delay_before_retry ${retrySeconds}`,
    ],
  };
}

/** Where it connects to. The port of a service by mark stands nowhere else in the file. */
function connection(check: HealthCheck, { service, realServer, way, from }: Target): string[] {
  const port = check.port ?? realServer.port;
  if (way !== undefined && from !== undefined && goesToVip(service, check))
    return [`connect_ip ${service.vip}`, `connect_port ${port}`, `bindto ${from}`, `fwmark ${way.mark}`];
  return check.port !== undefined || service.fwmark !== undefined ? [`connect_port ${port}`] : [];
}

function ownParts(check: HealthCheck, target: Target): Part[] {
  switch (check.type) {
    case 'tcp':
      return [];
    case 'http':
    case 'https': {
      const { path, hostName, status } = check;
      const codes = status.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
      const url = {
        head: 'url',
        parts: [
          `path ${path}`,
          `status_code ${codes.join(' ')}`,
          ...(hostName === undefined ? [] : [`virtualhost ${hostName}`]),
        ],
      };
      return [url, ...(check.type === 'https' && hostName !== undefined ? ['enable_sni'] : [])];
    }
    case 'smtp':
      return check.helo === undefined ? [] : [`helo_name ${check.helo}`];
    case 'dns':
      return [`type ${check.record}`, `name ${check.name}`];
    case 'misc':
      return [
        `misc_path "${check.command.map((word) => quoted(filled(word, target))).join(' ')}"`,
        `misc_timeout ${check.timeoutSeconds}`,
        `user ${check.user}`,
      ];
  }
}

function filled(word: string, { service, realServer }: Target): string {
  return word
    .replaceAll('{address}', realServer.address)
    .replaceAll('{port}', String(realServer.port))
    .replaceAll('{vip}', service.vip);
}

/** A word within keepalived's double quotes; the inventory's checks keep quotes and backslashes out. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word}'`;
}
