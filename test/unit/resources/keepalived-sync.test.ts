import { describe, expect, it } from 'vitest';
import { keepalivedSync } from '../../../src/resources/index.js';
import { nothingChanging, said } from './shells.js';

const wanted = { interface: 'eth0', id: 7 };
const daemon = (state: string, id = 7) => `${state} sync daemon (mcast=eth0, syncid=${id}, maxlen=1400)\n`;
const own = '2: eth0    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\n';
const held = `${own}2: eth0    inet 10.83.33.100/32 scope global eth0:100\n3: eth1    inet6 2001:db8::100/128 scope global nodad\n`;
const start = (state: string) =>
  `ipvsadm -L --daemon | grep '^${state} sync daemon' >/dev/null || ipvsadm --start-daemon ${state} --mcast-interface eth0 --syncid 7`;

describe('sync daemons of keepalived', () => {
  const following = keepalivedSync({ wanted, vips: ['10.83.33.100'] });

  it.each([
    ['without the VIP', own, 'backup'],
    ['with the VIP', held, 'master'],
  ])('that somebody stopped come back as keepalived would have them: %s', (_, addresses, state) => {
    const change = following.plan(said(addresses), nothingChanging);
    expect(change?.summary).toBe(`start the ${state} sync daemon, which keepalived has lost`);
    expect(change?.apply.text).toBe(start(state));
  });

  it('are told by an IPv6 VIP too', () => {
    const six = keepalivedSync({ wanted, vips: ['2001:db8::100'] });
    expect(six.plan(said(held), nothingChanging)?.summary).toContain('start the master');
    expect(six.plan(said(own), nothingChanging)?.summary).toContain('start the backup');
  });

  it.each(['master', 'backup'])('are no drift while one runs, whichever: %s', (state) => {
    expect(following.plan(said(daemon(state) + own), nothingChanging)).toBeUndefined();
    expect(following.plan(said(daemon(state) + held), nothingChanging)).toBeUndefined();
  });

  it('of another id go first', () => {
    const change = following.plan(said(daemon('backup', 3) + held), nothingChanging);
    expect(change?.summary).toBe('start the master sync daemon anew with id 7 (is 3)');
    expect(change?.apply.text).toBe(
      `for state in master backup; do ipvsadm --stop-daemon $state || :; done\n${start('master')}`,
    );
  });

  it('run both where the VIPs may part', () => {
    const both = keepalivedSync({ wanted });
    expect(both.plan(said(daemon('master') + daemon('backup') + held), nothingChanging)).toBeUndefined();
    expect(both.plan(said(daemon('master') + held), nothingChanging)?.apply.text).toBe(start('backup'));
    expect(both.plan(said(own), nothingChanging)?.apply.text).toBe(`${start('master')}\n${start('backup')}`);
  });
});
