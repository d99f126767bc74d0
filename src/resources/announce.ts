import type { Facts } from '../engine/facts.js';
import { type Sh, sh, shLines } from '../shell/index.js';

export interface Announcement {
  readonly vip: string;
  readonly interface: string;
  /** A neighbour whose ARP entry may be forgotten and asked for again: a host of the network that does not hold the VIP. */
  readonly neighbour: string | undefined;
  readonly facts: Facts;
}

/**
 * Sh that makes the neighbours forget an old owner of the VIP: gratuitous ARP by arping(8), of iputils, busybox or
 * Habets (the latter takes -i, and -I for something else). Without arping, an ARP request whose sender is the VIP
 * does it too: every host on the wire updates an entry that it has. Never fails: entries expire anyway.
 */
export function announceAddress(announcement: Announcement): Sh {
  const { vip, interface: device, neighbour, facts } = announcement;
  if (vip.includes(':')) return sh`:`;
  return shLines(
    sh`if command -v arping >/dev/null 2>&1; then`,
    sh`  arping -q -c 2 -U -I ${device} ${vip} >/dev/null 2>&1 || arping -q -c 2 -U -i ${device} -S ${vip} ${vip} >/dev/null 2>&1 || :`,
    neighbour === undefined
      ? sh`else echo ${`no arping here: neighbours learn of ${vip} when their entries expire`} >&2`
      : shLines(
          sh`else`,
          facts.commands.has('ip')
            ? sh`  ip neigh del ${neighbour} dev ${device} 2>/dev/null || :`
            : sh`  arp -d ${neighbour} >/dev/null 2>&1 || :`,
          sh`  ping -c 1 -I ${vip} ${neighbour} >/dev/null 2>&1 || :`,
        ),
    sh`fi`,
  );
}
