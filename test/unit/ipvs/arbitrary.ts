import fc from 'fast-check';
import {
  type Destination,
  destinationKey,
  type ServiceIdentity,
  serviceKey,
  type Table,
  type VirtualService,
} from '../../../src/ipvs/index.js';

/** A small world, so that two tables drawn from it have much in common. */
export const ownVips = ['10.83.33.100', 'fd00:7::110'];
export const ownMark = 256;
const foreignVip = '10.99.0.9';
const foreignMark = 4294967295;
const realServers = {
  4: ['10.83.33.76', '10.83.33.2', '10.83.33.3', '10.83.33.4'],
  6: ['fd00:7::2', 'fd00:7::3', 'fd00:7::4'],
} as const;

const identity: fc.Arbitrary<ServiceIdentity> = fc.oneof(
  { weight: 4, arbitrary: addressIdentity(fc.constantFrom(...ownVips)) },
  { weight: 1, arbitrary: addressIdentity(fc.constant(foreignVip)) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mark' as const),
      mark: fc.constantFrom(ownMark, foreignMark),
      family: fc.constantFrom(4 as const, 6 as const),
    }),
  },
);

function addressIdentity(address: fc.Arbitrary<string>): fc.Arbitrary<ServiceIdentity> {
  return fc.record({
    kind: fc.constant('address' as const),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
    address,
    port: fc.constantFrom(0, 21, 80),
  });
}

const familyOf = (id: ServiceIdentity): 4 | 6 =>
  id.kind === 'mark' ? id.family : id.address.includes(':') ? 6 : 4;

const tunnel: fc.Arbitrary<NonNullable<Destination['tunnel']>> = fc.oneof(
  fc.constant({ type: 'ipip' as const, port: undefined, checksum: undefined }),
  fc.record({
    type: fc.constant('gue' as const),
    port: fc.constantFrom(6080, 6081),
    checksum: fc.constantFrom('none' as const, 'full' as const, 'remote' as const),
  }),
  fc.record({
    type: fc.constant('gre' as const),
    port: fc.constant(undefined),
    checksum: fc.constantFrom('none' as const, 'full' as const),
  }),
);

function destination(id: ServiceIdentity): fc.Arbitrary<Destination> {
  const own = realServers[familyOf(id)];
  return fc
    .record({
      forwarding: fc.constantFrom('dr' as const, 'nat' as const, 'tun' as const),
      near: fc.constantFrom(...own),
      far: fc.constantFrom(...realServers[4], ...realServers[6]),
      natPort: fc.constantFrom(21, 80, 8080),
      weight: fc.constantFrom(0, 1, 3, 65536),
      tunnel,
      lower: fc.constantFrom(0, 10),
      upper: fc.constantFrom(0, 20, 70000),
    })
    .map(({ forwarding, near, far, natPort, weight, tunnel, lower, upper }) => ({
      address: forwarding === 'tun' ? far : near,
      port: id.kind === 'address' && forwarding !== 'nat' ? id.port : natPort,
      forwarding,
      weight,
      tunnel: forwarding === 'tun' ? tunnel : undefined,
      upperThreshold: upper,
      lowerThreshold: Math.min(lower, upper),
      activeConnections: undefined,
      inactiveConnections: undefined,
    }));
}

function persistence(id: ServiceIdentity): fc.Arbitrary<VirtualService['persistence']> {
  const sticky = fc.record({
    timeoutSeconds: fc.constantFrom(50, 600),
    netmask:
      familyOf(id) === 4 ? fc.constantFrom('255.255.255.255', '255.255.255.0') : fc.constantFrom('128', '64'),
    engine: fc.constantFrom('none', 'none', 'sip'),
  });
  return id.kind === 'address' && id.port === 0 ? sticky : fc.oneof(fc.constant('none' as const), sticky);
}

const schedulers = fc.constantFrom(
  ...[
    ['wrr'],
    ['wlc'],
    ['sh', 'sh-port'],
    ['sh', 'sh-fallback', 'sh-port'],
    ['mh', 'mh-port'],
    ['rr', 'flag-1'],
  ],
);

const service: fc.Arbitrary<VirtualService> = identity.chain((id) =>
  fc
    .record({
      scheduler: schedulers,
      persistence: persistence(id),
      onePacket: id.kind === 'mark' || id.protocol === 'udp' ? fc.boolean() : fc.constant(false),
      destinations: fc.uniqueArray(destination(id), { selector: destinationKey, maxLength: 5 }),
    })
    .map(({ scheduler: [scheduler, ...schedulerFlags], ...rest }) => ({
      id,
      scheduler,
      schedulerFlags,
      ...rest,
    })),
);

export const table: fc.Arbitrary<Table> = fc
  .uniqueArray(service, { selector: ({ id }) => serviceKey(id), maxLength: 7 })
  .map((services) => ({ services }));

export const ownTable: fc.Arbitrary<Table> = table.map(({ services }) => ({
  services: services.filter(({ id }) =>
    id.kind === 'mark' ? id.mark === ownMark : ownVips.includes(id.address),
  ),
}));
