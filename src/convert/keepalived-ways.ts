import { linesOf } from './fit.js';
import type { ImportedCheck, ImportedService } from './imported.js';
import type { Ledger } from './ledger.js';

/**
 * Services by mark that lead checks to one real server each, as `lvsctl` writes them (src/keepalived/check-marks.ts), are part of those
 * checks, and no services of the inventory.
 */
export function checksByWays(services: readonly ImportedService[], ledger: Ledger): ImportedService[] {
  const ways = new Map<number, ImportedService>();
  for (const service of services) {
    const { id, realServers } = service;
    const [only, ...more] = realServers;
    if (id.kind === 'mark' && only !== undefined && more.length === 0 && (only.checks ?? []).length === 0)
      ways.set(id.mark, service);
  }
  const used = new Set<ImportedService>();
  const withWay = (check: ImportedCheck, address: string): ImportedCheck => {
    const way = check.mark && ways.get(check.mark.value);
    const [to] = way?.realServers ?? [];
    if (check.mark === undefined || way === undefined || to?.address !== address) return check;
    used.add(way);
    return {
      ...check,
      lines: [...check.lines, ...way.lines, ...to.lines],
      mark: { ...check.mark, way: true },
    };
  };
  const found = services.map((service) => ({
    ...service,
    realServers: service.realServers.map((server) => ({
      ...server,
      checks: (server.checks ?? []).map((check) => withWay(check, server.address)),
    })),
  }));
  for (const way of used)
    ledger.otherwise(linesOf(way), 'leads a check to its real server, and the check is not carried over');
  return found.filter((_, index) => !used.has(services[index] as ImportedService));
}
