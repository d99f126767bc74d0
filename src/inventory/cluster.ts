import type { Secret } from '../secret.js';
import type { ForeignSystem } from './systems.js';

/**
 * The resolved inventory: every default filled in, every name checked, every address in canonical form.
 * All that follows (engine, roles, lab, verify) reads this and never the user's file.
 */
export interface Cluster {
  /** Names the lab's namespace and files: `[a-z0-9-]{1,32}`. */
  readonly name: string;
  /** Absolute path of the inventory file. */
  readonly file: string;
  readonly hosts: ReadonlyMap<string, ClusterHost>;
  readonly services: readonly Service[];
  /** Settings of the whole table on each director; absent where the inventory says nothing. */
  readonly ipvs?: IpvsSettings;
  /** As the inventory has it; absent where it has no such key. Where keepalived runs says keepalivedRuns, and with what vrrpOf. */
  readonly keepalived?: KeepalivedSettings;
  /** Names of the hosts that `verify` connects from. */
  readonly probes: readonly string[];
  /** Kernels of the inventory's own that may be built, by name; absent where it names none. */
  readonly kernelProfiles?: Readonly<Record<string, OwnKernelProfile>>;
  /** Parameters of roles by role name, as the inventory's `roles` gives them and the role's own schema has checked them. */
  readonly roles: Readonly<Record<string, unknown>>;
}

export interface ClusterHost {
  readonly name: string;
  /** Canonical IPv4 or IPv6 address, without prefix length. */
  readonly address: string;
  /** Prefix length of the host's network: 24 (IPv4) or 64 (IPv6) unless the inventory says otherwise. */
  readonly prefix: number;
  /** Canonical IPv6 address beside an IPv4 one, of services whose VIP is IPv6, and the prefix length of its network; both or none. */
  readonly address6?: string;
  readonly prefix6?: number;
  /** NIC that faces the cluster's network, `eth0` by default. */
  readonly interface: string;
  /** Not Linux: lvsctl does not log in there (see systems.ts). Absent for Linux. */
  readonly os?: ForeignSystem;
  readonly groups: readonly string[];
  readonly vars: Readonly<Record<string, string | number | boolean>>;
  readonly ssh: SshSettings;
  /** Whether its kernel may be replaced; absent where the inventory says nothing: the running kernel stays. */
  readonly kernel?: KernelSettings;
  /** What its twin in the lab is; `debian` where the inventory says nothing. */
  readonly lab?: LabSettings;
}

/** `debian`: a small server of today. `redhat9`: a host that answers as Red Hat 9 (2003) did. */
export type LabFlavour = 'debian' | 'redhat9';

export interface LabSettings {
  readonly flavour: LabFlavour;
}

/** `safer`: Linux 2.4.37.11. `tutorial`: 2.4.20 with ipvs-1.0.9 and the hidden patch. Else a name in `kernelProfiles`. */
export type KernelProfile = string;

export interface KernelSettings {
  /** A kernel may be built and installed where the running one will not do. */
  readonly rebuild: boolean;
  /** Which one; lvsctl's choice when absent. */
  readonly profile?: KernelProfile;
  /** Name of the host that builds it; the first that may be rebuilt and directs nothing when absent. */
  readonly buildHost?: string;
  /** Seconds within which the host must answer after a reboot; 600 when absent. */
  readonly rebootWithinSeconds?: number;
}

/** A kernel of the inventory's own. Paths are absolute. */
export interface OwnKernelProfile {
  /** As its Makefile says it: `6.1.192`. */
  readonly version: string;
  readonly source: OwnFile;
  /** For `patch -p1`, in this order. */
  readonly patches: readonly OwnFile[];
  /** `2.4`: with `make dep`, and oldconfig answered. `2.6`: later ones, olddefconfig where the tree has it. */
  readonly flavour: '2.4' | '2.6';
  /** ARCH of make; the build host's own when absent. */
  readonly arch?: string;
  /** Where the configuration begins: that of the running kernel, or a target of make (`defconfig`). */
  readonly base: string;
  /** Options set over the base and looked up afterwards, without CONFIG_: `IP_VS: 'm'`. */
  readonly options: Readonly<Record<string, string | number>>;
  /** What is built and booted: target of make, and where it puts the file, below the tree. */
  readonly image: { readonly target: string; readonly path: string };
  /** How real servers with this kernel are kept quiet. */
  readonly arp: 'hidden' | 'arp-flags';
  /** Source of ipvsadm, built against the tree; absent where a package serves. */
  readonly ipvsadm?: OwnFile;
}

export interface OwnFile {
  readonly file: string;
  /** Lower case hex. */
  readonly sha256: string;
}

export type HostKeyPolicy = 'strict' | 'accept-new';
export type AlgorithmProfile = 'modern' | 'legacy';

/** How one host is reached: global, group, host and `~/.ssh/config` already merged, the nearest winning. */
export interface SshSettings {
  /** Name or address that is dialled and looked up in known_hosts; the host's address by default. */
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths, tried in order. */
  readonly identityFiles: readonly string[];
  /** Socket of an agent, or false. */
  readonly agent: string | false;
  /** Name of another host of the inventory (or a bare `user@host:port`), dialled first. */
  readonly jump?: JumpSettings;
  readonly hostKeys: HostKeyPolicy;
  readonly knownHostsFiles: readonly string[];
  readonly algorithms: AlgorithmProfile;
  /** Become root by sudo after the login; needs `user` other than root. */
  readonly sudo: boolean;
  /** Environment variables that hold the passwords; unset means: prompt in a terminal, else fail. */
  readonly passwordEnv: string;
  readonly sudoPasswordEnv: string;
  readonly passphraseEnv: string;
  readonly connectTimeoutSeconds: number;
}

export type JumpSettings = Omit<SshSettings, 'sudo' | 'sudoPasswordEnv'>;

export type Protocol = 'tcp' | 'udp' | 'sctp';
export type Forwarding = 'dr' | 'nat' | 'tun';

export interface Service {
  /** Key of the service in the inventory, e.g. `ftp`. */
  readonly name: string;
  readonly vip: string;
  /** Port that clients connect to: of a service by mark the first of `ports`. 0: every port. */
  readonly port: number;
  /** Of a service by mark: that of the packets that get the mark. */
  readonly protocol: Protocol;
  /** 1 to 2³²−1. The kernel's service is this mark, of the VIP's family; the director marks what goes to `vip` and `ports`. */
  readonly fwmark?: number;
  /** With `fwmark`, and only then: at least one, none overlapping, in the inventory's order. */
  readonly ports?: readonly PortRange[];
  /** As ipvsadm names it: rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq twos. */
  readonly scheduler: string;
  /** Sorted: sh-port sh-fallback mh-port mh-fallback; absent: none. */
  readonly schedulerFlags?: readonly string[];
  readonly forwarding: Forwarding;
  /** Of NAT: the real servers' default gateway; false: their routes are not ours; absent: see gatewayOf in gateway.ts. */
  readonly gateway?: string | false;
  /** Of NAT: what the director sends under its own address; absent: nothing. */
  readonly masquerade?: 'real-servers' | 'clients' | 'both';
  /** Absent: none. */
  readonly persistence?: ServicePersistence;
  /** One-packet scheduling, of UDP; absent: off. */
  readonly onePacket?: boolean;
  /** Of forwarding tun over TCP: bytes of the greatest segment that clients send; absent: what fits the tunnel. */
  readonly mss?: number;
  readonly directors: readonly string[];
  readonly realServers: readonly ServiceRealServer[];
  /** All must succeed; absent: none, a real server counts as working. */
  readonly checks?: readonly HealthCheck[];
  /** Gets the connections while the weights of working real servers are below `quorum`. */
  readonly sorry?: { readonly host: string; readonly address: string; readonly port: number };
  /** 1 where the inventory says nothing and there is a `sorry`. */
  readonly quorum?: number;
  /** Absent: 0. */
  readonly hysteresis?: number;
  /** Hosts of `realServers` that must stay in service while others are taken out; absent: 1. */
  readonly minAvailable?: number;
  /** Label of the VIP's address without the interface, as in the tutorial's `eth0:100`: `100`. */
  readonly label: string;
}

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface ServicePersistence {
  /** 1 to 2678400. */
  readonly seconds: number;
  /** What counts as one client: dotted quad for IPv4, prefix length for IPv6; absent: a single address. */
  readonly netmask?: string;
  readonly engine?: 'sip';
}

export interface ServiceRealServer {
  readonly host: string;
  readonly address: string;
  /** Where it listens: the service's own port unless forwarding is nat; of a service by mark the first of its ports; 0: every port. */
  readonly port: number;
  /** 0 is drained; 1 unless the inventory says otherwise. */
  readonly weight: number;
  /** Connections at which it gets no more, and below which it does again; absent: no limit. */
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  /** Of forwarding tun; absent: ipip. */
  readonly tunnel?: ServiceTunnel;
}

export interface ServiceTunnel {
  readonly type: 'ipip' | 'gue' | 'gre';
  /** UDP port, of gue. */
  readonly port?: number;
  /** Of gue and gre; absent: none. `remote` is of gue. */
  readonly checksum?: 'none' | 'full' | 'remote';
}

/** Seconds are whole ones. */
interface CheckTimes {
  /** Where it asks; the real server's own when absent. */
  readonly port?: number;
  readonly everySeconds: number;
  readonly timeoutSeconds: number;
  /** Repetitions after a first failure. */
  readonly retries: number;
  readonly retrySeconds: number;
}

export type HealthCheck = CheckTimes &
  (
    | { readonly type: 'tcp' }
    | {
        readonly type: 'http' | 'https';
        readonly path: string;
        readonly hostName?: string;
        /** Good answers. */
        readonly status: readonly PortRange[];
      }
    | { readonly type: 'smtp'; readonly helo?: string }
    | { readonly type: 'dns'; readonly name: string; readonly record: string }
    /** Program, by its absolute path, and arguments, in which {address}, {port} and {vip} stand for the real server's and the service's. */
    | { readonly type: 'misc'; readonly command: readonly string[]; readonly user: string }
  );

export interface KeepalivedSettings {
  /** 1 to 255: of the only list of directors, or by the name of a service; made of the first director's address when absent. */
  readonly id?: number | Readonly<Record<string, number>>;
  /** The host's own when absent. */
  readonly interface?: string;
  /** 0.01 to 40.95, in hundredths; 1 when absent. */
  readonly advertSeconds?: number;
  /** True when absent. */
  readonly unicast?: boolean;
  /** False when absent. */
  readonly preempt?: boolean;
  readonly preemptDelaySeconds?: number;
  /** True when absent. */
  readonly syncGroup?: boolean;
  /** Replace a keepalived.conf of somebody else's; false when absent. */
  readonly takeOver?: boolean;
}

export interface IpvsSettings {
  /** Seconds, 1 to 2147483; what is absent stays as the kernel has it. */
  readonly timeouts?: { readonly tcp?: number; readonly tcpFin?: number; readonly udp?: number };
  /** Directors tell each other of their connections; absent: they don't. */
  readonly sync?: SyncSettings;
}

export interface SyncSettings {
  /** The host's own when absent. */
  readonly interface?: string;
  /** 1 to 255. */
  readonly id: number;
  /** The kernel's own where absent: 224.0.0.81, 8848, 1. */
  readonly group?: string;
  readonly port?: number;
  readonly ttl?: number;
}

/** Asks for a password at most once a name and run. */
export interface PasswordSource {
  get(environmentName: string, prompt: string): Promise<Secret | undefined>;
}
