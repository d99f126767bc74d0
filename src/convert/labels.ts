import { parseAddress } from '../inventory/address.js';
import { labelsOfVips } from '../inventory/label.js';
import type { DraftService } from './draft.js';
import type { ImportedVip, Said } from './imported.js';
import type { Ledger } from './ledger.js';

/** The kernel's IFNAMSIZ less one: of `eth0:100`. */
const LONGEST = 15;

/**
 * Services with the labels that their VIPs have in the file, where the inventory would make others; and with short ones where those
 * of its making are too long for the interface.
 */
export function labelServices(
  services: readonly DraftService[],
  vips: readonly ImportedVip[],
  nic: Said<string> | undefined,
  ledger: Ledger,
): readonly DraftService[] {
  const room = LONGEST - 1 - (nic?.value ?? 'eth0').length;
  const said = saidLabels(vips, room, ledger);
  const usual = labelsOfVips(services);
  const labelled = services.map((service) => {
    const label = said.get(service.vip);
    return label === undefined || label === usual.get(service.vip) ? service : { ...service, label };
  });
  return shortened(labelled, room, nic, ledger);
}

function saidLabels(vips: readonly ImportedVip[], room: number, ledger: Ledger): Map<string, string> {
  const labels = new Map<string, string>();
  for (const { value, line, label } of vips) {
    const parsed = parseAddress(value);
    if (label === undefined || parsed === undefined) continue;
    const fits = /^[A-Za-z0-9_.-]{1,13}$/.test(label) && label.length <= room && parsed.family === 'IPv4';
    if (fits && ![...labels.values()].includes(label)) labels.set(parsed.address, label);
    else ledger.lose(line, `the label ${label}`);
  }
  return labels;
}

function shortened(
  services: readonly DraftService[],
  room: number,
  nic: Said<string> | undefined,
  ledger: Ledger,
): readonly DraftService[] {
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
