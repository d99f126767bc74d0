import type { Facts } from '../engine/facts.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { interfaceKey } from './sysctl.js';

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
  // Of IPv6 the kernel tells them: addAnnounced.
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

/**
 * Sh that adds an IPv6 address so that the kernel itself tells all neighbours of it (ndisc_notify: an unsolicited
 * advertisement). It does so at the end of duplicate address detection and not for `nodad`; with accept_dad 0 that end comes at once.
 * @param add adds it, without `nodad`
 * @param otherwise adds it where the kernel can't
 */
export function addAnnounced(device: string, add: Sh, otherwise: Sh): Sh {
  const file = (name: string, key: string) => `/proc/sys/${interfaceKey('ipv6', name, key)}`;
  const [dad, notify] = [file(device, 'accept_dad'), file(device, 'ndisc_notify')];
  return shLines(
    sh`if [ -w ${notify} ] && [ "$(cat ${file('all', 'accept_dad')})" -le 0 ] 2>/dev/null; then`,
    sh`  dad=$(cat ${dad}) notify=$(cat ${notify}) status=0`,
    sh`  echo 0 > ${dad}; echo 1 > ${notify}`,
    sh`  ${add} 2>/dev/null || status=$?`,
    sh`  echo "$dad" > ${dad}; echo "$notify" > ${notify}`,
    sh`  [ $status -eq 0 ] || { ${otherwise}; }`,
    sh`else ${otherwise}; fi`,
  );
}
