import type { Service } from '../inventory/cluster.js';
import { holders } from './interfaces.js';
import type { Survey } from './survey.js';

/** The director that holds the VIP; the first that can be reached if none does, the first of all if none can be. */
export async function liveDirector(service: Service, survey: Survey): Promise<string> {
  let reachable: string | undefined;
  for (const name of service.directors) {
    const interfaces = await survey.interfaces(name);
    if ('unreachable' in interfaces) continue;
    if (holders(interfaces, service.vip).length > 0) return name;
    reachable ??= name;
  }
  return reachable ?? service.directors[0] ?? '';
}
