import { addressesByIp, type ObservedAddress } from '../engine/addresses.js';
import type { Facts } from '../engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { addAnnounced } from './announce.js';
import { observedText } from './observed.js';

export interface AddressOptions {
  readonly address: string;
  readonly prefix: number;
  readonly interface: string;
  /** Label without the interface, `100` for `eth0:100`; IPv4 only. Needed where there is no ip(8). */
  readonly label?: string | undefined;
  readonly facts: Facts;
  /** Sh that tells the network about a new address, after it came up: {@link announceAddress}. */
  readonly announce?: Sh | undefined;
  /**
   * Of IPv6 on a NIC: the host never sends from it of its own accord. With /128 it would be the source of choice for all of its network
   * (RFC 6724, rule 8), real servers included, which hold it too and would answer themselves.
   */
  readonly neverSource?: boolean;
}

/**
 * An address with this prefix on this interface and nowhere else on the host: a VIP that is left on a NIC of a real
 * server would answer ARP there in spite of all flags. The label is written, but a different one is no drift, since
 * mending it would take the address away for a moment. An IPv6 address that the kernel does not use, since another host answered for
 * it (dadfailed) or might (tentative), comes again without being asked for.
 */
export function address(options: AddressOptions): Resource {
  const wanted = { interface: options.interface, address: options.address, prefix: options.prefix };
  const id = `address ${options.address} on ${options.interface}`;
  const tool = addressTool(options.facts, id);
  return {
    id,
    probe:
      options.neverSource && tool === 'ip' ? shLines(showAddresses(tool), tellIproute2) : showAddresses(tool),
    plan(observed): Change | undefined {
      const found = observedAddresses(tool, id, observed).filter((one) => one.address === options.address);
      const placed = (one: ObservedAddress) =>
        baseInterface(one) === wanted.interface && one.prefix === wanted.prefix;
      const here = found.filter(placed);
      const wrong = found.filter((one) => !placed(one));
      const unused = here.find((one) => unusedState(one) !== undefined);
      const source =
        options.neverSource === true &&
        knowsLifetimes(observed) &&
        here.some((one) => !one.flags?.includes('deprecated'));
      const right = here.length > 0 && unused === undefined;
      if (right && wrong.length === 0 && !source) return undefined;
      const summary = [
        unused && `put ${text(wanted)} on ${wanted.interface} anew: it is ${unusedState(unused)}`,
        here.length === 0 && `put ${text(wanted)} on ${wanted.interface}`,
        right && source && `never send from ${text(wanted)} of ${wanted.interface}`,
        ...wrong.map((one) => `take ${text(one)} off ${one.interface}`),
      ].filter((part) => part !== false && part !== undefined);
      return {
        summary: summary.join(', '),
        diff: [
          ...wrong.map((one) => `- ${text(one)} dev ${one.interface}\n`),
          unused ? `- ${text(wanted)} dev ${wanted.interface} ${unused.flags?.join(' ')}\n` : '',
          right ? '' : `+ ${text(wanted)} dev ${wanted.interface}\n`,
          right && source ? `+ ${text(wanted)} dev ${wanted.interface} deprecated\n` : '',
        ].join(''),
        apply: shLines(
          ...(tool === 'ip'
            ? changeByIp(options, wrong, unused)
            : [...removal(tool, wrong), !right && addByIfconfig(options)]),
          right && source && sh`ip addr change ${text(options)} dev ${options.interface} preferred_lft 0`,
          !right && options.announce,
        ),
      };
    },
  };
}

/** Why the kernel does not use it; undefined: it does. */
function unusedState({ flags = [] }: ObservedAddress): string | undefined {
  if (flags.includes('dadfailed')) return 'dadfailed, another host of the network answered for it';
  if (flags.includes('tentative')) return 'tentative, so that the kernel does not use it yet';
  return undefined;
}

/** busybox's ip(8) does not know how long an address is preferred. */
const tellIproute2 = trusted('case $(ip -V 2>&1) in *iproute2*) echo iproute2 ;; esac');

function knowsLifetimes(observed: ProbeOutput): boolean {
  return /^iproute2$/m.test(observed.stdout);
}

export type AddressTool = 'ip' | 'ifconfig';

/** What tells of addresses; undefined where nothing does. */
export function presentAddressTool({ commands }: Pick<Facts, 'commands'>): AddressTool | undefined {
  return (['ip', 'ifconfig'] as const).find((name) => commands.has(name));
}

/** @throws LvsctlError when the host has neither ip(8) nor ifconfig(8) */
export function addressTool(facts: Facts, id: string): AddressTool {
  const present = presentAddressTool(facts);
  if (present !== undefined) return present;
  throw new LvsctlError('neither ip(8) nor ifconfig(8) is there', {
    resource: id,
    hint: 'install iproute2, or net-tools',
  });
}

export function showAddresses(tool: AddressTool): Sh {
  return tool === 'ip' ? sh`ip -o addr show` : sh`LC_ALL=C ifconfig -a`;
}

export function observedAddresses(tool: AddressTool, id: string, observed: ProbeOutput): ObservedAddress[] {
  const text = observedText(id, observed);
  return tool === 'ip' ? addressesByIp(text) : parseIfconfig(text);
}

/** Sh that takes addresses away. @throws LvsctlError for the main address of an interface without ip(8) */
export function removal(tool: AddressTool, addresses: readonly ObservedAddress[]): Sh[] {
  if (addresses.length === 0) return [];
  if (tool === 'ifconfig') return addresses.map(deleteByIfconfig);
  return [has, takeAway, ...addresses.map((one) => sh`take ${one.interface} ${text(one)}`)];
}

/** `eth0:100`, or nothing when the kernel's 15 characters do not suffice. */
export function interfaceLabel(name: string, label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  const full = `${name}:${label}`;
  return full.length <= 15 ? full : undefined;
}

function isV6(value: string): boolean {
  return value.includes(':');
}

/**
 * What is wrong goes after what is right came, so that the address is never away. But busybox's ip deletes by the
 * address alone, whatever the prefix, so that the right one may go first; then it comes again.
 */
function changeByIp(
  options: AddressOptions,
  wrong: readonly ObservedAddress[],
  unused: ObservedAddress | undefined,
): Sh[] {
  const add = sh`has ${options.interface} ${text(options)} || ${addByIp(options)}`;
  return [
    has,
    ...(wrong.length > 0 || unused ? [takeAway] : []),
    ...(unused ? [sh`take ${unused.interface} ${text(unused)}`] : []),
    add,
    ...(wrong.length > 0 ? [...wrong.map((one) => sh`take ${one.interface} ${text(one)}`), add] : []),
  ];
}

const has = trusted('has() { case "$(ip -o addr show dev "$1")" in *" $2 "*) ;; *) return 1 ;; esac; }');

/** More than once, since an address may be there several times (with peers, or on busybox); not for ever, whatever `ip` says. */
const takeAway = trusted(`\
take() {
  n=0
  while has "$1" "$2"; do
    n=$((n+1))
    if [ $n -gt 16 ]; then echo "$2 is still on $1 after $((n-1)) times ip addr del" >&2; exit 1; fi
    ip addr del "$2" dev "$1"
  done
}`);

function addByIp(options: AddressOptions): Sh {
  const { address: value, interface: device } = options;
  const add = sh`ip addr add ${text(options)} dev ${device}`;
  // Like IPv4, at once and without asking; busybox's ip does not know the words.
  const at6 = sh`${add} nodad 2>/dev/null || ${add}`;
  if (isV6(value) && options.neverSource)
    return addAnnounced(
      device,
      sh`${add} preferred_lft 0`,
      sh`${add} nodad preferred_lft 0 2>/dev/null || ${at6}`,
    );
  if (isV6(value)) return at6;
  const label = interfaceLabel(device, options.label);
  return label === undefined ? add : sh`${add} label ${label}`;
}

function addByIfconfig(options: AddressOptions): Sh {
  const { address: value, prefix, interface: device } = options;
  if (isV6(value)) return sh`ifconfig ${device} add ${`${value}/${prefix}`}`;
  const alias = interfaceLabel(device, options.label ?? '100') ?? `${device}:1`;
  const mask = netmask(prefix);
  // net-tools 1.60 gives a new alias the class's mask (10/8) unless it is told with the address.
  return sh`ifconfig ${alias} ${value} broadcast ${value} netmask ${mask} up`;
}

function deleteByIfconfig(one: ObservedAddress): Sh {
  if (isV6(one.address)) return sh`ifconfig ${one.interface} del ${text(one)}`;
  if (one.interface.includes(':')) return sh`ifconfig ${one.interface} down`;
  throw new LvsctlError(`${one.address} is the main address of ${one.interface}`, {
    hint: `a VIP can't be a host's own address: give ${one.interface} its own address, or the service another VIP`,
  });
}

/** `255.255.255.255` for 32. */
export function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function baseInterface(one: ObservedAddress): string {
  return one.interface.split(':')[0] ?? '';
}

export function text(one: { address: string; prefix: number }): string {
  return `${one.address}/${one.prefix}`;
}

/** net-tools 1.60 (`inet addr:10.83.33.100  Mask:255.255.255.255`), 2.10 (`inet 10.83.33.100  netmask 255.255.255.255`) and busybox. */
function parseIfconfig(text: string): ObservedAddress[] {
  const found: ObservedAddress[] = [];
  let device = '';
  for (const line of text.split('\n')) {
    const heading = /^(\S+)/.exec(line);
    if (heading) device = (heading[1] ?? '').replace(/:$/, '');
    const v4 = /\binet (?:addr:)?([0-9.]+)/.exec(line);
    const mask = /(?:Mask:|netmask )([0-9.]+)/.exec(line);
    if (v4)
      found.push({
        interface: device,
        address: v4[1] ?? '',
        prefix: prefixOf(mask?.[1] ?? '255.255.255.255'),
      });
    const v6 = /\binet6 (?:addr: )?([0-9a-fA-F:]+)(?:\/(\d+)|\s+prefixlen (\d+))/.exec(line);
    if (v6) found.push({ interface: device, address: v6[1] ?? '', prefix: Number(v6[2] ?? v6[3]) });
  }
  return found;
}

function prefixOf(mask: string): number {
  return mask
    .split('.')
    .map((byte) => Number(byte).toString(2).replaceAll('0', '').length)
    .reduce((sum, bits) => sum + bits, 0);
}
