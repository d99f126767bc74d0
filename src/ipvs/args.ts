import type { Forwarding } from '../inventory/cluster.js';
import {
  type Destination,
  endpointText,
  fullNetmask,
  isIPv6,
  type ServiceIdentity,
  serviceFamily,
  type Tunnel,
  type VirtualService,
} from './table.js';

const serviceOptions = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;
const forwardingOptions: Readonly<Record<Forwarding | 'local', string>> = {
  dr: '-g',
  nat: '-m',
  tun: '-i',
  local: '-g',
};
const checksumOptions = { none: '--tun-nocsum', full: '--tun-csum', remote: '--tun-remcsum' } as const;

/** `-t 10.83.33.100:21`, `-f 256 -6`: every ipvsadm has these but SCTP, which came with 1.27. */
export function serviceWords(id: ServiceIdentity): string[] {
  if (id.kind === 'mark') return ['-f', String(id.mark), ...(id.family === 6 ? ['-6'] : [])];
  return [serviceOptions[id.protocol], endpointText(id.address, id.port)];
}

/** Scheduler, persistence and flags in the order in which `ipvsadm -S` prints them; what is unknown is left out. */
export function serviceSettings(service: VirtualService): string[] {
  const { scheduler, persistence, onePacket, schedulerFlags } = service;
  const words: string[] = [];
  if (scheduler !== undefined) words.push('-s', scheduler);
  if (persistence !== undefined && persistence !== 'none') {
    words.push('-p');
    if (persistence.timeoutSeconds !== undefined) words.push(String(persistence.timeoutSeconds));
    const full = fullNetmask(serviceFamily(service.id));
    if (persistence.netmask !== undefined && persistence.netmask !== full)
      words.push('-M', persistence.netmask);
    if (persistence.engine !== undefined && persistence.engine !== 'none')
      words.push('--pe', persistence.engine);
  }
  if (onePacket === true) words.push('-o');
  if (schedulerFlags !== undefined && schedulerFlags.length > 0) words.push('-b', schedulerFlags.join(','));
  return words;
}

/** `-r 10.83.33.76:21`. The port is always said: `-r [v6]` without one is refused (ipvsadm 1.31). */
export function destinationWords(destination: { readonly address: string; readonly port: number }): string[] {
  return ['-r', endpointText(destination.address, destination.port)];
}

function tunnelWords(tunnel: Tunnel): string[] {
  const words = ['--tun-type', tunnel.type];
  if (tunnel.port !== undefined) words.push('--tun-port', String(tunnel.port));
  if (tunnel.checksum !== undefined) words.push(checksumOptions[tunnel.checksum]);
  return words;
}

/**
 * Forwarding, weight, thresholds and tunnel of a server, in the order of `ipvsadm -S`, which prints no thresholds.
 * `ipip`, the default, is said only with `verbose`: ipvsadm before 1.30 has no `--tun-type`.
 */
export function destinationSettings(
  destination: Destination,
  { thresholds = true, verbose = false }: { thresholds?: boolean; verbose?: boolean } = {},
): string[] {
  const { forwarding, weight, tunnel, upperThreshold, lowerThreshold } = destination;
  const words: string[] = [];
  if (forwarding !== undefined) words.push(forwardingOptions[forwarding]);
  if (weight !== undefined) words.push('-w', String(weight));
  if (thresholds && (upperThreshold ?? 0) > 0) words.push('-x', String(upperThreshold));
  if (thresholds && (lowerThreshold ?? 0) > 0) words.push('-y', String(lowerThreshold));
  if (tunnel !== undefined && (verbose || tunnel.type !== 'ipip')) words.push(...tunnelWords(tunnel));
  return words;
}

/** True for a destination of another family than its service's, which only a tunnel can reach. */
export function crossesFamily(id: ServiceIdentity, destination: { readonly address: string }): boolean {
  return (serviceFamily(id) === 6) !== isIPv6(destination.address);
}
