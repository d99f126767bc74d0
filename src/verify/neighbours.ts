import { type Sh, sh } from '../shell/index.js';
import { canonicalMac } from './arp.js';

/**
 * Prints a host's ARP table after it has spoken to each of `addresses`: so the MAC addresses of hosts that can't be asked
 * for them are known, as far as they are on the same link. A host that answers no ping has answered ARP all the same.
 */
export function neighboursScript(addresses: readonly string[]): Sh {
  return sh`for a in ${addresses}; do ping -c 1 -w 1 "$a" >/dev/null 2>&1 & done
wait
cat /proc/net/arp`;
}

/** IPv4 address → MAC address. Entries that are not complete have a MAC address of zeros. */
export function parseNeighbours(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address = '', , , mac = ''] = line.trim().split(/\s+/);
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(address) || !/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(mac)) continue;
    const canonical = canonicalMac(mac);
    if (canonical !== '00:00:00:00:00:00') found.set(address, canonical);
  }
  return found;
}
