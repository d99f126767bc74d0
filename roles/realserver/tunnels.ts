import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import {
  greWithChecksum,
  guePort,
  interfaceKey,
  kernelModule,
  linkUp,
  modulesAtBoot,
  sysctl,
  tunnelOfAnyProtocol,
} from '../../src/resources/index.js';
import type { Quiet } from '../arp/quiet.js';
import { isIPv4, type Vip } from '../vips.js';

/** How the packets of one service reach one real server. */
export interface Arrival {
  readonly vip: string;
  readonly service: string;
  readonly type: 'ipip' | 'gue' | 'gre';
  /** The real server's address, to which they are wrapped. */
  readonly local: string;
  /** UDP port, of gue. */
  readonly port: number | undefined;
  readonly checksum: 'none' | 'full' | 'remote';
}

/** A device that unwraps packets of every sender. */
export interface Receiver {
  readonly device: string;
  readonly module: string;
  /** Its packets are checked by rp_filter. */
  readonly carriesIPv4: boolean;
  /** ip6tnl0 carries IPv6 alone unless it is told. */
  readonly anyProtocol: boolean;
  /** A device of our own, made for packets to this address: gre0 drops packets with a checksum. */
  readonly local: string | undefined;
}

export interface Tunnels {
  readonly arrivals: readonly Arrival[];
  readonly receivers: readonly Receiver[];
  /** UDP ports of GUE, by the family of the packets that come in. */
  readonly guePorts: readonly { readonly port: number; readonly six: boolean }[];
}

export function arrivalsOf(vips: readonly Vip[], host: ClusterHost): Arrival[] {
  return vips.flatMap(({ address, services }) =>
    services
      .filter(({ forwarding }) => forwarding === 'tun')
      .flatMap(({ name, realServers, sorry }) =>
        // keepalived sends to sorry servers by ipip.
        [...realServers, ...(sorry ? [{ ...sorry, tunnel: undefined }] : [])]
          .filter((one) => one.host === host.name)
          .map(({ address: local, tunnel }) => ({
            vip: address,
            service: name,
            type: tunnel?.type ?? 'ipip',
            local,
            port: tunnel?.port,
            checksum: tunnel?.checksum ?? 'none',
          })),
      ),
  );
}

/** @throws LvsctlError where the kernel could not tell two of them apart */
export function tunnelsOf(vips: readonly Vip[], host: ClusterHost): Tunnels {
  const arrivals = arrivalsOf(vips, host);
  const byDevice = new Map<string, Receiver>();
  for (const arrival of arrivals) {
    const one = receiverOf(arrival);
    const other = byDevice.get(one.device);
    byDevice.set(one.device, {
      ...one,
      carriesIPv4: one.carriesIPv4 || other?.carriesIPv4 === true,
      anyProtocol: one.anyProtocol || other?.anyProtocol === true,
    });
  }
  refuseMixedGre(arrivals);
  const ports = new Map(
    arrivals.flatMap(({ port, local }) =>
      port === undefined ? [] : [[`${port} ${isIPv4(local)}`, { port, six: !isIPv4(local) }] as const],
    ),
  );
  return { arrivals, receivers: [...byDevice.values()], guePorts: [...ports.values()] };
}

/** Fallback devices, which come with their modules and take what no other tunnel does (Linux: net/ipv4 and net/ipv6, *_fb_tunnel_init). */
function receiverOf({ vip, type, local, checksum }: Arrival): Receiver {
  const carriesIPv4 = isIPv4(vip);
  const plain = { carriesIPv4, anyProtocol: false, local: undefined };
  if (type === 'gre') {
    const [device, module] = isIPv4(local) ? ['gre0', 'ip_gre'] : ['ip6gre0', 'ip6_gre'];
    if (checksum === 'none') return { ...plain, device, module };
    return { ...plain, device: isIPv4(local) ? 'lvsgre' : 'lvsgre6', module, local };
  }
  // What comes out of GUE's UDP port is taken for a packet of IPIP, or of IPv6 in IP.
  if (!isIPv4(local)) return { ...plain, device: 'ip6tnl0', module: 'ip6_tunnel', anyProtocol: carriesIPv4 };
  return carriesIPv4
    ? { ...plain, device: 'tunl0', module: 'ipip' }
    : { ...plain, device: 'sit0', module: 'sit' };
}

/** A tunnel for the host's address is looked up before the one for every address, and drops what has no checksum. */
function refuseMixedGre(arrivals: readonly Arrival[]): void {
  for (const six of [false, true]) {
    const gre = arrivals.filter(({ type, local }) => type === 'gre' && isIPv4(local) !== six);
    const [first] = gre;
    const other = gre.find(({ checksum }) => checksum !== first?.checksum);
    if (first && other)
      throw new LvsctlError(
        `its GRE packets of ${first.service} and ${other.service} come with and without checksums, and Linux takes one kind only`,
        { hint: `give \`tunnel.checksum\` the same value in both services` },
      );
  }
}

/**
 * The device that holds a VIP. An IPv4 VIP goes on the device that its packets come out of: rp_filter, loose or strict, drops all that
 * comes in by a device without an address (Linux: net/ipv4/fib_frontend.c, last_resort), and `all` may be stricter than we set it there.
 * @throws LvsctlError where they come out of several
 */
export function deviceOf({ arrivals }: Tunnels, vip: string): string {
  const here = arrivals.filter((arrival) => arrival.vip === vip);
  if (!isIPv4(vip)) return 'lo';
  const devices = [...new Set(here.map((arrival) => receiverOf(arrival).device))];
  if (devices.length > 1)
    throw new LvsctlError(
      `packets for ${vip} reach it by several tunnels (${here.map(({ service, type }) => `${service}: ${type}`).join(', ')}), and a VIP is on one device`,
      { hint: 'give the services of one VIP the same type of tunnel to a real server' },
    );
  return devices[0] ?? 'lo';
}

/** Loose mode (2) came with Linux 2.6.31, and the greater of `all` and the interface counts since; before, both had to be on. */
export function rpFilterOf(facts: Facts): number {
  const [major = 0, minor = 0, patch = 0] = facts.kernel.release.split(/[.-]/).map(Number);
  return major > 2 || (major === 2 && minor === 6 && patch >= 31) ? 2 : 0;
}

/** Julian Anastasov's patch hides a VIP by the device that holds it. */
export function isHidden({ settings }: Quiet): boolean {
  return settings.some(({ key }) => key.endsWith('/hidden'));
}

export function modulesOf({ receivers, guePorts }: Tunnels): string[] {
  return [...new Set([...receivers.map(({ module }) => module), ...(guePorts.length > 0 ? ['fou'] : [])])];
}

/** Devices that unwrap what the directors send, up; their VIPs come later. */
export function tunnelResources(tunnels: Tunnels, quiet: Quiet, facts: Facts): Resource[] {
  const { receivers, guePorts } = tunnels;
  if (receivers.length === 0) return [];
  needIp(tunnels, facts);
  const modules = modulesOf(tunnels);
  return [
    ...modules.map((name) => kernelModule(name)),
    modulesAtBoot('realserver', modules, facts),
    ...receivers.flatMap(({ device, module, carriesIPv4, anyProtocol, local }) => {
      const own = local === undefined ? undefined : greWithChecksum({ device, local });
      const createdBy = own?.id ?? kernelModule(module).id;
      const setting = (name: string, value: number) =>
        sysctl({ key: interfaceKey('ipv4', device, name), value, createdBy });
      return [
        ...(own ? [own] : []),
        ...(anyProtocol ? [tunnelOfAnyProtocol(device, createdBy)] : []),
        linkUp({ interface: device, createdBy, facts }),
        ...(carriesIPv4 ? [setting('rp_filter', rpFilterOf(facts))] : []),
        ...(carriesIPv4 && isHidden(quiet) ? [setting('hidden', 1)] : []),
      ];
    }),
    ...guePorts.map((one) => guePort(one)),
  ];
}

/** @throws LvsctlError where only ip(8) can do it, and there is none */
function needIp({ receivers, guePorts }: Tunnels, facts: Facts): void {
  if (facts.commands.has('ip')) return;
  if (guePorts.length === 0 && receivers.every((one) => one.local === undefined && !one.anyProtocol)) return;
  throw new LvsctlError('there is no ip(8), which sets up its tunnels', {
    hint: 'install iproute2, or use tunnels of type ipip',
  });
}
