import { Address4, Address6 } from 'ip-address';

export type Family = 'IPv4' | 'IPv6';

export interface ParsedAddress {
  readonly family: Family;
  /** Canonical text without prefix length. */
  readonly address: string;
  /** As written, else undefined. */
  readonly prefix: number | undefined;
  readonly kind: 'usual' | 'unspecified' | 'loopback' | 'multicast' | 'broadcast' | 'IPv4-mapped';
}

/** Reads `10.83.33.83`, `10.83.33.83/24` or `fd00::1/64`; undefined for anything else, zones (`%eth0`) included. */
export function parseAddress(text: string): ParsedAddress | undefined {
  if (text.includes('%')) return undefined;
  const prefix = text.includes('/') ? Number(text.slice(text.indexOf('/') + 1)) : undefined;
  if (Address4.isValid(text)) {
    const address = new Address4(text).correctForm();
    return { family: 'IPv4', address, prefix, kind: kindOf4(address) };
  }
  if (Address6.isValid(text)) {
    const parsed = new Address6(text);
    return { family: 'IPv6', address: parsed.correctForm(), prefix, kind: kindOf6(parsed) };
  }
  return undefined;
}

function kindOf4(address: string): ParsedAddress['kind'] {
  const first = Number(address.split('.')[0]);
  if (first === 0) return 'unspecified';
  if (first === 127) return 'loopback';
  if (address === '255.255.255.255') return 'broadcast';
  return first >= 224 && first < 240 ? 'multicast' : 'usual';
}

function kindOf6(address: Address6): ParsedAddress['kind'] {
  const canonical = address.correctForm();
  if (canonical === '::') return 'unspecified';
  if (canonical === '::1') return 'loopback';
  if (address.isMulticast()) return 'multicast';
  return canonical.startsWith('::ffff:') ? 'IPv4-mapped' : 'usual';
}

/** An IPv6 address in 32 hexadecimal digits, upper case, as /proc/net has it but for the case. */
export function expandedHex(address: string): string {
  return new Address6(address).bigInt().toString(16).padStart(32, '0').toUpperCase();
}

/** The network that an address with a prefix length lies in. */
export interface Network {
  /** `10.83.33.0/24` */
  readonly text: string;
  /** True when the address is the network's own or its broadcast address (IPv4, prefix below 31). */
  isReserved(address: string): boolean;
  contains(address: string): boolean;
}

export function networkOf(address: string, prefix: number): Network {
  const family = address.includes(':') ? Address6 : Address4;
  const own = new family(`${address}/${prefix}`);
  const first = own.startAddress().correctForm();
  const last = own.endAddress().correctForm();
  return {
    text: `${first}/${prefix}`,
    isReserved: (other) => family === Address4 && prefix < 31 && (other === first || other === last),
    contains: (other) => {
      if (other.includes(':') !== address.includes(':')) return false;
      const one = new family(other).bigInt();
      return one >= own.startAddress().bigInt() && one <= own.endAddress().bigInt();
    },
  };
}
