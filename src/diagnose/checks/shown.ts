import { destinationKey, serviceKey } from '../../ipvs/index.js';
import type { Reason } from '../../verify/reason.js';
import type { Scene } from '../check.js';
import { evidence } from '../probes.js';
import { entryOf } from './director.js';

/** What was seen of the addresses of a host: `lo 127.0.0.1/8; eth0 10.83.33.2/24`. */
export function addressesShown(scene: Scene, host: string | undefined): string {
  const told = host === undefined ? undefined : scene.look(host, evidence);
  const shown = (told?.interfaces ?? []).map(({ device, addresses }) => {
    const list = addresses.map(({ address, prefix }) =>
      prefix === undefined ? address : `${address}/${prefix}`,
    );
    return `${device} ${list.join(' ') || 'without an address'}`;
  });
  return `addresses of ${host}: ${shown.join('; ')}`;
}

/** The service as the live director has it. */
export function tableShown(scene: Scene): string {
  const entry = entryOf(scene);
  if (entry === undefined) return `the table of ${scene.director} has no such service`;
  const servers = entry.destinations.map(
    (one) => `${destinationKey(one)} ${one.forwarding ?? '?'} weight ${one.weight ?? '?'}`,
  );
  return `${serviceKey(entry.id)} ${entry.scheduler ?? '?'}: ${servers.join(', ') || 'no real server'}`;
}

/** Who answered ARP for the VIP. */
export function answersShown(scene: Scene): string {
  const answers = (scene.arp ?? []).map(({ mac, host }) => `${mac} (${host ?? 'nobody of the inventory'})`);
  return `answers to ARP for ${scene.service.vip}: ${answers.join(', ') || 'none'}`;
}

/** What is bound to the port of a real server. */
export function listenersShown(scene: Scene, host: string | undefined): string {
  const port = scene.service.realServers.find((server) => server.host === host)?.port;
  const told = host === undefined ? undefined : scene.look(host, evidence);
  const bound = (told?.listeners ?? [])
    .filter((one) => one.port === port && one.protocol === scene.service.protocol)
    .map(({ address }) => `${address}:${port}`);
  return `bound on ${host}: ${bound.join(', ') || `nothing to ${port}/${scene.service.protocol}`}`;
}

export type Shown = (scene: Scene, reason: Reason) => string;
