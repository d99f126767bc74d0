import { describe, expect, it } from 'vitest';
import {
  describeOperation,
  type HeldDestination,
  type Owned,
  observe,
  operationDiff,
  parseProc,
  parseSave,
  parseThresholds,
  planTable,
  renderArgs,
  type Table,
  type VirtualService,
} from '../../../src/ipvs/index.js';
import { FakeKernel } from './fake-kernel.js';

const owned: Owned = {
  vips: new Set(['10.83.33.100', 'fd00:7::110']),
  marks: new Set(['fwmark 256', 'fwmark 256 (IPv6)']),
};
const vip = '-t 10.83.33.100:21';

function table(lines: string, connections: Readonly<Record<string, number>> = {}): Table {
  const kernel = new FakeKernel();
  for (const line of lines.trim().split('\n')) {
    const { status, output } = kernel.run(line.trim().split(' '));
    if (status !== 0) throw new Error(`${line}: ${output}`);
  }
  for (const [server, count] of Object.entries(connections)) kernel.connect(vip, server, count);
  return observe({
    save: parseSave(kernel.save()).table,
    proc: parseProc(kernel.proc()).table,
    thresholds: parseThresholds(kernel.thresholds()),
  });
}

const empty: Table = { services: [] };
const tutorial = `
  -A ${vip} -s wrr
  -a ${vip} -r 10.83.33.76:21 -g -w 3
  -a ${vip} -r 10.83.33.2:21 -g -w 1`;

interface PlanCase {
  readonly name: string;
  readonly current: Table;
  readonly wanted: Table;
  readonly held?: readonly HeldDestination[];
  readonly commands: readonly string[];
  readonly summaries?: readonly string[];
  readonly notes?: readonly string[];
}

const held = (address: string): HeldDestination => ({
  service: { kind: 'address', protocol: 'tcp', address: '10.83.33.100', port: 21 },
  address,
  port: 21,
  reason: 'rs is not ready',
});

const cases: readonly PlanCase[] = [
  {
    name: 'an empty kernel gets the service first, then its servers',
    current: empty,
    wanted: table(tutorial),
    commands: [
      `-A ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
      `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
    ],
    summaries: [
      'add service tcp 10.83.33.100:21 (wrr)',
      'add 10.83.33.76:21 to tcp 10.83.33.100:21 (dr, weight 3)',
      'add 10.83.33.2:21 to tcp 10.83.33.100:21 (dr, weight 1)',
    ],
  },
  { name: 'the same table is converged', current: table(tutorial), wanted: table(tutorial), commands: [] },
  {
    name: 'a destination deleted by hand comes back, and nothing else',
    current: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    wanted: table(tutorial),
    commands: [`-a ${vip} -r 10.83.33.2:21 -g -w 1`],
  },
  {
    name: 'an edit of a weight repeats the method and the thresholds',
    current: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:8021 -m -w 1 -x 100 -y 50`),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:8021 -m -w 3 -x 100 -y 50`),
    commands: [`-e ${vip} -r 10.83.33.76:8021 -m -w 3 -x 100 -y 50`],
    summaries: ['set weight of 10.83.33.76:8021 in tcp 10.83.33.100:21 1 → 3'],
  },
  {
    name: 'thresholds set by hand are drift',
    current: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3 -x 100 -y 50`),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    commands: [`-e ${vip} -r 10.83.33.76:21 -g -w 3`],
    summaries: [
      'change 10.83.33.76:21 of tcp 10.83.33.100:21: upper threshold 100 → 0, lower threshold 50 → 0',
    ],
  },
  {
    name: 'another scheduler keeps persistence and its netmask',
    current: table(`-A ${vip} -s wrr -p 600 -M 255.255.255.0`),
    wanted: table(`-A ${vip} -s wlc -p 600 -M 255.255.255.0`),
    commands: [`-E ${vip} -s wlc -p 600 -M 255.255.255.0`],
    summaries: ['change service tcp 10.83.33.100:21: scheduler wrr → wlc'],
  },
  {
    name: 'persistence goes by an edit that does not name it',
    current: table(`-A ${vip} -s wrr -p 600`),
    wanted: table(`-A ${vip} -s wrr`),
    commands: [`-E ${vip} -s wrr`],
    summaries: ['change service tcp 10.83.33.100:21: persistence 600 s → none'],
  },
  {
    name: 'a server that leaves without connections is drained, then removed; its successor comes before',
    current: table(tutorial, { '10.83.33.2:21': 0 }),
    wanted: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3\n-a ${vip} -r 10.83.33.5:21 -g -w 1`,
    ),
    commands: [
      `-a ${vip} -r 10.83.33.5:21 -g -w 1`,
      `-e ${vip} -r 10.83.33.2:21 -g -w 0`,
      `-d ${vip} -r 10.83.33.2:21`,
    ],
    summaries: [
      'add 10.83.33.5:21 to tcp 10.83.33.100:21 (dr, weight 1)',
      'drain 10.83.33.2:21 of tcp 10.83.33.100:21 (weight 1 → 0, leaving)',
      'remove 10.83.33.2:21 from tcp 10.83.33.100:21',
    ],
  },
  {
    name: 'a server that leaves with connections is only drained, with its thresholds kept',
    current: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3\n-a ${vip} -r 10.83.33.2:8021 -m -w 1 -x 9`,
      { '10.83.33.2:8021': 4 },
    ),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    commands: [`-e ${vip} -r 10.83.33.2:8021 -m -w 0 -x 9`],
    notes: [
      '10.83.33.2:8021 leaves tcp 10.83.33.100:21: it has 4 connections, and stays with weight 0 until a run finds it without any',
    ],
  },
  {
    name: 'what is drained and still busy is no change',
    current: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3\n-a ${vip} -r 10.83.33.2:21 -g -w 0`,
      { '10.83.33.2:21': 1 },
    ),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    commands: [],
    notes: [
      '10.83.33.2:21 leaves tcp 10.83.33.100:21: it has 1 connection, and stays with weight 0 until a run finds it without any',
    ],
  },
  {
    name: 'a server whose connections are not known is not removed',
    current: parseSave(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.2:21 -g -w 0`).table,
    wanted: table(`-A ${vip} -s wrr`),
    commands: [],
    notes: [
      '10.83.33.2:21 leaves tcp 10.83.33.100:21: it has an unknown number of connections, and stays with weight 0 until a run finds it without any',
    ],
  },
  {
    name: 'a service that leaves takes its idle servers along, and goes last',
    current: table(tutorial),
    wanted: table('-A -t 10.83.33.100:80 -s wlc\n-a -t 10.83.33.100:80 -r 10.83.33.76:80 -g -w 1'),
    commands: [
      '-A -t 10.83.33.100:80 -s wlc',
      '-a -t 10.83.33.100:80 -r 10.83.33.76:80 -g -w 1',
      `-e ${vip} -r 10.83.33.76:21 -g -w 0`,
      `-e ${vip} -r 10.83.33.2:21 -g -w 0`,
      `-d ${vip} -r 10.83.33.76:21`,
      `-d ${vip} -r 10.83.33.2:21`,
      `-D ${vip}`,
    ],
  },
  {
    name: 'a service that leaves stays while one of its servers is busy',
    current: table(tutorial, { '10.83.33.76:21': 2 }),
    wanted: empty,
    commands: [
      `-e ${vip} -r 10.83.33.76:21 -g -w 0`,
      `-e ${vip} -r 10.83.33.2:21 -g -w 0`,
      `-d ${vip} -r 10.83.33.2:21`,
    ],
    notes: [
      '10.83.33.76:21 leaves tcp 10.83.33.100:21: it has 2 connections, and stays with weight 0 until a run finds it without any',
    ],
  },
  {
    name: 'what is not ours stays and is told',
    current: table('-A -t 10.99.0.9:80 -s rr\n-a -t 10.99.0.9:80 -r 10.99.0.2:80 -g\n-A -f 7 -s rr'),
    wanted: empty,
    commands: [],
    notes: ['not in the inventory, left alone: tcp 10.99.0.9:80, fwmark 7'],
  },
  {
    name: 'a held server that is absent is not added',
    current: table(`-A ${vip} -s wrr`),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    held: [held('10.83.33.2')],
    commands: [`-a ${vip} -r 10.83.33.76:21 -g -w 3`],
    notes: ['10.83.33.2:21 in tcp 10.83.33.100:21 is held back: rs is not ready'],
  },
  {
    name: 'a held server that is present keeps even a weight that differs',
    current: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3\n-a ${vip} -r 10.83.33.2:21 -g -w 9`,
    ),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    held: [held('10.83.33.2')],
    commands: [],
    notes: ['10.83.33.2:21 in tcp 10.83.33.100:21 is held back: rs is not ready'],
  },
  {
    name: 'a server that leaves is kept while its only successor is held',
    current: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`),
    wanted: table(`-A ${vip} -s wrr`),
    held: [held('10.83.33.2')],
    commands: [],
    notes: [
      '10.83.33.2:21 in tcp 10.83.33.100:21 is held back: rs is not ready',
      '10.83.33.76:21 leaves tcp 10.83.33.100:21: kept until a real server that can take over is ready',
    ],
  },
  {
    name: 'one weight goes down to 0 only after another came up from it',
    current: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.2:21 -g -w 1\n-a ${vip} -r 10.83.33.76:21 -g -w 0`,
    ),
    wanted: table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.2:21 -g -w 0\n-a ${vip} -r 10.83.33.76:21 -g -w 3`,
    ),
    commands: [`-e ${vip} -r 10.83.33.76:21 -g -w 3`, `-e ${vip} -r 10.83.33.2:21 -g -w 0`],
  },
  {
    name: 'marks of both families are services of their own',
    current: table('-A -f 256 -s rr\n-A -f 256 -6 -s rr'),
    wanted: table('-A -f 256 -s rr\n-A -f 256 -6 -s wlc\n-a -f 256 -6 -r [fd00:7::2]:0 -g -w 2'),
    commands: ['-E -f 256 -6 -s wlc', '-a -f 256 -6 -r [fd00:7::2]:0 -g -w 2'],
  },
  {
    name: 'a tunnel of another type is an edit; ipip needs no word that an old ipvsadm lacks',
    current: table(`-A ${vip} -s rr\n-a ${vip} -r 10.83.33.2:21 -i -w 1 --tun-type gue --tun-port 6080`),
    wanted: table(`-A ${vip} -s rr\n-a ${vip} -r 10.83.33.2:21 -i -w 1`),
    commands: [`-e ${vip} -r 10.83.33.2:21 -i -w 1`],
    summaries: ['change 10.83.33.2:21 of tcp 10.83.33.100:21: tunnel gue:6080:none → ipip'],
  },
  {
    name: 'the director itself as a server, whose method Linux 2.4 forgets, is no drift',
    current: observe({
      save: parseSave(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.83:21 -g -w 1`).table,
      proc: parseProc('TCP  0A532164:0015 wrr\n  -> 0A532153:0015      Local   1      0          2').table,
      thresholds: new Map(),
    }),
    wanted: table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.83:21 -m -w 1`),
    commands: [],
  },
];

describe('planTable', () => {
  it.each(cases)('$name', ({ current, wanted, held = [], commands, summaries, notes = [] }) => {
    const plan = planTable(current, { services: wanted.services, held }, owned);
    expect(plan.operations.map((operation) => renderArgs(operation).join(' '))).toEqual(commands);
    if (summaries !== undefined) expect(plan.operations.map(describeOperation)).toEqual(summaries);
    expect(plan.notes.map(({ text }) => text)).toEqual(notes);
  });

  it('shows operations as lines that go and come', () => {
    const current = table(
      `-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 1 -x 5\n-a ${vip} -r 10.83.33.9:21 -g`,
    );
    const wanted = table(`-A ${vip} -s wlc\n-a ${vip} -r 10.83.33.76:21 -g -w 3`);
    const { operations } = planTable(current, { services: wanted.services, held: [] }, owned);
    expect(operations.flatMap(operationDiff)).toEqual([
      `- -A ${vip} -s wrr`,
      `+ -A ${vip} -s wlc`,
      `- -a ${vip} -r 10.83.33.76:21 -g -w 1 -x 5`,
      `+ -a ${vip} -r 10.83.33.76:21 -g -w 3`,
      `- -a ${vip} -r 10.83.33.9:21 -g -w 1`,
      `+ -a ${vip} -r 10.83.33.9:21 -g -w 0`,
      `- -a ${vip} -r 10.83.33.9:21 -g -w 1`,
    ]);
  });
});

function service(change: Partial<VirtualService>, destination: object = {}): VirtualService {
  const [made] = table(`-A ${vip} -s wrr\n-a ${vip} -r 10.83.33.76:21 -g -w 3`).services as [VirtualService];
  return { ...made, destinations: made.destinations.map((d) => ({ ...d, ...destination })), ...change };
}
const udp = { kind: 'address', protocol: 'udp', address: '10.83.33.100', port: 21 } as const;

it('a service by our mark in the other family is not ours', () => {
  const six = service({ id: { kind: 'mark', mark: 256, family: 6 }, destinations: [] });
  const four = { vips: new Set<string>(), marks: new Set(['fwmark 256']) };
  expect(planTable({ services: [six] }, { services: [], held: [] }, four)).toEqual({
    operations: [],
    notes: [{ kind: 'foreign', text: 'not in the inventory, left alone: fwmark 256 (IPv6)' }],
  });
});

describe('planTable refuses before the first change', () => {
  it.each([
    [
      'dr to another port',
      service({}, { port: 8021 }),
      /10\.83\.33\.76:8021 .*dr cannot change the port from 21/,
    ],
    ['tun to another port', service({}, { port: 8021, forwarding: 'tun' }), /tun cannot change the port/],
    ['a server of another family', service({}, { address: 'fd00:7::2' }), /cannot cross from IPv4 to IPv6/],
    ['no forwarding method', service({}, { forwarding: undefined }), /no forwarding method/],
    ['a weight below 0', service({}, { weight: -1 }), /weight -1 is out of range/],
    ['a weight of 2^31', service({}, { weight: 2 ** 31 }), /out of range/],
    [
      'thresholds the wrong way round',
      service({}, { upperThreshold: 1, lowerThreshold: 2 }),
      /lower threshold 2/,
    ],
    [
      'port 0 without persistence',
      service({ id: { ...udp, port: 0 }, destinations: [] }),
      /port 0 .* needs persistence/,
    ],
    ['one-packet on TCP', service({ onePacket: true }), /one-packet scheduling is for UDP only/],
    ['a threshold of 2^31', service({}, { upperThreshold: 2 ** 31 }), /threshold 2147483648 is out of range/],
    ['a lower threshold alone', service({}, { upperThreshold: 0, lowerThreshold: 3 }), /lower threshold 3/],
    ['a server that is no host', service({}, { address: '0.0.0.0' }), /not that of one host/],
    ['a server that is all hosts', service({}, { address: '255.255.255.255' }), /not that of one host/],
    [
      'a tunnel of dr',
      service({}, { tunnel: { type: 'gre', port: undefined, checksum: 'none' } }),
      /dr has no tunnel/,
    ],
    [
      'a tunnel of gue, port undefined, checksum none',
      service({}, { forwarding: 'tun', tunnel: { type: 'gue', port: undefined, checksum: 'none' } }),
      /gue tunnel needs its UDP port/,
    ],
    [
      'a tunnel of gre, port 6080, checksum none',
      service({}, { forwarding: 'tun', tunnel: { type: 'gre', port: 6080, checksum: 'none' } }),
      /tunnel of gre has no port/,
    ],
    [
      'a tunnel of ipip, port undefined, checksum full',
      service({}, { forwarding: 'tun', tunnel: { type: 'ipip', port: undefined, checksum: 'full' } }),
      /ipip has no checksum/,
    ],
    [
      'a tunnel of gre, port undefined, checksum remote',
      service({}, { forwarding: 'tun', tunnel: { type: 'gre', port: undefined, checksum: 'remote' } }),
      /remote checksum offload is for gue/,
    ],
    [
      'a flag of another scheduler',
      service({ scheduler: 'sh', schedulerFlags: ['mh-port'] }),
      /mh-port is no flag of sh/,
    ],
    [
      'persistence of 0 seconds',
      service({ persistence: { timeoutSeconds: 0, netmask: '255.255.255.255', engine: 'none' } }),
      /0 s is out of range/,
    ],
    [
      'a netmask of the other family',
      service({ persistence: { timeoutSeconds: 60, netmask: '64', engine: 'none' } }),
      /64 is no netmask of IPv4/,
    ],
    [
      'mark 0',
      service({ id: { kind: 'mark', mark: 0, family: 4 }, destinations: [] }),
      /fwmark 0: the mark is out of range/,
    ],
    [
      'a mark that is not ours',
      service({ id: { kind: 'mark', mark: 7, family: 6 }, destinations: [] }),
      /fwmark 7 \(IPv6\) is wanted, but its address is not ours/,
    ],
    ['no scheduler', service({ scheduler: undefined }), /no scheduler/],
    [
      'a VIP that is not ours',
      service({ id: { ...udp, address: '10.99.0.9' } }),
      /10\.99\.0\.9:21 is wanted, but its address is not ours/,
    ],
  ])('%s', (_, wanted, message) => {
    expect(() => planTable(empty, { services: [wanted], held: [] }, owned)).toThrow(message);
  });

  it('a service or a server that is wanted twice', () => {
    const once = service({});
    const twice = service({ destinations: [...once.destinations, ...once.destinations] });
    expect(() => planTable(empty, { services: [once, once], held: [] }, owned)).toThrow(/wanted twice/);
    expect(() => planTable(empty, { services: [twice], held: [] }, owned)).toThrow(/wanted twice/);
  });

  it('but allows what the kernel allows', () => {
    const fine = [
      service({ id: udp, onePacket: true }, { port: 8021, forwarding: 'nat', weight: 2 ** 31 - 1 }),
    ];
    expect(planTable(empty, { services: fine, held: [] }, owned).operations).toHaveLength(2);
  });
});

/** A table that counts how often one of its services or destinations is looked at. */
function counted(size: number): { table: Table; reads: () => number } {
  let reads = 0;
  const watch = <T extends object>(list: T[]): T[] =>
    new Proxy(list, {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^[0-9]+$/.test(key)) reads++;
        return Reflect.get(target, key, receiver);
      },
    });
  const base = service({}).destinations[0];
  if (base === undefined) throw new Error('no destination');
  const destinations = Array.from({ length: size }, (_, n) => ({
    ...base,
    address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    weight: 1 + (n % 3),
  }));
  return { table: { services: watch([service({ destinations: watch(destinations) })]) }, reads: () => reads };
}

describe('the work of a plan', () => {
  const work = (size: number): number => {
    const current = counted(size);
    const wanted = counted(size + 10);
    const { operations } = planTable(current.table, { services: wanted.table.services, held: [] }, owned);
    expect(operations).toHaveLength(10);
    return current.reads() + wanted.reads();
  };

  it('grows no faster than the table, up to 10,000 real servers', () => {
    const [small, large] = [work(1_000), work(10_000)];
    expect(large / small).toBeLessThan(10.5);
    expect(large / 10_000).toBeLessThan(20);
  });
});
