import { KEEPALIVED_CASES } from './keepalived-cases.js';

/** A change of the good inventory that makes it bad. Keys are paths (`services.ftp.port`, a number is a list index). */
export interface BadCase {
  readonly title: string;
  readonly put?: Readonly<Record<string, unknown>>;
  readonly drop?: readonly string[];
  /** Each problem as the operator reads it, without the file. */
  readonly says: string;
}

const DIGEST = '0'.repeat(64);

/** An own kernel with nothing wrong, on a machine where only /inventories/here.tar is a file. */
const ownKernel = (file = 'here.tar') => ({
  version: '6.1.192',
  source: { file, sha256: DIGEST },
  flavour: '2.6',
  base: 'defconfig',
  options: { IP_VS: 'm' },
  image: { target: 'linux', path: 'linux' },
  arp: 'arp-flags',
});

/** A service by mark, beside the good inventory's. */
const marked = (ports: readonly (number | string)[]) => ({
  vip: '10.83.33.100',
  fwmark: 7,
  ports,
  directors: ['director'],
  realServers: [{ host: 'rs1' }, { host: 'rs2' }],
});

export const CASES: readonly BadCase[] = [
  ...KEEPALIVED_CASES,
  {
    title: 'misspelt key at the top',
    put: { probs: ['client'] },
    says: `probs = ["client"]: unknown key
  → did you mean "probes"?`,
  },
  {
    title: 'misspelt key of a service',
    put: { 'services.ftp.shceduler': 'wrr' },
    says: `services.ftp.shceduler = "wrr": unknown key
  → did you mean "scheduler"?`,
  },
  {
    title: 'misspelt key of a host',
    put: { 'hosts.rs1.adress': '10.83.33.7' },
    drop: ['hosts.rs1.address'],
    says: `hosts.rs1.address: is missing
  → IPv4 or IPv6 address in the cluster’s network, with the prefix length of that network: \`10.83.33.83/24\`. Without a prefix length it is /24, for IPv6 /64.
hosts.rs1.adress = "10.83.33.7": unknown key
  → did you mean "address"?`,
  },
  {
    title: 'key that resembles none',
    put: { 'services.ftp.colour': 'blue' },
    says: `services.ftp.colour = "blue": unknown key
  → known keys here: vip, port, fwmark, ports, protocol, scheduler, schedulerFlags, forwarding, gateway, masquerade, persistence, onePacket, mss, directors, realServers, check, sorry, quorum, hysteresis, minAvailable, label`,
  },
  {
    title: 'misspelt key of ssh settings',
    put: { 'ssh.identityFile': '~/.ssh/id' },
    says: `ssh.identityFile = "~/.ssh/id": unknown key
  → did you mean "identityFiles"?`,
  },
  {
    title: 'twin of an unknown flavour',
    put: { 'hosts.rs1.lab': { flavour: 'redhat' } },
    says: `hosts.rs1.lab.flavour = "redhat": unknown flavour
  → did you mean "redhat9"? (use one of: debian, redhat9)`,
  },
  {
    title: 'flavour where its object should be',
    put: { 'groups.old.lab': 'redhat9' },
    says: `groups.old.lab = "redhat9": is not an object
  → What the twins of these hosts in the lab are made of.`,
  },
  {
    title: 'misspelt key of a lab',
    put: { lab: { flavor: 'redhat9' } },
    says: `lab.flavor = "redhat9": unknown key
  → did you mean "flavour"?`,
  },
  {
    title: 'password in the file',
    put: { 'ssh.password': 'hunter2' },
    says: `ssh.password = "[secret]": a password never stands in the inventory
  → take it out; put it into the environment variable LVSCTL_PASSWORD, or let lvsctl ask`,
  },
  {
    title: 'passphrase in a host',
    put: { 'hosts.rs1.ssh': { passphrase: 'hunter2' } },
    says: `hosts.rs1.ssh.passphrase = "[secret]": a password never stands in the inventory
  → take it out; put it into the environment variable LVSCTL_PASSPHRASE, or let lvsctl ask`,
  },
  {
    title: 'password instead of the name of its variable',
    put: { 'ssh.passwordEnv': 'hunter 2!' },
    says: `ssh.passwordEnv = "[secret]": is not the name of an environment variable
  → write the name of the variable that holds the password, for example LVSCTL_PASSWORD; never the password itself`,
  },
  {
    title: 'address that is none',
    put: { 'hosts.rs1.address': '10.83.33.256/24' },
    says: `hosts.rs1.address = "10.83.33.256/24": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'address of three parts',
    put: { 'hosts.rs1.address': '10.83.33' },
    says: `hosts.rs1.address = "10.83.33": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'address with leading zero',
    put: { 'hosts.rs1.address': '010.83.33.76' },
    says: `hosts.rs1.address = "010.83.33.76": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'name instead of an address',
    put: { 'hosts.rs1.address': 'rs1.example.org' },
    says: `hosts.rs1.address = "rs1.example.org": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'prefix length too long',
    put: { 'hosts.rs1.address': '10.83.33.76/33' },
    says: `hosts.rs1.address = "10.83.33.76/33": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'zone in an IPv6 address',
    put: { 'hosts.rs1.address': 'fe80::1%eth0' },
    says: `hosts.rs1.address = "fe80::1%eth0": is not an IPv4 or IPv6 address
  → write an address with its prefix length, for example 10.83.33.83/24`,
  },
  {
    title: 'address that is a number',
    put: { 'hosts.rs1.address': 10 },
    says: `hosts.rs1.address = 10: is not a string
  → IPv4 or IPv6 address in the cluster’s network, with the prefix length of that network: \`10.83.33.83/24\`. Without a prefix length it is /24, for IPv6 /64.`,
  },
  {
    title: 'host without address',
    drop: ['hosts.rs1.address'],
    says: `hosts.rs1.address: is missing
  → IPv4 or IPv6 address in the cluster’s network, with the prefix length of that network: \`10.83.33.83/24\`. Without a prefix length it is /24, for IPv6 /64.`,
  },
  {
    title: 'host that is only an address',
    put: { 'hosts.rs1': '10.83.33.76' },
    says: `hosts.rs1 = "10.83.33.76": is not an object
  → write { address: … }. A host: a director, a real server, a client or another machine.`,
  },
  {
    title: 'duplicate address',
    put: { 'hosts.rs2.address': '10.83.33.76/24' },
    says: `hosts.rs2.address = "10.83.33.76/24": is the address of host rs1 too
  → give each host an address of its own`,
  },
  {
    title: 'duplicate IPv6 address in another spelling',
    put: { 'hosts.a': { address: 'fd00::1' }, 'hosts.b': { address: 'fd00:0:0::0001/64' } },
    says: `hosts.b.address = "fd00:0:0::0001/64": is the address of host a too
  → give each host an address of its own`,
  },
  {
    title: 'network address as a host’s',
    put: { 'hosts.rs1.address': '10.83.33.0/24' },
    says: `hosts.rs1.address = "10.83.33.0/24": is the network or broadcast address of 10.83.33.0/24
  → write the host’s own address, or its right prefix length`,
  },
  {
    title: 'broadcast address as a host’s',
    put: { 'hosts.rs1.address': '10.83.33.127/25' },
    says: `hosts.rs1.address = "10.83.33.127/25": is the network or broadcast address of 10.83.33.0/25
  → write the host’s own address, or its right prefix length`,
  },
  {
    title: 'multicast address as a host’s',
    put: { 'hosts.rs1.address': '224.0.0.18' },
    says: `hosts.rs1.address = "224.0.0.18": is no host’s address (multicast)
  → write the host’s own address`,
  },
  {
    title: 'VIP equal to a host’s address',
    put: { 'services.ftp.vip': '10.83.33.83' },
    says: `services.ftp.vip = "10.83.33.83": is the address of host director
  → a VIP is an address that no host has of its own`,
  },
  {
    title: 'VIP with prefix length',
    put: { 'services.ftp.vip': '10.83.33.100/32' },
    says: `services.ftp.vip = "10.83.33.100/32": has a prefix length
  → write 10.83.33.100; a VIP is always a single address`,
  },
  {
    title: 'VIP outside the director’s network, DR',
    put: { 'services.ftp.vip': '10.83.34.100' },
    says: `services.ftp.vip = "10.83.34.100": lies outside every director’s network (director: 10.83.33.0/24)
  → with forwarding dr a director answers ARP for the VIP: choose an address in its network, or correct the prefix length of its address`,
  },
  {
    title: 'VIP outside every director’s network, DR by default',
    put: { 'services.ftp.vip': '192.0.2.1', 'services.ftp.directors': ['director', 'spare'] },
    drop: ['services.ftp.forwarding'],
    says: `services.ftp.vip = "192.0.2.1": lies outside every director’s network (director: 10.83.33.0/24, spare: 10.83.33.0/24)
  → with forwarding dr a director answers ARP for the VIP: choose an address in its network, or correct the prefix length of its address`,
  },
  {
    title: 'VIP that is the broadcast address',
    put: { 'services.ftp.vip': '10.83.33.255' },
    says: `services.ftp.vip = "10.83.33.255": is the network or broadcast address of 10.83.33.0/24
  → choose another address in the network`,
  },
  {
    title: 'VIP on loopback',
    put: { 'services.ftp.vip': '127.0.0.1' },
    says: `services.ftp.vip = "127.0.0.1": is no address for a VIP (loopback)
  → write a free address of the network`,
  },
  {
    title: 'VIP of another family',
    put: { 'services.ftp.vip': 'fd00::100' },
    says: `services.ftp.vip = "fd00::100": is IPv6, but director director has an IPv4 address
  → give VIP, directors and real servers addresses of one family; an IPv4 host gets its IPv6 address by \`address6\`
services.ftp.realServers[0].host = "rs1": has an IPv4 address, but the VIP is IPv6
  → give VIP, directors and real servers addresses of one family; an IPv4 host gets its IPv6 address by \`address6\`
services.ftp.realServers[1].host = "rs2": has an IPv4 address, but the VIP is IPv6
  → give VIP, directors and real servers addresses of one family; an IPv4 host gets its IPv6 address by \`address6\``,
  },
  {
    title: 'real server of another family',
    put: { 'hosts.rs1.address': 'fd00::76/64' },
    says: `services.ftp.realServers[0].host = "rs1": has an IPv6 address, but the VIP is IPv4
  → give VIP, directors and real servers addresses of one family`,
  },
  {
    title: 'port 0',
    put: { 'services.ftp.port': 0 },
    says: `services.ftp.port = 0: is every port, which needs persistence
  → add \`persistence: 300\`, so that all connections of a client reach one real server; or name a port`,
  },
  {
    title: 'port above 65535',
    put: { 'services.ftp.port': 70000 },
    says: `services.ftp.port = 70000: is out of range, 0 to 65535
  → Port that clients connect to, 1 to 65535; 0 is every port, and needs \`persistence\`.`,
  },
  {
    title: 'port as text',
    put: { 'services.ftp.port': '21' },
    says: `services.ftp.port = "21": is not a number
  → write 21, without quotes. Port that clients connect to, 1 to 65535; 0 is every port, and needs \`persistence\`.`,
  },
  {
    title: 'port with a fraction',
    put: { 'services.ftp.port': 21.5 },
    says: `services.ftp.port = 21.5: is not a whole number
  → Port that clients connect to, 1 to 65535; 0 is every port, and needs \`persistence\`.`,
  },
  {
    title: 'port of SSH',
    put: { 'ssh.port': 65536 },
    says: `ssh.port = 65536: is out of range, 1 to 65535
  → TCP port of the SSH server, 1 to 65535. 22 by default.`,
  },
  {
    title: 'weight below 0',
    put: { 'services.ftp.realServers.1.weight': -1 },
    says: `services.ftp.realServers[1].weight = -1: is out of range, 0 to 2147483647
  → Share of the connections, relative to the other real servers: 0 to 2147483647, 1 by default. 0 drains the server: no new connections, the present ones go on.`,
  },
  {
    title: 'weight above 2147483647',
    put: { 'services.ftp.realServers.1.weight': 2147483648 },
    says: `services.ftp.realServers[1].weight = 2147483648: is out of range, 0 to 2147483647
  → Share of the connections, relative to the other real servers: 0 to 2147483647, 1 by default. 0 drains the server: no new connections, the present ones go on.`,
  },
  {
    title: 'weight that is not a number',
    put: { 'services.ftp.realServers.1.weight': Number.NaN },
    says: `services.ftp.realServers[1].weight = "NaN": is not a number
  → Share of the connections, relative to the other real servers: 0 to 2147483647, 1 by default. 0 drains the server: no new connections, the present ones go on.`,
  },
  {
    title: 'unknown scheduler, near',
    put: { 'services.ftp.scheduler': 'wrrr' },
    says: `services.ftp.scheduler = "wrrr": unknown scheduler
  → did you mean "wrr"? (use one of: rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos)`,
  },
  {
    title: 'unknown scheduler, far',
    put: { 'services.ftp.scheduler': 'fastest-first' },
    says: `services.ftp.scheduler = "fastest-first": unknown scheduler
  → use one of: rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos`,
  },
  {
    title: 'unknown forwarding method',
    put: { 'services.ftp.forwarding': 'masq' },
    says: `services.ftp.forwarding = "masq": unknown forwarding method
  → use one of: dr, nat, tun`,
  },
  {
    title: 'unknown protocol',
    put: { 'services.ftp.protocol': 'TCP' },
    says: `services.ftp.protocol = "TCP": unknown protocol
  → did you mean "tcp"? (use one of: tcp, udp, sctp)`,
  },
  {
    title: 'unknown algorithm profile',
    put: { 'hosts.rs1.ssh': { algorithms: 'old' } },
    says: `hosts.rs1.ssh.algorithms = "old": unknown algorithm profile
  → use one of: modern, legacy`,
  },
  {
    title: 'unknown host key policy',
    put: { 'ssh.hostKeys': 'no' },
    says: `ssh.hostKeys = "no": unknown host key policy
  → use one of: strict, accept-new`,
  },
  {
    title: 'unknown director',
    put: { 'services.ftp.directors': ['directr'] },
    says: `services.ftp.directors[0] = "directr": unknown host
  → did you mean "director"?`,
  },
  {
    title: 'unknown real server',
    put: { 'services.ftp.realServers.1.host': 'rs3' },
    says: `services.ftp.realServers[1].host = "rs3": unknown host
  → did you mean "rs1"?`,
  },
  {
    title: 'unknown probe',
    put: { probes: ['workstation'] },
    says: `probes[0] = "workstation": unknown host
  → known hosts: director, rs1, rs2, spare, client`,
  },
  {
    title: 'unknown host in a group',
    put: { 'groups.old.hosts': ['rs1', 'r2'] },
    says: `groups.old.hosts[1] = "r2": unknown host
  → did you mean "rs2"?`,
  },
  {
    title: 'unknown jump host',
    put: { 'ssh.jump': 'bastion' },
    says: `ssh.jump = "bastion": unknown host
  → known hosts: director, rs1, rs2, spare, client (for a host outside the inventory write user@bastion)`,
  },
  {
    title: 'jump host that is none',
    put: { 'hosts.rs1.ssh': { jump: 'root@gate:0' } },
    says: `hosts.rs1.ssh.jump = "root@gate:0": is no jump host
  → write the name of a host, or user@host:port`,
  },
  {
    title: 'jumps in a circle',
    put: { 'hosts.rs1.ssh': { jump: 'rs2' }, 'hosts.rs2.ssh': { jump: 'rs1' } },
    says: `hosts.rs1.ssh.jump = "rs2": jumps in a circle: rs1 → rs2 → rs1
  → let one of them be reached directly: jump: false
hosts.rs2.ssh.jump = "rs1": jumps in a circle: rs2 → rs1 → rs2
  → let one of them be reached directly: jump: false`,
  },
  {
    title: 'host that jumps over itself',
    put: { 'hosts.rs1.ssh': { jump: 'rs1' } },
    says: `hosts.rs1.ssh.jump = "rs1": jumps in a circle: rs1 → rs1
  → let one of them be reached directly: jump: false`,
  },
  {
    title: 'unknown source of the content',
    put: { 'roles.content': { source: 'rs9', paths: [{ from: '/srv/ftp' }] } },
    says: `roles.content.source = "rs9": unknown host
  → did you mean "rs1"?`,
  },
  {
    title: 'DR real server with another port',
    put: { 'services.ftp.realServers.0.port': 2121 },
    says: `services.ftp.realServers[0].port = 2121: differs from the service’s port 21
  → with forwarding dr packets arrive unchanged: leave the port out, or use forwarding nat`,
  },
  {
    title: 'TUN real server with another port',
    put: { 'services.ftp.forwarding': 'tun', 'services.ftp.realServers.0.port': 2121 },
    says: `services.ftp.realServers[0].port = 2121: differs from the service’s port 21
  → with forwarding tun packets arrive unchanged: leave the port out, or use forwarding nat`,
  },
  {
    title: 'service without real servers',
    put: { 'services.ftp.realServers': [] },
    says: `services.ftp.realServers = []: is empty
  → name at least one. The hosts that do the work; their order numbers them (see \`roles.ftp.banner\`).`,
  },
  {
    title: 'service without the key realServers',
    drop: ['services.ftp.realServers'],
    says: `services.ftp.realServers: is missing
  → The hosts that do the work; their order numbers them (see \`roles.ftp.banner\`).`,
  },
  {
    title: 'service without directors',
    put: { 'services.ftp.directors': [] },
    says: `services.ftp.directors = []: is empty
  → name at least one. Names of the hosts that hold the VIP and spread the connections.`,
  },
  {
    title: 'two services on one VIP and port',
    put: {
      'services.other': {
        vip: '10.83.33.100',
        port: 21,
        directors: ['director'],
        realServers: [{ host: 'rs2' }],
      },
    },
    says: `services.other.port = 21: service ftp is on 10.83.33.100:21/tcp too
  → choose another port or VIP, or make one service of the two`,
  },
  {
    title: 'real server twice',
    put: { 'services.ftp.realServers.2': { host: 'rs1', weight: 2 } },
    says: `services.ftp.realServers[2].host = "rs1": stands there twice with port 21
  → take one of them out; a weight gives a larger share`,
  },
  {
    title: 'director twice',
    put: { 'services.ftp.directors': ['director', 'director'] },
    says: `services.ftp.directors[1] = "director": stands there twice
  → take one of them out`,
  },
  {
    title: 'real server as probe',
    put: { probes: ['client', 'rs1'] },
    says: `probes[1] = "rs1": is a real server of ftp, and holds the VIP itself
  → probe from a client: a host that is neither director nor real server`,
  },
  {
    title: 'director as probe',
    put: { probes: ['director'] },
    says: `probes[0] = "director": is a director of ftp, and holds the VIP itself
  → probe from a client: a host that is neither director nor real server`,
  },
  {
    title: 'interface with a blank',
    put: { 'hosts.rs1.interface': 'eth0; reboot' },
    says: `hosts.rs1.interface = "eth0; reboot": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'interface with a slash',
    put: { interface: '../eth0' },
    says: `interface = "../eth0": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'interface that is too long',
    put: { 'groups.old.interface': 'enp0s31f6.4094.1' },
    says: `groups.old.interface = "enp0s31f6.4094.1": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'interface called ..',
    put: { interface: '..' },
    says: `interface = "..": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'interface that looks like an option',
    put: { interface: '-a' },
    says: `interface = "-a": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'label that is too long with the interface',
    put: { interface: 'enp0s31f6.100' },
    says: `services.ftp.label = "100": makes enp0s31f6.100:100 on director, 17 characters of 15 at most
  → give the service a shorter label`,
  },
  {
    title: 'label with a colon',
    put: { 'services.ftp.label': '1:2' },
    says: `services.ftp.label = "1:2": is not a label
  → use 1 to 13 letters, digits, "_", "." and "-", for example 100`,
  },
  {
    title: 'one label for two VIPs of a host',
    put: {
      'services.ftp.label': 'lvs',
      'services.web': {
        vip: '10.83.33.101',
        port: 80,
        label: 'lvs',
        directors: ['director'],
        realServers: [{ host: 'rs2' }],
      },
    },
    says: `services.web.label = "lvs": eth0:lvs on director is the label of 10.83.33.100 (service ftp) already
  → give each VIP a label of its own`,
  },
  {
    title: 'two labels for one VIP',
    put: {
      'services.ftp.label': 'a',
      'services.web': {
        vip: '10.83.33.100',
        port: 80,
        label: 'b',
        directors: ['director'],
        realServers: [{ host: 'rs1' }],
      },
    },
    says: `services.web.label = "b": the VIP 10.83.33.100 has the label "a" already, from an earlier service
  → give the services of one VIP the same label, or give it once`,
  },
  {
    title: 'persistence of 0 seconds',
    put: { 'services.ftp.persistence': 0 },
    says: `services.ftp.persistence = 0: is out of range, 1 to 2678400
  → Seconds for which a client stays with its real server, 1 to 2678400 (31 days), or an object that says more. None by default.`,
  },
  {
    title: 'host name with a blank',
    put: { 'hosts.rs 3': { address: '10.83.33.3' } },
    says: `hosts["rs 3"] = "rs 3": is not a safe host name
  → use letters, digits, "-" and single dots inside, at most 63 in all, for example rs1`,
  },
  {
    title: 'host name that is a command',
    put: { 'hosts.$(reboot)': { address: '10.83.33.3' } },
    says: `hosts["$(reboot)"] = "$(reboot)": is not a safe host name
  → use letters, digits, "-" and single dots inside, at most 63 in all, for example rs1`,
  },
  {
    title: 'host name that looks like an option',
    put: { 'hosts.-rs': { address: '10.83.33.3' } },
    says: `hosts.-rs = "-rs": is not a safe host name
  → use letters, digits, "-" and single dots inside, at most 63 in all, for example rs1`,
  },
  {
    title: 'group called like a host',
    put: { 'groups.rs1': { hosts: ['rs2'] } },
    says: `groups.rs1 = "rs1": is the name of a host too
  → rename the group: playbooks and --limit take both`,
  },
  {
    title: 'service name that is a path',
    put: { 'services.a/b': '(ftp)' },
    says: `services["a/b"] = "(ftp)": is not an object
  → write { vip: …, directors: …, realServers: … }. A virtual service: one VIP and protocol, with one port, every port, or those of a mark.`,
  },
  {
    title: 'name of the cluster',
    put: { name: 'My Cluster' },
    says: `name = "My Cluster": must be 1 to 32 of a-z, 0-9 and "-", not beginning or ending with "-"
  → Name of the cluster: 1 to 32 of a-z, 0-9 and "-". By default that of the file, or of its folder where the file is called inventory.`,
  },
  {
    title: 'relative path of a key',
    put: { 'ssh.identityFiles': ['keys/id_rsa'] },
    says: `ssh.identityFiles[0] = "keys/id_rsa": is not an absolute path
  → write an absolute path, or one that begins with ~/`,
  },
  {
    title: 'newline in a path',
    put: { 'ssh.knownHostsFiles': ['/etc/known\nhosts'] },
    says: `ssh.knownHostsFiles[0] = "/etc/known\\nhosts": has a control character (newline, NUL …)
  → write an absolute path, or one that begins with ~/`,
  },
  {
    title: 'NUL in a path',
    put: { 'roles.ftp.anonymousRoot': '/srv/\0' },
    says: `roles.ftp.anonymousRoot = "/srv/\\u0000": has a control character (newline, NUL …)
  → write an absolute path such as /srv/ftp`,
  },
  {
    title: 'path that climbs',
    put: { 'roles.ftp.anonymousRoot': '/srv/../etc' },
    says: `roles.ftp.anonymousRoot = "/srv/../etc": climbs with ".."
  → write an absolute path such as /srv/ftp`,
  },
  {
    title: 'path with an option',
    put: { 'roles.ftp.anonymousRoot': '/srv/-rf' },
    says: `roles.ftp.anonymousRoot = "/srv/-rf": has a name that begins with "-"
  → write an absolute path such as /srv/ftp`,
  },
  {
    title: 'relative path of the content',
    put: { 'roles.content': { source: 'rs1', paths: [{ from: 'srv' }], everyMinutes: 0 } },
    says: `roles.content.paths[0].from = "srv": is not an absolute path
  → write an absolute path such as /srv/ftp
roles.content.everyMinutes = 0: is out of range, 1 to 1440
  → Minutes between two copies, 1 to 1440. 10 by default.`,
  },
  {
    title: 'banner of two lines',
    put: { 'roles.ftp.banner': 'a\nb' },
    says: `roles.ftp.banner = "a\\nb": must be one line of 1 to 200 printable ASCII characters
  → Greeting of the FTP server. \`{n}\` is the real server’s place in the service, counted from 1: \`Welcome to FTP{n} server\`. \`verify\` tells the real servers apart by it.`,
  },
  {
    title: 'passive ports the wrong way round',
    put: { 'roles.ftp.passivePorts': '50100-50000' },
    says: `roles.ftp.passivePorts = "50100-50000": must lie in 1024-65535, the low port first
  → TCP ports for passive data connections, \`low-high\`: \`50000-50100\`.`,
  },
  {
    title: 'misspelt role',
    put: { 'roles.fpt': { banner: 'x' } },
    says: `roles.fpt = {"banner":"x"}: unknown key
  → did you mean "ftp"?`,
  },
  {
    title: 'own role called like one of lvsctl’s',
    put: { 'ownRoles.director': {} },
    says: `ownRoles.director = "director": is a role that comes with lvsctl
  → move its parameters to \`roles\`, or rename your role`,
  },
  {
    title: 'user that looks like an option',
    put: { 'ssh.user': '-oProxyCommand=reboot' },
    says: `ssh.user = "-oProxyCommand=reboot": is empty, begins with "-" or contains blanks
  → write it without blanks, and not beginning with "-"`,
  },
  {
    title: 'agent of the wrong type',
    put: { 'ssh.agent': 7 },
    says: `ssh.agent = 7: is of the wrong type
  → SSH agent: its socket, true for the one of \`SSH_AUTH_SOCK\` (the default, where one runs), or false for none.`,
  },
  {
    title: 'variable that is a list',
    put: { vars: { a: ['b'] } },
    says: `vars.a = ["b"]: is of the wrong type
  → Values of your own for all hosts.`,
  },
  {
    title: 'no hosts',
    put: { hosts: {} },
    drop: ['services', 'probes', 'groups'],
    says: `services: is missing
  → The virtual services, by name.
hosts = {}: has no hosts
  → add at least a director and a real server`,
  },
  {
    title: 'hosts as a list',
    put: { hosts: ['10.83.33.83'] },
    says: `hosts = ["10.83.33.83"]: is not an object
  → All hosts, by name.`,
  },
  {
    title: 'no services',
    put: { services: {} },
    says: `services = {}: has no services
  → add one: its VIP, port, directors and realServers`,
  },
  {
    title: 'group called all',
    put: { 'groups.all': { hosts: ['rs1'] } },
    says: `groups.all = "all": stands for all hosts already
  → choose another name for the group`,
  },
  {
    title: 'host called all',
    put: { 'hosts.all': { address: '10.83.33.9' } },
    says: `hosts.all = "all": stands for all hosts already
  → choose another name for the host`,
  },
  {
    title: 'label of an IPv6 VIP',
    put: {
      'services.six': {
        vip: 'fd00::100',
        port: 80,
        label: '100',
        directors: ['d6'],
        realServers: [{ host: 'r6' }],
      },
      'hosts.d6': { address: 'fd00::1' },
      'hosts.r6': { address: 'fd00::2' },
    },
    says: `services.six.label = "100": IPv6 addresses have no labels
  → take the label out`,
  },
  {
    title: 'system that resembles none',
    put: { 'hosts.rs1.os': 'plan9' },
    says: `hosts.rs1.os = "plan9": unknown os
  → use one of: linux, freebsd, openbsd, netbsd, macos, solaris, aix, hpux, windows`,
  },
  {
    title: 'misspelt system',
    put: { 'hosts.rs1.os': 'freebds' },
    says: `hosts.rs1.os = "freebds": unknown os
  → did you mean "freebsd"? (use one of: linux, freebsd, openbsd, netbsd, macos, solaris, aix, hpux, windows)`,
  },
  {
    title: 'director that is not Linux',
    put: { 'hosts.director.os': 'freebsd' },
    says: `services.ftp.directors[0] = "director": runs FreeBSD: a director needs IPVS, which is Linux’s
  → name a Linux host; director can be a real server`,
  },
  {
    title: 'probe that is not Linux',
    put: { 'hosts.client.os': 'macos' },
    says: `probes[0] = "client": runs macOS: lvsctl runs its test client on a probe host, over SSH
  → name a Linux host; client can be a real server`,
  },
  {
    title: 'source of the content that is not Linux',
    put: {
      'hosts.rs1.os': 'solaris',
      'roles.content': { source: 'rs1', paths: [{ from: '/srv/ftp' }], everyMinutes: 5 },
    },
    says: `roles.content.source = "rs1": runs Solaris: the content’s source is set up over SSH
  → name a Linux host; rs1 can be a real server`,
  },
  {
    title: 'kernel of a host that is not Linux',
    put: { 'hosts.rs1.os': 'aix', 'hosts.rs1.kernel': { rebuild: true } },
    says: `hosts.rs1.kernel = {"rebuild":true}: is for Linux, and rs1 runs AIX
  → take it out`,
  },
  {
    title: 'lab twin of a host that is not Linux',
    put: { 'hosts.rs1.os': 'windows', 'hosts.rs1.lab': { flavour: 'redhat9' } },
    says: `hosts.rs1.lab = {"flavour":"redhat9"}: is for Linux, and rs1 runs Windows
  → take it out`,
  },
  {
    title: 'tunnel to a system that can not take packets out of it',
    put: { 'hosts.rs2.os': 'windows', 'services.ftp.forwarding': 'tun' },
    says: `services.ftp.realServers[1].host = "rs2": runs Windows, and no way is known there to take packets out of IPIP, as forwarding tun needs
  → use forwarding dr or nat for a service with this real server`,
  },
  {
    title: 'IPv6 service on a system that is not Linux',
    put: {
      'hosts.director.address': 'fd00:7::53/64',
      'hosts.rs1.address': 'fd00:7::4c/64',
      'hosts.rs2.address': 'fd00:7::2/64',
      'hosts.rs2.os': 'openbsd',
      'services.ftp.vip': 'fd00:7::100',
    },
    says: `services.ftp.realServers[1].host = "rs2": runs OpenBSD, of which lvsctl knows the commands for IPv4 only
  → give the service an IPv4 VIP, or let Linux hosts serve it`,
  },
  {
    title: 'blank in a NIC of a Unix that is not Linux',
    put: { 'hosts.rs1.os': 'hpux', 'hosts.rs1.interface': 'lan 0' },
    says: `hosts.rs1.interface = "lan 0": is not a safe interface name
  → use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0`,
  },
  {
    title: 'NIC of Windows that cmd would replace',
    put: { 'hosts.rs1.os': 'windows', 'hosts.rs1.interface': 'LAN %PATH%' },
    says: `hosts.rs1.interface = "LAN %PATH%": is not a safe interface name (Windows can't be given % in a name)
  → rename the connection on the host, and write its name as \`netsh interface show interface\` shows it, for example Ethernet`,
  },
  {
    title: 'NIC of Windows with a line break',
    put: { 'hosts.rs1.os': 'windows', 'hosts.rs1.interface': 'LAN\nshutdown' },
    says: `hosts.rs1.interface = "LAN\\nshutdown": is not a safe interface name (it has a character that can’t be seen)
  → rename the connection on the host, and write its name as \`netsh interface show interface\` shows it, for example Ethernet`,
  },
  {
    title: 'NIC of Windows without a name',
    put: { 'hosts.rs1.os': 'windows', 'hosts.rs1.interface': '' },
    says: `hosts.rs1.interface = "": is not a safe interface name (no name of a connection)
  → rename the connection on the host, and write its name as \`netsh interface show interface\` shows it, for example Ethernet`,
  },
  {
    title: 'kernel profile that nobody has',
    put: { 'hosts.rs1.kernel': { rebuild: true, profile: 'tutorail' } },
    says: `hosts.rs1.kernel.profile = "tutorail": unknown kernel profile
  → did you mean "tutorial"?`,
  },
  {
    title: 'kernel profile that nobody has, beside one of the inventory’s own',
    put: { kernelProfiles: { uml: ownKernel() }, 'groups.old.kernel': { profile: 'um' } },
    says: `groups.old.kernel.profile = "um": unknown kernel profile
  → did you mean "uml"?`,
  },
  {
    title: 'build host that is none',
    put: { kernel: { rebuild: true, buildHost: 'rs3' } },
    says: `kernel.buildHost = "rs3": unknown host
  → did you mean "rs1"?`,
  },
  {
    title: 'build host that is not Linux',
    put: { 'hosts.spare.os': 'netbsd', 'groups.old.kernel': { rebuild: true, buildHost: 'spare' } },
    says: `groups.old.kernel.buildHost = "spare": runs NetBSD: kernels are built on Linux, over SSH
  → name a Linux host; spare can be a real server`,
  },
  {
    title: 'reboot in no time',
    put: { kernel: { rebootWithinSeconds: 1 } },
    says: `kernel.rebootWithinSeconds = 1: is out of range, 10 to 86400
  → Seconds within which the host must answer again after a reboot, 10 to 86400: its firmware’s checks and those of its disks included. 600 by default.`,
  },
  {
    title: 'own kernel by a name of lvsctl’s',
    put: { kernelProfiles: { safer: ownKernel() } },
    says: `kernelProfiles.safer = "safer": is a profile of lvsctl’s own
  → choose another name for yours`,
  },
  {
    title: 'own kernel by a name that is no file’s',
    put: { kernelProfiles: { 'a b': ownKernel() } },
    says: `kernelProfiles["a b"] = "a b": is not a safe profile name
  → use letters, digits, "-", "_" and ".", at most 32`,
  },
  {
    title: 'own kernel whose files are not there',
    put: {
      kernelProfiles: {
        uml: { ...ownKernel('linux.tar.xz'), patches: [{ file: '~/a.diff', sha256: DIGEST }] },
      },
    },
    says: `kernelProfiles.uml.source.file = "linux.tar.xz": there is no file /inventories/linux.tar.xz
  → put it there, or correct the path
kernelProfiles.uml.patches[0].file = "~/a.diff": there is no file /home/ann/a.diff
  → put it there, or correct the path`,
  },
  {
    title: 'digest that is none',
    put: { kernelProfiles: { uml: { ...ownKernel(), source: { file: 'linux.tar', sha256: 'c439d5c9' } } } },
    says: `kernelProfiles.uml.source.sha256 = "c439d5c9": is not a SHA-256 digest
  → write its 64 hexadecimal digits in lower case; \`sha256sum FILE\` prints them`,
  },
  {
    title: 'version of a vendor’s kernel',
    put: { kernelProfiles: { uml: { ...ownKernel(), version: '2.4.20-8custom' } } },
    says: `kernelProfiles.uml.version = "2.4.20-8custom": is not the version of a mainline kernel
  → write what VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION of its Makefile say once the patches are in, for example 2.4.37.11`,
  },
  {
    title: 'options of a kernel, written as in its file',
    put: { kernelProfiles: { uml: { ...ownKernel(), options: { CONFIG_IP_VS: 'm', 'IP VS': 'm' } } } },
    says: `kernelProfiles.uml.options.CONFIG_IP_VS = "CONFIG_IP_VS": has CONFIG_ before it
  → write IP_VS
kernelProfiles.uml.options["IP VS"] = "IP VS": is not the name of a kernel’s option
  → write it as Kconfig does: IP_VS`,
  },
  {
    title: 'option of two lines, target of two words and an image outside',
    put: {
      kernelProfiles: {
        uml: {
          ...ownKernel(),
          options: { IP_VS: 'm\nCONFIG_X=y' },
          base: 'defconfig clean',
          image: { target: 'linux', path: '../linux' },
        },
      },
    },
    says: `kernelProfiles.uml.base = "defconfig clean": is not a word that make takes here
  → use letters, digits, "_", "." and "-"
kernelProfiles.uml.options.IP_VS = "m\\nCONFIG_X=y": is no value of a kernel’s option
  → write y, m, n, a number, or a text without quotes, backslashes, "$" and backquotes
kernelProfiles.uml.image.path = "../linux": climbs with ".."
  → write where make puts the image, below the tree, for example arch/i386/boot/bzImage`,
  },
  {
    title: 'neither port nor mark',
    drop: ['services.ftp.port'],
    says: `services.ftp.port: is missing
  → write the port that clients connect to, 1 to 65535; for several ports together \`fwmark\` and \`ports\``,
  },
  {
    title: 'port and mark together',
    put: { 'services.ftp.fwmark': 7, 'services.ftp.ports': [80, 443] },
    says: `services.ftp.port = 21: stands beside fwmark
  → move it to \`ports\`, or take \`fwmark\` out`,
  },
  {
    title: 'mark without ports',
    put: { 'services.ftp.fwmark': 7 },
    drop: ['services.ftp.port'],
    says: `services.ftp.ports: is missing
  → write the ports whose packets get the mark, for example \`ports: [80, 443]\``,
  },
  {
    title: 'ports without mark',
    put: { 'services.ftp.ports': [21] },
    says: `services.ftp.ports = [21]: is for a service with fwmark
  → add \`fwmark: 1\` (a number of your own) and take \`port\` out, or write a single \`port\``,
  },
  {
    title: 'mark 0',
    put: { 'services.ftp.fwmark': 0, 'services.ftp.ports': [80] },
    drop: ['services.ftp.port'],
    says: `services.ftp.fwmark = 0: is out of range, 1 to 4294967295
  → In place of \`port\`, for several ports together, as FTP needs them: the director marks packets to the VIP and \`ports\` with this number, 1 to 4294967295, and all that bear it are one service.`,
  },
  {
    title: 'range of ports the wrong way round, and one that is none',
    put: { 'services.ftp.fwmark': 7, 'services.ftp.ports': ['100-50', 'ftp', 70000] },
    drop: ['services.ftp.port'],
    says: `services.ftp.ports[0] = "100-50": is not a range of ports
  → write it as "50000-50100", the low port first, within 1 to 65535
services.ftp.ports[1] = "ftp": is not a range of ports
  → write it as "50000-50100", the low port first, within 1 to 65535
services.ftp.ports[2] = 70000: is out of range, 1 to 65535
  → Ports of a service with \`fwmark\`, each a number or a range: \`[21, "50000-50100"]\`. \`verify\` connects to the first. Of an FTP service \`[21]\` is enough: \`roles.ftp.passivePorts\` are added.`,
  },
  {
    title: 'two services by one mark',
    put: {
      'services.web': { ...marked([80]), vip: '10.83.33.101' },
      'services.dns': { ...marked([53]), vip: '10.83.33.102', protocol: 'udp' },
    },
    says: `services.dns.fwmark = 7: is the mark of service web too
  → give each service a mark of its own, or make one service of the two`,
  },
  {
    title: 'marks whose ports overlap',
    put: {
      'services.web': marked(['80-90', 443]),
      'services.app': { ...marked([8080, '85-95']), fwmark: 8 },
    },
    says: `services.app.ports[1] = "85-95": shares ports 85-90 with service web
  → let each port belong to one service, once`,
  },
  {
    title: 'mark that takes the port of another service',
    put: { 'services.ftp.port': 81, 'services.web': marked([443, '80-82']) },
    says: `services.web.ports[1] = "80-82": shares port 81 with service ftp
  → let each port belong to one service, once`,
  },
  {
    title: 'port twice in one mark',
    put: { 'services.web': marked(['80-90', 85]) },
    says: `services.web.ports[1] = "85": shares port 85 with 80-90
  → let each port belong to one service, once`,
  },
  {
    title: 'port of a real server in a service of several',
    put: {
      'services.web': { ...marked([80]), forwarding: 'nat', realServers: [{ host: 'rs1', port: 8080 }] },
    },
    says: `services.web.realServers[0].port = 8080: stands in a service of several ports, each of which arrives as it is
  → take it out`,
  },
  {
    title: 'FTP by mark whose data go astray',
    put: { 'services.ftp.fwmark': 7, 'services.ftp.ports': [21, '50000-50050'] },
    drop: ['services.ftp.port'],
    says: `services.ftp.persistence: is missing, and FTP data must reach the real server of the login
  → add \`persistence: 300\`, or use scheduler sh without sh-port
services.ftp.ports = [21,"50000-50050"]: lacks passive ports of roles.ftp, 50000-50100: data connections to them would fail
  → write \`ports: [21]\`, which takes them in, or [21, "50000-50100"]`,
  },
  {
    title: 'one-packet scheduling of TCP',
    put: { 'services.ftp.onePacket': true },
    says: `services.ftp.onePacket = true: is for UDP, and the protocol is tcp
  → take it out, or set \`protocol: "udp"\``,
  },
  {
    title: 'segment size without a tunnel',
    put: { 'services.ftp.mss': 1400 },
    says: `services.ftp.mss = 1400: is for TCP by a tunnel, and the service is tcp by dr
  → take it out: without a tunnel packets arrive as they are`,
  },
  {
    title: 'flag of another scheduler',
    put: { 'services.ftp.scheduler': 'sh', 'services.ftp.schedulerFlags': ['sh-port', 'mh-port'] },
    says: `services.ftp.schedulerFlags[1] = "mh-port": is a flag of mh, and the scheduler is sh
  → take it out, or use scheduler mh`,
  },
  {
    title: 'flag that there is not',
    put: { 'services.ftp.scheduler': 'sh', 'services.ftp.schedulerFlags': ['sh-prt'] },
    says: `services.ftp.schedulerFlags[0] = "sh-prt": unknown scheduler flag
  → did you mean "sh-port"? (use one of: sh-port, sh-fallback, mh-port, mh-fallback)`,
  },
  {
    title: 'prefix length as the netmask of IPv4',
    put: { 'services.ftp.persistence': { seconds: 300, netmask: 24 } },
    says: `services.ftp.persistence.netmask = 24: is for IPv6, and the VIP is IPv4
  → write a netmask: "255.255.255.0"`,
  },
  {
    title: 'netmask of IPv4 for IPv6',
    put: {
      'hosts.d6': { address: 'fd00::1' },
      'hosts.r6': { address: 'fd00::2' },
      'services.six': {
        vip: 'fd00::100',
        port: 80,
        persistence: { seconds: 300, netmask: '255.255.255.0' },
        directors: ['d6'],
        realServers: [{ host: 'r6' }],
      },
    },
    says: `services.six.persistence.netmask = "255.255.255.0": is for IPv4, and the VIP is IPv6
  → write a prefix length, as a number: 64`,
  },
  {
    title: 'netmask with holes',
    put: { 'services.ftp.persistence': { seconds: 300, netmask: '255.0.255.0' } },
    says: `services.ftp.persistence.netmask = "255.0.255.0": is not a netmask
  → write one of IPv4 as "255.255.255.0"; of IPv6 a prefix length as a number, 64`,
  },
  {
    title: 'misspelt key of persistence, and too long a time',
    put: { 'services.ftp.persistence': { seconds: 2678401, netmsk: '255.255.255.0' } },
    says: `services.ftp.persistence.seconds = 2678401: is out of range, 1 to 2678400
  → Seconds for which a client stays, 1 to 2678400 (31 days).
services.ftp.persistence.netmsk = "255.255.255.0": unknown key
  → did you mean "netmask"?`,
  },
  {
    title: 'persistence as text',
    put: { 'services.ftp.persistence': '300' },
    says: `services.ftp.persistence = "300": is of the wrong type
  → Seconds for which a client stays with its real server, 1 to 2678400 (31 days), or an object that says more. None by default.`,
  },
  {
    title: 'SIP over TCP',
    put: { 'services.ftp.persistence': { seconds: 60, engine: 'sip' } },
    says: `services.ftp.persistence.engine = "sip": reads SIP over UDP, and the protocol is tcp
  → take it out, or set \`protocol: "udp"\``,
  },
  {
    title: 'lower threshold above the upper one, and one alone',
    put: {
      'services.ftp.realServers.0': { host: 'rs1', upperThreshold: 10, lowerThreshold: 11 },
      'services.ftp.realServers.1': { host: 'rs2', lowerThreshold: 5 },
    },
    says: `services.ftp.realServers[0].lowerThreshold = 11: is above upperThreshold, 10
  → raise upperThreshold, or lower this one
services.ftp.realServers[1].lowerThreshold = 5: stands there without upperThreshold
  → add an upperThreshold of 5 or more, or take it out`,
  },
  {
    title: 'tunnel of a service without one',
    put: { 'services.ftp.realServers.0.tunnel': { type: 'gre' } },
    says: `services.ftp.realServers[0].tunnel = {"type":"gre"}: is for forwarding tun, and the service has dr
  → take it out, or set \`forwarding: "tun"\``,
  },
  {
    title: 'tunnels that ipvsadm refuses',
    put: {
      'services.ftp.forwarding': 'tun',
      'services.ftp.realServers': [
        { host: 'rs1', tunnel: { type: 'gue' } },
        { host: 'rs2', tunnel: { type: 'gre', port: 6080, checksum: 'remote' } },
        { host: 'spare', tunnel: { type: 'ipip', checksum: 'full' } },
      ],
    },
    says: `services.ftp.realServers[0].tunnel.port: is missing, and gue travels in UDP
  → write the UDP port that the real server opens for it, for example 6080
services.ftp.realServers[1].tunnel.port = 6080: is for gue, and the tunnel is gre
  → take it out, or use type gue
services.ftp.realServers[1].tunnel.checksum = "remote": is for gue, and the tunnel is gre
  → write "full" or "none"
services.ftp.realServers[2].tunnel.checksum = "full": is for gue and gre: ipip has no checksum
  → take it out, or use type gue or gre`,
  },
  {
    title: 'tunnel of Linux to another system',
    put: {
      'hosts.rs2.os': 'freebsd',
      'services.ftp.forwarding': 'tun',
      'services.ftp.realServers.1.tunnel': { type: 'gue', port: 6080 },
    },
    says: `services.ftp.realServers[1].tunnel.type = "gue": is for Linux, and rs2 runs FreeBSD
  → take \`tunnel\` out, for ipip`,
  },
  {
    title: 'second address that is none',
    put: {
      'hosts.rs1.address6': '10.83.33.77',
      'hosts.rs2.address6': 'fd00::2',
      'hosts.rs2.address': 'fd00::3',
    },
    says: `hosts.rs1.address6 = "10.83.33.77": is an IPv4 address
  → write an IPv6 address; the IPv4 one is \`address\`
hosts.rs2.address6 = "fd00::2": stands beside an IPv6 \`address\`
  → write the IPv4 address there, or take this out
services.ftp.realServers[1].host = "rs2": has an IPv6 address, but the VIP is IPv4
  → give VIP, directors and real servers addresses of one family`,
  },
  {
    title: 'second address that another host has, or a VIP',
    put: {
      'hosts.rs1.address6': 'fd00::2',
      'hosts.rs2.address6': 'fd00:0::2/64',
      'hosts.director.address6': 'fd00::83',
      'services.six': { vip: 'fd00::2', port: 21, directors: ['director'], realServers: [{ host: 'rs1' }] },
    },
    says: `hosts.rs2.address6 = "fd00:0::2/64": is the address of host rs1 too
  → give each host an address of its own
services.six.vip = "fd00::2": is the address of host rs1
  → a VIP is an address that no host has of its own
services.six.vip = "fd00::2": is the address of host rs2
  → a VIP is an address that no host has of its own`,
  },
  {
    title: 'gateway and masquerading without NAT',
    put: { 'services.ftp.gateway': false, 'services.ftp.masquerade': 'clients' },
    says: `services.ftp.gateway = false: is for nat, and forwarding is dr
  → take it out
services.ftp.masquerade = "clients": is for nat, and forwarding is dr
  → take it out`,
  },
  {
    title: 'gateway that real servers can’t reach',
    put: { 'services.ftp.forwarding': 'nat', 'services.ftp.gateway': '10.83.34.1' },
    says: `services.ftp.gateway = "10.83.34.1": lies outside the network of rs1 (10.83.33.0/24), which could not reach it without another gateway
  → write an address of the director in 10.83.33.0/24
services.ftp.gateway = "10.83.34.1": lies outside the network of rs2 (10.83.33.0/24), which could not reach it without another gateway
  → write an address of the director in 10.83.33.0/24`,
  },
  {
    title: 'gateway that is a real server, or of another family, or none',
    put: {
      'services.ftp.forwarding': 'nat',
      'services.ftp.gateway': '10.83.33.76',
      'services.b': {
        vip: '10.83.33.101',
        port: 80,
        forwarding: 'nat',
        gateway: 'fd00::1',
        directors: ['director'],
        realServers: [{ host: 'rs1' }],
      },
      'services.c': {
        vip: '10.83.33.102',
        port: 80,
        forwarding: 'nat',
        gateway: '224.0.0.1',
        directors: ['director'],
        realServers: [{ host: 'rs1' }],
      },
    },
    says: `services.ftp.gateway = "10.83.33.76": is the address of real server rs1
  → write an address that the director holds
services.b.gateway = "fd00::1": is IPv6, but the VIP is IPv4
  → write an IPv4 address
services.c.gateway = "224.0.0.1": is no gateway’s address (multicast)
  → write an address that the director holds`,
  },
  {
    title: 'timeouts and sync out of range',
    put: { ipvs: { timeouts: { tcp: 0 }, sync: { id: 256, group: '10.83.33.83' } } },
    says: `ipvs.timeouts.tcp = 0: is out of range, 1 to 2147483
  → Of an idle TCP connection. 900 in the kernel.
ipvs.sync.id = 256: is out of range, 1 to 255
  → Tells clusters on one network apart, 1 to 255. 1 by default.
ipvs.sync.group = "10.83.33.83": is not a multicast address
  → write one as 224.0.0.81 or ff02::81`,
  },
  {
    title: 'option whose value 2.4 would carry out',
    put: {
      kernelProfiles: { uml: { ...ownKernel(), options: { CMDLINE: '$(reboot)', OTHER: '`reboot`' } } },
    },
    says: `kernelProfiles.uml.options.CMDLINE = "$(reboot)": is no value of a kernel’s option
  → write y, m, n, a number, or a text without quotes, backslashes, "$" and backquotes
kernelProfiles.uml.options.OTHER = "\`reboot\`": is no value of a kernel’s option
  → write y, m, n, a number, or a text without quotes, backslashes, "$" and backquotes`,
  },
  {
    title: 'as many real servers to stay as there are',
    put: { 'services.ftp.minAvailable': 2 },
    says: `services.ftp.minAvailable = 2: means that none of the 2 real servers can ever be taken out
  → write 1 or less`,
  },
  {
    title: 'a share of real servers to stay that rounds up to all',
    put: { 'services.ftp.minAvailable': '51%' },
    says: `services.ftp.minAvailable = "51%": means, 2, that none of the 2 real servers can ever be taken out
  → write 1 or less`,
  },
  {
    title: 'the only real server to stay',
    put: { 'services.ftp.realServers': [{ host: 'rs1' }], 'services.ftp.minAvailable': 1 },
    says: `services.ftp.minAvailable = 1: means that none of the one real server can ever be taken out
  → write 0, which allows the service to be without real servers for a while, or add a real server`,
  },
  {
    title: 'a share to stay that is none',
    put: { 'services.ftp.minAvailable': 'half' },
    says: `services.ftp.minAvailable = "half": is not a share
  → write a whole number, or a share from "0%" to "100%"`,
  },
];
