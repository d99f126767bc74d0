import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realserver } from '../../../roles/index.js';
import { hostShells } from '../../support/host-shells.js';
import { ofThisMachine } from '../../support/red-hat-9.js';
import { redhat9 } from '../../unit/resources/facts.js';
import { fakeCommands } from '../../unit/resources/shells.js';
import { host, service, tutorial } from '../../unit/roles/cluster.js';
import { input, writtenText } from '../../unit/roles/play.js';

/** A real server with a default route by another router, on a wire where neighbours are known by heart. */
const world = `
ip link add eth0 type veth peer name wire
ip link set eth0 up
ip link set wire up
ip address add 10.83.33.76/24 dev eth0
ip -6 address add fd00:83::76/64 dev eth0 nodad
for router in 10.83.33.83 10.83.33.254 fd00:83::83 fd00:83::254; do ip neigh add $router lladdr 02:00:00:00:00:02 dev eth0; done
ip route add default via 10.83.33.254
ip -6 route add default via fd00:83::254 metric 1024
`;

/** Sends a datagram of each family every millisecond until its input ends, then says how many it sent, and how many had no way. */
const sender = `
const { createSocket } = require('node:dgram');
const sockets = [[createSocket('udp4'), '198.51.100.1'], [createSocket('udp6'), '2001:db8::1']];
let going = true, sent = 0, lost = 0;
process.stdin.on('end', () => { going = false; }).resume();
(async () => {
  while (going) {
    await Promise.all(sockets.map(([socket, to]) => new Promise((done) => socket.send('x', 9, to, (error) => { sent++; if (error) lost++; done(); }))));
    if (sent === 2) console.log('begun');
    await new Promise((passed) => setTimeout(passed, 1));
  }
  console.log(JSON.stringify({ sent, lost }));
  for (const [socket] of sockets) socket.close();
})();
`;

const hosts = [
  host('director', '10.83.33.83', { address6: 'fd00:83::83', prefix6: 64 }),
  host('rs1', '10.83.33.76', { address6: 'fd00:83::76', prefix6: 64 }),
  host('rs2', '10.83.33.2'),
];
const services = [
  service({ forwarding: 'nat' }),
  service({
    forwarding: 'nat',
    name: 'six',
    vip: 'fd00:83::100',
    label: '',
    realServers: [{ host: 'rs1', address: 'fd00:83::76', port: 21, weight: 1 }],
  }),
];
const script = writtenText(
  realserver.resources(input(realserver, tutorial({ hosts, services }), 'rs1', redhat9)),
  '/etc/lvsctl/realserver.sh',
).replace(/^PATH=.*\n/m, '');

let inside: readonly string[];
let namespace: ReturnType<typeof spawn>;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  const folder = fakeCommands({ route: `exec ${ofThisMachine('busybox')} route "$@"` });
  environment = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  namespace = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 300'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(namespace.stdout ?? namespace, 'data');
  inside = ['-t', String(namespace.pid), '-n'];
  ran('sh', '-ec', world);
});

afterEach(() => {
  namespace.kill();
});

function ran(...command: readonly string[]): string {
  return execFileSync('nsenter', [...inside, ...command], { encoding: 'utf8', env: environment });
}

const routes = () =>
  [ran('ip', 'route', 'show', 'default'), ran('ip', '-6', 'route', 'show', 'default')].map((text) =>
    text.trim(),
  );

describe.each(hostShells)('a real server’s boot script without ip(8), by $name', ({ argv }) => {
  it('leads the way through the director, and leaves no moment without one', async () => {
    const flood = spawn('nsenter', [...inside, process.execPath, '-e', sender], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    flood.stdout.on('data', (data) => {
      said += String(data);
    });
    const ended = once(flood, 'close');
    await expect.poll(() => said, { timeout: 60_000 }).toContain('begun');
    for (let round = 0; round < 10; round++) {
      ran(...argv, '-c', script);
      const right = [
        'default via 10.83.33.83 dev eth0',
        expect.stringContaining('default via fd00:83::83 dev eth0 metric 1 '),
      ];
      expect(routes()).toEqual(right);
      ran(...argv, '-c', script);
      expect(routes()).toEqual(right);
      // Somebody’s own comes before it again.
      ran('ip', 'route', 'prepend', 'default', 'via', '10.83.33.254');
    }
    flood.stdin.end();
    await ended;
    expect(JSON.parse(said.replace('begun\n', ''))).toMatchObject({ lost: 0 });
  });

  it('keeps the route that is there when the director’s network is not', () => {
    ran('ip', 'address', 'flush', 'dev', 'eth0');
    ran('ip', 'address', 'add', '10.9.9.76/24', 'dev', 'eth0');
    ran('ip', 'route', 'add', 'default', 'via', '10.9.9.254');
    expect(() => ran(...argv, '-c', script)).toThrow(/unreachable/);
    expect(routes()[0]).toBe('default via 10.9.9.254 dev eth0');
  });
});
