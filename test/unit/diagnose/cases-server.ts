import { cluster } from './observed.js';
import type { Case } from './setups.js';

export const SERVER_CASES: readonly Case[] = [
  [
    'a real server that answers',
    {
      on: {
        rs1: [
          ['evidence', 'all/arp_ignore:1', 'all/arp_ignore:0'],
          ['evidence', 'eth0/arp_ignore:1', 'eth0/arp_ignore:0'],
        ],
        client: [
          [
            'traffic',
            'arp: Sent 4',
            'arp: Unicast reply from 10.83.33.100 [02:B9:8A:37:B0:A4]  1.630ms\narp: Sent 4',
          ],
        ],
      },
    },
    [
      'arp-answer@rs1: rs1# echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore && echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce',
      'arp-ignore@rs1: rs1# echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore && echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce',
    ],
  ],
  [
    'a machine that nobody knows',
    {
      on: {
        client: [
          [
            'traffic',
            'arp: Sent 4',
            'arp: Unicast reply from 10.83.33.100 [02:00:00:00:00:99]  1.630ms\narp: Sent 4',
          ],
        ],
      },
    },
    ['arp-answer@-: services.ftp.vip = an address that no other machine has'],
  ],
  [
    'a real server that would answer',
    {
      on: {
        rs1: [
          ['evidence', 'all/arp_ignore:1', 'all/arp_ignore:0'],
          ['evidence', 'eth0/arp_ignore:1', 'eth0/arp_ignore:0'],
        ],
      },
    },
    [
      'arp-ignore@rs1: rs1# echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore && echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce',
    ],
  ],
  [
    'a hidden real server',
    {
      on: {
        rs1: [
          ['evidence', /^\w+\/arp_\w+:\d\n/gm, ''],
          ['evidence', '== conf\n', '== conf\nall/hidden:1\nlo/hidden:1\n'],
        ],
      },
    },
    [],
  ],
  [
    'a real server that asks in the VIP’s name',
    {
      on: {
        rs1: [
          ['evidence', 'all/arp_announce:2', 'all/arp_announce:0'],
          ['evidence', 'eth0/arp_announce:2', 'eth0/arp_announce:1'],
        ],
      },
    },
    ['arp-announce@rs1: rs1# echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce'],
  ],
  [
    'a client that remembers another',
    {
      on: {
        client: [
          ['neighbours', /10.83.33.100 (.*)02:4f:ed:9c:e6:c7/, '10.83.33.100 0x1 0x6 02:c2:5c:89:52:6e'],
        ],
      },
    },
    ['stale-arp@client: client# ip neigh del 10.83.33.100 dev eth0'],
  ],
  [
    'a director that remembers another',
    { on: { director: [['neighbours', '02:c2:5c:89:52:6e', '02:00:00:00:00:99']] } },
    ['stale-arp-director@director: director# ip neigh del 10.83.33.2 dev eth0'],
  ],
  [
    'no VIP on a real server',
    { on: { rs2: [['evidence', / +inet 10.83.33.100\/32.*\n/, '']] } },
    ['server-vip@rs2: rs2# ip addr add 10.83.33.100/32 dev lo label lo:100'],
  ],
  [
    'no VIP on a real server of Red Hat 9',
    {
      on: {
        rs2: [
          ['evidence', / +inet 10.83.33.100\/32.*\n/, ''],
          ['evidence', '== tools\nip\nsystemctl\n', '== tools\n'],
        ],
      },
    },
    ['server-vip@rs2: rs2# ifconfig lo:100 10.83.33.100 broadcast 10.83.33.100 netmask 255.255.255.255 up'],
  ],
  [
    'a wide mask',
    { on: { rs2: [['evidence', '10.83.33.100/32', '10.83.33.100/24']] } },
    [
      'vip-mask@rs2: rs2# ip addr del 10.83.33.100/24 dev lo && ip addr add 10.83.33.100/32 dev lo label lo:100',
    ],
  ],
  [
    'no listener',
    { on: { rs2: [['evidence', /.*00000000:0015.*\n/, '']] } },
    ['listener@rs2: lvsctl provision inventory.ts --limit rs2'],
  ],
  [
    'no listener of what is not FTP',
    { on: { rs2: [['evidence', /.*0:0016 .*\n/g, '']] } },
    ['listener@rs2: (start the program that serves 22/tcp on rs2)'],
  ],
  [
    'a listener of its own address',
    { on: { rs2: [['evidence', '00000000:0015', '0221530A:0015']] } },
    ['listener-address@rs2: lvsctl provision inventory.ts --limit rs2'],
  ],
  [
    'a packet filter of a real server',
    {
      on: {
        rs1: [
          [
            'packet filter',
            '',
            '@@ iptables iptables-legacy\n*filter\n:INPUT DROP [0:0]\n[9:540] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n',
          ],
        ],
      },
    },
    ['server-filter@rs1: rs1# iptables-legacy -I INPUT -d 10.83.33.100 -p tcp --dport 21 -j ACCEPT'],
  ],
  [
    'rules that nobody understands, and a failure',
    {
      on: {
        rs1: [
          [
            'evidence',
            '== filter\n',
            '== filter\nChain INPUT (policy ACCEPT)\ntarget prot opt source destination\nDROP tcp -- 0.0.0.0/0 0.0.0.0/0 ipset\n',
          ],
        ],
        client: [['traffic', '= d0.0 open', '= d0.0 fail no answer within 3 s']],
      },
    },
    ['server-filter@rs1: (let 21/tcp to 10.83.33.100 and 10.83.33.76 in on rs1)'],
  ],
  [
    'a real server that does not serve, and nobody knows why',
    { on: { client: [['traffic', '= d0.0 open', '= d0.0 fail no answer within 3 s']] } },
    ['not-serving@rs1: lvsctl provision inventory.ts --limit rs1'],
  ],
  [
    'a real server that does not answer at the VIP, and nobody knows why',
    { on: { director: [['at the VIP', 'asked s1 accepted accepted - -', 'asked s1 - accepted echo echo']] } },
    ['at-vip@rs2: (let 21/tcp to 10.83.33.100 in on rs2)'],
  ],
  [
    'a connection that fails, and nobody knows why',
    { on: { client: [['traffic', '= v0 open', '= v0 fail Connection timed out']] } },
    ['unexplained@client: lvsctl verify inventory.ts --service ftp'],
  ],
  [
    'a real server of another system',
    {
      cluster: {
        hosts: new Map(
          [...cluster().hosts].map(([name, host]) => [
            name,
            name === 'rs2' ? { ...host, os: 'freebsd' as const } : host,
          ]),
        ),
      },
      on: { client: [['traffic', '= d0.1 open', '= d0.1 fail Connection refused']] },
    },
    ['foreign-system@rs2: lvsctl render inventory.ts rs2'],
  ],
  [
    'a script that does not run at boot',
    {
      on: {
        director: [['boot scripts', 'director:1', 'director:0']],
        rs1: [['boot scripts', 'realserver:1', 'realserver:0']],
      },
    },
    [
      'boot-director@director: director# systemctl enable lvsctl-director.service',
      'boot-server@rs1: rs1# systemctl enable lvsctl-realserver.service',
    ],
  ],
  [
    'the same on Red Hat 9',
    {
      on: {
        rs1: [
          ['boot scripts', 'realserver:1', 'realserver:0'],
          ['evidence', 'systemctl\n', ''],
        ],
      },
    },
    ['boot-server@rs1: lvsctl provision inventory.ts --limit rs1'],
  ],
];
