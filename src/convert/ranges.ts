import { canonicalAddress, wholeNumber } from '../ipvs/index.js';

/** More addresses than these in one line are more likely a mistake. */
const MOST = 1024;

const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/**
 * All addresses of `10.0.0.1`, `10.0.0.1-10`, `10.0.0.250-10.0.1.10`, `10.0.0.8/29` (keepalived), or why there are none.
 * Of IPv6 single addresses only.
 */
export function addressRange(text: string): string[] | string {
  const single = canonicalAddress(text);
  if (single !== undefined) return [single];
  if (text.includes(':')) return 'a range of IPv6 addresses: write them one by one';
  const net = /^([0-9.]+)\/([0-9]+)$/.exec(text);
  if (net) {
    const [address, prefix] = [canonicalAddress(net[1] ?? ''), wholeNumber(net[2], 32)];
    if (address === undefined || prefix === undefined) return `${text} is not an address`;
    const size = 2 ** (32 - prefix);
    const first = Math.floor(toNumber(address) / size) * size;
    return between(first, first + size - 1);
  }
  const [from = '', to = ''] = text.split('-');
  const first = canonicalAddress(from);
  const last = canonicalAddress(/^[0-9]+$/.test(to) ? from.replace(/[0-9]+$/, to) : to);
  if (first === undefined || last === undefined) return `${text} is not an address`;
  return between(toNumber(first), toNumber(last));
}

/** From the first to the last address, both included, of two IPv4 addresses. */
export function addressesBetween(first: string, last: string): string[] | string {
  return between(toNumber(first), toNumber(last));
}

function between(first: number, last: number): string[] | string {
  if (last < first) return 'the range ends before it begins';
  if (last - first >= MOST) return `the range has more than ${MOST} addresses`;
  return Array.from({ length: last - first + 1 }, (_, index) => toAddress(first + index));
}
