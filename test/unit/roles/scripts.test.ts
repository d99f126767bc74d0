import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { director, realserver } from '../../../roles/index.js';
import { debian, systems } from '../resources/facts.js';
import { shells } from '../resources/shells.js';
import { host, service, tutorial } from './cluster.js';
import { input, writtenText } from './play.js';
import { everyTunnel } from './tunnels.js';

const v6 = service({ name: 'web6', vip: 'fd00:7::110', port: 80, label: '' });
const tunnelled = service({
  name: 'web',
  vip: '10.83.33.101',
  port: 80,
  forwarding: 'tun',
  label: '101',
  persistence: { seconds: 300 },
});
const natted = service({
  name: 'db',
  vip: '10.83.33.102',
  port: 3306,
  forwarding: 'nat',
  label: '102',
  scheduler: 'wlc',
});

const marked = service({
  fwmark: 21,
  ports: [
    { first: 21, last: 21 },
    { first: 50000, last: 50100 },
  ],
  persistence: { seconds: 300, netmask: '255.255.255.0' },
});

const marked6 = service({
  name: 'web6',
  vip: 'fd00:7::110',
  label: '',
  fwmark: 21,
  ports: [
    { first: 80, last: 80 },
    { first: 443, last: 443 },
  ],
});

const hidden = service({ ...natted, name: 'ftp', port: 21, masquerade: 'both' });
const hidden6 = service({
  ...v6,
  forwarding: 'nat',
  masquerade: 'real-servers',
  realServers: [{ host: 'rs1', address: 'fd00:7::76', port: 8080, weight: 1 }],
});
const two = [
  host('director', '10.83.33.83', { address6: 'fd00:7::83', prefix6: 64 }),
  host('rs1', '10.83.33.76', { address6: 'fd00:7::76', prefix6: 64 }),
  host('rs2', '10.83.33.2'),
];

const clusters = [
  ['tutorial', tutorial()],
  ['mixed', tutorial({ services: [service(), tunnelled, natted] })],
  ['dual', tutorial({ services: [service(), v6] })],
  ['nat', tutorial({ hosts: two, services: [hidden, hidden6] })],
  [
    'marked',
    {
      ...tutorial({ services: [marked, marked6] }),
      ipvs: { timeouts: { tcp: 7200, udp: 60 }, sync: { id: 7, ttl: 2 } },
    },
  ],
  [
    'keepalived',
    {
      ...tutorial({
        services: [
          {
            ...marked,
            checks: [{ type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 }],
          },
        ],
      }),
      ipvs: { timeouts: { tcp: 7200 }, sync: { id: 7 } },
      keepalived: {},
    },
  ],
] as const;

const cases = systems.flatMap(([system, facts]) =>
  clusters.flatMap(([name, cluster]) => [
    {
      name: `${system}-${name}-director.sh`,
      text: writtenText(
        director.resources(input(director, cluster, 'director', facts)),
        '/etc/lvsctl/director.sh',
      ),
    },
    {
      name: `${system}-${name}-realserver.sh`,
      text: writtenText(
        realserver.resources(input(realserver, cluster, 'rs1', facts)),
        '/etc/lvsctl/realserver.sh',
      ),
    },
  ]),
);

cases.push({
  name: 'debian-tunnels-realserver.sh',
  text: writtenText(
    realserver.resources(input(realserver, everyTunnel, 'rs1', debian)),
    '/etc/lvsctl/realserver.sh',
  ),
});

cases.push({
  name: 'debian-tunnels-iptables-realserver.sh',
  text: writtenText(
    realserver.resources(
      input(realserver, everyTunnel, 'rs1', {
        ...debian,
        commands: new Set([...debian.commands, 'iptables']),
      }),
    ),
    '/etc/lvsctl/realserver.sh',
  ),
});

describe.each(cases)('$name', ({ name, text }) => {
  it('is the golden script', async () => {
    await expect(text).toMatchFileSnapshot(`golden/${name}`);
  });

  it.each(shells)('is a script for %s', (_, [program = '', ...args]) => {
    const { status, stderr } = spawnSync(program, [...args, '-n'], { input: text });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});
