import { type Sh, sh } from '../shell/index.js';
import { canonicalMac } from './arp.js';

/** Prints a host's interfaces with MAC and IP addresses, by iproute2 or net-tools, whichever there is. */
export const interfacesScript: Sh = sh`{ ip addr show || ifconfig -a; } 2>/dev/null`;

export interface HostInterface {
  /** Device without an alias label: `lo`, also for the tutorial's `lo:100`. */
  readonly device: string;
  readonly mac: string | undefined;
  /** Bytes. */
  readonly mtu?: number;
  readonly addresses: readonly { readonly address: string; readonly prefix: number | undefined }[];
}

interface Draft {
  mac: string | undefined;
  mtu?: number;
  addresses: { address: string; prefix: number | undefined }[];
}

/** Reads `ip addr show`, or `ifconfig -a` of net-tools 1.60, net-tools 2 or busybox. What it doesn't know it leaves out. */
export function parseInterfaces(text: string): HostInterface[] {
  const found = new Map<string, Draft>();
  let current: Draft | undefined;
  for (const line of text.split('\n')) {
    const header = /^(?:\d+: )?([^\s:@]+)(?:[:@]\S*)?\s/.exec(line);
    if (header?.[1] !== undefined) {
      current = found.get(header[1]) ?? { mac: undefined, addresses: [] };
      found.set(header[1], current);
    }
    if (!current) continue;
    const mac = /(?:link\/ether|HWaddr|\bether) ((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})/.exec(line)?.[1];
    if (mac) current.mac ??= canonicalMac(mac);
    const mtu = /\b(?:mtu |MTU:)(\d+)/.exec(line)?.[1];
    if (mtu) current.mtu ??= Number(mtu);
    const inet = /\binet6? (?:addr: ?)?([0-9A-Fa-f.:]+)(?:\/(\d+))?/.exec(line);
    if (inet?.[1]) current.addresses.push({ address: inet[1], prefix: prefixOf(line, inet[2]) });
  }
  return [...found].map(([device, { mac, mtu, addresses }]) => ({
    device,
    mac,
    ...(mtu !== undefined && { mtu }),
    addresses,
  }));
}

function prefixOf(line: string, slash: string | undefined): number | undefined {
  if (slash !== undefined) return Number(slash);
  const mask = /(?:Mask:|netmask )([0-9.]+)/.exec(line)?.[1];
  if (mask === undefined) return undefined;
  return mask
    .split('.')
    .reduce((bits, octet) => bits + Number(octet).toString(2).replaceAll('0', '').length, 0);
}

/** Devices that hold an address, with its prefix length where known. */
export function holders(
  interfaces: readonly HostInterface[],
  address: string,
): { device: string; prefix: number | undefined }[] {
  return interfaces.flatMap(({ device, addresses }) =>
    addresses.filter((held) => held.address === address).map((held) => ({ device, prefix: held.prefix })),
  );
}
