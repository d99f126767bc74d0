import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidenceScript, parseEvidence } from '../../../src/verify/evidence.js';
import { holders, parseInterfaces } from '../../../src/verify/interfaces.js';
import { hostShells } from '../../support/host-shells.js';

const red = `lo        Link encap:Local Loopback
          inet addr:127.0.0.1  Mask:255.0.0.0
          UP LOOPBACK RUNNING  MTU:16436  Metric:1

lo:100    Link encap:Local Loopback
          inet addr:10.83.33.100  Mask:255.255.255.255
          UP LOOPBACK RUNNING  MTU:16436  Metric:1

eth0      Link encap:Ethernet  HWaddr 02:00:0A:53:21:4C
          inet addr:10.83.33.76  Bcast:10.83.33.255  Mask:255.255.255.0
`;
const recent = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet 10.83.33.100/32 scope global lo:100
    inet6 ::1/128 scope host
2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 02:00:0a:53:21:4c brd ff:ff:ff:ff:ff:ff
    inet 10.83.33.76/24 brd 10.83.33.255 scope global eth0
    inet6 fd00:7::76/64 scope global
`;
const newTools = `lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0

lo:100: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 10.83.33.100  netmask 255.255.255.255

eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.83.33.76  netmask 255.255.255.0  broadcast 10.83.33.255
        ether 02:00:0a:53:21:4c  txqueuelen 1000  (Ethernet)
`;

describe.each([
  ['ifconfig of Red Hat 9', red],
  ['ip addr', recent],
  ['ifconfig of net-tools 2', newTools],
])('interfaces by %s', (_, text) => {
  const interfaces = parseInterfaces(text);
  it('know who holds an address, with its prefix', () => {
    expect(holders(interfaces, '10.83.33.100')).toEqual([{ device: 'lo', prefix: 32 }]);
    expect(holders(interfaces, '10.83.33.76')).toEqual([{ device: 'eth0', prefix: 24 }]);
    expect(holders(interfaces, '10.83.33.7')).toEqual([]);
  });
  it('know the MAC address', () => {
    expect(interfaces.find(({ device }) => device === 'eth0')?.mac).toBe('02:00:0a:53:21:4c');
  });
});

const told = `== interfaces
${recent}
== conf
all/arp_ignore:0
eth0/arp_ignore:1
eth0.100/arp_ignore:2
== forward
1
== listeners
family tcp
   0: 00000000:0015 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0
   1: 4C21530A:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1235 1 0 100 0 0 10 0
family tcp6
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1236 1 0 100 0 0 10 0
   1: 000000FD00000700000000000000007600:0016 bad
   2: 0000000000000000FFFF00004C21530A:1F90 00000000000000000000000000000000:0000 0A 0
family udp
  17: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1237 2 0 0
== routes
eth0	00000000	0121530A	0003	0	0	0	00000000	0	0	0
eth1	00000000	0100A8C0	0003	0	0	100	00000000	0	0	0
eth0	0021530A	00000000	0001	0	0	0	00FFFFFF	0	0	0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000007000000000000000000000083 00000001 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
== table
IP Virtual Server version 1.0.8 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A532164:0015 wrr                                          
  -> 0A53214C:0015      Route   3      1          0         
  -> 0A532102:0015      Route   1      0          4         
FWM  00000100 wlc persistent 36000 80000000
  -> 0A532109:0000      Route   1      0          0
TCP  [fd00:0007:0000:0000:0000:0000:0000:0110]:01BB wlc persistent 12000 40000000
  -> [fd00:0007:0000:0000:0000:0000:0000:0002]:01BB      Masq    2      0          0
== states
4 0A532164 0015 0A532102 SYN_RECV
30 0A532164 0015 0A53214C FIN_WAIT
== filter
Chain INPUT (policy DROP)
target     prot opt source               destination
ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22
== end
`;

describe('evidence', () => {
  const evidence = parseEvidence(told);
  it('has the settings of each device', () => {
    expect(evidence.conf.get('all')).toEqual({ arp_ignore: 0 });
    expect(evidence.conf.get('eth0.100')).toEqual({ arp_ignore: 2 });
    expect(evidence.ipForward).toBe(1);
  });
  it('has the listeners, from /proc/net of a little-endian machine', () => {
    expect(evidence.listeners).toEqual([
      { protocol: 'tcp', address: '*', port: 21 },
      { protocol: 'tcp', address: '10.83.33.76', port: 80 },
      { protocol: 'tcp', address: '*', port: 22 },
      { protocol: 'tcp', address: '10.83.33.76', port: 8080 },
      { protocol: 'udp', address: '*', port: 53 },
    ]);
  });
  it('has the default gateway', () => {
    expect(evidence.defaultGateways).toEqual(['10.83.33.1']);
    expect(evidence.defaultGateways6).toEqual(['fd00:7::83']);
  });
  it('has the table, with padding, IPv6 and services by mark', () => {
    expect(evidence.table).toEqual([
      {
        protocol: 'tcp',
        address: '10.83.33.100',
        port: 21,
        scheduler: 'wrr',
        destinations: [
          { address: '10.83.33.76', port: 21, forwarding: 'Route', weight: 3 },
          { address: '10.83.33.2', port: 21, forwarding: 'Route', weight: 1 },
        ],
      },
      {
        protocol: 'fwm',
        address: '',
        port: 0,
        mark: 256,
        scheduler: 'wlc',
        destinations: [{ address: '10.83.33.9', port: 0, forwarding: 'Route', weight: 1 }],
      },
      {
        protocol: 'tcp',
        address: 'fd00:7::110',
        port: 443,
        scheduler: 'wlc',
        destinations: [{ address: 'fd00:7::2', port: 443, forwarding: 'Masq', weight: 2 }],
      },
    ]);
  });
  it('has the connection states', () => {
    expect(evidence.states[0]).toEqual({
      vip: '10.83.33.100',
      port: 21,
      destination: '10.83.33.2',
      state: 'SYN_RECV',
      count: 4,
    });
  });
  it('counts filter rules, a dropping policy as one', () => {
    expect(evidence.filterRules).toBe(2);
  });
  it('knows what iptables redirects, old or new', () => {
    const text = `== redirects
Chain PREROUTING (policy ACCEPT)
target     prot opt source               destination         
REDIRECT   tcp  --  0.0.0.0/0            10.83.33.100       tcp dpt:21 
REDIRECT   17   --  0.0.0.0/0            10.83.33.100         udp dpt:53 redir ports 5353
DNAT       tcp  --  0.0.0.0/0            10.83.33.101       tcp dpt:80 to:10.1.1.1
== end
`;
    expect(parseEvidence(text).redirected).toEqual([
      { protocol: 'tcp', address: '10.83.33.100', port: 21 },
      { protocol: 'udp', address: '10.83.33.100', port: 53 },
    ]);
  });
  it('knows that ip_vs is not loaded', () => {
    expect(parseEvidence('== table\n== end\n').table).toBeUndefined();
  });
  it('is made of any text', () => {
    const lines = fc.array(fc.oneof(fc.constantFrom(...told.split('\n')), fc.string()));
    fc.assert(
      fc.property(lines, (parts) => {
        expect(parseEvidence(parts.join('\n')).listeners).toBeInstanceOf(Array);
      }),
    );
  });
});

describe.each(hostShells)('the evidence of this machine, by $name', ({ argv: [program = '', ...args] }) => {
  it('has its loopback address and a listener', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { stdout } = await execa(program, [...args, '-c', evidenceScript.text], {
      stdin: 'ignore',
      reject: false,
    });
    const evidence = parseEvidence(stdout);
    const address = server.address();
    server.close();
    expect(evidence.conf.get('lo')?.arp_ignore).toBeTypeOf('number');
    expect(stdout).toMatch(/== end$/);
    expect(evidence.listeners).toContainEqual({
      protocol: 'tcp',
      address: '127.0.0.1',
      port: typeof address === 'object' ? address?.port : undefined,
    });
  });
});
