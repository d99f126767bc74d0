import { describe, expect, it } from 'vitest';
import { ipvsTimeouts, syncDaemons } from '../../../src/resources/index.js';
import { nothingChanging, said } from './shells.js';

describe('timeouts', () => {
  const timeouts = ipvsTimeouts({ tcp: 7200, udp: 300 });

  it('that the inventory does not give are left alone', () => {
    expect(timeouts.plan(said('Timeout (tcp tcpfin udp): 7200 5 300\n'), nothingChanging)).toBeUndefined();
    const change = timeouts.plan(said('Timeout (tcp tcpfin udp): 900 5 300\n'), nothingChanging);
    expect(change?.summary).toBe('set the timeout of TCP to 7200 s (is 900)');
    expect(change?.apply.text).toBe('ipvsadm --set 7200 0 300');
  });

  it('of a kernel without ip_vs yet are set', () => {
    expect(timeouts.plan(said(''), nothingChanging)?.summary).toBe(
      'set the timeout of TCP to 7200 s (is unknown), UDP to 300 s (is unknown)',
    );
  });
});

describe('sync daemons', () => {
  const daemons = syncDaemons({ interface: 'eth0', id: 7, ttl: 2 });
  const line = (state: string, rest: string) => `${state} sync daemon (mcast=eth0, ${rest})\n`;
  const right = 'syncid=7, maxlen=1400, group=224.0.0.81, port=8848, ttl=2';

  it('both run with what the inventory gives; the rest is the kernel’s', () => {
    const both = line('master', right) + line('backup', right);
    expect(daemons.plan(said(both), nothingChanging)).toBeUndefined();
    expect(daemons.plan(said(''), nothingChanging)?.apply.text).toBe(
      'ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7 --mcast-ttl 2\n' +
        'ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7 --mcast-ttl 2',
    );
  });

  it('with other settings, one is stopped and started again, the other goes on', () => {
    const change = daemons.plan(
      said(line('master', 'syncid=3') + line('backup', 'syncid=7')),
      nothingChanging,
    );
    expect(change?.summary).toBe('start the master sync daemon anew on eth0');
    expect(change?.apply.text).toBe(
      'ipvsadm --stop-daemon master\nipvsadm --start-daemon master --mcast-interface eth0 --syncid 7 --mcast-ttl 2',
    );
  });

  it('of an ipvsadm that shows no id are taken as they are', () => {
    const old = 'master sync daemon (mcast=eth0)\nbackup sync daemon (mcast=eth0)\n';
    expect(daemons.plan(said(old), nothingChanging)).toBeUndefined();
  });
});
