import { z } from 'zod';
import { checkSchema, sorrySchema } from './check-schema.js';
import {
  interfaceName,
  ipAddress,
  ipv4Netmask,
  labelText,
  multicastGroup,
  portRangeText,
  shareText,
} from './fields.js';

/** Schedulers of the Linux kernel, as ipvsadm names them (net/netfilter/ipvs/Kconfig of Linux 6). */
export const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'fo',
  'ovf',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'twos',
] as const;

/** Flags of schedulers, as ipvsadm 1.27 and later name them; the kernel has numbers, which each scheduler reads its own way. */
export const SCHEDULER_FLAGS = ['sh-port', 'sh-fallback', 'mh-port', 'mh-fallback'] as const;

/** Whose packets the director of a NAT service sends under its own address. */
export const MASQUERADES = ['real-servers', 'clients', 'both'] as const;

/** The kernel's greatest weight and threshold: ipvsadm 1.31 takes no more. */
const MOST = 2 ** 31 - 1;
/** Seconds: 31 days, ipvsadm's MAX_TIMEOUT. */
const LONGEST_TIMEOUT = 2678400;

const port = z.int().min(1).max(65535);
const names = z.array(z.string());

const tunnel = z
  .strictObject({
    type: z
      .enum(['ipip', 'gue', 'gre'])
      .describe(
        '`ipip`, `gue` (in UDP) or `gre`; the last two need a kernel and an ipvsadm of 2019 or later.',
      ),
    port: port.optional().describe('UDP port of `gue` on the real server, 1 to 65535.'),
    checksum: z
      .enum(['none', 'full', 'remote'])
      .optional()
      .describe(
        'Checksums of `gue` and `gre`: `none` (the default), `full`, or of `gue` also `remote` (remote checksum offload).',
      ),
  })
  .meta({ id: 'TunnelOptions', description: 'How packets are wrapped on their way to a real server.' });

const realServer = z
  .strictObject({
    host: z.string().describe('Name of the host.'),
    weight: z
      .int()
      .min(0)
      .max(MOST)
      .optional()
      .describe(
        'Share of the connections, relative to the other real servers: 0 to 2147483647, 1 by default. ' +
          '0 drains the server: no new connections, the present ones go on.',
      ),
    port: port
      .optional()
      .describe('Port on the real server; the service’s by default. Only `nat` can change it.'),
    upperThreshold: z
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .describe(
        'Connections at which the director sends this real server no more, 1 to 2147483647. No limit by default.',
      ),
    lowerThreshold: z
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .describe(
        'Connections below which it gets new ones again after it was full, at most `upperThreshold`. ' +
          'Three quarters of that by default.',
      ),
    tunnel: tunnel
      .optional()
      .describe('Tunnel to this real server, with forwarding `tun`. `ipip` by default.'),
  })
  .meta({ id: 'RealServerOptions', description: 'A real server of a service.' });

const persistenceSeconds = z.int().min(1).max(LONGEST_TIMEOUT);

const persistence = z
  .strictObject({
    seconds: persistenceSeconds.describe('Seconds for which a client stays, 1 to 2678400 (31 days).'),
    netmask: z
      .union([ipv4Netmask, z.int().min(1).max(128)])
      .optional()
      .describe(
        'What counts as one client: a netmask for IPv4, `255.255.255.0`; a prefix length for IPv6, `64`. ' +
          'A single address by default.',
      ),
    engine: z
      .enum(['sip'])
      .optional()
      .describe(
        '`sip`: a call (the Call-ID of SIP over UDP) stays with its real server, from whatever client its packets come.',
      ),
  })
  .meta({ id: 'PersistenceOptions', description: 'How clients stay with their real servers.' });

export const serviceSchema = z
  .strictObject({
    vip: ipAddress.describe('Virtual IP address, the one that clients connect to. Without a prefix length.'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .optional()
      .describe('Port that clients connect to, 1 to 65535; 0 is every port, and needs `persistence`.'),
    fwmark: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe(
        'In place of `port`, for several ports together, as FTP needs them: the director marks packets to the VIP and `ports` ' +
          'with this number, 1 to 4294967295, and all that bear it are one service.',
      ),
    ports: z
      .array(z.union([port, portRangeText]))
      .min(1)
      .optional()
      .describe(
        'Ports of a service with `fwmark`, each a number or a range: `[21, "50000-50100"]`. ' +
          '`verify` connects to the first. Of an FTP service `[21]` is enough: `roles.ftp.passivePorts` are added.',
      ),
    protocol: z.enum(['tcp', 'udp', 'sctp']).optional().describe('`tcp` (the default), `udp` or `sctp`.'),
    scheduler: z
      .enum(SCHEDULERS)
      .optional()
      .describe(
        'How the director chooses a real server: `rr` (in turn), `wrr` (in turn, by weight), `lc` (fewest connections), ' +
          '`wlc` (fewest by weight, the default), `sh` (by source address), `mh` (by a stable hash), `fo`, `ovf`, `lblc`, ' +
          '`lblcr`, `dh`, `sed`, `nq` or `twos`.',
      ),
    schedulerFlags: z
      .array(z.enum(SCHEDULER_FLAGS))
      .optional()
      .describe(
        'Of `sh` and `mh`: `sh-port` and `mh-port` also hash the client’s port; `sh-fallback` and `mh-fallback` ' +
          'choose another real server where the hashed one has weight 0 or is full.',
      ),
    forwarding: z
      .enum(['dr', 'nat', 'tun'])
      .optional()
      .describe(
        '`dr` (direct routing, the default): the real servers hold the VIP too and answer the client themselves. ' +
          '`nat`: all traffic goes back through the director. `tun`: as `dr`, by a tunnel (see `tunnel` of a real server).',
      ),
    gateway: z
      .union([z.literal(false), ipAddress])
      .optional()
      .describe(
        'With `nat`: where the real servers’ default route goes, so that answers come back through the director. The director’s own address ' +
          'in their network by default; with several directors an address that the live one holds. `false` leaves routes alone.',
      ),
    masquerade: z
      .enum(MASQUERADES)
      .optional()
      .describe(
        'With `nat`: what else leaves the director with its own address. `real-servers`: connections that real servers open themselves to ' +
          'hosts outside their network. `clients`: those of clients, whose addresses the real servers then don’t see; they need no ' +
          'default route, and clients may be in their network. `both`. Nothing by default.',
      ),
    persistence: z
      .union([persistenceSeconds, persistence])
      .optional()
      .describe(
        'Seconds for which a client stays with its real server, 1 to 2678400 (31 days), or an object that says more. ' +
          'None by default.',
      ),
    onePacket: z
      .boolean()
      .optional()
      .describe(
        'Choose a real server for each packet anew, without a connection entry: for UDP, as DNS. False by default.',
      ),
    mss: z
      .int()
      .min(536)
      .max(65495)
      .optional()
      .describe(
        'With forwarding `tun` over TCP: bytes of the greatest segment that clients are told to send, 536 to 65495. ' +
          'By default what fits the tunnel, by the MTU of the real server’s interface: 1440 for `ipip` over IPv4 and Ethernet.',
      ),
    directors: names.min(1).describe('Names of the hosts that hold the VIP and spread the connections.'),
    realServers: z
      .array(realServer)
      .min(1)
      .describe('The hosts that do the work; their order numbers them (see `roles.ftp.banner`).'),
    check: z
      .union([checkSchema, z.array(checkSchema).min(1)])
      .optional()
      .describe(
        'How a director asks whether a real server works: one check, or a list of them that must all succeed. keepalived runs them ' +
          '(see `keepalived`); a server that fails gets no new connections until it works again. None by default.',
      ),
    sorry: sorrySchema
      .optional()
      .describe(
        'Server that gets the connections while too few real servers work (see `quorum`). None by default.',
      ),
    quorum: z
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .describe(
        'Sum of the weights of working real servers below which `sorry` takes over, 1 to 2147483647. 1 by default.',
      ),
    hysteresis: z
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .describe(
        'How far the sum must fall below `quorum`, or rise above it, before anything changes: less than `quorum`. 0 by default.',
      ),
    minAvailable: z
      .union([z.int().min(0), shareText])
      .optional()
      .describe(
        'Real servers that must stay in service while others are taken out, by `lvsctl drain` and `lvsctl rolling`: a number, ' +
          'or a share of all, rounded up: `"50%"`. 1 by default. Those that are drained, or that a check took out, do not count.',
      ),
    label: labelText
      .optional()
      .describe(
        'Label of the VIP on the interface: `100` makes `eth0:100`. The last part of the VIP by default. IPv4 only.',
      ),
  })
  .meta({
    id: 'ServiceOptions',
    description: 'A virtual service: one VIP and protocol, with one port, every port, or those of a mark.',
  });

/** Seconds: the kernel keeps them in ticks, up to 2³¹−1, and HZ may be 1000. */
const timeoutSeconds = z.int().min(1).max(2147483).optional();

export const ipvsSchema = z
  .strictObject({
    timeouts: z
      .strictObject({
        tcp: timeoutSeconds.describe('Of an idle TCP connection. 900 in the kernel.'),
        tcpFin: timeoutSeconds.describe('Of a TCP connection after a FIN. 120 in the kernel.'),
        udp: timeoutSeconds.describe('Of a UDP flow after its last packet. 300 in the kernel.'),
      })
      .meta({
        id: 'TimeoutOptions',
        description:
          'Seconds after which the director forgets a connection, 1 to 2147483. What is left out stays as it is.',
      })
      .optional()
      .describe(
        'Seconds after which the director forgets a connection, 1 to 2147483. What is left out stays as it is.',
      ),
    sync: z
      .strictObject({
        interface: interfaceName
          .optional()
          .describe('Interface that the directors tell each other by; the host’s own by default.'),
        id: z
          .int()
          .min(1)
          .max(255)
          .optional()
          .describe('Tells clusters on one network apart, 1 to 255. 1 by default.'),
        group: multicastGroup.optional().describe('Multicast group. `224.0.0.81` in the kernel.'),
        port: port.optional().describe('UDP port, 1 to 65535. 8848 in the kernel.'),
        ttl: z.int().min(1).max(255).optional().describe('Hops, 1 to 255. 1 in the kernel.'),
      })
      .meta({
        id: 'SyncOptions',
        description:
          'Directors tell each other of their connections (ip_vs sync daemons), so that one can go on with those of another.',
      })
      .optional()
      .describe(
        'Directors tell each other of their connections (ip_vs sync daemons), so that one can go on with those of another.',
      ),
  })
  .meta({ id: 'IpvsOptions', description: 'Settings of IPVS that hold for all services of a director.' });
