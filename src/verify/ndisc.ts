import { type Sh, sh } from '../shell/index.js';
import { canonicalMac } from './arp.js';

/** What a network's hosts are asked by for the MAC address of a VIP. */
export function discoveryOf(vip: string): string {
  return vip.includes(':') ? 'neighbour discovery' : 'ARP';
}

/**
 * Lets the kernel of a probe host ask for an IPv6 VIP twice, and shows whom it then takes for its owner: at once, and a second later,
 * since a later answer replaces an earlier one. Needs `bounded` and `lane` of the traffic script, and ip(8). Lines are marked `nd: `.
 */
export function neighbourScript(device: string, vip: string): { define: Sh; run: Sh } {
  const run = sh`( text=$(ask_neighbour); printf '%s\n' "$text" | sed 's/^/nd: /' )`;
  const define = sh`ask_neighbour() {
  if ! has ip; then echo 'no ip'; return; fi
  for turn in 1 2; do
    ip -6 neigh del ${vip} dev ${device} >/dev/null 2>&1
    lane datagram 1 ${vip} 9 nd >/dev/null 2>&1
    ip -6 neigh show ${vip} dev ${device}
    sleep 1
    ip -6 neigh show ${vip} dev ${device}
  done 2>&1
}`;
  return { define, run };
}

/** MAC addresses that were taken for the VIP's, each once; undefined where the probe host has no ip(8) to ask with. */
export function parseNeighbourAnswers(output: string, vip: string): string[] | undefined {
  const lines = output.split('\n').flatMap((line) => (line.startsWith('nd: ') ? [line.slice(4)] : []));
  if (lines.includes('no ip')) return undefined;
  const macs = lines.flatMap((line) => {
    const [address] = line.split(' ');
    const mac = / lladdr ((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})\b/i.exec(line)?.[1];
    return address === vip && mac !== undefined ? [canonicalMac(mac)] : [];
  });
  return [...new Set(macs)];
}
