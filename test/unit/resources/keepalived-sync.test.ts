import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import { keepalivedSync } from '../../../src/resources/index.js';
import { debian } from './facts.js';
import { apply, fakeCommands, nothingChanging, said, shells, temporaryFolder } from './shells.js';

const wanted = { interface: 'eth0', id: 7 };
const daemon = (state: string, id = 7) => `${state} sync daemon (mcast=eth0, syncid=${id}, maxlen=1400)\n`;
const own = '2: eth0    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\n';
const held = `${own}2: eth0    inet 10.83.33.100/32 scope global eth0:100\n3: eth1    inet6 2001:db8::100/128 scope global nodad\n`;
/** The last lines of the change. */
const starting = (enough: string, state: string) =>
  `start '${enough}' --start-daemon ${state} --mcast-interface eth0 --syncid 7`;
const vips = ['10.83.33.100'];
const withCommands = (...commands: string[]): Facts => ({ ...debian, commands: new Set(commands) });

describe('sync daemons of keepalived', () => {
  const following = keepalivedSync({ wanted, vips, facts: debian });
  const both = keepalivedSync({ wanted, facts: debian });

  it.each([
    ['without the VIP', own, 'backup'],
    ['with the VIP', held, 'master'],
  ])('that do not run are started as keepalived would have them: %s', (_, addresses, state) => {
    const change = following.plan(said(addresses), nothingChanging);
    // True of one that somebody has stopped, and of one that the inventory has only now.
    expect(change?.summary).toBe(
      `start the ${state} sync daemon, which does not run: keepalived starts it only when VRRP changes`,
    );
    expect(change?.apply.text.split('\n').at(-1)).toBe(starting(' sync ', state));
  });

  it('are told by an IPv6 VIP too', () => {
    const six = keepalivedSync({ wanted, vips: ['2001:db8::100'], facts: debian });
    expect(six.plan(said(held), nothingChanging)?.summary).toContain('start the master');
    expect(six.plan(said(own), nothingChanging)?.summary).toContain('start the backup');
  });

  it.each(['master', 'backup'])('are no drift while one runs, whichever: %s', (state) => {
    expect(following.plan(said(daemon(state) + own), nothingChanging)).toBeUndefined();
    expect(following.plan(said(daemon(state) + held), nothingChanging)).toBeUndefined();
    expect(following.remarks?.(said(daemon(state) + held))).toEqual([]);
  });

  it('of another id go first', () => {
    const change = following.plan(said(daemon('backup', 3) + held), nothingChanging);
    expect(change?.summary).toBe('start the master sync daemon anew with id 7 (is 3)');
    const lines = change?.apply.text.split('\n') ?? [];
    expect(lines[0]).toBe('for state in master backup; do ipvsadm --stop-daemon $state || :; done');
    expect(lines.at(-1)).toBe(starting(' sync ', 'master'));
  });

  it('run both where the VIPs may part', () => {
    expect(both.plan(said(daemon('master') + daemon('backup') + held), nothingChanging)).toBeUndefined();
    const last = (text: string) => both.plan(said(text), nothingChanging)?.apply.text.split('\n').slice(-2);
    expect(last(daemon('master') + held)?.at(-1)).toBe(starting('^backup sync', 'backup'));
    expect(last(own)).toEqual([starting('^master sync', 'master'), starting('^backup sync', 'backup')]);
  });

  it('go by ifconfig(8) where there is no ip(8)', () => {
    const old = keepalivedSync({ wanted, vips, facts: withCommands('ifconfig') });
    expect(old.probe.text).not.toMatch(/\bip -o/);
    const eth0 = 'eth0      Link encap:Ethernet\n          inet addr:10.83.33.83  Mask:255.255.255.0\n';
    const alias = 'eth0:100  Link encap:Ethernet\n          inet addr:10.83.33.100  Mask:255.255.255.255\n';
    expect(old.plan(said(eth0), nothingChanging)?.summary).toContain('start the backup');
    expect(old.plan(said(eth0 + alias), nothingChanging)?.summary).toContain('start the master');
  });

  it('are left to keepalived, with a word, where nothing tells of addresses', () => {
    const blind = keepalivedSync({ wanted, vips, facts: withCommands('ipvsadm') });
    expect(blind.plan(said(''), nothingChanging)).toBeUndefined();
    expect(blind.remarks?.(said(''))).toEqual([
      expect.stringMatching(
        /^no sync daemon runs, and which one should run can’t be told: neither ip\(8\) nor/,
      ),
    ]);
    expect(blind.remarks?.(said(daemon('master')))).toEqual([]);
    // What runs tells what it is to be.
    expect(blind.plan(said(daemon('backup', 3)), nothingChanging)?.summary).toBe(
      'start the backup sync daemon anew with id 7 (is 3)',
    );
    // Both run whatever addresses are here.
    const parting = keepalivedSync({ wanted, facts: withCommands('ipvsadm') });
    expect(parting.plan(said(''), nothingChanging)?.summary).toMatch(/master .*; start the backup/);
    expect(parting.remarks?.(said(''))).toEqual([]);
  });
});

describe.each(shells)('sync daemons of keepalived in %s', (_, shell) => {
  /** An ipvsadm that lists what `running` has; `others` is what keepalived has started by the time that one is to be started. */
  const host = (others: string, refusal?: string) => {
    const root = temporaryFolder();
    const [running, log] = [join(root, 'running'), join(root, 'log')];
    const bin = fakeCommands({
      ipvsadm: `case $1 in
-L) cat ${running} 2>/dev/null || : ;;
*) echo "$*" >> ${log}
   printf '%s' '${others}' > ${running}
   ${refusal === undefined ? `echo '${daemon('backup').trim()}' >> ${running}` : `echo '${refusal}' >&2; exit 255`} ;;
esac`,
    });
    const environment = { PATH: `${bin}:${process.env.PATH}` };
    const change = keepalivedSync({ wanted, vips, facts: debian }).plan(said(own), nothingChanging);
    if (!change) throw new Error('nothing to do');
    return {
      done: apply(shell, change, environment),
      running: readFileSync(running, 'utf8'),
      log: readFileSync(log, 'utf8'),
    };
  };

  it('are started', () => {
    const { done, log, running } = host('');
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(log).toBe('--start-daemon backup --mcast-interface eth0 --syncid 7\n');
    expect(running).toBe(daemon('backup'));
  });

  it.each(['master', 'backup'])('are not missed where keepalived was faster by a moment: %s', (state) => {
    expect(host(daemon(state), 'Daemon has already run').done).toMatchObject({ status: 0, stderr: '' });
  });

  it('that the kernel refuses are told', () => {
    expect(host('', 'No such device').done).toMatchObject({ status: 1, stderr: 'No such device\n' });
  });
});
