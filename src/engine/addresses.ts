/** One address as the host shows it. */
export interface ObservedAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
  /** Of IPv6, as ip(8) tells them: `tentative`, `dadfailed`, `deprecated` … */
  readonly flags?: readonly string[];
}

/**
 * Reads `ip -o addr` of iproute2 or busybox; other lines are passed over.
 * `2: eth0    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\       valid_lft …`; `peer` links show `inet A peer B/32`.
 */
export function addressesByIp(text: string): ObservedAddress[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^\d+:\s+(\S+?)(?:@\S+)?\s+inet6? ([0-9a-fA-F.:]+)(?:\/(\d+))?/.exec(line);
    if (!parts) return [];
    const [, device = '', address = '', prefix] = parts;
    const six = address.includes(':');
    const one = { interface: device, address, prefix: Number(prefix ?? (six ? 128 : 32)) };
    // `… scope global dadfailed tentative \ …`; of IPv4 the label stands there.
    const flags = six ? / scope \S+ ([a-z ]*[a-z])/.exec(line)?.[1] : undefined;
    return [flags === undefined ? one : { ...one, flags: flags.split(' ') }];
  });
}
