import type { Cluster, ClusterHost, Service, ServiceRealServer } from '../../inventory/cluster.js';
import { listeningPorts, portsText } from '../../inventory/ports.js';
import { isForeign, titleOf } from '../../inventory/systems.js';
import { createPaint, type Paint, pad } from '../../report/index.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { openInventory } from '../inventory-file.js';

/** Checks the inventory and shows what was understood. @throws UsageError when it is wrong */
export async function validate(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
): Promise<number> {
  const begun = Date.now();
  const cluster = await openInventory(context, file);
  if (outputMode(context, options) === 'json') {
    const { createReporter } = await import('../../report/index.js');
    const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
    sink({ type: 'run.start', command: 'validate', cluster: cluster.name, hosts: [...cluster.hosts.keys()] });
    sink({ type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: (Date.now() - begun) / 1000 });
  } else {
    context.stdout.write(`${clusterText(cluster, createPaint(wantsColor(context, options))).join('\n')}\n`);
  }
  return EXIT.converged;
}

function clusterText(cluster: Cluster, paint: Paint): string[] {
  const hosts = [...cluster.hosts.values()];
  const name = Math.max(0, ...hosts.map((host) => host.name.length));
  const address = Math.max(0, ...hosts.map((host) => host.address.length + 1 + String(host.prefix).length));
  const nic = Math.max(0, ...hosts.map((host) => host.interface.length));
  return [
    `${paint.good('✓')} ${paint.strong(cluster.name)}: the inventory is sound`,
    '',
    paint.live('hosts'),
    ...hosts.map((host) =>
      [
        `  ${pad(host.name, name)}`,
        pad(`${host.address}/${host.prefix}`, address),
        pad(host.interface, nic),
        paint.quiet([partsOf(cluster, host.name).join(', '), systemOf(host)].join(' ').trim()),
      ]
        .join('  ')
        .trimEnd(),
    ),
    ...cluster.services.flatMap((service) => ['', ...serviceText(service, paint)]),
  ];
}

const systemOf = (host: ClusterHost): string => (isForeign(host) ? `on ${titleOf(host)}` : '');

/** What a host is in the cluster, from the services' point of view. */
function partsOf(cluster: Cluster, host: string): string[] {
  const parts: string[] = [];
  if (cluster.services.some(({ directors }) => directors.includes(host))) parts.push('director');
  if (cluster.services.some(({ realServers }) => realServers.some((server) => server.host === host)))
    parts.push('real server');
  if (cluster.probes.includes(host)) parts.push('probe');
  return parts;
}

function serviceText(service: Service, paint: Paint): string[] {
  const total = service.realServers.reduce((sum, { weight }) => sum + weight, 0);
  const promised = ['wrr', 'rr'].includes(service.scheduler);
  const weigh = (weight: number) => (service.scheduler === 'rr' ? (weight > 0 ? 1 : 0) : weight);
  const weighed = service.realServers.reduce((sum, { weight }) => sum + weigh(weight), 0);
  const name = Math.max(0, ...service.realServers.map(({ host }) => host.length));
  const endpoint = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
  const single = service.fwmark === undefined && service.port !== 0;
  const where = single
    ? endpoint(service.vip, service.port)
    : `${service.vip} ${portsText(listeningPorts(service, service))}`;
  const mark = service.fwmark === undefined ? '' : ` by mark ${service.fwmark}`;
  const own = (server: ServiceRealServer) =>
    single ? endpoint(server.address, server.port) : server.address;
  const address = Math.max(0, ...service.realServers.map((server) => own(server).length));
  const persistence =
    service.persistence === undefined ? '' : `, persistent for ${service.persistence.seconds}s`;
  return [
    `${paint.live(`service ${service.name}`)}  ${service.protocol} ${where}${mark}  ${service.scheduler}, ${service.forwarding.toUpperCase()}${persistence}, by ${service.directors.join(' and ')}`,
    ...service.realServers.map((server) => {
      const drained = server.weight === 0 || total === 0;
      const share = drained
        ? 'drained'
        : promised
          ? `${Math.round((weigh(server.weight) / weighed) * 100)}%`
          : '';
      return `  ${pad(server.host, name)}  ${pad(own(server), address)}  weight ${server.weight}  ${paint.quiet(share)}`.trimEnd();
    }),
  ];
}
