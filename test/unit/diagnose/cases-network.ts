import { ftp } from './observed.js';
import { backByDirector, type Case, dr, masq, nat, natServers, tun, tunnelled, two } from './setups.js';

export const NETWORK_CASES: readonly Case[] = [
  [
    'the director as gateway',
    { on: { rs1: [['evidence', 'FE21530A', '5321530A']] } },
    ['dr-gateway@rs1: rs1# ip route del default via 10.83.33.83'],
  ],
  [
    'a router between',
    {
      on: {
        director: [
          ['routes', 'eth0\t0021530A', 'eth0\t0221530A\t0121530A\t0007\t0\t0\t0\tFFFFFFFF\neth0\t0021530A'],
        ],
      },
    },
    ["dr-link@director: services.ftp.forwarding = 'tun' (or 'nat')"],
  ],
  [
    'a strict source check and another way back',
    {
      on: {
        rs1: [
          ['evidence', 'all/rp_filter:0', 'all/rp_filter:1'],
          ['routes', 'eth0\t0021530A', 'eth1\t3221530A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\neth0\t0021530A'],
        ],
      },
    },
    ['rp-filter@rs1: rs1# echo 2 > /proc/sys/net/ipv4/conf/eth0/rp_filter'],
  ],
  [
    'a loose source check and another way back',
    {
      on: {
        rs1: [
          ['evidence', 'all/rp_filter:0', 'all/rp_filter:1'],
          ['evidence', 'eth0/rp_filter:0', 'eth0/rp_filter:2'],
          ['routes', 'eth0\t0021530A', 'eth1\t3221530A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\neth0\t0021530A'],
        ],
      },
    },
    [],
  ],
  [
    'a small MTU',
    { on: { rs2: [['evidence', 'mtu 1500', 'mtu 1400']] } },
    ['mtu@rs2: rs2# ip link set dev eth0 mtu 1500'],
  ],
  [
    'no tunnel device',
    { cluster: tun, on: tunnelled },
    [
      'tunnel-device@rs1: lvsctl provision inventory.ts --limit rs1',
      'tunnel-device@rs2: lvsctl provision inventory.ts --limit rs2',
    ],
  ],
  [
    'a strict source check on the tunnel',
    {
      cluster: tun,
      on: {
        ...tunnelled,
        rs1: [
          ['evidence', 'all/rp_filter:0', 'tunl0/rp_filter:1'],
          ['evidence', '== conf', '3: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480\n== conf'],
        ],
        rs2: [['evidence', '== conf', '3: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480\n== conf']],
      },
    },
    ['tunnel-rp-filter@rs1: rs1# echo 2 > /proc/sys/net/ipv4/conf/tunl0/rp_filter'],
  ],
  [
    'a loose source check on a tunnel without an address',
    {
      cluster: tun,
      on: {
        ...tunnelled,
        rs1: [
          ['evidence', 'all/rp_filter:0', 'all/rp_filter:2'],
          ['evidence', '== conf', '3: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480\n== conf'],
        ],
        rs2: [
          ['evidence', 'all/rp_filter:0', 'all/rp_filter:2'],
          [
            'evidence',
            '== conf',
            '3: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480\n    inet 10.83.33.100/32 scope global tunl0:100\n== conf',
          ],
        ],
      },
    },
    [
      'tunnel-rp-filter@rs1: rs1# ip addr add 10.83.33.100/32 dev tunl0 label tunl0:100 && ip addr del 10.83.33.100/32 dev lo',
    ],
  ],
  [
    'UDP, bound to the VIP on one real server only',
    {
      cluster: dr({ protocol: 'udp' }),
      on: {
        director: [
          ['evidence', 'TCP  0A532164:0015', 'UDP  0A532164:0015'],
          ['table', /TCP {2}10.83.33.100:21/g, 'UDP  10.83.33.100:21'],
        ],
        rs1: [['evidence', 'family udp\n', 'family udp\n 17: 00000000:0015 00000000:0000 07\n']],
        rs2: [['evidence', 'family udp\n', 'family udp\n 17: 6421530A:0015 00000000:0000 07\n']],
      },
    },
    [],
  ],
  [
    'keepalived that does not run',
    { cluster: two, like: { lvs2: 'client' }, on: { lvs2: [['keepalived process', 'runs', 'absent']] } },
    ['keepalived-down@lvs2: lvs2# systemctl start keepalived'],
  ],
  [
    'a packet filter that lets no VRRP in, and so two directors with the VIP',
    {
      cluster: two,
      like: { lvs2: 'director' },
      on: {
        lvs2: [
          [
            'packet filter',
            '',
            '@@ iptables iptables\n*filter\n:INPUT DROP [0:0]\n[9:540] -A INPUT -p tcp -j ACCEPT\nCOMMIT\n',
          ],
        ],
      },
    },
    [
      'vrrp-filter@lvs2: lvs2# iptables -I INPUT -d 10.83.33.84 -p 112 -j ACCEPT',
      'split-brain@lvs2: lvs2# systemctl restart keepalived',
    ],
  ],
  [
    'checks whose answers are dropped',
    {
      cluster: {
        keepalived: {},
        services: [
          {
            ...ftp,
            checks: [{ type: 'tcp', everySeconds: 2, timeoutSeconds: 2, retries: 1, retrySeconds: 1 }],
          },
        ],
      },
      on: {
        director: [
          ['evidence', '== conf\n', '== conf\nall/accept_local:0\neth0/accept_local:0\n'],
          ['table', /(10.83.33.\d+:21 +Route +)\d/g, '10.83.33.76:21 Route 0'],
        ],
      },
    },
    [
      'weights-zero@director: director# journalctl -u keepalived -n 50 --no-pager',
      'accept-local@director: director# echo 1 > /proc/sys/net/ipv4/conf/eth0/accept_local',
    ],
  ],
  ['nothing wrong with LVS-NAT', { cluster: nat, on: { ...masq, ...natServers } }, []],
  [
    'LVS-NAT without forwarding',
    {
      cluster: nat,
      on: { ...natServers, director: (masq.director ?? []).filter(([, , to]) => !to.includes('forward')) },
    },
    ['ip-forward@director: director# echo 1 > /proc/sys/net/ipv4/ip_forward'],
  ],
  [
    'LVS-NAT with redirects',
    {
      cluster: nat,
      on: { ...natServers, director: (masq.director ?? []).filter(([, , to]) => !to.includes('redirects')) },
    },
    [
      'nat-redirects@director: director# echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects && echo 0 > /proc/sys/net/ipv4/conf/eth0/send_redirects',
    ],
  ],
  [
    'LVS-NAT with another gateway, and a client on the link',
    { cluster: nat, on: { ...masq, rs2: backByDirector } },
    [
      'nat-gateway@rs1: rs1# ip route replace default via 10.83.33.83',
      "nat-on-link@rs1: services.ftp.masquerade = 'clients'",
    ],
  ],
  [
    'LVS-NAT where connections are tracked',
    {
      cluster: nat,
      on: {
        ...masq,
        ...natServers,
        director: [...(masq.director ?? []), ['conntrack', '0 65536', '17 65536']],
      },
    },
    [],
  ],
  [
    'full conntrack',
    {
      on: { director: [['conntrack', '0 65536', '65500 65536']], rs1: [['conntrack', '0 0', '65536 65536']] },
    },
    [
      'conntrack-director@director: director# echo 262144 > /proc/sys/net/netfilter/nf_conntrack_max',
      'conntrack-server@rs1: rs1# echo 262144 > /proc/sys/net/netfilter/nf_conntrack_max',
    ],
  ],
  ['conntrack that is not full', { on: { director: [['conntrack', '0 65536', '6550 65536']] } }, []],
  [
    'a reused port',
    { on: { director: [['vs settings', 'conn_reuse_mode:1', 'conn_reuse_mode:0']] } },
    ['conn-reuse@director: director# echo 1 > /proc/sys/net/ipv4/vs/conn_reuse_mode'],
  ],
  [
    'defences',
    {
      on: {
        director: [
          ['vs settings', 'drop_packet:0', 'drop_packet:2'],
          ['vs settings', 'secure_tcp:0', 'secure_tcp:1'],
        ],
      },
    },
    ['syn-defence@director: director# echo 1 > /proc/sys/net/ipv4/vs/drop_packet'],
  ],
  [
    'a drained server of a persistent service',
    {
      on: {
        director: [
          ['table', '10.83.33.76:22               Route   1', '10.83.33.76:22               Route   0'],
        ],
      },
    },
    ['quiescent-template@director: director# echo 1 > /proc/sys/net/ipv4/vs/expire_quiescent_template'],
  ],
  [
    'connections to a server that is gone',
    {
      on: {
        director: [['connections', /$/, '3 one 0A532164 0015 0A532109 ESTABLISHED\n']],
      },
    },
    ['dead-destination@director: director# echo 1 > /proc/sys/net/ipv4/vs/expire_nodest_conn'],
  ],
  [
    'all clients as one',
    { on: { director: [['connections', '40 one', '40 several']] } },
    ["persistence-one-sided@director: services.ssh.persistence.netmask = '255.255.255.255'"],
  ],
  [
    'all clients as one now, another real server’s connections have ended',
    {
      on: {
        director: [
          ['connections', /^.* 0A532165 0016 .*\n/gm, ''],
          [
            'connections',
            /$/,
            '8 several 0A532165 0016 0A53214C ESTABLISHED\n5 one 0A532165 0016 0A532102 TIME_WAIT\n',
          ],
        ],
      },
    },
    ["persistence-one-sided@director: services.ssh.persistence.netmask = '255.255.255.255'"],
  ],
  [
    'a table that is too small',
    { on: { director: [['connections', 'total 82', 'total 33052']] } },
    ["table-size@director: director# echo 'options ip_vs conn_tab_bits=16' > /etc/modprobe.d/ip_vs.conf"],
  ],
  [
    'a director that another one has as a real server, by hand',
    {
      cluster: { ...two, ipvs: { sync: { id: 7 } } },
      like: { lvs2: 'director' },
      on: {
        director: [
          ['table', /10.83.33.2:21 /g, '10.83.33.84:21 '],
          ['evidence', '0A532102:0015', '0A532154:0015'],
          ['sync daemons', '', 'master sync daemon (mcast=eth0, syncid=7, maxlen=1472)\n'],
        ],
        lvs2: [
          ['evidence', / +inet 10.83.33.100\/32.*\n/, ''],
          ['sync daemons', '', 'backup sync daemon (mcast=eth0, syncid=7, maxlen=1472)\n'],
        ],
      },
    },
    [
      'backup-only@lvs2: lvs2# echo 1 > /proc/sys/net/ipv4/vs/backup_only',
      'foreign-server@director: director# ipvsadm -d -t 10.83.33.100:21 -r 10.83.33.84:21',
      'server-missing@director: director# ipvsadm -a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1',
    ],
  ],
  [
    'recycled TIME_WAIT',
    { on: { rs1: [['tcp settings', 'tcp_timestamps:1', 'tcp_tw_recycle:1\ntcp_timestamps:1']] } },
    ['tw-recycle@rs1: rs1# echo 0 > /proc/sys/net/ipv4/tcp_tw_recycle'],
  ],
  [
    'LVS-NAT whose director hides the clients',
    { cluster: dr({ forwarding: 'nat', masquerade: 'clients' }), on: masq },
    [],
  ],
  [
    'a probe host that is a real server',
    { cluster: { probes: ['rs1'] } },
    ['probe-is-party@rs1: probes = a host that is neither director nor real server of the service'],
  ],
  [
    'a probe host without arping and anything to connect with',
    { on: { client: [['traffic', /[\s\S]*/, 'client none\n']] } },
    [],
  ],
];
