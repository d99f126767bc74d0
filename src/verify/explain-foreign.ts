import type { ServiceRealServer } from '../inventory/cluster.js';
import { type ForeignHost, isForeign, renderCommand, titleOf } from '../inventory/systems.js';
import type { Case } from './explain.js';
import { nameOf, titled } from './share.js';
import { waitingFor } from './waiting.js';

/** The host of that name, when lvsctl does not log in to it. */
export function foreignHost({ hosts }: Pick<Case, 'hosts'>, name: string): ForeignHost | undefined {
  const host = hosts.get(name);
  return host && isForeign(host) ? host : undefined;
}

/** The real servers of the service's VIP that lvsctl does not log in to. */
export function foreignServers({ service, hosts }: Pick<Case, 'service' | 'hosts'>): ForeignHost[] {
  return service.realServers.flatMap(({ host }) => foreignHost({ hosts }, host) ?? []);
}

/** Why a host of the inventory that can't be asked answers ARP for the VIP. */
export function whyForeignAnswers({ file }: Pick<Case, 'file'>, host: ForeignHost): string {
  return `it runs ${titleOf(host)}, where the VIP must be on the loopback interface only: \`${renderCommand(file, host.name)}\` shows how`;
}

/** Whose an unknown MAC address may be. */
export function whoseMac(found: Case): string {
  const foreign = foreignServers(found);
  if (foreign.length === 0)
    return 'no host of the inventory has this MAC address; another machine uses the VIP';
  const told = foreign.map(
    (host) => `${host.name} (${titleOf(host)}, see \`${renderCommand(found.file, host.name)}\`)`,
  );
  return `no host that lvsctl logs in to has this MAC address; it is ${told.join(' or ')}, or another machine`;
}

/** What is seen from outside of a real server that can't be asked: that connections end there, and what it may lack. */
export function explainForeignServer(found: Case, server: ServiceRealServer, host: ForeignHost): string[] {
  const { service, direct, file, unanswered, director } = found;
  const error = direct.get(server.host);
  const advice = `lvsctl can't look there, \`${renderCommand(file, host.name)}\` shows what has to be done`;
  if (error !== undefined)
    return [
      `${nameOf(server)}, which runs ${titleOf(host)}, does not serve ${server.address}:${server.port} when asked directly: ${error} (${advice})`,
    ];
  const failed = Math.max(unanswered.get(server.host) ?? 0, waitingFor(found, server));
  if (failed === 0) return [];
  const gateway = found.hosts.get(director)?.address ?? '?';
  const question = {
    dr: `does it hold ${service.vip} on its loopback interface, and serve it there?`,
    tun: `does it take packets out of IPIP, hold ${service.vip} on its loopback interface, and serve it there?`,
    nat: `is ${titled(director)} (${gateway}) its default gateway?`,
  }[service.forwarding];
  return [
    `${nameOf(server)}, which runs ${titleOf(host)}, does not answer connections that ${titled(director)} sends to it (${failed}): ${question} (${advice})`,
  ];
}
