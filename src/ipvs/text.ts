import { isIP } from 'node:net';
import { Address6 } from 'ip-address';

/** An address in canonical text (lower case, shortest IPv6), or undefined when it isn't one. IPv6 without brackets. */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 4) return text;
  if (version !== 6 || text.includes('%')) return undefined;
  return new Address6(text).correctForm();
}

/** A whole number without sign, or undefined. */
export function wholeNumber(text: string | undefined, max = 2 ** 32 - 1): number | undefined {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/** `10.83.33.100:21`, `[fd00:7::110]:443` as `ipvsadm -n` writes them, or undefined. */
export function readEndpoint(text: string): { address: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const address = canonicalAddress(match[1] ?? match[2] ?? '');
  const port = wholeNumber(match[3], 65535);
  return address === undefined || port === undefined ? undefined : { address, port };
}

/** A mark as ipvsadm prints it: `%d` makes those of 2³¹ and above negative (ipvsadm 1.31: 4294967295 is `-1`). */
export function readMark(text: string): number | undefined {
  if (!/^-?[0-9]{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  if (value === 0 || value < -(2 ** 31) || value >= 2 ** 32) return undefined;
  return value >>> 0;
}

/** Exactly so many hexadecimal digits. */
export function readHex(text: string | undefined, digits: number): number | undefined {
  if (text === undefined || text.length !== digits || !/^[0-9A-Fa-f]+$/.test(text)) return undefined;
  return Number.parseInt(text, 16);
}

/** An IPv4 address (or netmask) of its 32 bits. */
export function dottedQuad(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** `0A532164:0015` or `[fd00:0007:…:0110]:01BB`. */
export function readHexEndpoint(text: string): { address: string; port: number } | undefined {
  const split = text.lastIndexOf(':');
  const port = readHex(text.slice(split + 1), 4);
  const host = text.slice(0, split);
  if (split < 0 || port === undefined) return undefined;
  if (host.startsWith('[') && host.endsWith(']')) {
    const address = canonicalAddress(host.slice(1, -1));
    return address === undefined || !address.includes(':') ? undefined : { address, port };
  }
  const value = readHex(host, 8);
  return value === undefined ? undefined : { address: dottedQuad(value), port };
}

/** As {@link readHexEndpoint} reads it, without brackets and port: `0A532164`, `fd00:0007:…:0110`. */
export function hexAddress(address: string): string {
  if (address.includes(':')) return new Address6(address).canonicalForm();
  const bytes = address.split('.').map(Number);
  return bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
}
