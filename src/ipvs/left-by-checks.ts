import type { Wanted } from './plan.js';
import { type Destination, destinationKey, serviceKey, type Table, type VirtualService } from './table.js';

/** What checks may do to one service. */
export interface Checked {
  /** Its real servers are checked: one with weight 0 may have failed. */
  readonly servers: boolean;
  /** Comes and goes with the quorum, and the real servers go and come with it. */
  readonly sorry: { readonly address: string; readonly port: number } | undefined;
}

/**
 * The wanted table, as it is while checks have their say: a real server that the table has with weight 0 may have failed, and stays;
 * a sorry server is as it is, and while it serves, real servers may be missing. All else is wanted as before. Pure.
 * @param checked by the service's key
 */
export function asChecksLeft<Of extends Wanted>(
  current: Table,
  wanted: Of,
  checked: ReadonlyMap<string, Checked>,
): Of {
  const live = new Map(current.services.map((service) => [serviceKey(service.id), service]));
  const services = wanted.services.map((service) => {
    const [found, said] = [live.get(serviceKey(service.id)), checked.get(serviceKey(service.id))];
    return found === undefined || said === undefined ? service : leftBy(found, service, said);
  });
  return { ...wanted, services };
}

function leftBy(live: VirtualService, wanted: VirtualService, { servers, sorry }: Checked): VirtualService {
  const present = new Map(live.destinations.map((one) => [destinationKey(one), one]));
  const apology = sorry && present.get(destinationKey(sorry));
  const serving = apology !== undefined && apology.weight !== 0;
  const destinations = wanted.destinations.flatMap((one): Destination[] => {
    const found = present.get(destinationKey(one));
    if (found === undefined) return serving ? [] : [one];
    return [servers && found.weight === 0 ? { ...one, weight: 0 } : one];
  });
  return { ...wanted, destinations: [...destinations, ...(apology === undefined ? [] : [apology])] };
}
