import { type Fault, type FaultGroup, hold, letGo, listening, on, until } from './fault.js';

const vip = '10.83.33.100';
const ftp = `-t ${vip}:21`;
const sshVip = '10.83.33.101';
const ssh = `-t ${sshVip}:22`;
const conf = '/proc/sys/net/ipv4/conf';
const vs = '/proc/sys/net/ipv4/vs';
const drop = `iptables-legacy -I INPUT -d ${vip} -p tcp --dport 21 -j DROP`;
const undrop = 'iptables-legacy -F INPUT; modprobe -r iptable_filter';
const raw = (command: string) => `iptables-legacy -t raw ${command} PREROUTING`;
const forget = `ip neigh del ${vip} dev eth0 2>/dev/null; :`;
const silence = `echo 0 > ${conf}/all/arp_ignore; echo 0 > ${conf}/eth0/arp_ignore`;
/** systemd does not wait until vsftpd listens. */
const startFtp = `systemctl restart vsftpd; ${until(listening(21))}`;
/** Of all connections lvsctl's own is tracked, and there is room for no other; the client's are let past, and so still work. */
const trackedFull = `${raw('-I')} -s 10.83.33.50 -j CT --notrack
  iptables-legacy -t raw -I OUTPUT -d 10.83.33.50 -j CT --notrack
  iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j ACCEPT
  echo 65536 > /proc/sys/net/netfilter/nf_conntrack_max
  ${until('{ echo tracked; sleep 1; echo tracked; [ $(cat /proc/sys/net/netfilter/nf_conntrack_count) -gt 0 ]; }')}
  echo 1 > /proc/sys/net/netfilter/nf_conntrack_max`;
const trackNothing = `${undrop}; iptables-legacy -t raw -F; modprobe -r iptable_raw`;

/** Services of the lab: ftp at 10.83.33.100:21, wrr 3:1; ssh at 10.83.33.101:22, persistent, a whole /24 being one client. */
export const ROUTING_FAULTS: readonly FaultGroup[] = [
  {
    faults: [
      {
        name: 'no VIP on the director',
        put: on('director', `ip addr del ${vip}/32 dev eth0`),
        found: ['director-vip@director'],
      },
      { name: 'a small MTU', put: on('rs2', 'ip link set dev eth0 mtu 1400'), found: ['mtu@rs2'] },
      {
        name: 'a real server’s script that is not run at boot',
        put: on('rs1', 'systemctl disable lvsctl-realserver.service'),
        found: ['boot-server@rs1'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'no service in the table',
        put: on('director', `ipvsadm -D ${ftp}`),
        found: ['service-missing@director'],
      },
      {
        name: 'a director’s script that is not run at boot',
        put: on('director', 'systemctl disable lvsctl-director.service'),
        found: ['boot-director@director'],
      },
      {
        name: 'a director that remembers another host for a real server',
        put: on('director', 'ip neigh replace 10.83.33.2 lladdr 02:00:00:00:00:99 dev eth0 nud permanent'),
        found: ['stale-arp-director@director'],
      },
      {
        name: 'ports that are used again',
        put: on('director', `echo 0 > ${vs}/conn_reuse_mode`),
        found: ['conn-reuse@director'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'a real server that is not in the table',
        put: on('director', `ipvsadm -d ${ftp} -r 10.83.33.2:21`),
        found: ['server-missing@director'],
      },
      {
        name: 'another weight',
        put: on('director', `ipvsadm -e ${ftp} -r 10.83.33.76:21 -g -w 1`),
        found: ['weight-differs@director'],
      },
      {
        name: 'a real server that nobody named',
        put: on('director', `ipvsadm -a ${ftp} -r 10.83.33.50:21 -g -w 1`),
        found: ['foreign-server@director'],
      },
      {
        name: 'a service of the VIP that nobody named',
        put: on('director', `ipvsadm -A -t ${vip}:8080 -s wlc`),
        found: ['foreign-service@director'],
      },
      {
        name: 'persistence that nobody asked for',
        put: on('director', `ipvsadm -E ${ftp} -s wrr -p 300`),
        found: ['persistence-differs@director'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'a threshold that is reached',
        put: {
          client: hold(vip, 21, 4),
          director: `ipvsadm -e ${ftp} -r 10.83.33.76:21 -g -w 3 -x 1`,
        },
        found: ['threshold-reached@director'],
        after: on('client', letGo),
      },
      {
        name: 'another scheduler',
        put: on('director', `ipvsadm -E ${ftp} -s rr`),
        found: ['scheduler-differs@director'],
      },
      {
        name: 'another forwarding method',
        put: on('director', `ipvsadm -e ${ftp} -r 10.83.33.2:21 -m -w 1`),
        found: ['forwarding-differs@director'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'all weights 0',
        put: on(
          'director',
          `ipvsadm -e ${ftp} -r 10.83.33.76:21 -g -w 0; ipvsadm -e ${ftp} -r 10.83.33.2:21 -g -w 0`,
        ),
        found: ['weights-zero@director', 'weight-differs@director', 'weight-differs@director'],
      },
      {
        name: 'a real server that asks by ARP in the name of the VIP',
        put: on('rs2', `echo 0 > ${conf}/all/arp_announce; echo 0 > ${conf}/eth0/arp_announce`),
        found: ['arp-announce@rs2'],
      },
      {
        name: 'a defence against floods that is always at work',
        put: on('director', `echo 3 > ${vs}/drop_entry`),
        found: ['syn-defence@director'],
        after: on('director', `echo 0 > ${vs}/drop_entry`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a scheduler whose module is gone, as after an update of the kernel',
        put: on('director', `ipvsadm -D ${ftp} && rmmod ip_vs_wrr && mount -t tmpfs none /lib/modules`),
        found: ['scheduler-module@director'],
        undo: on('director', 'umount /lib/modules; /bin/sh /etc/lvsctl/director.sh'),
      },
    ],
  },
  {
    faults: [
      {
        name: 'ip_vs is not loaded',
        put: on(
          'director',
          "ipvsadm -C; rmmod $(sed -n 's/^\\(ip_vs_[a-z]*\\) .*/\\1/p' /proc/modules) && rmmod ip_vs",
        ),
        found: ['ip-vs@director'],
        undo: on('director', '/bin/sh /etc/lvsctl/director.sh && ipvsadm --set 0 5 0'),
      },
      {
        name: 'a wide mask on lo',
        put: on('rs1', `ip addr add ${vip}/31 dev lo && ip addr del ${vip}/32 dev lo`),
        found: ['vip-mask@rs1'],
        undo: on('rs1', `ip addr del ${vip}/31 dev lo && ip addr add ${vip}/32 dev lo label lo:100`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'no ipvsadm',
        put: on('director', 'mv /sbin/ipvsadm /sbin/ipvsadm.off'),
        found: ['ipvsadm@director'],
        undo: on('director', 'mv /sbin/ipvsadm.off /sbin/ipvsadm'),
      },
      {
        name: 'no VIP on a real server',
        put: on('rs2', `ip addr del ${vip}/32 dev lo`),
        found: ['server-vip@rs2'],
        undo: on('rs2', `ip addr add ${vip}/32 dev lo label lo:100`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a wide mask on lo, and what mends it',
        put: on('rs2', `ip addr add ${vip}/31 dev lo && ip addr del ${vip}/32 dev lo`),
        found: ['vip-mask@rs2'],
      },
      {
        name: 'no VIP on a real server, and what mends it',
        put: on('rs1', `ip addr del ${vip}/32 dev lo`),
        found: ['server-vip@rs1'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'a packet filter on the director',
        put: on('director', drop),
        found: ['director-filter@director'],
        after: on('director', undrop),
      },
      {
        name: 'a packet filter on a real server',
        put: on('rs1', drop),
        found: ['server-filter@rs1'],
        after: on('rs1', undrop),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a director that does not answer ARP',
        put: {
          director: `ip addr add ${vip}/32 dev lo; ip addr del ${vip}/32 dev eth0; echo 1 > ${conf}/eth0/arp_ignore`,
          client: forget,
        },
        found: ['director-arp@director'],
        after: {
          director: `/bin/sh /etc/lvsctl/director.sh; ip addr del ${vip}/32 dev lo`,
          client: forget,
        },
      },
      {
        name: 'a server that does not run',
        put: on('rs2', 'systemctl stop vsftpd'),
        found: ['listener@rs2'],
        undo: on('rs2', startFtp),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a real server that answers ARP',
        put: on('rs1', silence),
        found: ['arp-answer@rs1', 'arp-answer@rs1'],
        after: on('client', `${forget}; ip neigh del 10.83.33.101 dev eth0 2>/dev/null; :`),
      },
      {
        name: 'a server bound to its own address',
        put: on('rs2', `echo listen_address=10.83.33.2 >> /etc/vsftpd.conf; ${startFtp}`),
        found: ['listener-address@rs2'],
        undo: on('rs2', `sed -i /listen_address/d /etc/vsftpd.conf; ${startFtp}`),
      },
    ],
  },
  {
    probes: [],
    faults: [
      {
        name: 'a real server that would answer ARP, seen from nowhere',
        put: on('rs1', silence),
        found: ['arp-ignore@rs1'],
        after: on('client', `${forget}; ip neigh del 10.83.33.101 dev eth0 2>/dev/null; :`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a client that remembers another host for the VIP',
        put: on(
          'client',
          `ip neigh replace ${vip} lladdr $(sed -n 's/^10.83.33.2 .* \\(..:..:..:..:..:..\\) .*/\\1/p' /proc/net/arp) dev eth0 nud permanent`,
        ),
        found: ['stale-arp@client'],
      },
      {
        name: 'the director as gateway',
        put: on('rs1', 'ip route replace default via 10.83.33.83'),
        found: ['dr-gateway@rs1'],
        after: on('rs1', 'ip route add default via 10.83.33.254'),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a router on the way to a real server',
        put: on('director', 'ip route add 10.83.33.2/32 via 10.83.33.76'),
        found: ['dr-link@director'],
        undo: on('director', 'ip route del 10.83.33.2/32'),
      },
      {
        name: 'a strict source check, and the way back by another NIC',
        put: on(
          'rs1',
          `ip link add other type dummy; ip link set other up; ip route add 10.83.33.50/32 dev other
          echo 1 > ${conf}/all/rp_filter; echo 1 > ${conf}/eth0/rp_filter`,
        ),
        found: ['rp-filter@rs1'],
        after: on(
          'rs1',
          `ip link del other; echo 0 > ${conf}/all/rp_filter; echo 0 > ${conf}/eth0/rp_filter`,
        ),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a full table of tracked connections on a real server',
        put: on('rs2', trackedFull),
        found: ['conntrack-server@rs2'],
        after: on('rs2', trackNothing),
      },
      {
        name: 'a full table of tracked connections on the director',
        put: on('director', trackedFull),
        found: ['conntrack-director@director'],
        after: on('director', trackNothing),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a drained real server that keeps its persistent clients',
        put: on(
          'director',
          `echo 0 > ${vs}/expire_quiescent_template; ipvsadm -e ${ssh} -r 10.83.33.76:22 -g -w 0`,
        ),
        found: ['weight-differs@director', 'quiescent-template@director'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'connections of a real server that is gone',
        put: {
          client: hold('10.83.33.101', 22, 1),
          director: `echo 0 > ${vs}/expire_nodest_conn
            rip=$(ipvsadm -Lcn | sed -n 's/.*ESTABLISHED.* 10.83.33.101:22 *\\(.*\\):22.*/\\1/p' | head -n 1)
            ipvsadm -d ${ssh} -r $rip:22`,
        },
        found: ['dead-destination@director', 'server-missing@director'],
        after: on('client', letGo),
      },
    ],
  },
  {
    probes: ['rs1'],
    faults: [
      {
        name: 'a probe host that is a real server',
        put: {},
        found: ['probe-is-party@rs1'],
        undo: {},
      },
    ],
  },
  {
    faults: [
      {
        name: 'what a real server does with packets to the VIP before any list of rules that diagnose reads',
        put: on('rs2', `${raw('-I')} -d ${vip} -p tcp --dport 21 -j DROP`),
        found: ['at-vip@rs2'],
        undo: on('rs2', `${raw('-F')}; modprobe -r iptable_raw`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'a real server that drops what the client sends to its own address',
        put: on('rs2', `${raw('-I')} -s 10.83.33.50 -d 10.83.33.2 -p tcp --dport 21 -j DROP`),
        found: ['not-serving@rs2'],
        undo: on('rs2', `${raw('-F')}; modprobe -r iptable_raw`),
      },
    ],
  },
  {
    faults: [
      {
        name: 'something that no check knows: a packet filter on the client',
        put: on('client', `iptables-legacy -I OUTPUT -d ${vip} -p tcp -j DROP`),
        found: ['unexplained@client'],
        undo: on('client', 'iptables-legacy -F OUTPUT; modprobe -r iptable_filter'),
      },
    ],
  },
  {
    faults: [
      {
        // Fewer than the ten logins under way at which an sshd begins to refuse some (MaxStartups): lvsctl logs in there too.
        name: 'a persistence for which all clients are one',
        put: on(
          'client',
          `ip addr add 10.83.33.51/24 dev eth0
          ip route add 10.83.33.101/32 dev eth0 src 10.83.33.51
          ( ${hold('10.83.33.101', 22, 4)} ) || exit
          ip route del 10.83.33.101/32
          cp /tmp/held /tmp/held.2
          ${hold('10.83.33.101', 22, 4)}`,
        ),
        found: ['persistence-one-sided@director'],
        undo: {
          // They are ended before their address goes: the director hears of the end from nobody else.
          client: `held=$(cat /tmp/held /tmp/held.2); kill $held; ${until('! kill -0 $held 2>/dev/null')}; ip addr del 10.83.33.51/24 dev eth0`,
          // What they have used lies in the table for a while, and its template for a minute more.
          director: until(`! ipvsadm -Lcn | grep -v ':0 ' | grep -q ' ${sshVip}:22 '`),
        },
      },
    ],
  },
];

/** The ways in to two of them are shut. */
export const SHUT: Fault = {
  name: 'hosts that can’t be reached',
  put: {
    rs2: 'systemctl stop ssh.socket ssh.service',
    director: 'systemctl stop ssh.socket ssh.service',
  },
  found: ['unreachable@director', 'server-unreachable@rs2'],
  undo: { rs2: 'systemctl start ssh.socket', director: 'systemctl start ssh.socket' },
};

/** Advice that a sound cluster of this kind is given: its FTP service has no data connections. */
export const ROUTING_ADVICE = ['ftp-passive'];
