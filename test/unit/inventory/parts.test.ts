import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkOf, parseAddress } from '../../../src/inventory/address.js';
import { codeFrame } from '../../../src/inventory/code-frame.js';
import { labelsOfVips } from '../../../src/inventory/label.js';
import { locate } from '../../../src/inventory/locate.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { pathProblem } from '../../../src/inventory/path.js';
import { distance, nearest } from '../../../src/inventory/suggest.js';
import { changedInventory, goodInventory, machine } from './inventories.js';

const parse = (value: unknown) => parseInventory(value, '/x/inventory.ts', machine());

describe('addresses', () => {
  test('any IPv4 address is read back as it was written', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => parseAddress(text)?.address === text));
  });

  test('any IPv6 address is brought into one form', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const once = parseAddress(text);
        return once?.family === 'IPv6' && parseAddress(once.address)?.address === once.address;
      }),
    );
  });

  test('a network contains exactly the addresses with its leading bits', () => {
    const bits = (address: string) =>
      address
        .split('.')
        .map((part) => Number(part).toString(2).padStart(8, '0'))
        .join('');
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (one, other, prefix) => {
        const expected = bits(one).slice(0, prefix) === bits(other).slice(0, prefix);
        return networkOf(one, prefix).contains(other) === expected;
      }),
    );
  });

  test.each(['', ' ', '1.2.3', '1.2.3.4/', '1.2.3.4/x', '1.2.3.4/24/8', '::/129', '0x1.2.3.4', '１.2.3.4'])(
    '“%s” is none',
    (text) => expect(parseAddress(text)).toBeUndefined(),
  );
});

describe('suggestions', () => {
  test('one typing error is always recognized', () => {
    const keys = ['scheduler', 'forwarding', 'realServers', 'directors', 'persistence'];
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.nat(),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        fc.nat({ max: 3 }),
        (key, place, letter, kind) => {
          const at = place % key.length;
          const typed = [
            key.slice(0, at) + key.slice(at + 1),
            key.slice(0, at) + letter + key.slice(at),
            key.slice(0, at) + letter + key.slice(at + 1),
            key.slice(0, at) + (key[at + 1] ?? '') + key[at] + key.slice(at + 2),
          ][kind];
          return nearest(typed ?? '', keys) === key;
        },
      ),
    );
  });

  test('distance is symmetric, and nought only between equals', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (one, other) => {
        expect(distance(one, other)).toBe(distance(other, one));
        expect(distance(one, other) === 0).toBe(one === other);
      }),
    );
  });
});

describe('kernel settings', () => {
  const merged = (put: Record<string, unknown>) => parse(changedInventory(put)).hosts.get('rs1')?.kernel;

  test.each([
    ['nobody says a word', {}, undefined],
    ['all hosts', { kernel: { rebuild: true } }, { rebuild: true }],
    [
      'a group before all',
      { kernel: { rebuild: true }, 'groups.old.kernel': { rebuild: false } },
      { rebuild: false },
    ],
    [
      'field by field',
      {
        kernel: { profile: 'tutorial' },
        'groups.old.kernel': { rebuild: true },
        'hosts.rs1.kernel': { profile: 'safer' },
      },
      { rebuild: true, profile: 'safer' },
    ],
    [
      'a profile is no leave to rebuild',
      { 'hosts.rs1.kernel': { profile: 'tutorial' } },
      { rebuild: false, profile: 'tutorial' },
    ],
    [
      'who builds, and how long a reboot may take',
      {
        kernel: { rebuild: true, buildHost: 'spare', rebootWithinSeconds: 900 },
        'hosts.rs1.kernel': { buildHost: 'rs2' },
      },
      { rebuild: true, buildHost: 'rs2', rebootWithinSeconds: 900 },
    ],
    ['another host', { 'hosts.rs2.kernel': { rebuild: true } }, undefined],
  ])('%s', (_who, put, kernel) => expect(merged(put)).toEqual(kernel));
});

describe('services of the inventory', () => {
  const service = (put: Record<string, unknown>, drop: readonly string[] = []) =>
    parseInventory(changedInventory(put, drop), '/x/inventory.ts', machine()).services[0];

  test('by mark: what only port 21 of FTP names has the passive ports too', () => {
    const put = { 'services.ftp.fwmark': 7, 'services.ftp.ports': [21], 'services.ftp.persistence': 300 };
    const login = { first: 21, last: 21 };
    expect(service(put, ['services.ftp.port'])).toMatchObject({
      fwmark: 7,
      port: 21,
      ports: [login, { first: 50000, last: 50100 }],
      realServers: [{ port: 21 }, { port: 21 }],
    });
    const own = { ...put, 'roles.ftp': { banner: 'x', passivePorts: '40000-40010' } };
    expect(service(own, ['services.ftp.port'])?.ports).toEqual([login, { first: 40000, last: 40010 }]);
    expect(service(put, ['services.ftp.port', 'roles'])?.ports).toEqual([login]);
  });

  test('by mark: ports that take the passive ones in, in pieces, stay as they are', () => {
    const ports = [21, '50050-50100', '49000-50049'];
    const put = { 'services.ftp.fwmark': 7, 'services.ftp.ports': ports, 'services.ftp.scheduler': 'sh' };
    expect(service(put, ['services.ftp.port'])?.ports).toEqual([
      { first: 21, last: 21 },
      { first: 50050, last: 50100 },
      { first: 49000, last: 50049 },
    ]);
  });

  test('with nothing said, have no fields of which nothing is said', () => {
    expect(service({})).toEqual({
      name: 'ftp',
      vip: '10.83.33.100',
      port: 21,
      protocol: 'tcp',
      scheduler: 'wrr',
      forwarding: 'dr',
      directors: ['director'],
      realServers: [
        { host: 'rs1', address: '10.83.33.76', port: 21, weight: 3 },
        { host: 'rs2', address: '10.83.33.2', port: 21, weight: 1 },
      ],
      label: '100',
    });
  });

  test('with all said, have it in one form', () => {
    const put = {
      'services.ftp.scheduler': 'mh',
      'services.ftp.schedulerFlags': ['mh-port', 'mh-fallback', 'mh-port'],
      'services.ftp.protocol': 'udp',
      'services.ftp.onePacket': true,
      'services.ftp.forwarding': 'tun',
      'services.ftp.persistence': { seconds: 60, netmask: '255.255.255.0', engine: 'sip' },
      'services.ftp.realServers': [
        { host: 'rs1', weight: 0, upperThreshold: 10, lowerThreshold: 10 },
        { host: 'rs2', tunnel: { type: 'gue', port: 6080, checksum: 'remote' } },
        { host: 'spare', tunnel: { type: 'gre' } },
      ],
    };
    expect(service(put)).toMatchObject({
      schedulerFlags: ['mh-fallback', 'mh-port'],
      onePacket: true,
      persistence: { seconds: 60, netmask: '255.255.255.0', engine: 'sip' },
      realServers: [
        { weight: 0, upperThreshold: 10, lowerThreshold: 10 },
        { weight: 1, tunnel: { type: 'gue', port: 6080, checksum: 'remote' } },
        { tunnel: { type: 'gre' } },
      ],
    });
    expect(service({ 'services.ftp.persistence': 300 })?.persistence).toEqual({ seconds: 300 });
  });

  test('settings of the whole table are absent, or have an id for the sync daemons', () => {
    expect(parse(changedInventory()).ipvs).toBeUndefined();
    expect(parse(changedInventory({ ipvs: { timeouts: { tcp: 7200 }, sync: { ttl: 2 } } })).ipvs).toEqual({
      timeouts: { tcp: 7200 },
      sync: { id: 1, ttl: 2 },
    });
  });

  test('a mark may serve a VIP of each family', () => {
    const six = {
      vip: 'fd00::100',
      fwmark: 7,
      ports: [80],
      directors: ['d6'],
      realServers: [{ host: 'r6' }],
    };
    const put = {
      'hosts.d6': { address: 'fd00::1' },
      'hosts.r6': { address: 'fd00::2' },
      'services.six': { ...six, persistence: { seconds: 60, netmask: 64 } },
      'services.four': {
        ...six,
        vip: '10.83.33.101',
        directors: ['director'],
        realServers: [{ host: 'rs1' }],
      },
    };
    const { services } = parse(changedInventory(put));
    expect(services.map(({ fwmark }) => fwmark)).toEqual([undefined, 7, 7]);
    expect(services[1]?.persistence).toEqual({ seconds: 60, netmask: '64' });
  });
});

test('kernels of the inventory’s own have absolute paths and every default', () => {
  const sha256 = 'ab'.repeat(32);
  const put = {
    'hosts.rs1.kernel': { rebuild: true, profile: 'old' },
    kernelProfiles: {
      old: {
        version: '2.4.31',
        source: { file: 'files/linux.tar.bz2', sha256 },
        patches: [{ file: '~/one.diff', sha256 }],
        flavour: '2.4',
        options: { IP_VS: 'm', IP_VS_TAB_BITS: 16 },
        image: { target: 'bzImage', path: 'arch/i386/boot/bzImage' },
        arp: 'arp-flags',
        ipvsadm: { file: '/srv/ipvsadm.tar.gz', sha256 },
      },
    },
  };
  const files = ['/inventories/files/linux.tar.bz2', '/home/ann/one.diff', '/srv/ipvsadm.tar.gz'];
  const cluster = parseInventory(
    changedInventory(put),
    '/inventories/inventory.ts',
    machine(Object.fromEntries(files.map((file) => [file, '']))),
  );
  expect(cluster.kernelProfiles).toEqual({
    old: {
      ...put.kernelProfiles.old,
      source: { file: files[0], sha256 },
      patches: [{ file: files[1], sha256 }],
      base: 'running',
      ipvsadm: { file: files[2], sha256 },
    },
  });
  expect(parse(changedInventory()).kernelProfiles).toBeUndefined();
});

describe('the flavour of a twin', () => {
  const merged = (put: Record<string, unknown>) => parse(changedInventory(put)).hosts.get('rs1')?.lab;
  const old = { flavour: 'redhat9' };
  const young = { flavour: 'debian' };

  test.each([
    ['nobody says a word', {}, undefined],
    ['an empty word is none', { 'hosts.rs1.lab': {} }, undefined],
    ['all hosts', { lab: old }, old],
    ['a group before all', { lab: old, 'groups.old.lab': young }, young],
    ['the host before its groups', { lab: young, 'groups.old.lab': young, 'hosts.rs1.lab': old }, old],
    ['another host', { 'hosts.rs2.lab': old }, undefined],
  ])('%s', (_who, put, lab) => expect(merged(put)).toEqual(lab));
});

describe('labels', () => {
  test.each([
    [[{ vip: '10.83.33.100' }], ['100']],
    [
      [{ vip: '10.0.1.100' }, { vip: '10.0.2.100' }],
      ['100', '2-100'],
    ],
    [[{ vip: '10.0.1.100' }, { vip: '10.0.1.100' }], ['100']],
    [[{ vip: '10.0.1.100' }, { vip: '10.0.1.100', label: 'ftp' }], ['ftp']],
    [
      [{ vip: '10.0.1.100' }, { vip: '10.0.2.7', label: '100' }],
      ['1-100', '100'],
    ],
  ])('%j', (services, labels) => {
    const found = labelsOfVips(services);
    expect([...new Set(services.map(({ vip }) => vip))].map((vip) => found.get(vip))).toEqual(labels);
  });

  test('services of one VIP share its label', () => {
    const web = { vip: '10.83.33.100', port: 80, directors: ['director'], realServers: [{ host: 'rs1' }] };
    const { services } = parse(changedInventory({ 'services.web': web, 'services.ftp.label': 'lvs' }));
    expect(services.map(({ label }) => label)).toEqual(['lvs', 'lvs']);
  });
});

describe('paths', () => {
  test.each(['/', '/srv/ftp', '/srv/a b', '/srv/ä', '/srv/..a', '/srv/a-b', "/it's/$(x)"])(
    '%s is safe',
    (path) => expect(pathProblem(path)).toBeUndefined(),
  );
  test.each([
    '',
    'a',
    './a',
    '~',
    '/..',
    '/a/../b',
    '/a/..',
    '/-r',
    '/a/--x',
    '/a\nb',
    '/a\0',
    '/a\u007f',
    '-/a',
  ])('%j is not', (path) => expect(pathProblem(path)).toBeTypeOf('string'));
});

describe('the place of a value in its source', () => {
  const source = `import { defineInventory } from 'lvsctl'; // not defineInventory({
/* nor export default { */
const note = "export default {", more = \`\${1} { \\\` defineInventory({\`;
export default defineInventory({
  hosts: { 'rs-1': { address: '10.0.0.1', vars: { a: f({ x: [1, 2] }, '}') } }, "b": { address: 1 } },
  ...shared,
  services: {
    ftp: { vip, /* comma, here */ port: 21, // }
      realServers: [{ host: 'a' }, { host: 'b',
        weight: 1 }] },
  },
});
`;
  test.each([
    [[], '4:32'],
    [['hosts'], '5:3'],
    [['hosts', 'rs-1', 'address'], '5:22'],
    [['hosts', 'b', 'address'], '5:88'],
    [['services', 'ftp', 'vip'], '8:12'],
    [['services', 'ftp', 'port'], '8:35'],
    [['services', 'ftp', 'realServers', 1, 'weight'], '10:9'],
    [['services', 'ftp', 'realServers', 1, 'port'], '9:36'],
    [['services', 'ftp', 'directors', 0], '8:5'],
    [['probes'], '4:32'],
  ])('%j is at %s', (path, expected) => {
    const place = locate(source, path);
    expect(place && `${place.line}:${place.column}`).toBe(expected);
  });

  test('JSON, and a literal without defineInventory', () => {
    expect(locate('{\n  "hosts": {\n "a": 1 } }', ['hosts', 'a'])).toEqual({ line: 3, column: 2 });
    expect(locate('export default {\n  hosts: 1,\n}', ['hosts'])).toEqual({ line: 2, column: 3 });
    expect(locate('export default build();', ['hosts'])).toBeUndefined();
  });

  test('any text ends', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      ':',
      ',',
      "'",
      '"',
      '`',
      '/',
      '*',
      'a',
      '\n',
      '\\',
      '...',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        locate(`export default {${parts.join('')}`, ['a', 'a', 0]);
      }),
    );
  });
});

test.each([
  ['a\nb\nc\nd', 1, 1, '> 1 | a\n    | ^\n  2 | b\n  3 | c'],
  ['a\nb\nc\nd', 4, 2, '  2 | b\n  3 | c\n> 4 | d\n    |  ^'],
  ['a', 1, 9, '> 1 | a\n    |  ^'],
])('a frame of %j at %i:%i', (source, line, column, frame) => {
  expect(codeFrame(source, { line, column })).toBe(frame);
});

describe('an accepted inventory', () => {
  test('is resolved whole: defaults, groups, interfaces, variables', () => {
    const cluster = parse(
      changedInventory(
        {
          vars: { zone: 'a', rack: 1 },
          'groups.old': { hosts: ['rs1', 'rs2'], interface: 'eth1', vars: { rack: 2, old: true } },
          'groups.new': { hosts: ['rs1'], vars: { rack: 3 } },
          'hosts.rs1.vars': { zone: 'b' },
          'hosts.rs2.interface': 'bond0',
          'hosts.spare.address': 'fd00::0001',
          ownRoles: { motd: { text: 'hello' } },
        },
        ['name', 'services.ftp.scheduler', 'services.ftp.forwarding', 'services.ftp.realServers.1.weight'],
      ),
    );
    expect(cluster).toMatchObject({
      name: 'x',
      file: '/x/inventory.ts',
      services: [
        { scheduler: 'wlc', forwarding: 'dr', protocol: 'tcp', realServers: [{ weight: 3 }, { weight: 1 }] },
      ],
      roles: { motd: { text: 'hello' }, ftp: { banner: 'Welcome to FTP{n} server' } },
    });
    expect(cluster.services[0]).not.toHaveProperty('persistence');
    expect(cluster.hosts.get('rs1')).toMatchObject({
      interface: 'eth1',
      groups: ['old', 'new'],
      vars: { zone: 'b', rack: 3, old: true },
    });
    expect(cluster.hosts.get('rs2')).toMatchObject({
      interface: 'bond0',
      vars: { zone: 'a', rack: 2, old: true },
    });
    expect(cluster.hosts.get('spare')).toMatchObject({ interface: 'eth0', address: 'fd00::1', prefix: 64 });
  });

  test.each([
    [
      'NAT: another port, and a VIP outside the network',
      {
        'services.ftp.forwarding': 'nat',
        'services.ftp.vip': '192.0.2.1',
        'services.ftp.realServers.0.port': 2121,
      },
    ],
    [
      'one VIP and port, two protocols',
      {
        'services.b': {
          vip: '10.83.33.100',
          port: 21,
          protocol: 'udp',
          directors: ['director'],
          realServers: [{ host: 'rs1' }],
        },
      },
    ],
    [
      'a director that is a real server too',
      { 'services.ftp.realServers.2': { host: 'director', weight: 1 } },
    ],
    ['a drained server', { 'services.ftp.realServers.1.weight': 0 }],
    [
      'a VIP in the network of one of two directors',
      { 'hosts.spare.address': '192.0.2.1/24', 'services.ftp.directors': ['spare', 'director'] },
    ],
    ['a host called constructor', { 'hosts.constructor': { address: '10.83.33.9' } }],
  ])('%s', (_, put) => {
    expect(parse(changedInventory(put)).name).toBe('tutorial');
  });

  test.each([
    [undefined, undefined],
    [0, 0],
    [2, 2],
    ['0%', 0],
    ['33%', 1],
    ['34%', 2],
    ['66%', 2],
  ])('minAvailable %s of three real servers, one of them with two ports, is %s', (minAvailable, wanted) => {
    const put = {
      'services.ftp.forwarding': 'nat',
      'services.ftp.realServers': [
        { host: 'rs1' },
        { host: 'rs1', port: 2121 },
        { host: 'rs2' },
        { host: 'spare' },
      ],
      ...(minAvailable !== undefined && { 'services.ftp.minAvailable': minAvailable }),
    };
    expect(parse(changedInventory(put)).services[0]?.minAvailable).toBe(wanted);
  });

  test('roles carry the defaults of their parameters', () => {
    const put = { 'roles.content': { source: 'rs1', paths: [{ from: '/srv/ftp' }] } };
    expect(parse(changedInventory(put)).roles.content).toEqual({
      source: 'rs1',
      paths: [{ from: '/srv/ftp' }],
      everyMinutes: 10,
      delete: false,
      exclude: [],
    });
  });
});

test('whatever is found in the file, it is refused or accepted, never a crash', () => {
  const keys = [
    'hosts',
    'services',
    'groups',
    'ssh',
    'ftp',
    'rs1',
    'director',
    'vip',
    'address',
    'realServers',
    'jump',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        '10.0.0.1',
        'fd00::1/64',
        'rs1',
        'director',
        '',
        21,
        -1,
        null,
        undefined,
        true,
        Number.NaN,
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('value'), { maxKeys: 4 }),
    ),
  }));
  const paths = [
    'hosts.rs1',
    'hosts.rs1.ssh',
    'services.ftp',
    'services.ftp.realServers',
    'groups',
    'ssh',
    'probes',
    'roles',
    'vars',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...paths), value, (path, anything) => {
      try {
        parse(changedInventory({ [path]: anything }));
      } catch (error) {
        expect((error as Error).message).toMatch(/^\/x\/inventory\.ts has (a problem|\d+ problems)\n {2}\S/);
      }
    }),
  );
  expect(parse(goodInventory()).name).toBe('tutorial');
});
