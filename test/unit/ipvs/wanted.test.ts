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

  it('wants persistence with the full netmask of the family, and none where the inventory has none', () => {
    const six = cluster({ vip: 'fd00:7::110', persistence: 600, realServers: [] });
    expect(wantedTable(six, 'lvs', new Map()).services[0]?.persistence).toEqual({
      timeoutSeconds: 600,
      netmask: '128',
      engine: 'none',
    });
    expect(wantedTable(cluster(), 'lvs', new Map()).services[0]?.persistence).toBe('none');
  });
});
