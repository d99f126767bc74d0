import { type Sh, sh } from '../shell/index.js';

/**
 * Asks on `device` who has `vip`, by broadcast only, so that every host that answers is seen, for three seconds: iputils counts
 * answers, not questions, so a low count would end it before the last one. Needs `bounded` and `lane` of the traffic script.
 * arping of iputils and of busybox take the same options, Thomas Habets' has others with the same letters. Without arping the
 * kernel's own table is emptied and filled three times: it shows the fastest answer of each time. Lines are marked `arp: `.
 * The function is the same for every VIP, so it may be defined once for each.
 */
export function arpScript(device: string, vip: string): { define: Sh; run: Sh } {
  // In one piece and marked, since other lines are printed at the same time.
  const run = sh`( text=$(ask_arp ${device} ${vip}); printf '%s\n' "$text" | sed 's/^/arp: /' )`;
  const define = sh`ask_arp() {
  if command -v arping >/dev/null 2>&1; then
    case $(arping -V 2>&1; arping --help 2>&1) in
      *Habets*) bounded 6 arping -i "$1" -c 3 "$2" ;;
      *) bounded 6 arping -b -I "$1" -c 20 -w 3 "$2" ;;
    esac
  elif command -v busybox >/dev/null 2>&1 && busybox arping --help >/dev/null 2>&1; then
    bounded 6 busybox arping -b -I "$1" -c 20 -w 3 "$2"
  else
    for turn in 1 2 3; do
      ip neigh del "$2" dev "$1" >/dev/null 2>&1 || arp -d "$2" >/dev/null 2>&1
      if command -v ping >/dev/null 2>&1; then
        bounded 3 ping -c 1 -w 1 "$2" >/dev/null 2>&1
      else
        lane datagram 1 "$2" 9 arp >/dev/null 2>&1
        sleep 1
      fi
      while read -r address type flags mac rest; do
        [ "$address" != "$2" ] || echo "table $address $mac"
      done </proc/net/arp
    done
  fi 2>&1
}`;
  return { define, run };
}

/** `2:0:a:53:21:53` and `02:00:0A:53:21:53` are one MAC address: `02:00:0a:53:21:53`. */
export function canonicalMac(mac: string): string {
  return mac
    .toLowerCase()
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');
}

/** Whether only the fastest answers were seen, for want of arping. */
export function sawFastestOnly(output: string): boolean {
  return /^arp: table /m.test(output);
}

const macPattern = '((?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2})';
const answerPatterns = [
  // iputils, busybox: Unicast reply from 10.83.33.100 [02:00:0A:53:21:53]  0.712ms
  new RegExp(`cast reply from (?<ip>[0-9.]+) (?:for \\S+ )?\\[${macPattern}\\]`),
  // Habets: 60 bytes from 02:00:0a:53:21:53 (10.83.33.100): index=0 time=712.000 usec
  new RegExp(`bytes from ${macPattern} \\((?<ip>[0-9.]+)\\)`),
  new RegExp(`^table (?<ip>[0-9.]+) ${macPattern}$`),
];

/** MAC addresses that answered for `vip`, each once, in the order of their first answer. */
export function parseArpAnswers(output: string, vip: string): string[] {
  const macs = new Set<string>();
  for (const line of output.split('\n'))
    for (const pattern of answerPatterns) {
      const match = pattern.exec(line.replace(/^arp: /, '').trim());
      const mac = match?.slice(1).find((group) => group?.includes(':'));
      if (match?.groups?.ip === vip && mac && canonicalMac(mac) !== '00:00:00:00:00:00')
        macs.add(canonicalMac(mac));
    }
  return [...macs];
}
