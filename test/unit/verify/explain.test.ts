import { describe, expect, it } from 'vitest';
import type { ClusterHost } from '../../../src/inventory/cluster.js';
import type { HostEvidence } from '../../../src/verify/evidence.js';
import { type Case, explain } from '../../../src/verify/explain.js';
import { ftpService } from './fake-cluster.js';

const vip = '10.83.33.100';
const hosts = new Map(
  (
    [
      ['lvs', '10.83.33.83'],
      ['lvs2', '10.83.33.84'],
      ['rs1', '10.83.33.76'],
      ['rs2', '10.83.33.2'],
    ] as const
  ).map(([name, address]) => [name, { name, address, interface: 'eth0', prefix: 24 } as ClusterHost]),
);
const ftp = ftpService;

function held(device: string, prefix = 32): HostEvidence['interfaces'] {
  return [{ device, mac: undefined, addresses: [{ address: vip, prefix }] }];
}
function settings(values: Record<string, Record<string, number>>): HostEvidence['conf'] {
  return new Map(Object.entries(values));
}
const bare: HostEvidence = {
  interfaces: [],
  conf: settings({ all: { arp_ignore: 1, arp_announce: 2 }, lo: {}, eth0: {} }),
  ipForward: 0,
  listeners: [],
  defaultGateways: [],
  defaultGateways6: [],
  table: undefined,
  states: [],
  filterRules: undefined,
  tools: new Set(['ip']),
  redirected: [],
};
const goodReal: HostEvidence = {
  ...bare,
  interfaces: held('lo'),
  listeners: [{ protocol: 'tcp', address: '*', port: 21 }],
};
const destinations = [
  { address: '10.83.33.76', port: 21, forwarding: 'Route', weight: 3 },
  { address: '10.83.33.2', port: 21, forwarding: 'Route', weight: 1 },
];
const entry = { protocol: 'tcp', address: vip, port: 21, scheduler: 'wrr', destinations };
const goodDirector: HostEvidence = { ...bare, interfaces: held('eth0'), table: [entry] };
const directorMac = { mac: '02:00:0a:53:21:53', host: 'lvs' };
const good: Case = {
  file: '/x/inventory.ts',
  service: ftp,
  hosts,
  director: 'lvs',
  testimony: new Map([
    ['lvs', goodDirector],
    ['rs1', goodReal],
    ['rs2', goodReal],
  ]),
  arp: [directorMac],
  direct: new Map(),
  unanswered: new Map(),
};

function having(
  host: string,
  evidence: Partial<HostEvidence> | { unreachable: string },
  rest: Partial<Case> = {},
): Case {
  const base = host === 'lvs' ? goodDirector : goodReal;
  const told = 'unreachable' in evidence ? evidence : { ...base, ...evidence };
  return { ...good, ...rest, testimony: new Map([...good.testimony, [host, told]]) };
}
const rs1Answers = { arp: [directorMac, { mac: '02:00:0a:53:21:4c', host: 'rs1' }] };

const cases: [string, Case, string[]][] = [
  ['nothing wrong', good, []],
  [
    'arp_ignore off',
    having('rs1', { conf: settings({ all: { arp_ignore: 0 }, eth0: { arp_ignore: 0 } }) }, rs1Answers),
    ['10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0'],
  ],
  [
    'a kernel with neither setting',
    having('rs1', { conf: settings({ all: { rp_filter: 0 } }) }, rs1Answers),
    ['10.83.33.76 answers ARP for 10.83.33.100: its kernel has neither arp_ignore nor hidden'],
  ],
  [
    'hidden off for all',
    having('rs1', { conf: settings({ all: { hidden: 0 }, lo: { hidden: 1 } }) }, rs1Answers),
    ['10.83.33.76 answers ARP for 10.83.33.100: hidden is 0 on all'],
  ],
  [
    'hidden off on lo',
    having('rs1', { conf: settings({ all: { hidden: 1 }, lo: { hidden: 0 } }) }, rs1Answers),
    ['10.83.33.76 answers ARP for 10.83.33.100: hidden is 0 on lo'],
  ],
  [
    'the VIP on the NIC of a real server',
    having('rs1', { interfaces: held('eth0') }, rs1Answers),
    [
      '10.83.33.76 answers ARP for 10.83.33.100: it holds the VIP on eth0, where arp_ignore 1 does not keep it quiet; a real server holds it on lo',
    ],
  ],
  [
    'proxy ARP',
    having(
      'rs1',
      { interfaces: [], conf: settings({ all: { arp_ignore: 1 }, eth0: { proxy_arp: 1 } }) },
      rs1Answers,
    ),
    [
      '10.83.33.76 answers ARP for 10.83.33.100: proxy_arp is 1',
      'real server rs1 (10.83.33.76) does not hold 10.83.33.100 on lo: connections sent to it hang',
    ],
  ],
  [
    'a real server that answers ARP and can’t be asked',
    having('rs1', { unreachable: 'connection refused' }, rs1Answers),
    [
      "10.83.33.76 answers ARP for 10.83.33.100: rs1 can't be asked why (connection refused)",
      "real server rs1 (10.83.33.76) can't be reached over SSH: connection refused",
    ],
  ],
  [
    'an unknown machine',
    { ...good, arp: [directorMac, { mac: '02:00:00:00:00:99', host: undefined }] },
    [
      '02:00:00:00:00:99 answers ARP for 10.83.33.100: no host of the inventory has this MAC address; another machine uses the VIP',
    ],
  ],
  [
    'two NICs of the director',
    { ...good, arp: [directorMac, { mac: '02:00:00:00:00:02', host: 'lvs' }] },
    [
      'director lvs answers ARP for 10.83.33.100 with 2 MAC addresses (02:00:0a:53:21:53, 02:00:00:00:00:02): several of its NICs are in that network, set arp_ignore to 1 on it',
    ],
  ],
  [
    'another director',
    having(
      'lvs2',
      { interfaces: held('eth0'), conf: settings({}) },
      {
        arp: [directorMac, { mac: '02:00:00:00:00:84', host: 'lvs2' }],
        service: { ...ftp, directors: ['lvs', 'lvs2'] },
      },
    ),
    ['10.83.33.84 answers ARP for 10.83.33.100: it is another director and holds the VIP on eth0'],
  ],
  [
    'a silent director that holds the VIP',
    { ...good, arp: [] },
    [
      'director lvs does not answer ARP for 10.83.33.100, which it holds on eth0: check its link and arp_ignore',
    ],
  ],
  [
    'the VIP is not on the director',
    having('lvs', { interfaces: [] }, { arp: [] }),
    ['director lvs does not hold 10.83.33.100 on any interface'],
  ],
  [
    'a service by mark that is not in the table, beside one of the same port',
    { ...good, service: { ...ftp, fwmark: 256, ports: [{ first: 21, last: 21 }] } },
    ['the service by mark 256 is not in the table of director lvs'],
  ],
  [
    'a service by mark with another scheduler, its servers without ports',
    having(
      'lvs',
      {
        table: [
          {
            protocol: 'fwm',
            address: '',
            port: 0,
            mark: 256,
            scheduler: 'rr',
            destinations: destinations.map((one) => ({ ...one, port: 0 })),
          },
        ],
      },
      { service: { ...ftp, fwmark: 256, ports: [{ first: 21, last: 21 }] } },
    ),
    ['director lvs schedules the service by mark 256 by rr, the inventory says wrr'],
  ],
  [
    'the director can’t be reached',
    having('lvs', { unreachable: 'timed out' }),
    ["director lvs can't be reached: timed out"],
  ],
  ['ip_vs is not loaded', having('lvs', { table: undefined }), ['ip_vs is not loaded on director lvs']],
  [
    'the service is missing',
    having('lvs', { table: [{ ...entry, port: 80 }] }),
    ['10.83.33.100:21/tcp is not in the table of director lvs'],
  ],
  [
    'another scheduler',
    having('lvs', { table: [{ ...entry, scheduler: 'rr' }] }),
    ['director lvs schedules 10.83.33.100:21/tcp by rr, the inventory says wrr'],
  ],
  [
    'a real server is missing in the table',
    having('lvs', { table: [{ ...entry, destinations: destinations.slice(0, 1) }] }),
    ['real server rs2 (10.83.33.2) is not in the table of director lvs'],
  ],
  [
    'a drained real server',
    having('lvs', {
      table: [{ ...entry, destinations: destinations.map((d) => ({ ...d, weight: d.weight % 3 })) }],
    }),
    ['real server rs1 (10.83.33.76) has weight 0 in the table of director lvs, the inventory says 3'],
  ],
  [
    'another forwarding method',
    having('lvs', {
      table: [{ ...entry, destinations: destinations.map((d) => ({ ...d, forwarding: 'Masq' })) }],
    }),
    [
      'real server rs1 (10.83.33.76) is forwarded to by Masq, the inventory says dr (Route)',
      'real server rs2 (10.83.33.2) is forwarded to by Masq, the inventory says dr (Route)',
    ],
  ],
  [
    'a server too many',
    having('lvs', {
      table: [
        {
          ...entry,
          destinations: [
            ...destinations,
            { address: '10.83.33.9', port: 21, forwarding: 'Route', weight: 1 },
          ],
        },
      ],
    }),
    ['director lvs also sends to 10.83.33.9:21 (weight 1), which the inventory does not name'],
  ],
  [
    'no VIP on a real server that takes its packets by REDIRECT, and no listener',
    having('rs2', {
      interfaces: [],
      listeners: [],
      redirected: [{ protocol: 'tcp', address: vip, port: 21 }],
    }),
    ['nothing listens on port 21/tcp of real server rs2 (10.83.33.2)'],
  ],
  [
    'no VIP on a real server that redirects another port',
    having('rs2', { interfaces: [], redirected: [{ protocol: 'tcp', address: vip, port: 80 }] }),
    ['real server rs2 (10.83.33.2) does not hold 10.83.33.100 on lo: connections sent to it hang'],
  ],
  [
    'no VIP on a real server',
    having('rs2', { interfaces: [] }),
    ['real server rs2 (10.83.33.2) does not hold 10.83.33.100 on lo: connections sent to it hang'],
  ],
  [
    'no VIP on a real server, seen in the connection table',
    {
      ...having('rs2', { interfaces: [] }),
      testimony: new Map([
        [
          'lvs',
          {
            ...goodDirector,
            states: [
              { vip, port: 21, destination: '10.83.33.2', state: 'SYN_RECV', count: 10 },
              { vip, port: 21, destination: '10.83.33.76', state: 'SYN_RECV', count: 1 },
              { vip, port: 80, destination: '10.83.33.2', state: 'SYN_RECV', count: 5 },
            ],
          },
        ],
        ['rs1', goodReal],
        ['rs2', { ...goodReal, interfaces: [] }],
      ]),
    },
    [
      'real server rs2 (10.83.33.2) does not hold 10.83.33.100 on lo: connections sent to it hang (10 in SYN_RECV on director lvs)',
    ],
  ],
  [
    'the VIP with a network’s mask',
    having('rs2', { interfaces: held('lo', 24) }),
    [
      "real server rs2 (10.83.33.2) holds 10.83.33.100/24 on lo: with less than a host's mask it takes that whole network for its own",
    ],
  ],
  [
    'nothing listens',
    having('rs1', { listeners: [] }),
    ['nothing listens on port 21/tcp of real server rs1 (10.83.33.76)'],
  ],
  [
    'bound to its own address',
    having('rs1', { listeners: [{ protocol: 'tcp', address: '10.83.33.76', port: 21 }] }),
    [
      'port 21/tcp of real server rs1 (10.83.33.76) is bound to 10.83.33.76 only: connections to 10.83.33.100 are refused',
    ],
  ],
  [
    'a packet filter before a listening server',
    having('rs1', { filterRules: 4 }, { direct: new Map([['rs1', 'no answer within 4 s']]) }),
    [
      'real server rs1 (10.83.33.76) does not serve 10.83.33.76:21 either when asked directly: no answer within 4 s',
      'a packet filter with 4 rules is active on rs1: check that it lets 21/tcp in',
    ],
  ],
  [
    'a server bound to the VIP only is right, though it refuses direct connections',
    having(
      'rs1',
      { listeners: [{ protocol: 'tcp', address: vip, port: 21 }] },
      { direct: new Map([['rs1', 'Connection refused']]) },
    ),
    [],
  ],
  [
    'rp_filter on the tunnel',
    having(
      'rs1',
      { conf: settings({ all: { rp_filter: 0 }, tunl0: { rp_filter: 1 } }) },
      {
        service: { ...ftp, forwarding: 'tun', realServers: ftp.realServers.slice(0, 1) },
        director: 'lvs2',
        arp: undefined,
      },
    ),
    [
      'rp_filter is 1 on tunl0 of real server rs1 (10.83.33.76): it drops what comes out of the tunnel; set it to 0 or 2 on all and tunl0',
    ],
  ],
  [
    'a drained server is not looked at',
    having(
      'rs2',
      { interfaces: [], listeners: [] },
      {
        service: {
          ...ftp,
          realServers: ftp.realServers.map((s) => (s.host === 'rs2' ? { ...s, weight: 0 } : s)),
        },
        director: 'lvs2',
        arp: undefined,
      },
    ),
    [],
  ],
];

const nat: Case = {
  ...good,
  service: { ...ftp, forwarding: 'nat' },
  testimony: new Map([
    [
      'lvs',
      {
        ...goodDirector,
        ipForward: 1,
        table: [{ ...entry, destinations: destinations.map((d) => ({ ...d, forwarding: 'Masq' })) }],
      },
    ],
    ['rs1', { ...goodReal, interfaces: [], defaultGateways: ['10.83.33.83'] }],
    ['rs2', { ...goodReal, interfaces: [], defaultGateways: ['10.83.33.83'] }],
  ]),
};
const natCases: [string, Case, string[]][] = [
  ['nothing wrong with LVS-NAT', nat, []],
  [
    'the answers go another way',
    {
      ...nat,
      testimony: new Map([
        ...nat.testimony,
        ['rs1', { ...goodReal, defaultGateways: ['10.83.33.1'] }],
        ['rs2', { ...goodReal, defaultGateways: [] }],
      ]),
    },
    [
      'real server rs1 (10.83.33.76) has its default route by 10.83.33.1: LVS-NAT needs its answers to go back through director lvs (10.83.33.83)',
      'real server rs2 (10.83.33.2) has no default route: LVS-NAT needs its answers to go back through director lvs (10.83.33.83)',
    ],
  ],
  [
    'the answers go another way than by the gateway that the inventory names',
    { ...nat, service: { ...nat.service, gateway: '10.83.33.9' } },
    ['rs1 (10.83.33.76)', 'rs2 (10.83.33.2)'].map(
      (server) =>
        `real server ${server} has its default route by 10.83.33.83: LVS-NAT needs its answers to go back through director lvs, by 10.83.33.9`,
    ),
  ],
  ...([{ gateway: false }, { masquerade: 'clients' }] as const).map((said): [string, Case, string[]] => [
    `the answers go another way, and may: ${Object.keys(said)[0]}`,
    {
      ...nat,
      service: { ...nat.service, ...said },
      testimony: new Map([
        ...nat.testimony,
        ['rs1', { ...goodReal, defaultGateways: ['10.83.33.1'] }],
        ['rs2', { ...goodReal, defaultGateways: [] }],
      ]),
    },
    [],
  ]),
  [
    'the director does not forward',
    {
      ...nat,
      testimony: new Map([
        ...nat.testimony,
        ['lvs', { ...(nat.testimony.get('lvs') as HostEvidence), ipForward: 0 }],
      ]),
    },
    ['ip_forward is 0 on director lvs: LVS-NAT needs 1'],
  ],
];

describe('causes', () => {
  it.each([...cases, ...natCases])('%s', (_, found, causes) => {
    expect(explain(found)).toEqual(causes);
  });
});
