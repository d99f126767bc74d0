import { type FaultGroup, on, until } from './fault.js';

/** Of the lab: NAT to rs1 at .100, tunnels to rs2 at .101, by mark and direct routing to rs2 at .102, and to `old`, which is not there. */
export const director = '10.85.1.10';
export const tunnelVip = '10.85.1.101';
export const old = '10.85.1.13';
export const udp = 7007;
export const mark = 5;
/** Datagrams of which more than 2048, from which on 256 chains are too few, are connections: some take a port again, some may get lost. */
const many = 3000;

const conf = '/proc/sys/net/ipv4/conf';
const router = '10.85.1.254';
/** /proc/net/udp has the address as the machine has it in memory. */
const boundToVip = `grep -q ': 6501550A:${udp.toString(16).toUpperCase()} ' /proc/net/udp`;

export const FORWARDING_FAULTS: readonly FaultGroup[] = [
  {
    faults: [
      {
        name: 'packets that nobody marks any more',
        put: on('director', 'iptables-legacy -t mangle -F LVSCTL-MARKS'),
        found: ['packet-marks@director'],
      },
      {
        name: 'a real server of LVS-NAT that answers by another router',
        put: on('rs1', `ip route replace default via ${router}`),
        found: ['nat-gateway@rs1'],
      },
      {
        name: 'a strict source check where packets come out of the tunnel',
        put: on('rs2', `echo 1 > ${conf}/tunl0/rp_filter`),
        found: ['tunnel-rp-filter@rs2'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'a director that shows its neighbours a way around itself',
        put: on('director', `echo 1 > ${conf}/all/send_redirects`),
        found: ['nat-redirects@director'],
      },
      {
        name: 'a real server that does not say what fits the tunnel',
        put: on('rs2', 'iptables-legacy -t mangle -F LVSCTL-MSS'),
        found: ['tunnel-mtu@rs2'],
      },
      {
        name: 'a packet filter that drops the tunnel’s packets',
        put: on('rs2', 'iptables-legacy -I INPUT -p 4 -j DROP'),
        found: ['server-filter@rs2'],
        after: on('rs2', 'iptables-legacy -F INPUT; modprobe -r iptable_filter'),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a director that does not forward',
        put: on('director', 'echo 0 > /proc/sys/net/ipv4/ip_forward'),
        found: ['ip-forward@director'],
      },
      {
        name: 'a UDP program that listens on every address',
        put: on(
          'rs2',
          `systemctl stop responder; rm -f /tmp/bound
          setsid perl -MIO::Socket::IP -e '$s = IO::Socket::IP->new(LocalHost => "0.0.0.0", LocalPort => ${udp}, Proto => "udp") or die; open F, ">/tmp/bound"; sleep 3600' >/dev/null 2>&1 &
          echo $! > /tmp/udp.pid; ${until('[ -e /tmp/bound ]')}`,
        ),
        found: ['udp-source@rs2'],
        undo: on('rs2', `kill $(cat /tmp/udp.pid); systemctl start responder; ${until(boundToVip)}`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'nobody who takes packets out of the tunnel',
        put: on('rs2', `rmmod ipip && ip addr add ${tunnelVip}/32 dev lo`),
        found: ['tunnel-device@rs2'],
      },
      {
        name: 'connections that are tracked beside IPVS',
        put: on(
          'director',
          `iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j ACCEPT
          ${until('{ echo tracked; [ $(cat /proc/sys/net/netfilter/nf_conntrack_count) -gt 0 ]; }')}`,
        ),
        found: ['nat-conntrack@director'],
      },
      {
        name: 'a connection table of few chains',
        put: {
          client: `for n in $(seq ${many}); do exec {fd}>/dev/udp/${tunnelVip}/${udp}; echo hello >&$fd; exec {fd}>&-; done`,
        },
        found: ['table-size@director'],
        after: on(
          'director',
          `iptables-legacy -F INPUT; modprobe -r iptable_filter; modprobe -r xt_conntrack; ipvsadm -C
          rmmod $(sed -n 's/^\\(ip_vs_[a-z]*\\) .*/\\1/p' /proc/modules) && rmmod ip_vs && rmmod nf_conntrack && /bin/sh /etc/lvsctl/director.sh`,
        ),
      },
    ],
  },
  {
    whole: true,
    faults: [
      {
        name: 'a host that lvsctl does not log in to, and that serves',
        put: {
          rs2: `ip addr add ${old}/24 dev eth0`,
          director: `ipvsadm -a -f ${mark} -r ${old} -g -w 1`,
        },
        found: [],
        undo: on('rs2', `ip addr del ${old}/24 dev eth0`),
      },
    ],
  },
  {
    whole: true,
    faults: [
      {
        name: 'a host that lvsctl does not log in to, and that serves nobody',
        put: {},
        found: ['foreign-system@old'],
        undo: on('director', `ipvsadm -d -f ${mark} -r ${old}`),
      },
    ],
  },
  {
    probes: ['rs2'],
    faults: [
      {
        name: 'a client of LVS-NAT in the real servers’ own network',
        put: {},
        found: ['nat-on-link@rs1', 'probe-is-party@rs2'],
        undo: {},
      },
    ],
  },
];
