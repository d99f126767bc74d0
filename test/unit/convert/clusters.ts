import fc from 'fast-check';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { machine } from '../inventory/inventories.js';

const clusterOf = (inventory: unknown): Cluster => parseInventory(inventory, '/two/inventory.ts', machine());

/** Two directors, and of everything that a table can have one. */
export const twoDirectors = (nic = 'eth0'): Cluster =>
  clusterOf({
    name: 'two',
    interface: nic,
    ipvs: { timeouts: { tcp: 7200, udp: 10 }, sync: { id: 3, ttl: 2, group: '224.0.0.82' } },
    hosts: {
      lvs1: { address: '192.0.2.2/24' },
      lvs2: { address: '192.0.2.3/24' },
      rs1: { address: '192.0.2.11/24' },
      rs2: { address: '192.0.2.12/24' },
      sorry: { address: '192.0.2.13/24' },
    },
    services: {
      web: {
        vip: '192.0.2.100',
        port: 80,
        scheduler: 'sh',
        schedulerFlags: ['sh-port', 'sh-fallback'],
        check: [
          { type: 'http', path: '/health', hostName: 'www.example.org', status: [200, '300-302'] },
          { type: 'misc', command: ['/bin/true', '{address}', '{port}', '{vip}', 'two words'] },
        ],
        sorry: { host: 'sorry' },
        quorum: 2,
        hysteresis: 1,
        directors: ['lvs1', 'lvs2'],
        realServers: [
          { host: 'rs1', weight: 100000, upperThreshold: 70000, lowerThreshold: 3 },
          { host: 'rs2', weight: 0 },
        ],
      },
      dns: {
        vip: '192.0.2.101',
        port: 53,
        protocol: 'udp',
        onePacket: true,
        forwarding: 'tun',
        directors: ['lvs1'],
        realServers: [
          { host: 'rs1', tunnel: { type: 'gue', port: 6080, checksum: 'remote' } },
          { host: 'rs2', tunnel: { type: 'gre', checksum: 'full' } },
        ],
      },
      ftp: {
        vip: '192.0.2.100',
        fwmark: 7,
        ports: [21, '50000-50100'],
        persistence: { seconds: 300, netmask: '255.255.255.0' },
        forwarding: 'nat',
        masquerade: 'real-servers',
        minAvailable: 1,
        directors: ['lvs1', 'lvs2'],
        realServers: [{ host: 'rs1' }, { host: 'rs2' }],
      },
      all: {
        vip: '192.0.2.102',
        port: 0,
        protocol: 'sctp',
        persistence: 30,
        scheduler: 'mh',
        schedulerFlags: ['mh-fallback'],
        directors: ['lvs1', 'lvs2'],
        realServers: [{ host: 'rs1' }],
      },
      sip: {
        vip: '192.0.2.102',
        port: 5060,
        protocol: 'udp',
        persistence: { seconds: 30, engine: 'sip' },
        directors: ['lvs1', 'lvs2'],
        realServers: [{ host: 'rs1' }],
      },
      odd: {
        vip: '192.0.2.103',
        port: 8080,
        forwarding: 'nat',
        label: 'odd',
        check: [
          { type: 'tcp', port: 81, everySeconds: 2, timeoutSeconds: 1, retries: 0, retrySeconds: 1 },
          { type: 'https', hostName: 'www.example.org' },
          { type: 'smtp', helo: 'lvs2.example.org' },
          { type: 'dns', name: 'www.example.org', record: 'AAAA' },
        ],
        directors: ['lvs2'],
        realServers: [
          { host: 'rs1', port: 80 },
          { host: 'lvs2', port: 80 },
        ],
      },
    },
    roles: { ftp: { banner: 'hello' } },
  });

const tunnel = fc.constantFrom(
  undefined,
  { type: 'ipip' },
  { type: 'gue', port: 6080 },
  { type: 'gue', port: 6081, checksum: 'full' },
  { type: 'gre', checksum: 'none' },
);

const threshold = fc.constantFrom({}, { upperThreshold: 9 }, { upperThreshold: 70000, lowerThreshold: 7 });

const schedulers = fc.constantFrom(
  { scheduler: 'wrr' },
  {},
  { scheduler: 'sh', schedulerFlags: ['sh-port'] },
  { scheduler: 'mh', schedulerFlags: ['mh-port', 'mh-fallback'] },
  { scheduler: 'fo', schedulerFlags: [] },
);

/** A sound inventory of one family: `lvs1`, `lvs2` and four more hosts. */
export function anyCluster(family: 4 | 6, nic = 'eth0'): fc.Arbitrary<Cluster> {
  return fc
    .constantFrom(['lvs1', 'lvs2'], ['lvs2', 'lvs1'])
    .chain((shared) => clusterWith(shared, family, nic));
}

function clusterWith(shared: readonly string[], family: 4 | 6, nic: string): fc.Arbitrary<Cluster> {
  const at = (last: number) => (family === 4 ? `192.0.2.${last}` : `2001:db8::${last}`);
  const hosts = Object.fromEntries(
    ['lvs1', 'lvs2', 'rs1', 'rs2', 'rs3', 'rs4'].map((name, index) => [name, { address: at(index + 2) }]),
  );
  const netmask = family === 4 ? '255.255.255.0' : 64;
  const realServer = (forwarding: string, alone: boolean) =>
    fc
      .tuple(
        fc.constantFrom('rs1', 'rs2', 'rs3', 'rs4', ...(alone ? ['lvs1'] : [])),
        fc.constantFrom(0, 1, 5, 2147483647),
        threshold,
        tunnel,
      )
      .map(([host, weight, limits, tunnel]) => ({
        host,
        weight,
        ...limits,
        ...(forwarding === 'tun' && tunnel !== undefined ? { tunnel } : {}),
      }));
  const service = fc
    .record({
      vip: fc.constantFrom(at(100), at(101)),
      port: fc.constantFrom(0, 21, 80, 5060),
      mark: fc.constantFrom(undefined, undefined, 7, 4294967295),
      protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
      forwarding: fc.constantFrom('dr', 'nat', 'tun'),
      scheduler: schedulers,
      persistence: fc.constantFrom(undefined, 300, { seconds: 60, netmask }),
      sip: fc.boolean(),
      onePacket: fc.boolean(),
    })
    .chain((settings) =>
      fc.record({
        settings: fc.constant(settings),
        // The services of a VIP have the same directors.
        directors: fc.constant(settings.vip === at(100) ? shared : ['lvs1']),
        realServers: fc.uniqueArray(realServer(settings.forwarding, settings.vip !== at(100)), {
          selector: ({ host }) => host,
          minLength: 1,
          maxLength: 4,
        }),
      }),
    )
    .map(({ settings, directors, realServers }) => {
      const { vip, port, mark, protocol, forwarding, scheduler, persistence, sip, onePacket } = settings;
      const sticky = persistence ?? (port === 0 && mark === undefined ? 50 : undefined);
      return {
        vip,
        ...(mark === undefined ? { port } : { fwmark: mark, ports: [8080, '9000-9010'] }),
        protocol,
        forwarding,
        ...scheduler,
        ...(sticky !== undefined && {
          persistence: sip && protocol === 'udp' ? { seconds: 60, engine: 'sip' } : sticky,
        }),
        ...(onePacket && protocol === 'udp' && { onePacket: true }),
        directors,
        realServers,
      };
    });
  return fc
    .uniqueArray(service, {
      selector: (each) =>
        'fwmark' in each ? `mark ${each.fwmark}` : `${each.vip} ${each.port} ${each.protocol}`,
      minLength: 1,
      maxLength: 5,
    })
    .map((services) =>
      clusterOf({
        name: 'any',
        interface: nic,
        hosts,
        services: Object.fromEntries(disjoint(services).map((each, index) => [`s${index + 1}`, each])),
      }),
    );
}

const times = {
  everySeconds: fc.integer({ min: 1, max: 9 }),
  timeoutSeconds: fc.constantFrom(1, 4),
  retries: fc.constantFrom(0, 2),
  retrySeconds: fc.constantFrom(1, 3),
};
const asked = { ...times, port: fc.constantFrom(8080, 81) };

const check = fc.oneof(
  fc.record({ type: fc.constantFrom('tcp'), ...asked }, { requiredKeys: ['type'] }),
  fc.record(
    {
      type: fc.constantFrom('http', 'https'),
      ...asked,
      path: fc.constantFrom('/', '/health?full=1'),
      hostName: fc.constant('www.example.org'),
      status: fc.constantFrom([200], ['200-204', 301]),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record({ type: fc.constant('smtp'), ...asked, helo: fc.constant('lvs') }, { requiredKeys: ['type'] }),
  fc.record(
    {
      type: fc.constant('dns'),
      ...asked,
      name: fc.constant('www.example.org'),
      record: fc.constantFrom('A', 'MX'),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    {
      type: fc.constant('misc'),
      ...times,
      command: fc.constantFrom(
        ['/bin/check', '--host={address}', '{port}', 'two words'],
        ['/bin/check', '{vip}'],
      ),
      user: fc.constant('checker'),
    },
    { requiredKeys: ['type', 'command'] },
  ),
);

/** `lvs1`, `lvs2`, and services on one VIP with checks, sorry servers, quorums, and settings of VRRP. */
export function checkedCluster(family: 4 | 6): fc.Arbitrary<Cluster> {
  const at = (last: number) => (family === 4 ? `192.0.2.${last}` : `2001:db8::${last}`);
  const service = fc
    .record({
      forwarding: fc.constantFrom('dr', 'nat', 'tun'),
      checks: fc.uniqueArray(check, { selector: (each) => JSON.stringify(each), maxLength: 3 }),
      sorry: fc.constantFrom(undefined, { sorry: { host: 'rs4' } }, { sorry: { host: 'rs4' }, quorum: 3 }),
      hysteresis: fc.constantFrom({}, { hysteresis: 2 }),
      weights: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ forwarding, checks, sorry, hysteresis, weights }) => ({
      forwarding,
      ...(forwarding === 'nat' && { gateway: at(100) }),
      ...(checks.length > 0 && { check: checks, ...sorry, ...(sorry?.quorum === 3 && hysteresis) }),
      realServers: weights.map((weight, index) => ({ host: `rs${index + 1}`, weight })),
    }));
  const keepalived = fc.record(
    {
      id: fc.constantFrom(7, 255),
      advertSeconds: fc.constantFrom(0.25, 2),
      unicast: fc.boolean(),
      preempt: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const ids = [{ port: 80 }, { port: 25 }, { fwmark: 7, ports: [40011] }];
  return fc
    .tuple(fc.array(service, { minLength: 1, maxLength: 3 }), keepalived)
    .map(([services, keepalived]) =>
      clusterOf({
        name: 'any',
        keepalived,
        hosts: Object.fromEntries(
          ['lvs1', 'lvs2', 'rs1', 'rs2', 'rs3', 'rs4'].map((name, index) => [
            name,
            { address: at(index + 2) },
          ]),
        ),
        services: Object.fromEntries(
          services.map((each, index) => [
            `s${index}`,
            { vip: at(100), directors: ['lvs1', 'lvs2'], ...ids[index], ...each },
          ]),
        ),
      }),
    );
}

/** Without a second mark on the same VIP and protocol, whose ports would be the same. */
function disjoint<Each extends { vip: string; protocol: string }>(services: readonly Each[]): Each[] {
  const seen = new Set<string>();
  return services.filter((each) => {
    if (!('fwmark' in each)) return true;
    const key = `${each.vip} ${each.protocol}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
