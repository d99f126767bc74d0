import { parseAddress } from './address.js';
import type { Draft } from './draft.js';
import { interfaceProblem, windowsInterfaceProblem } from './interface.js';
import type { Path, Report } from './problem.js';
import { FOREIGN_SYSTEMS, type ForeignSystem } from './systems.js';

/** What a host that is not Linux can't be: lvsctl does not log in to it, so it only serves. */
export function checkSystems(draft: Draft, report: Report): void {
  for (const [name, host] of draft.hosts) {
    if (host?.interface !== undefined) checkInterface(name, host.interface, draft, report);
    const os = foreignSystemOf(draft, name);
    for (const key of ['kernel', 'lab'] as const)
      if (os !== undefined && host?.[key] !== undefined)
        report(
          ['hosts', name, key],
          host[key],
          `is for Linux, and ${name} runs ${FOREIGN_SYSTEMS[os].title}`,
          'take it out',
        );
  }
  for (const [name, service] of draft.services) {
    if (!service) continue;
    const path = ['services', name];
    for (const [index, director] of service.directors.entries())
      refuse(
        director,
        [...path, 'directors', index],
        'a director needs IPVS, which is Linux’s',
        draft,
        report,
      );
    for (const [index, realServer] of service.realServers.entries())
      checkRealServer([...path, 'realServers', index], realServer, service, draft, report);
  }
  for (const [index, probe] of draft.probes.entries())
    refuse(probe, ['probes', index], 'lvsctl runs its test client on a probe host, over SSH', draft, report);
  const kernels: [Path, Draft['kernel']][] = [[['kernel'], draft.kernel]];
  for (const [name, group] of draft.groups) kernels.push([['groups', name, 'kernel'], group?.kernel]);
  for (const [name, host] of draft.hosts) kernels.push([['hosts', name, 'kernel'], host?.kernel]);
  for (const [path, kernel] of kernels)
    if (kernel?.buildHost !== undefined)
      refuse(kernel.buildHost, [...path, 'buildHost'], 'kernels are built on Linux, over SSH', draft, report);
  const source = draft.roles?.content?.source;
  if (source !== undefined)
    refuse(source, ['roles', 'content', 'source'], 'the content’s source is set up over SSH', draft, report);
}

function foreignSystemOf(draft: Draft, name: string): ForeignSystem | undefined {
  const os = draft.hosts.get(name)?.os;
  return os === undefined || os === 'linux' ? undefined : os;
}

function refuse(host: string, path: Path, why: string, draft: Draft, report: Report): void {
  const os = foreignSystemOf(draft, host);
  if (os === undefined) return;
  report(
    path,
    host,
    `runs ${FOREIGN_SYSTEMS[os].title}: ${why}`,
    `name a Linux host; ${host} can be a real server`,
  );
}

function checkInterface(host: string, name: string, draft: Draft, report: Report): void {
  const os = foreignSystemOf(draft, host);
  const problem = os === 'windows' ? windowsInterfaceProblem(name) : interfaceProblem(name);
  if (problem) report(['hosts', host, 'interface'], name, problem.message, problem.hint);
}

type Service = NonNullable<ReturnType<Draft['services']['get']>>;

function checkRealServer(
  path: Path,
  { host, tunnel }: Service['realServers'][number],
  service: Service,
  draft: Draft,
  report: Report,
): void {
  const os = foreignSystemOf(draft, host);
  if (os === undefined) return;
  const { title, ipip } = FOREIGN_SYSTEMS[os];
  if (parseAddress(service.vip)?.family === 'IPv6')
    report(
      [...path, 'host'],
      host,
      `runs ${title}, of which lvsctl knows the commands for IPv4 only`,
      'give the service an IPv4 VIP, or let Linux hosts serve it',
    );
  if (service.forwarding === 'tun' && !ipip)
    report(
      [...path, 'host'],
      host,
      `runs ${title}, and no way is known there to take packets out of IPIP, as forwarding tun needs`,
      'use forwarding dr or nat for a service with this real server',
    );
  if (tunnel !== undefined && tunnel.type !== 'ipip')
    report(
      [...path, 'tunnel', 'type'],
      tunnel.type,
      `is for Linux, and ${host} runs ${title}`,
      'take `tunnel` out, for ipip',
    );
}
