import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import type { Change } from '../../../src/engine/resource.js';
import { defaultRoute } from '../../../src/resources/index.js';
import { type Sh, trusted } from '../../../src/shell/index.js';
import { runOut } from '../../support/timers.js';
import { alpine, debian, redhat9 } from './facts.js';
import { apply, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

const wanted = { gateway: '10.84.1.10', interface: 'eth0', hint: 'look at it' };
const wanted6 = { gateway: 'fd00:84:1::10', interface: 'eth0', hint: 'look at it' };

/** As the probe prints /proc/net/route: interface, gateway, metric, flags. */
const by10 = 'eth0 0A01540A 0 0003\n';
const by254 = 'eth0 FE01540A 0 0003\n';
const six = (last: string, metric: string, flags = '00000003') =>
  `eth0 fd0000840001000000000000000000${last} ${metric} ${flags}\n`;
const reject = 'lo 00000000000000000000000000000000 ffffffff 00200200\n';

const summary = (route: typeof wanted, observed: string, facts: Facts = debian) =>
  defaultRoute({ ...route, facts }).plan(said(observed), nothingChanging)?.summary;

describe('the default route', () => {
  it.each([
    ['IPv4', wanted, by10],
    ['IPv4 beside one that a lease gave', wanted, `${by10}eth1 0100A8C0 100 0003\n`],
    ['IPv4 on a big-endian machine', wanted, 'eth0 0A54010A 0 0003\n'],
    ['IPv6', wanted6, six('10', '00000001') + six('fe', '00000400') + reject],
  ])('is right: %s', (_, route, observed) => expect(summary(route, observed)).toBeUndefined());

  it.each([
    ['another gateway', wanted, by254, 'is 10.84.1.254 on eth0'],
    ['none', wanted, '', 'there is none'],
    ['on another interface', wanted, 'eth1 0A01540A 0 0003\n', 'is 10.84.1.10 on eth1'],
    ['by a lease, with a metric', wanted, 'eth0 FE01540A 100 0003\n', 'is 10.84.1.254 on eth0'],
    ['that goes without a gateway', wanted, 'ppp0 00000000 0 0001\n', 'is no gateway on ppp0'],
    ['one that refuses', wanted, `${by10.replace('0003', '0203')}`, 'there is none'],
    ['two of one metric', wanted, by254 + by10, 'is 10.84.1.254 on eth0 and 10.84.1.10 on eth0'],
    ['IPv6: a router’s', wanted6, six('fe', '00000400') + reject, 'is fd00:84:1::fe on eth0'],
    [
      'IPv6: the right one loses',
      wanted6,
      six('10', '00000400') + six('fe', '00000001'),
      'is fd00:84:1::fe on eth0',
    ],
    ['IPv6: none', wanted6, reject, 'there is none'],
  ])('is made anew: %s', (_, route, observed, is) => {
    expect(summary(route, observed)).toBe(
      `make ${route.gateway} on eth0 the default gateway (${is}); taken back after 60 s unless lvsctl can log in anew`,
    );
  });

  it('that a run set which was cut off is confirmed by the next, without another login', () => {
    const change = defaultRoute({ ...wanted, facts: debian }).plan(said(`${by10}armed\n`), nothingChanging);
    expect(change?.summary).toBe(
      'keep 10.84.1.10 as the default gateway, which a run that was cut off has set',
    );
    expect(change?.confirm).toBeUndefined();
    expect(summary(wanted, `${by254}armed\n`)).toMatch(/^make 10\.84\.1\.10 /);
  });

  it.each(shells)('is read from this machine’s /proc by %s', (_, shell) => {
    for (const route of [wanted, wanted6]) {
      const { status, stdout, stderr } = probe(shell, defaultRoute({ ...route, facts: debian }));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      for (const line of stdout.split('\n').filter(Boolean))
        expect(line).toMatch(/^\S+ [0-9A-Fa-f]+ \w+ \w+$/);
    }
  });
});

/**
 * Makes the change with marks in a folder of its own, by programs of other names that tell what they were asked: busybox takes its own
 * before those of the PATH, and this machine's routes are not for tests.
 */
function made(shell: readonly string[], route: typeof wanted, observed: string, shown: string, facts: Facts) {
  const folder = temporaryFolder();
  const change = defaultRoute({ ...route, facts, withinSeconds: 3600 }).plan(said(observed), nothingChanging);
  if (!change?.confirm) throw new Error('no change to confirm');
  const { script } = change.confirm;
  const log = join(folder, 'log');
  writeFileSync(join(folder, 'shown'), shown);
  const told = (name: string) => `echo "${name} $*" >> '${log}'`;
  const programs = fakeCommands({
    'fake-ip': `case "$*" in *' show') exec cat '${folder}/shown' ;; esac\n${told('ip')}`,
    'fake-route': told('route'),
  });
  const environment = { PATH: `${programs}:${process.env.PATH}` };
  const here = ({ text }: Sh) =>
    trusted(
      text
        .replaceAll('/var/lib/lvsctl', folder)
        .replace(/\bip (-[46])/g, 'fake-ip $1')
        .replace(/\broute (add|del|-A)/g, 'fake-route $1')
        // ip's own word.
        .replace(/(fake-ip -[46]) fake-route/g, '$1 route')
        .replaceAll('logger -t', ': -t'),
    );
  const run = (what: Sh) => apply(shell, { summary: '', apply: here(what) } satisfies Change, environment);
  return {
    first: () => run(change.apply),
    confirm: () => run(script),
    asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    timeIsOver: () => runOut(`${folder}/undo/`),
    marks: () => readdirSync(join(folder, 'undo')).map((name) => name.replace(/\d+/, 'N')),
  };
}

const cases: readonly (readonly [string, typeof wanted, string, string, Facts, readonly string[], string])[] =
  [
    [
      'ip, in place of another',
      wanted,
      by254,
      'default via 10.84.1.254 dev eth0 onlink linkdown\ndefault via 10.9.9.9 dev eth1 metric 100\n10.84.1.0/24 dev eth0\n',
      debian,
      ['ip -4 route replace default via 10.84.1.10 dev eth0'],
      'ip -4 route replace default via 10.84.1.254 dev eth0 onlink',
    ],
    [
      'ip, beside one of a greater metric',
      wanted,
      'eth0 FE01540A 100 0003\n',
      'default via 10.84.1.254 dev eth0 proto dhcp metric 100\n',
      alpine,
      ['ip -4 route replace default via 10.84.1.10 dev eth0'],
      'ip -4 route del default via 10.84.1.10 dev eth0',
    ],
    [
      'ip, IPv6, beside a router’s',
      wanted6,
      six('fe', '00000400'),
      'default via fe80::1 dev eth0 proto ra metric 1024 pref medium\n',
      debian,
      ['ip -6 route replace default via fd00:84:1::10 dev eth0 metric 1'],
      'ip -6 route del default via fd00:84:1::10 dev eth0 metric 1',
    ],
    [
      'ip, IPv6, in place of another',
      wanted6,
      six('fe', '00000001'),
      'default via fd00:84:1::fe dev eth0 metric 1 pref medium\n',
      debian,
      ['ip -6 route replace default via fd00:84:1::10 dev eth0 metric 1'],
      'ip -6 route replace default via fd00:84:1::fe dev eth0 metric 1 pref medium',
    ],
    [
      'route(8), in place of another',
      wanted,
      by254,
      '',
      redhat9,
      ['route add default gw 10.84.1.10 dev eth0', 'route del default gw 10.84.1.254 dev eth0'],
      'route add default gw 10.84.1.254 dev eth0\nroute del default gw 10.84.1.10 dev eth0',
    ],
    [
      'route(8), where there is none',
      wanted,
      '',
      '',
      redhat9,
      ['route add default gw 10.84.1.10 dev eth0'],
      'route del default gw 10.84.1.10 dev eth0',
    ],
    [
      'route(8), IPv6',
      wanted6,
      '',
      '',
      redhat9,
      ['route -A inet6 add default gw fd00:84:1::10 metric 1 dev eth0'],
      'route -A inet6 del default gw fd00:84:1::10 metric 1 dev eth0',
    ],
  ];

describe.each(shells)('the timer, by %s', (_, shell) => {
  it('takes the route back when nobody confirms', async () => {
    const hosts = cases.map(([name, route, observed, shown, facts, now, back]) => {
      const host = made(shell, route, observed, shown, facts);
      expect(host.first(), name).toMatchObject({ status: 0, stderr: '' });
      expect(host.asked(), name).toEqual(now);
      return { name, host, after: [...now, ...back.split('\n')] };
    });
    for (const { name, host, after } of hosts) {
      await host.timeIsOver();
      expect(host.asked(), name).toEqual(after);
      expect(host.confirm(), name).toMatchObject({ status: 1, stderr: 'its timer has run out\n' });
    }
  });

  it('leaves it when somebody does, as often as they like', async () => {
    const host = made(shell, wanted, by254, 'default via 10.84.1.254 dev eth0\n', debian);
    host.first();
    const asked = host.asked();
    expect(host.confirm().status).toBe(0);
    await host.timeIsOver();
    expect(host.asked()).toEqual(asked);
    expect(host.marks()).toEqual(['default-route.N.kept']);
    expect(host.confirm().status).toBe(0);
  });

  it('does not touch a route of several ways, which could not be put back', () => {
    const host = made(
      shell,
      wanted,
      by254,
      'default proto static \n\tnexthop via 10.84.1.254 dev eth0 weight 1 \n',
      debian,
    );
    expect(host.first()).toMatchObject({
      status: 1,
      stderr: 'the default route has several ways, which could not be put back: default proto static\n',
    });
    expect(host.asked()).toEqual([]);
  });
});
