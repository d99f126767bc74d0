import type { ServiceRealServer } from '../../inventory/cluster.js';
import { isForeign } from '../../inventory/systems.js';
import type { HostEvidence } from '../../verify/evidence.js';
import { holders } from '../../verify/interfaces.js';
import type { Scene } from '../check.js';
import { evidence } from '../probes.js';

export interface Party {
  readonly host: string;
  /** NIC in the cluster's network. */
  readonly nic: string;
  readonly address: string;
  readonly evidence: HostEvidence;
}

/** A host that could be asked; undefined for another. */
export function partyOf(scene: Scene, host: string): Party | undefined {
  const known = scene.hosts.get(host);
  const told = scene.look(host, evidence);
  if (known === undefined || told === undefined || isForeign(known)) return undefined;
  return { host, nic: known.interface, address: known.address, evidence: told };
}

/** The live director, where it could be asked. */
export const directorOf = (scene: Scene): Party | undefined => partyOf(scene, scene.director);

/** Real servers that get connections, and could be asked; without the director itself (localnode). */
export function serversOf(scene: Scene): (Party & { readonly server: ServiceRealServer })[] {
  return scene.service.realServers.flatMap((server) => {
    if (server.weight === 0 || scene.service.directors.includes(server.host)) return [];
    const party = partyOf(scene, server.host);
    return party === undefined ? [] : [{ ...party, server }];
  });
}

/** Whether a host is a director beside the live one and holds the VIP all the same: a split brain, and no stranger. */
export function rivals(scene: Scene, host: string | undefined): boolean {
  const { service, director } = scene;
  if (host === undefined || host === director || !service.directors.includes(host)) return false;
  return holders(partyOf(scene, host)?.evidence.interfaces ?? [], service.vip).length > 0;
}

/** Every host of the service that could be asked, each once. */
export function partiesOf(scene: Scene): Party[] {
  const { service, probes } = scene;
  const names = new Set([...service.directors, ...service.realServers.map(({ host }) => host), ...probes]);
  return [...names].flatMap((name) => partyOf(scene, name) ?? []);
}
