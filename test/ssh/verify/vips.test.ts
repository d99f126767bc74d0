import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../src/inventory/cluster.js';
import { parseVipAnswers, questionsOf, type VipAnswer, vipScript } from '../../../src/verify/vips/index.js';

/**
 * The programs that ask at the VIP, on real packets: director and real server are two network namespaces of a user namespace of
 * our own, with a pair of veth between them. Both hold the VIPs.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-vips-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A PATH with one of the two interpreters. */
async function pathWith(...names: string[]): Promise<string> {
  const path = mkdtempSync(join(folder, 'path-'));
  for (const name of names) {
    const { stdout } = await execa('sh', ['-c', 'command -v "$1"', 'sh', name]);
    const real =
      name === 'python3' ? (await execa(stdout, ['-c', 'import sys; print(sys.executable)'])).stdout : stdout;
    symlinkSync(real, join(path, name));
  }
  return path;
}

const serve = join(folder, 'serve.mjs');
writeFileSync(
  serve,
  `import { once } from 'node:events';
import { createServer } from 'node:net';
const servers = [
  createServer().listen(80, '::'),
  createServer().listen(81, '10.99.0.2'),
  createServer((socket) => socket.end()).listen(82, '0.0.0.0'),
];
await Promise.all(servers.map((server) => once(server, 'listening')));
console.log('serving');`,
);

const world = `set -e
rs() { nsenter -t "$server" -n "$@"; }
trap 'kill $server $program 2>/dev/null' EXIT
unshare -n sleep 300 & server=$!
while [ "$(readlink /proc/$server/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set lo up; rs ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set peer0 netns "$server"
ip addr add 10.99.0.1/24 dev eth0; ip addr add fd99::1/64 dev eth0 nodad
ip addr add 10.99.0.100/32 dev eth0; ip addr add fd99::100/128 dev eth0 nodad
rs ip addr add 10.99.0.2/24 dev peer0; rs ip addr add fd99::2/64 dev peer0 nodad
rs ip addr add 10.99.0.100/32 dev lo; rs ip addr add fd99::100/128 dev lo nodad
rs sh -c 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore'
ip link set eth0 up addrgenmode none; rs ip link set peer0 up addrgenmode none
mkfifo "$FIFO"
nsenter -t "$server" -n "$NODE" "$SERVE" > "$FIFO" & program=$!
read -r word < "$FIFO"
state() { ip addr; ip rule; ip route show table all; cat /proc/sys/net/ipv4/conf/*/accept_local; }
ask() {
  asking=
  for script in "$@"; do (PATH=$ONLY; export PATH; . "$script" > "$script.out" 2>&1) & asking="$asking $!"; done
  wait $asking
  for script in "$@"; do cat "$script.out"; done
}
state > "$FIFO.before"
ask "$@"
echo ==
rs ss -Htn state syn-recv
rs ip addr del 10.99.0.100/32 dev lo; rs ip addr del fd99::100/128 dev lo
ask "$@"
echo ==
state | diff "$FIFO.before" - && echo unchanged`;

function service(name: string, port: number, six = false): Service {
  return {
    name,
    vip: six ? 'fd99::100' : '10.99.0.100',
    port,
    protocol: 'tcp',
    scheduler: 'rr',
    forwarding: 'dr',
    directors: ['director'],
    label: '100',
    realServers: [{ host: 'rs', address: six ? 'fd99::2' : '10.99.0.2', port, weight: 1 }],
  };
}

const sources = { four: '10.99.0.1', six: 'fd99::1' };
const services: [Service, source: string | undefined][] = [
  [service('everywhere', 80), sources.four],
  [service('own address only', 81), undefined],
  [service('nothing', 83), sources.four],
  [{ ...service('udp', 53), protocol: 'udp' }, sources.four],
  [service('six', 80, true), sources.six],
  [service('six, nothing', 83, true), sources.six],
];

/** What is heard with the VIPs on the real server, then without, and what the namespaces show. */
async function hear(only: string, asked = services) {
  const run = mkdtempSync(join(folder, 'run-'));
  const scripts = asked.map(([one, source], i) => {
    const file = join(run, `${i}.sh`);
    writeFileSync(file, vipScript(questionsOf(one, 'director', source)).text);
    return file;
  });
  const { stdout } = await execa('unshare', ['-rn', 'sh', '-c', world, 'sh', ...scripts], {
    env: {
      ONLY: only,
      NODE: process.execPath,
      SERVE: serve,
      FIFO: join(run, 'up'),
    },
  });
  const [sound = '', without = '', end = ''] = stdout.split('==\n');
  const answers = (text: string): (Partial<VipAnswer> | undefined)[] => {
    const said = text.split(/(?<=asked all\n)/);
    return asked.map(
      ([one, source], i) => parseVipAnswers(said[i] ?? '', questionsOf(one, 'director', source)).answers[0],
    );
  };
  return {
    sound: answers(sound),
    halfOpen: sound.split('asked all\n').at(-1),
    without: answers(without),
    end,
  };
}

describe.concurrent.each([['perl'], ['python3']])('with nothing but %s', (name) => {
  it('asks at the VIP which both hold, by IPv4 and IPv6, and leaves nothing behind', async () => {
    const path = await pathWith(name, 'ip');
    const { sound, halfOpen, without, end } = await hear(path);
    expect(sound).toMatchObject([
      { vip: 'accepted', link: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) },
      { vip: 'refused' },
      { vip: 'refused' },
      { vip: undefined, vipEcho: true },
      { vip: 'accepted' },
      { vip: 'refused' },
    ]);
    expect(halfOpen).toBe('');
    expect(without).toMatchObject([
      { vip: undefined, own: 'accepted', vipEcho: false, ownEcho: true },
      { vip: undefined, own: 'accepted', vipEcho: false },
      { vip: undefined, own: 'refused', vipEcho: false },
      { vipEcho: false, ownEcho: true },
      { vip: undefined, own: 'accepted', vipEcho: false, ownEcho: true },
      { vip: undefined, own: 'refused', vipEcho: false, ownEcho: true },
    ]);
    expect(end.trim()).toBe('unchanged');
  });

  it('hears that a host takes no packets of a tunnel', async () => {
    const path = await pathWith(name);
    const one = service('gue', 80);
    const tunnel = { type: 'gue', port: 6080 } as const;
    const realServers = one.realServers.map((server) => ({ ...server, tunnel }));
    const { sound } = await hear(path, [[{ ...one, forwarding: 'tun', realServers }, sources.four]]);
    expect(sound).toMatchObject([{ vip: undefined, own: 'accepted', link: 'no-tunnel' }]);
  });

  it('says of an address without a route, and of the VIP as source, that it can’t ask', async () => {
    const path = await pathWith(name);
    const far = service('far', 80);
    const realServers = [{ host: 'rs', address: '10.98.0.2', port: 80, weight: 1 }];
    const { sound } = await hear(path, [
      [{ ...far, realServers }, undefined],
      [service('from vip', 80), '10.99.0.100'],
    ]);
    expect(sound).toMatchObject([{ unasked: 'no-route' }, { unasked: 'from-vip' }]);
  });
});

it('says where neither is there', async () => {
  const { stdout } = await execa('/bin/sh', ['-c', vipScript([]).text], {
    env: { PATH: mkdtempSync(join(folder, 'path-')) },
    extendEnv: false,
  });
  expect(stdout).toBe('cannot find perl or python3');
});
