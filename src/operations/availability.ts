import type { Service } from '../inventory/cluster.js';

/** What a service would have left on one director, were a real server taken out of it. */
export interface Availability {
  readonly service: Service;
  /** The real server that would be taken out. */
  readonly host: string;
  readonly director: string;
  /** Hosts of the service that would still have a weight above 0 in the director's table. */
  readonly remaining: number;
  /** Hosts that the inventory gives the service. */
  readonly total: number;
}

/** Why a real server must not be taken out, or undefined. */
export type Guard = (availability: Availability) => string | undefined;

/** No service is left with fewer real servers than the inventory says, or without any. */
export const keepsEnough: Guard = ({ service, host, director, remaining }) => {
  const { minAvailable = 1 } = service;
  if (remaining >= minAvailable) return undefined;
  return minAvailable === 1
    ? `${host} is the last real server of ${service.name} with a weight above 0 on ${director}`
    : `without ${host}, ${service.name} has ${remaining} real servers with a weight above 0 on ${director}, and must keep ${minAvailable} (minAvailable)`;
};
