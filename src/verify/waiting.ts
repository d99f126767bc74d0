import type { ServiceRealServer } from '../inventory/cluster.js';
import type { Case } from './explain.js';

/** Connections to a real server that wait for the client's ACK, by the director's connection table: the server does not answer. */
export function waitingFor(
  { testimony, director, service }: Pick<Case, 'testimony' | 'director' | 'service'>,
  server: ServiceRealServer,
): number {
  const table = testimony.get(director);
  if (!table || !('states' in table)) return 0;
  return table.states
    .filter(
      ({ vip, port, destination, state }) =>
        vip === service.vip &&
        port === service.port &&
        destination === server.address &&
        state === 'SYN_RECV',
    )
    .reduce((sum, { count }) => sum + count, 0);
}
