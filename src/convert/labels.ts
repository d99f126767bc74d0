import { labelsOfVips } from '../inventory/label.js';
import type { DraftService } from './draft.js';
import type { Said } from './imported.js';
import type { Ledger } from './ledger.js';

/** The kernel's IFNAMSIZ less one: of `eth0:100`. */
const LONGEST = 15;

/** Services with short labels where those of lvsctl's own making are too long for the interface. */
export function labelsThatFit(
  services: readonly DraftService[],
  nic: Said<string> | undefined,
  ledger: Ledger,
): readonly DraftService[] {
  const room = LONGEST - 1 - (nic?.value ?? 'eth0').length;
  const labels = labelsOfVips(services);
  const long = services.some(({ vip }) => !vip.includes(':') && (labels.get(vip) ?? '').length > room);
  if (!long) return services;
  const vips = [...labels.keys()];
  if (String(vips.length).length > room && nic !== undefined) {
    ledger.lose(nic.line, 'its name leaves no room for the labels of the VIPs: give each service a `label`');
    return services;
  }
  return services.map((service) =>
    labels.has(service.vip) && !service.vip.includes(':')
      ? { ...service, label: String(vips.indexOf(service.vip) + 1) }
      : service,
  );
}
