import { parseAddress } from './address.js';

/** The interface that real servers hold a VIP on. */
export const LOOPBACK = 'lo';

interface LabelledVip {
  readonly vip: string;
  readonly label?: string | undefined;
}

/**
 * The label of each VIP: the first that one of its services gives, else the last part of the address (the tutorial's
 * `eth0:100`), with the part before it where another VIP has that label (`33-100`).
 */
export function labelsOfVips(services: readonly LabelledVip[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const { vip, label } of services) {
    const address = parseAddress(vip)?.address;
    if (address !== undefined && label !== undefined && !labels.has(address)) labels.set(address, label);
  }
  for (const { vip } of services) {
    const address = parseAddress(vip)?.address;
    if (address === undefined || labels.has(address)) continue;
    const parts = address.split(/[.:]/);
    const taken = new Set(labels.values());
    let count = 1;
    while (count < parts.length && taken.has(parts.slice(-count).join('-'))) count++;
    labels.set(address, parts.slice(-count).join('-'));
  }
  return labels;
}
