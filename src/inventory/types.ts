// Rendered from schema.ts by test/unit/inventory/types.test.ts; do not edit.
// After a change of the schema: npx vitest run -u --root . test/unit/inventory/types.test.ts

/** A cluster: its hosts, its services, and how to reach them. */
export interface Inventory {
  /** Name of the cluster: 1 to 32 of a-z, 0-9 and "-". By default that of the file, or of its folder where the file is called inventory. */
  name?: string | undefined;
  /** How all hosts are reached, where groups and hosts say nothing else. */
  ssh?: SshOptions | undefined;
  /** Network interface in the cluster’s network on all hosts, `eth0` by default. */
  interface?: string | undefined;
  /** Whether kernels may be replaced, where groups and hosts say nothing else. */
  kernel?: KernelOptions | undefined;
  /** What the hosts’ twins in the lab are made of, where groups and hosts say nothing else. */
  lab?: LabOptions | undefined;
  /** Kernels of your own that hosts may be given, by name (`kernel.profile`). */
  kernelProfiles?: Record<string, KernelProfileOptions> | undefined;
  /** Values of your own for all hosts. */
  vars?: Record<string, string | number | boolean> | undefined;
  /** All hosts, by name. */
  hosts: Record<string, HostOptions>;
  /** Groups of hosts, by name. */
  groups?: Record<string, GroupOptions> | undefined;
  /** The virtual services, by name. */
  services: Record<string, ServiceOptions>;
  /** Settings of IPVS on the directors, for all services. */
  ipvs?: IpvsOptions | undefined;
  /** keepalived holds the VIPs, the tables and the checks. It runs wherever a service has several directors; with this key, even an empty one, on a single director too. */
  keepalived?: KeepalivedOptions | undefined;
  /** Names of the clients that `lvsctl verify` connects from. Neither directors nor real servers. */
  probes?: string[] | undefined;
  /** Parameters of the roles that come with lvsctl. */
  roles?: RoleParams | undefined;
  /** Parameters of roles of your own, by role name; the role’s own schema checks them. */
  ownRoles?: Record<string, Record<string, unknown>> | undefined;
}

/** How hosts are reached. Host before group before global settings, then `~/.ssh/config`, then the defaults. */
export interface SshOptions {
  /** User to log in as. `root` by default; another one needs `sudo`. */
  user?: string | undefined;
  /** TCP port of the SSH server, 1 to 65535. 22 by default. */
  port?: number | undefined;
  /** Private keys, tried in order: absolute paths, or `~/…`. The usual ones of `~/.ssh` by default. The passphrase of an encrypted key is asked for, or read from the variable `passphraseEnv`. */
  identityFiles?: string[] | undefined;
  /** SSH agent: its socket, true for the one of `SSH_AUTH_SOCK` (the default, where one runs), or false for none. */
  agent?: boolean | string | undefined;
  /** Host to go through: the name of a host of this inventory, or `user@host:port`. False: go straight there, whatever a group or `~/.ssh/config` says. */
  jump?: false | string | undefined;
  /** OpenSSH client configuration to honour, or false for none. `~/.ssh/config` by default. */
  config?: false | string | undefined;
  /** `strict` (the default) refuses a host whose key is not in known_hosts; `accept-new` learns it at the first visit. A changed key is refused always. */
  hostKeys?: 'strict' | 'accept-new' | undefined;
  /** Files of known host keys; a new key is added to the first. `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` by default. */
  knownHostsFiles?: string[] | undefined;
  /** `modern` (the default), or `legacy`, which also accepts what OpenSSH 3.5 (Red Hat 9) speaks: SHA-1, CBC ciphers, 1024-bit groups. */
  algorithms?: 'modern' | 'legacy' | undefined;
  /** Become root with sudo after the login. False by default; without effect for the user root. */
  sudo?: boolean | undefined;
  /** Environment variable that holds the login password, `LVSCTL_PASSWORD` by default. Where it is unset, the terminal asks. A password itself never stands in this file. */
  passwordEnv?: string | undefined;
  /** Environment variable that holds the password for sudo, `LVSCTL_SUDO_PASSWORD` by default. */
  sudoPasswordEnv?: string | undefined;
  /** Environment variable that holds the passphrase of an encrypted key, `LVSCTL_PASSPHRASE` by default. */
  passphraseEnv?: string | undefined;
  /** Seconds to wait for a connection and login, 0.1 to 600. 15 by default. */
  connectTimeoutSeconds?: number | undefined;
}

/** Whether and how a kernel may be replaced. Host before group before global settings, field by field. */
export interface KernelOptions {
  /** Allow lvsctl to build and boot another kernel where the running one will not do (see `lvsctl explain`). False by default. For hosts of the Linux 2.4 era. */
  rebuild?: boolean | undefined;
  /** Which kernel: `safer` (the default), Linux 2.4.37.11, which has all that is needed and closes known holes; `tutorial`, 2.4.20 with ipvs-1.0.9 and the hidden patch; or a name in `kernelProfiles`. */
  profile?: string | undefined;
  /** Name of the host that builds it: a Linux with a compiler that this kernel takes. By default the first host that may be rebuilt and is no director. */
  buildHost?: string | undefined;
  /** Seconds within which the host must answer again after a reboot, 10 to 86400: its firmware’s checks and those of its disks included. 600 by default. */
  rebootWithinSeconds?: number | undefined;
}

/** What the twin of a host in the lab is made of. Host before group before global settings. */
export interface LabOptions {
  /** `debian` (the default), a small server of today; `redhat9`, a host that answers as Red Hat 9 with Linux 2.4.20-8 did: SysV init, its commands and their flags, its SSH algorithms, GRUB 0.93. */
  flavour?: 'debian' | 'redhat9' | undefined;
}

/** A kernel of your own that lvsctl may build. */
export interface KernelProfileOptions {
  /** Its version, as the Makefile of the patched tree says it: `6.1.192`, `2.4.37.11`. */
  version: string;
  /** The source: a tarball of one folder, plain or packed by gzip, bzip2 or xz. */
  source: OwnFile;
  /** Patches for `patch -p1`, in their order, plain or packed. None by default. */
  patches?: OwnFile[] | undefined;
  /** How it is built: `2.4`, with `make dep` and an oldconfig that asks; `2.6`, the kernels since then. */
  flavour: '2.4' | '2.6';
  /** ARCH of make, for example `um`. That of the build host by default. */
  arch?: string | undefined;
  /** Where its configuration begins: `running` (the default), with that of the kernel that the host runs; else a target of make, for example `defconfig`. */
  base?: string | undefined;
  /** Options set over the base, without CONFIG_: `{ IP_VS: "m" }`. Each is looked up after make has had its say; one that is gone stops the build. */
  options: Record<string, string | number>;
  /** What is built and booted. */
  image: KernelImage;
  /** How real servers with it are kept from answering ARP for a VIP: `arp-flags`, by arp_ignore and arp_announce; `hidden`, by the patch’s flag. */
  arp: 'hidden' | 'arp-flags';
  /** Source of ipvsadm, built against the tree. None by default: a package must serve. */
  ipvsadm?: OwnFile | undefined;
}

/** A file on this machine, and its digest. */
export interface OwnFile {
  /** Path on this machine: from the folder of the inventory, absolute, or in the home folder (`~/…`). */
  file: string;
  /** Its SHA-256 digest: 64 hexadecimal digits in lower case. */
  sha256: string;
}

/** What is built and booted. */
export interface KernelImage {
  /** Target of make: `bzImage`. */
  target: string;
  /** The file that it makes, below the tree: `arch/i386/boot/bzImage`. */
  path: string;
}

/** A host: a director, a real server, a client or another machine. */
export interface HostOptions {
  /** IPv4 or IPv6 address in the cluster’s network, with the prefix length of that network: `10.83.33.83/24`. Without a prefix length it is /24, for IPv6 /64. */
  address: string;
  /** `linux` (the default), or the system of a real server that lvsctl does not log in to: `lvsctl render` shows the commands for it, `lvsctl verify` proves them from outside. Neither a director nor a probe. */
  os?:
    | 'linux'
    | 'freebsd'
    | 'openbsd'
    | 'netbsd'
    | 'macos'
    | 'solaris'
    | 'aix'
    | 'hpux'
    | 'windows'
    | undefined;
  /** IPv6 address beside an IPv4 `address`, with prefix length: `fd00:83::83/64` (/64 without one). Services whose VIP is IPv6 use it; lvsctl itself speaks to `address`. */
  address6?: string | undefined;
  /** Network interface that holds this address, `eth0` by default; of a host that is not Linux, the usual one of its system (on Windows the connection’s name: `Ethernet`). */
  interface?: string | undefined;
  /** How this host is reached, where it differs from its groups. */
  ssh?: HostSshOptions | undefined;
  /** Whether this host’s kernel may be replaced. */
  kernel?: KernelOptions | undefined;
  /** What this host’s twin in the lab is made of. */
  lab?: LabOptions | undefined;
  /** Values of your own, for roles and templates of your own. */
  vars?: Record<string, string | number | boolean> | undefined;
}

/** How this host is reached. */
export interface HostSshOptions {
  /** Name or address to connect to, where it is not the host’s `address`. */
  hostName?: string | undefined;
  /** User to log in as. `root` by default; another one needs `sudo`. */
  user?: string | undefined;
  /** TCP port of the SSH server, 1 to 65535. 22 by default. */
  port?: number | undefined;
  /** Private keys, tried in order: absolute paths, or `~/…`. The usual ones of `~/.ssh` by default. The passphrase of an encrypted key is asked for, or read from the variable `passphraseEnv`. */
  identityFiles?: string[] | undefined;
  /** SSH agent: its socket, true for the one of `SSH_AUTH_SOCK` (the default, where one runs), or false for none. */
  agent?: boolean | string | undefined;
  /** Host to go through: the name of a host of this inventory, or `user@host:port`. False: go straight there, whatever a group or `~/.ssh/config` says. */
  jump?: false | string | undefined;
  /** OpenSSH client configuration to honour, or false for none. `~/.ssh/config` by default. */
  config?: false | string | undefined;
  /** `strict` (the default) refuses a host whose key is not in known_hosts; `accept-new` learns it at the first visit. A changed key is refused always. */
  hostKeys?: 'strict' | 'accept-new' | undefined;
  /** Files of known host keys; a new key is added to the first. `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` by default. */
  knownHostsFiles?: string[] | undefined;
  /** `modern` (the default), or `legacy`, which also accepts what OpenSSH 3.5 (Red Hat 9) speaks: SHA-1, CBC ciphers, 1024-bit groups. */
  algorithms?: 'modern' | 'legacy' | undefined;
  /** Become root with sudo after the login. False by default; without effect for the user root. */
  sudo?: boolean | undefined;
  /** Environment variable that holds the login password, `LVSCTL_PASSWORD` by default. Where it is unset, the terminal asks. A password itself never stands in this file. */
  passwordEnv?: string | undefined;
  /** Environment variable that holds the password for sudo, `LVSCTL_SUDO_PASSWORD` by default. */
  sudoPasswordEnv?: string | undefined;
  /** Environment variable that holds the passphrase of an encrypted key, `LVSCTL_PASSPHRASE` by default. */
  passphraseEnv?: string | undefined;
  /** Seconds to wait for a connection and login, 0.1 to 600. 15 by default. */
  connectTimeoutSeconds?: number | undefined;
}

/** Hosts with common settings. A host in several groups: the last group that says something wins. */
export interface GroupOptions {
  /** Names of the hosts in this group. */
  hosts: string[];
  /** How the hosts of this group are reached. */
  ssh?: SshOptions | undefined;
  /** Network interface of the hosts of this group. */
  interface?: string | undefined;
  /** Whether the kernels of these hosts may be replaced. */
  kernel?: KernelOptions | undefined;
  /** What the twins of these hosts in the lab are made of. */
  lab?: LabOptions | undefined;
  /** Values of your own for the hosts of this group. */
  vars?: Record<string, string | number | boolean> | undefined;
}

/** A virtual service: one VIP and protocol, with one port, every port, or those of a mark. */
export interface ServiceOptions {
  /** Virtual IP address, the one that clients connect to. Without a prefix length. */
  vip: string;
  /** Port that clients connect to, 1 to 65535; 0 is every port, and needs `persistence`. */
  port?: number | undefined;
  /** In place of `port`, for several ports together, as FTP needs them: the director marks packets to the VIP and `ports` with this number, 1 to 4294967295, and all that bear it are one service. */
  fwmark?: number | undefined;
  /** Ports of a service with `fwmark`, each a number or a range: `[21, "50000-50100"]`. `verify` connects to the first. Of an FTP service `[21]` is enough: `roles.ftp.passivePorts` are added. */
  ports?: (number | string)[] | undefined;
  /** `tcp` (the default), `udp` or `sctp`. */
  protocol?: 'tcp' | 'udp' | 'sctp' | undefined;
  /** How the director chooses a real server: `rr` (in turn), `wrr` (in turn, by weight), `lc` (fewest connections), `wlc` (fewest by weight, the default), `sh` (by source address), `mh` (by a stable hash), `fo`, `ovf`, `lblc`, `lblcr`, `dh`, `sed`, `nq` or `twos`. */
  scheduler?:
    | 'rr'
    | 'wrr'
    | 'lc'
    | 'wlc'
    | 'fo'
    | 'ovf'
    | 'lblc'
    | 'lblcr'
    | 'dh'
    | 'sh'
    | 'mh'
    | 'sed'
    | 'nq'
    | 'twos'
    | undefined;
  /** Of `sh` and `mh`: `sh-port` and `mh-port` also hash the client’s port; `sh-fallback` and `mh-fallback` choose another real server where the hashed one has weight 0 or is full. */
  schedulerFlags?: ('sh-port' | 'sh-fallback' | 'mh-port' | 'mh-fallback')[] | undefined;
  /** `dr` (direct routing, the default): the real servers hold the VIP too and answer the client themselves. `nat`: all traffic goes back through the director. `tun`: as `dr`, by a tunnel (see `tunnel` of a real server). */
  forwarding?: 'dr' | 'nat' | 'tun' | undefined;
  /** With `nat`: where the real servers’ default route goes, so that answers come back through the director. The director’s own address in their network by default; with several directors an address that the live one holds. `false` leaves routes alone. */
  gateway?: false | string | undefined;
  /** With `nat`: what else leaves the director with its own address. `real-servers`: connections that real servers open themselves to hosts outside their network. `clients`: those of clients, whose addresses the real servers then don’t see; they need no default route, and clients may be in their network. `both`. Nothing by default. */
  masquerade?: 'real-servers' | 'clients' | 'both' | undefined;
  /** Seconds for which a client stays with its real server, 1 to 2678400 (31 days), or an object that says more. None by default. */
  persistence?: number | PersistenceOptions | undefined;
  /** Choose a real server for each packet anew, without a connection entry: for UDP, as DNS. False by default. */
  onePacket?: boolean | undefined;
  /** With forwarding `tun` over TCP: bytes of the greatest segment that clients are told to send, 536 to 65495. By default what fits the tunnel, by the MTU of the real server’s interface: 1440 for `ipip` over IPv4 and Ethernet. */
  mss?: number | undefined;
  /** Names of the hosts that hold the VIP and spread the connections. */
  directors: string[];
  /** The hosts that do the work; their order numbers them (see `roles.ftp.banner`). */
  realServers: RealServerOptions[];
  /** How a director asks whether a real server works: one check, or a list of them that must all succeed. keepalived runs them (see `keepalived`); a server that fails gets no new connections until it works again. None by default. */
  check?: CheckOptions | CheckOptions[] | undefined;
  /** Server that gets the connections while too few real servers work (see `quorum`). None by default. */
  sorry?: SorryOptions | undefined;
  /** Sum of the weights of working real servers below which `sorry` takes over, 1 to 2147483647. 1 by default. */
  quorum?: number | undefined;
  /** How far the sum must fall below `quorum`, or rise above it, before anything changes: less than `quorum`. 0 by default. */
  hysteresis?: number | undefined;
  /** Real servers that must stay in service while others are taken out, by `lvsctl drain` and `lvsctl rolling`: a number, or a share of all, rounded up: `"50%"`. 1 by default. Those that are drained, or that a check took out, do not count. */
  minAvailable?: number | string | undefined;
  /** Label of the VIP on the interface: `100` makes `eth0:100`. The last part of the VIP by default. IPv4 only. */
  label?: string | undefined;
}

/** How clients stay with their real servers. */
export interface PersistenceOptions {
  /** Seconds for which a client stays, 1 to 2678400 (31 days). */
  seconds: number;
  /** What counts as one client: a netmask for IPv4, `255.255.255.0`; a prefix length for IPv6, `64`. A single address by default. */
  netmask?: string | number | undefined;
  /** `sip`: a call (the Call-ID of SIP over UDP) stays with its real server, from whatever client its packets come. */
  engine?: 'sip' | undefined;
}

/** A real server of a service. */
export interface RealServerOptions {
  /** Name of the host. */
  host: string;
  /** Share of the connections, relative to the other real servers: 0 to 2147483647, 1 by default. 0 drains the server: no new connections, the present ones go on. */
  weight?: number | undefined;
  /** Port on the real server; the service’s by default. Only `nat` can change it. */
  port?: number | undefined;
  /** Connections at which the director sends this real server no more, 1 to 2147483647. No limit by default. */
  upperThreshold?: number | undefined;
  /** Connections below which it gets new ones again after it was full, at most `upperThreshold`. Three quarters of that by default. */
  lowerThreshold?: number | undefined;
  /** Tunnel to this real server, with forwarding `tun`. `ipip` by default. */
  tunnel?: TunnelOptions | undefined;
}

/** How packets are wrapped on their way to a real server. */
export interface TunnelOptions {
  /** `ipip`, `gue` (in UDP) or `gre`; the last two need a kernel and an ipvsadm of 2019 or later. */
  type: 'ipip' | 'gue' | 'gre';
  /** UDP port of `gue` on the real server, 1 to 65535. */
  port?: number | undefined;
  /** Checksums of `gue` and `gre`: `none` (the default), `full`, or of `gue` also `remote` (remote checksum offload). */
  checksum?: 'none' | 'full' | 'remote' | undefined;
}

/** How a director asks a real server whether it works. */
export interface CheckOptions {
  /** `tcp` (it takes a connection), `http` and `https` (it answers a request), `smtp` (it greets), `dns` (it answers a query), `misc` (a program of your own says so). */
  type: 'tcp' | 'http' | 'https' | 'smtp' | 'dns' | 'misc';
  /** Port to ask at, 1 to 65535; that of the real server by default. */
  port?: number | undefined;
  /** Seconds from one check to the next, 1 to 3600. 5 by default. */
  everySeconds?: number | undefined;
  /** Seconds to wait for an answer, 1 to 600. 3 by default. */
  timeoutSeconds?: number | undefined;
  /** How often a failed check is repeated before the server counts as failed, 0 to 100. 1 by default. */
  retries?: number | undefined;
  /** Seconds before a failed check is repeated, 1 to 600. 1 by default. */
  retrySeconds?: number | undefined;
  /** Of `http` and `https`: what is asked for. `/` by default. */
  path?: string | undefined;
  /** Of `http` and `https`: the name in the request (Host, and SNI). None by default. */
  hostName?: string | undefined;
  /** Of `http` and `https`: answers that are good, as [200, "300-302"]. ["200-299"] by default. */
  status?: (number | string)[] | undefined;
  /** Of `smtp`: the name for HELO. That of the director by default. */
  helo?: string | undefined;
  /** Of `dns`: the name asked for. `.`, the root, by default. */
  name?: string | undefined;
  /** Of `dns`: the type of record asked for. SOA by default. */
  record?: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'SOA' | 'TXT' | undefined;
  /** Of `misc`: a program on the directors, by its absolute path, and its arguments; `{address}`, `{port}` and `{vip}` in them stand for those of the real server and the service. Status 0 is good. No shell reads it. */
  command?: string[] | undefined;
  /** Of `misc`: user that runs the program. `nobody` by default. */
  user?: string | undefined;
}

/** The server that says sorry. */
export interface SorryOptions {
  /** Name of the host; neither a director nor a real server of the service. */
  host: string;
  /** Port there; the service’s by default. Only `nat` can change it. */
  port?: number | undefined;
}

/** Settings of IPVS that hold for all services of a director. */
export interface IpvsOptions {
  /** Seconds after which the director forgets a connection, 1 to 2147483. What is left out stays as it is. */
  timeouts?: TimeoutOptions | undefined;
  /** Directors tell each other of their connections (ip_vs sync daemons), so that one can go on with those of another. */
  sync?: SyncOptions | undefined;
}

/** Seconds after which the director forgets a connection, 1 to 2147483. What is left out stays as it is. */
export interface TimeoutOptions {
  /** Of an idle TCP connection. 900 in the kernel. */
  tcp?: number | undefined;
  /** Of a TCP connection after a FIN. 120 in the kernel. */
  tcpFin?: number | undefined;
  /** Of a UDP flow after its last packet. 300 in the kernel. */
  udp?: number | undefined;
}

/** Directors tell each other of their connections (ip_vs sync daemons), so that one can go on with those of another. */
export interface SyncOptions {
  /** Interface that the directors tell each other by; the host’s own by default. */
  interface?: string | undefined;
  /** Tells clusters on one network apart, 1 to 255. 1 by default. */
  id?: number | undefined;
  /** Multicast group. `224.0.0.81` in the kernel. */
  group?: string | undefined;
  /** UDP port, 1 to 65535. 8848 in the kernel. */
  port?: number | undefined;
  /** Hops, 1 to 255. 1 in the kernel. */
  ttl?: number | undefined;
}

/** keepalived holds the VIPs, the tables and the checks. It runs wherever a service has several directors; with this key, even an empty one, on a single director too. */
export interface KeepalivedOptions {
  /** Number of VRRP, 1 to 255, that no other routers on the network use. Where services have different lists of directors, one for each list, by the name of a service: `{ web: 51, mail: 52 }`. By default made of the first director’s address. */
  id?: number | Record<string, number> | undefined;
  /** Interface that the directors speak VRRP over; each host’s own by default. */
  interface?: string | undefined;
  /** Seconds between two signs of life of the director that holds the VIPs, 0.01 to 40.95. When three are missed, another takes over. 1 by default. */
  advertSeconds?: number | undefined;
  /** Send them to the other directors’ addresses (true, the default), or to VRRP’s multicast group (false). */
  unicast?: boolean | undefined;
  /** Give the VIPs back to an earlier director of the list when it returns. False by default: they stay where they are, for it has none of the connections yet. */
  preempt?: boolean | undefined;
  /** With `preempt`: seconds that it waits longer before it takes them back, 0 to 1000. 0 by default. */
  preemptDelaySeconds?: number | undefined;
  /** Replace a keepalived.conf that lvsctl did not write; it is kept as keepalived.conf.lvsctl-orig. False by default: it is refused. */
  takeOver?: boolean | undefined;
  /** VIPs of both families with the same directors move together. True by default. */
  syncGroup?: boolean | undefined;
}

/** Parameters of the roles that come with lvsctl. */
export interface RoleParams {
  /** An anonymous, read-only FTP server on the real servers. */
  ftp?: FtpParams | undefined;
  /** The same data on all real servers, copied from one host. */
  content?: ContentParams | undefined;
}

/** An anonymous, read-only FTP server (vsftpd) on the real servers. */
export interface FtpParams {
  /** Greeting of the FTP server. `{n}` is the real server’s place in the service, counted from 1: `Welcome to FTP{n} server`. `verify` tells the real servers apart by it. */
  banner: string;
  /** Folder that anonymous users see, an absolute path. `/srv/ftp` by default. */
  anonymousRoot?: string | undefined;
  /** TCP ports for passive data connections, `low-high`: `50000-50100`. */
  passivePorts?: string | undefined;
}

/** The same data on all real servers, by rsync over SSH, repeated by a timer or cron. */
export interface ContentParams {
  /** Name of the host whose data the real servers copy. */
  source: string;
  /** Folders to copy. */
  paths: ContentPath[];
  /** Minutes between two copies, 1 to 1440. 10 by default. */
  everyMinutes?: number | undefined;
  /** Delete what the source does not have (any more). False by default. */
  delete?: boolean | undefined;
  /** Patterns that are not copied, as rsync’s --exclude takes them. */
  exclude?: string[] | undefined;
}

/** A folder that the real servers copy. */
export interface ContentPath {
  /** Folder on the source host, an absolute path. */
  from: string;
  /** Folder on the real servers, an absolute path. The same as `from` by default. */
  to?: string | undefined;
}
