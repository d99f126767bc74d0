import { Address4, Address6 } from 'ip-address';
import { LvsctlError } from '../errors.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import { addressesOf, type HostAddress } from '../inventory/host-address.js';
import { attempt, run } from './command.js';
import type { LabLayout } from './layout.js';

const bridge = 'lab';
/**
 * Without one of its own it has the lowest of its taps', and another one when that tap leaves: until their entry expires the guests send what is
 * for the lab's machine to an address that is nobody's.
 */
const bridgeAddress = '02:00:00:00:00:fe';

export interface Subnet {
  /** Address of the namespace in it: the lab's router, and the address that lvsctl's connections come from. */
  readonly router: string;
  readonly prefix: number;
  readonly family: 4 | 6;
}

type Address = Address4 | Address6;

function parse(address: string, prefix: number): Address {
  const text = `${address}/${prefix}`;
  return address.includes(':') ? new Address6(text) : new Address4(text);
}

function render(value: bigint, family: 4 | 6): string {
  return family === 4 ? Address4.fromBigInt(value).correctForm() : Address6.fromBigInt(value).correctForm();
}

function key({ address, prefix }: HostAddress): string {
  return `${parse(address, prefix).startAddress().correctForm()}/${prefix}`;
}

/**
 * The subnets of the cluster's hosts, by network; in each the last address that neither a host nor a VIP has is the lab's.
 * @throws LvsctlError when a subnet has no address left
 */
export function subnetsOf(cluster: Cluster): ReadonlyMap<string, Subnet> {
  const taken = new Set([
    ...[...cluster.hosts.values()].flatMap(addressesOf).map(({ address }) => address),
    ...cluster.services.flatMap((service) => [
      service.vip,
      ...(service.gateway ? [service.gateway] : []),
      ...service.realServers.map((server) => server.address),
    ]),
  ]);
  const subnets = new Map<string, Subnet>();
  const used = [...cluster.hosts.values()].flatMap((host) =>
    addressesOf(host).map((own) => ({ ...own, host: host.name })),
  );
  for (const own of used) {
    if (subnets.has(key(own))) continue;
    const parsed = parse(own.address, own.prefix);
    const family = parsed instanceof Address4 ? 4 : 6;
    const first = parsed.startAddress().bigInt();
    // The last address of an IPv4 network is its broadcast address.
    let candidate = parsed.endAddress().bigInt() - (family === 4 ? 1n : 0n);
    while (candidate > first && taken.has(render(candidate, family))) candidate -= 1n;
    if (candidate <= first)
      throw new LvsctlError(`the lab needs one unused address in ${key(own)}`, {
        host: own.host,
        hint: 'Give the host a shorter prefix length, or run fewer hosts in that network.',
      });
    subnets.set(key(own), { router: render(candidate, family), prefix: own.prefix, family });
  }
  return subnets;
}

/** The lab's address in each network of the host, in the order of {@link addressesOf}. */
export function routersOf(subnets: ReadonlyMap<string, Subnet>, host: ClusterHost): string[] {
  return addressesOf(host).map((own) => {
    const subnet = subnets.get(key(own));
    if (subnet === undefined) throw new Error(`no subnet for ${host.name}`);
    return subnet.router;
  });
}

function inside(layout: LabLayout, args: readonly string[]): Promise<string> {
  return run('ip', ['-n', layout.namespace, ...args]);
}

async function present(layout: LabLayout, link: string): Promise<boolean> {
  return (await attempt('ip', ['-n', layout.namespace, 'link', 'show', 'dev', link])) !== '';
}

async function ours(layout: LabLayout): Promise<readonly string[]> {
  return (await attempt('ip', ['netns', 'pids', layout.namespace])).split('\n').filter(Boolean);
}

export async function namespaceExists(layout: LabLayout): Promise<boolean> {
  const list = await attempt('ip', ['netns', 'list']);
  return list.split('\n').some((line) => line.split(' ')[0] === layout.namespace);
}

/** Makes what is missing of namespace, bridge, addresses and taps. */
export async function raiseNetwork(
  layout: LabLayout,
  subnets: ReadonlyMap<string, Subnet>,
  taps: readonly number[],
): Promise<void> {
  if (!(await namespaceExists(layout))) {
    await run('ip', ['netns', 'add', layout.namespace]);
    await inside(layout, ['link', 'set', 'dev', 'lo', 'up']);
    await run('ip', ['netns', 'exec', layout.namespace, 'sh', '-c', settings]);
  }
  if (!(await present(layout, bridge))) {
    const type = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
    await inside(layout, ['link', 'add', bridge, 'address', bridgeAddress, ...type]);
    await inside(layout, ['link', 'set', 'dev', bridge, 'up']);
  }
  for (const { router, prefix, family } of subnets.values()) {
    const options = family === 6 ? ['nodad'] : [];
    await inside(layout, ['address', 'replace', `${router}/${prefix}`, 'dev', bridge, ...options]);
  }
  for (const index of taps) {
    const tap = `tap${index}`;
    if (await present(layout, tap)) continue;
    await inside(layout, ['tuntap', 'add', 'dev', tap, 'mode', 'tap']);
    await inside(layout, ['link', 'set', 'dev', tap, 'master', bridge, 'up']);
  }
}

/**
 * The namespace routes between the inventory's subnets and stays out of the hosts' way otherwise. `bridge-nf-call-*` hands
 * bridged frames to iptables: harmless here, where no Docker has put rules, but they'd be tracked twice.
 */
const settings = `
set_value() { if [ -e "/proc/sys/net/$1" ]; then echo "$2" >"/proc/sys/net/$1"; fi; }
set_value ipv4/ip_forward 1
set_value ipv6/conf/all/forwarding 1
for i in all default; do
  set_value "ipv4/conf/$i/send_redirects" 0
  set_value "ipv4/conf/$i/rp_filter" 0
done
set_value bridge/bridge-nf-call-iptables 0
set_value bridge/bridge-nf-call-ip6tables 0
set_value bridge/bridge-nf-call-arptables 0
`;

/** Ends every process in the namespace and removes it, whatever state it is in. */
export async function razeNetwork(layout: LabLayout): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const pids = await ours(layout);
    if (pids.length === 0) break;
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await attempt('ip', ['netns', 'del', layout.namespace]);
}
