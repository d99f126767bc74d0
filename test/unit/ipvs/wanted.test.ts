import { describe, expect, it } from 'vitest';
import { planTable, renderSave, wantedTable } from '../../../src/ipvs/index.js';
import { cluster } from './cluster.js';

describe('wantedTable', () => {
  it("is the tutorial's table", () => {
    const { services, held } = wantedTable(cluster(), 'lvs', new Map());
    expect(renderSave({ services })).toBe(
      '-A -t 10.83.33.100:21 -s wrr\n' +
        '-a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3\n' +
        '-a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\n',
    );
    expect(held).toEqual([]);
  });

  it('holds the real servers of hosts that are not ready, with the reason', () => {
    const { services, held } = wantedTable(cluster(), 'lvs', new Map([['ftp2', 'vsftpd failed']]));
    expect(services[0]?.destinations.map(({ address }) => address)).toEqual(['10.83.33.76']);
    expect(held).toMatchObject([
      { address: '10.83.33.2', port: 21, reason: 'ftp2 is not ready (vsftpd failed)' },
    ]);
  });

  it('is empty on another director, whose copy of the service has to leave', () => {
    const { services, held, owned } = wantedTable(cluster(), 'lvs2', new Map());
    expect(services).toEqual([]);
    const here = { services: wantedTable(cluster(), 'lvs', new Map()).services };
    const plan = planTable(here, { services, held }, owned);
    expect(plan.operations.map(({ kind }) => kind)).toEqual(['editDestination', 'editDestination']);
  });

  it('names a service by its mark, and its real servers without a port', () => {
    const ports = [{ first: 21, last: 21 }];
    const marked = cluster({ fwmark: 256, ports });
    const { services, held, owned } = wantedTable(marked, 'lvs', new Map([['ftp2', 'vsftpd failed']]));
    expect(renderSave({ services })).toBe('-A -f 256 -s wrr\n-a -f 256 -r 10.83.33.76:0 -g -w 3\n');
    expect(held).toMatchObject([{ service: { kind: 'mark', mark: 256 }, address: '10.83.33.2', port: 0 }]);
    expect(planTable({ services: [] }, { services, held }, owned).operations).toHaveLength(2);
    const six = wantedTable(cluster({ vip: 'fd00:7::110', fwmark: 256, ports }), 'lvs', new Map());
    expect(six.services[0]?.id).toEqual({ kind: 'mark', mark: 256, family: 6 });
  });

  it('has flags, one-packet scheduling, netmask, engine, thresholds and tunnels as the inventory says', () => {
    const realServer = (host: string, last: number) => ({
      host,
      address: `10.83.33.${last}`,
      port: 53,
      weight: 1,
    });
    const { services } = wantedTable(
      cluster({
        port: 53,
        protocol: 'udp',
        scheduler: 'sh',
        schedulerFlags: ['sh-fallback', 'sh-port'],
        onePacket: true,
        forwarding: 'tun',
        persistence: { seconds: 60, netmask: '255.255.255.0', engine: 'sip' },
        realServers: [
          { ...realServer('ftp1', 76), upperThreshold: 100, lowerThreshold: 50 },
          { ...realServer('ftp2', 2), weight: 0, tunnel: { type: 'gue', port: 6080, checksum: 'remote' } },
          { ...realServer('lvs2', 84), tunnel: { type: 'gre' } },
        ],
      }),
      'lvs',
      new Map(),
    );
    expect(renderSave({ services })).toBe(
      '-A -u 10.83.33.100:53 -s sh -p 60 -M 255.255.255.0 --pe sip -o -b sh-fallback,sh-port\n' +
        '-a -u 10.83.33.100:53 -r 10.83.33.76:53 -i -w 1 --tun-type ipip\n' +
        '-a -u 10.83.33.100:53 -r 10.83.33.2:53 -i -w 0 --tun-type gue --tun-port 6080 --tun-remcsum\n' +
        '-a -u 10.83.33.100:53 -r 10.83.33.84:53 -i -w 1 --tun-type gre --tun-nocsum\n',
    );
    const limits = services[0]?.destinations.map((one) => [one.upperThreshold, one.lowerThreshold]);
    expect(limits).toEqual([
      [100, 50],
      [0, 0],
      [0, 0],
    ]);
  });

  it('wants persistence with the full netmask of the family, and none where the inventory has none', () => {
    const six = cluster({ vip: 'fd00:7::110', persistence: { seconds: 600 }, realServers: [] });
    expect(wantedTable(six, 'lvs', new Map()).services[0]?.persistence).toEqual({
      timeoutSeconds: 600,
      netmask: '128',
      engine: 'none',
    });
    expect(wantedTable(cluster(), 'lvs', new Map()).services[0]?.persistence).toBe('none');
  });
});
