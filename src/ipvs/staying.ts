import { connectionsOf, type Owned, owns, type Wanted } from './plan.js';
import { type Destination, destinationKey, serviceKey, type Table, type VirtualService } from './table.js';

/**
 * What keepalived.conf is to hold, which takes out of the table at a reload what left the file, with its connections: the wanted
 * services; of those that are held back what the table has; and, with weight 0, what leaves the table but still has connections.
 * Pure.
 * @param whole the wanted services with the real servers that are held back
 * @param kept keys of destinations that are somebody else's, by the service's key: sorry servers
 */
export function stayingServices(
  current: Table,
  { services, held }: Wanted,
  whole: readonly VirtualService[],
  owned: Owned,
  kept: ReadonlyMap<string, string>,
): VirtualService[] {
  const live = new Map(current.services.map((service) => [serviceKey(service.id), service]));
  const heldKeys = new Set(held.map((one) => `${serviceKey(one.service)} ${destinationKey(one)}`));
  const wantedKeys = new Set(services.map(({ id }) => serviceKey(id)));
  const present = whole.map((service) => {
    const key = serviceKey(service.id);
    const found = live.get(key)?.destinations ?? [];
    const names = new Set(found.map(destinationKey));
    const belongs = service.destinations.filter(
      (one) => !heldKeys.has(`${key} ${destinationKey(one)}`) || names.has(destinationKey(one)),
    );
    const known = new Set([...service.destinations.map(destinationKey), kept.get(key)]);
    return { ...service, destinations: [...belongs, ...leaving(found, known)] };
  });
  const gone = current.services
    .filter(({ id }) => owns(owned, id) && !wantedKeys.has(serviceKey(id)))
    .map((service) => ({ ...service, destinations: leaving(service.destinations, new Set()) }))
    .filter(({ destinations }) => destinations.length > 0);
  return [...present, ...gone];
}

/** Closed for new connections, as long as it has some. */
function leaving(found: readonly Destination[], known: ReadonlySet<string | undefined>): Destination[] {
  return found
    .filter((one) => !known.has(destinationKey(one)) && connectionsOf(one) !== 0)
    .map((one) => ({ ...one, weight: 0 }));
}
