import { ftp, type Otherwise, ssh } from './observed.js';
import { type Case, dr, two } from './setups.js';

const marked = {
  cluster: dr({
    fwmark: 256,
    ports: [{ first: 21, last: 21 }],
    persistence: { seconds: 60 },
  }),
  on: {
    director: [
      ['evidence', 'TCP  0A532164:0015 wrr  \n', 'FWM  00000100 wrr persistent 6000 FFFFFFFF\n'],
      ['evidence', '0A532102:0015', '0A532102:0000'],
      ['evidence', '0A53214C:0015', '0A53214C:0000'],
      ['table', /TCP {2}10.83.33.100:21 wrr/g, 'FWM  256 wrr persistent 60'],
      ['table', /(10.83.33.\d+):21 /g, '10.83.33.2:0 '],
    ],
  },
} satisfies Otherwise;
const rules =
  '@@ iptables\nChain PREROUTING (policy ACCEPT)\ntarget     prot opt source               destination\nLVSCTL-MARKS  0    --  0.0.0.0/0            0.0.0.0/0\n\nChain LVSCTL-MARKS (1 references)\ntarget     prot opt source               destination\nMARK       tcp  --  0.0.0.0/0            10.83.33.100         tcp dpt:21 MARK set 0x100\n';

export const DIRECTOR_CASES: readonly Case[] = [
  ['packets that nobody marks', marked, ['packet-marks@director: director# /bin/sh /etc/lvsctl/director.sh']],
  [
    'packets that are marked',
    { ...marked, on: { director: [...marked.on.director, ['packet marks', '', rules]] } },
    [],
  ],
  ['nothing', {}, []],
  ['nothing, with a passive FTP service by mark', { cluster: { services: [ssh] } }, []],
  [
    'a director that can’t be reached',
    { unreachable: { director: 'connection refused' } },
    [
      'unreachable@director: (mend the login to director (`hosts.director.ssh` in the inventory), or the host)',
    ],
  ],
  [
    'a real server that can’t be reached',
    { unreachable: { rs2: 'connection refused' } },
    ['server-unreachable@rs2: (mend the login to rs2 (`hosts.rs2.ssh` in the inventory), or the host)'],
  ],
  [
    'no VIP',
    {
      on: {
        director: [['evidence', / +inet 10.83.33.100\/32.*\n/, '']],
        client: [['traffic', /^.*from 10.83.33.100.*\n/gm, '']],
      },
    },
    ['director-vip@director: director# ip addr add 10.83.33.100/32 dev eth0 label eth0:100'],
  ],
  [
    'no VIP, without ip(8)',
    {
      on: {
        director: [
          ['evidence', / +inet 10.83.33.100\/32.*\n/, ''],
          ['evidence', '== tools\nip\n', '== tools\n'],
        ],
        client: [['traffic', /^.*from 10.83.33.100.*\n/gm, '']],
      },
    },
    [
      'director-vip@director: director# ifconfig eth0:100 10.83.33.100 broadcast 10.83.33.100 netmask 255.255.255.255 up',
    ],
  ],
  [
    'no ip_vs',
    {
      on: {
        director: [
          ['evidence', /== table\n[^=]*/, '== table\n'],
          ['table', /[\s\S]*/, '@@ not loaded\n'],
          ['vs settings', /[\s\S]*/, 'unseen: ip_vs is not loaded\n'],
          ['connections', /[\s\S]*/, ''],
          ['banner', /kernel[\s\S]*/, ''],
        ],
      },
    },
    ['ip-vs@director: lvsctl provision inventory.ts --limit director'],
  ],
  [
    'no service',
    {
      on: {
        director: [
          ['evidence', /TCP {2}0A532164:0015 wrr {2}\n.*\n.*\n/, ''],
          ['table', /TCP {2}10.83.33.100:21 wrr\n.*\n.*\n/g, ''],
        ],
      },
    },
    ['service-missing@director: director# /bin/sh /etc/lvsctl/director.sh'],
  ],
  [
    'no service, where keepalived has the table of a single director',
    {
      cluster: { keepalived: {} },
      on: {
        director: [
          ['evidence', /TCP {2}0A532164:0015 wrr {2}\n.*\n.*\n/, ''],
          ['table', /TCP {2}10.83.33.100:21 wrr\n.*\n.*\n/g, ''],
        ],
      },
    },
    ['service-missing@director: lvsctl provision inventory.ts --limit director'],
  ],
  [
    'no module of the scheduler',
    {
      on: {
        director: [
          ['evidence', /TCP {2}0A532164:0015 wrr {2}\n.*\n.*\n/, ''],
          ['table', /TCP {2}10.83.33.100:21 wrr\n.*\n.*\n/g, ''],
          ['schedulers', 'wrr:1', 'wrr:0'],
        ],
      },
    },
    [
      'scheduler-module@director: services.ftp.scheduler = one of /lib/modules/RELEASE/kernel/net/netfilter/ipvs; or keep it, and install the modules of the running kernel',
    ],
  ],
  [
    'all weights 0',
    { on: { director: [['table', /(10.83.33.\d+:21 +Route +)\d/g, '10.83.33.9:21 Route 0']] } },
    ['weights-zero@director: director# ipvsadm -e -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3'],
  ],
  [
    'no real servers',
    { on: { director: [['table', / {2}-> 10.83.33.\d+:21 .*\n/g, '']] } },
    ['weights-zero@director: director# ipvsadm -a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3'],
  ],
  [
    'a threshold',
    {
      on: {
        director: [
          [
            'table',
            '10.83.33.2:21                0          0          0',
            '10.83.33.2:21                11         0          0',
          ],
        ],
      },
    },
    ['threshold-reached@director: director# ipvsadm -e -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1'],
  ],
  [
    'a threshold of the inventory',
    {
      cluster: dr({ realServers: ftp.realServers.map((one) => ({ ...one, upperThreshold: 11 })) }),
      on: {
        director: [
          [
            'table',
            '10.83.33.2:21                0          0          0',
            '10.83.33.2:21                11         0          0',
          ],
        ],
      },
    },
    [
      'threshold-reached@director: services.ftp.realServers[1].upperThreshold = more than 11, or one more real server',
    ],
  ],
  [
    'another scheduler',
    { on: { director: [['evidence', '0015 wrr', '0015 rr']] } },
    ['scheduler-differs@director: director# ipvsadm -E -t 10.83.33.100:21 -s wrr'],
  ],
  [
    'a server too few',
    { on: { director: [['evidence', /.*0A532102:0015 {6}Route.*\n/, '']] } },
    ['server-missing@director: director# ipvsadm -a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1'],
  ],
  [
    'another weight',
    { on: { director: [['evidence', '0A53214C:0015      Route   3', '0A53214C:0015      Route   5']] } },
    ['weight-differs@director: director# ipvsadm -e -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3'],
  ],
  [
    'another weight, as an operator has set it',
    {
      on: {
        director: [
          ['evidence', '0A53214C:0015      Route   3', '0A53214C:0015      Route   0'],
          ['table', '10.83.33.76:21               Route   3', '10.83.33.76:21               Route   0'],
          ['recorded weights', '', 'rs1 ftp 0 2026-11-25T16:40:00Z alice@ops1 disk\n'],
        ],
      },
    },
    [],
  ],
  [
    'another weight than an operator has set',
    {
      on: {
        director: [
          ['evidence', '0A53214C:0015      Route   3', '0A53214C:0015      Route   5'],
          ['table', '10.83.33.76:21               Route   3', '10.83.33.76:21               Route   5'],
          ['recorded weights', '', 'rs1 ftp 0 2026-11-25T16:40:00Z alice@ops1 disk\n'],
        ],
      },
    },
    ['weight-differs@director: director# ipvsadm -e -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3'],
  ],
  [
    'another weight, where keepalived has the table',
    {
      cluster: two,
      like: { lvs2: 'client' },
      on: { director: [['evidence', '0A53214C:0015      Route   3', '0A53214C:0015      Route   0']] },
    },
    [],
  ],
  [
    'another method',
    { on: { director: [['evidence', '0A532102:0015      Route', '0A532102:0015      Masq']] } },
    ['forwarding-differs@director: director# ipvsadm -e -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1'],
  ],
  [
    'a server too many',
    {
      on: {
        director: [
          [
            'evidence',
            '  -> 0A532102:0015',
            '  -> 0A532109:0015      Route   1      0          0\n  -> 0A532102:0015',
          ],
        ],
      },
    },
    ['foreign-server@director: director# ipvsadm -d -t 10.83.33.100:21 -r 10.83.33.9:21'],
  ],
  [
    'another persistence',
    {
      on: {
        director: [['table', 'TCP  10.83.33.100:21 wrr\n', 'TCP  10.83.33.100:21 wrr persistent 300\n']],
      },
    },
    ['persistence-differs@director: director# ipvsadm -E -t 10.83.33.100:21 -s wrr'],
  ],
  [
    'another netmask',
    { on: { director: [['table', 'persistent 60 mask 255.255.255.0', 'persistent 60 mask 255.255.0.0']] } },
    ['persistence-differs@director: director# ipvsadm -E -t 10.83.33.101:22 -s wlc -p 60 -M 255.255.255.0'],
  ],
  [
    'no persistence',
    { on: { director: [['table', 'wlc persistent 60 mask 255.255.255.0', 'wlc']] } },
    ['persistence-differs@director: director# ipvsadm -E -t 10.83.33.101:22 -s wlc -p 60 -M 255.255.255.0'],
  ],
  [
    'a service too many',
    {
      on: {
        director: [
          ['table', 'TCP  10.83.33.100:21 wrr\n', 'TCP  10.83.33.100:8080 rr\nTCP  10.83.33.100:21 wrr\n'],
        ],
      },
    },
    ['foreign-service@director: director# ipvsadm -D -t 10.83.33.100:8080'],
  ],
  [
    'a service of another VIP, which is not ours',
    {
      on: {
        director: [
          ['table', 'TCP  10.83.33.100:21 wrr\n', 'TCP  10.83.33.109:8080 rr\nTCP  10.83.33.100:21 wrr\n'],
        ],
      },
    },
    [],
  ],
  [
    'no ipvsadm',
    { on: { director: [['banner', /installed\n/, '']] } },
    ['ipvsadm@director: lvsctl provision inventory.ts --limit director'],
  ],
  [
    'an ipvsadm of another kernel',
    {
      on: {
        director: [
          ['banner', 'ipvsadm IP Virtual Server version 1.2.1', 'ipvsadm IP Virtual Server version 1.0.9'],
        ],
      },
    },
    ['ipvsadm@director: lvsctl provision inventory.ts --limit director'],
  ],
  [
    'a packet filter',
    {
      on: {
        director: [
          [
            'packet filter',
            '',
            '@@ iptables iptables\n*filter\n:INPUT ACCEPT [0:0]\n[9:540] -A INPUT -d 10.83.33.100/32 -p tcp -m tcp --dport 21 -j DROP\nCOMMIT\n',
          ],
        ],
      },
    },
    ['director-filter@director: director# iptables -I INPUT -d 10.83.33.100 -p tcp --dport 21 -j ACCEPT'],
  ],
  [
    'a packet filter of nft',
    {
      on: {
        director: [
          [
            'packet filter',
            '',
            '@@ nft\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n',
          ],
        ],
      },
    },
    [
      'director-filter@director: (on director, let tcp to 10.83.33.100 port 21 in before the rule `policy of input: drop` (`nft -a list ruleset` shows its chain and handle))',
    ],
  ],
  [
    'two directors with the VIP, both of which answer ARP',
    {
      cluster: two,
      like: { lvs2: 'director' },
      on: {
        lvs2: [['evidence', '02:4f:ed:9c:e6:c7', '02:00:00:00:00:84']],
        client: [
          [
            'neighbours',
            /(10.83.33.100 .*)02:4f:ed:9c:e6:c7/,
            '10.83.33.100     0x1         0x2         02:00:00:00:00:84',
          ],
          ['traffic', '[02:4F:ED:9C:E6:C7]  0.809ms', '[02:00:00:00:00:84]  0.809ms'],
        ],
      },
    },
    ['split-brain@lvs2: lvs2# systemctl restart keepalived'],
  ],
  [
    'two directors with the VIP',
    { cluster: two, like: { lvs2: 'director' } },
    ['split-brain@lvs2: lvs2# systemctl restart keepalived'],
  ],
  ['no VIP on the second director', { cluster: two, like: { lvs2: 'client' } }, []],
  [
    'a director that keeps quiet',
    {
      on: {
        director: [['evidence', 'all/arp_ignore:0', 'all/arp_ignore:8']],
        client: [['traffic', /^.*from 10.83.33.100.*\n/gm, '']],
      },
    },
    [
      'director-arp@director: director# echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore && echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore',
    ],
  ],
  [
    'a link that is down',
    { on: { client: [['traffic', /^.*from 10.83.33.100.*\n/gm, '']] } },
    ['director-arp@director: director# ip link set dev eth0 up'],
  ],
  [
    'sync daemons of different ids',
    {
      cluster: { ...two, ipvs: { sync: { id: 7 } } },
      like: { lvs2: 'client' },
      on: {
        director: [
          [
            'sync daemons',
            '',
            'master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n',
          ],
        ],
        lvs2: [
          [
            'sync daemons',
            '',
            'backup sync daemon (mcast=eth0, syncid=8, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n',
          ],
        ],
      },
    },
    ['sync-daemon@lvs2: lvsctl provision inventory.ts --limit lvs2'],
  ],
  [
    'no sync daemon',
    {
      cluster: { ...two, ipvs: { sync: { id: 7 } } },
      like: { lvs2: 'client' },
      on: {
        director: [
          [
            'sync daemons',
            '',
            'master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n',
          ],
        ],
      },
    },
    ['sync-daemon@lvs2: lvsctl provision inventory.ts --limit lvs2'],
  ],
];
