import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bootScript,
  configuredService,
  file,
  modulesAtBoot,
  service,
  stampOf,
} from '../../../src/resources/index.js';
import { alpine, debian, redhat9 } from './facts.js';
import { apply, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

const config = file({ path: '/etc/vsftpd.conf', content: 'listen=YES\n' });
const vsftpd = configuredService({ name: 'vsftpd', facts: debian, files: [config] });
const running = 'ActiveState=active\nUnitFileState=enabled\n';

describe('a configured service', () => {
  it.each<[string, string, string | undefined]>([
    ['running, enabled, with its configuration', `stamp\n${running}`, undefined],
    ['not known to run with its configuration', running, 'restart vsftpd'],
    ['stopped', 'stamp\nActiveState=inactive\nUnitFileState=enabled\n', 'start vsftpd'],
    ['failed', 'stamp\nActiveState=failed\nUnitFileState=enabled\n', 'start vsftpd'],
    ['not enabled', 'stamp\nActiveState=active\nUnitFileState=disabled\n', 'enable vsftpd'],
    ['unknown to systemd', 'ActiveState=inactive\nUnitFileState=\n', 'enable and start vsftpd'],
    ['of an init script', 'stamp\nActiveState=active\nUnitFileState=generated\n', undefined],
  ])('that is %s', (_name, stdout, summary) => {
    expect(vsftpd.service.plan(said(stdout), nothingChanging)?.summary).toBe(summary);
  });

  it('restarts in the plan in which its configuration changes', () => {
    const context = { changing: new Set(['file /etc/vsftpd.conf']) };
    expect(vsftpd.service.plan(said(`stamp\n${running}`), context)?.summary).toBe('restart vsftpd');
  });

  it('takes the stamp away before the configuration changes, and puts it back last', () => {
    const changed = vsftpd.files[0]?.plan(said('absent\n'), nothingChanging)?.apply.text ?? '';
    expect(changed.split('\n')[0]).toBe(`rm -f ${stampOf('vsftpd')}`);
    const started = vsftpd.service.plan(said(running), nothingChanging)?.apply.text ?? '';
    expect(started.trim().split('\n').at(-1)).toContain(`: > ${stampOf('vsftpd')}`);
  });

  it('needs no stamp without a configuration', () => {
    expect(service({ name: 'crond', facts: debian }).plan(said(running), nothingChanging)).toBeUndefined();
  });

  it.each([
    [alpine, 'enabled\nactive\n', 'enabled\n', 'rc-update add crond default', 'rc-service crond start'],
    [redhat9, 'enabled\nactive\n', 'enabled\n', 'chkconfig --level 2345 crond on', '/etc/init.d/crond start'],
  ])('on OpenRC and sysv', (facts, converged, stopped, enable, start) => {
    const crond = service({ name: 'crond', facts });
    expect(crond.plan(said(converged), nothingChanging)).toBeUndefined();
    expect(crond.plan(said(stopped), nothingChanging)?.summary).toBe('start crond');
    const text = crond.plan(said(''), nothingChanging)?.apply.text ?? '';
    expect(text).toContain(enable);
    expect(text).toContain(start);
  });
});

describe.each(shells)('with a systemctl under %s', (_, shell) => {
  /** A systemd of three states in files, whose service starts unless `broken` is there. */
  function systemd() {
    const state = temporaryFolder();
    const commands = fakeCommands({
      systemctl: `cd ${state}
while :; do case $1 in -*) [ "$1" = -p ] && shift; shift ;; *) break ;; esac; done
case $1 in
show) [ -e active ] && echo ActiveState=active || echo ActiveState=inactive
  [ -e enabled ] && echo UnitFileState=enabled || echo UnitFileState=disabled ;;
enable) : > enabled ;;
start|restart) [ -e broken ] && exit 1; : > active ;;
is-active) [ -e active ] ;;
status) echo 'vsftpd: 500 OOPS: bad bool value in config file' ;;
esac`,
      sleep: 'exit 0',
    });
    return { state, environment: { PATH: `${commands}:${process.env.PATH}` } };
  }
  const plain = service({ name: 'vsftpd', facts: debian });

  it('converges', () => {
    const { environment } = systemd();
    const change = plain.plan(probe(shell, plain, environment), nothingChanging);
    expect(change?.summary).toBe('enable and start vsftpd');
    expect(change && apply(shell, change, environment)).toMatchObject({ status: 0 });
    expect(plain.plan(probe(shell, plain, environment), nothingChanging)).toBeUndefined();
  });

  it('fails with what the service said', () => {
    const { state, environment } = systemd();
    writeFileSync(join(state, 'broken'), '');
    const change = plain.plan(probe(shell, plain, environment), nothingChanging);
    const done = change && apply(shell, change, environment);
    expect(done?.status).toBe(1);
    expect(done?.stderr).toContain('500 OOPS');
    expect(existsSync(join(state, 'active'))).toBe(false);
  });
});

describe('bootScript', () => {
  const options = { name: 'director', description: 'LVS director\nof x', text: '#!/bin/sh\n' };

  it('is a oneshot unit on systemd', () => {
    const [script, unit, enabled] = bootScript({ ...options, facts: debian });
    expect(script?.id).toBe('file /etc/lvsctl/director.sh');
    const change = unit?.plan(said('absent\n'), nothingChanging);
    expect(change?.apply.text).toContain('Description=LVS director of x\n');
    expect(change?.apply.text).toContain('ExecStart=/bin/sh /etc/lvsctl/director.sh\n');
    expect(change?.apply.text.trim().split('\n').at(-1)).toBe('systemctl daemon-reload');
    expect(enabled?.plan(said(''), nothingChanging)?.apply.text).toBe(
      'systemctl enable lvsctl-director.service',
    );
    expect(enabled?.plan(said('enabled\n'), nothingChanging)).toBeUndefined();
  });

  it('is a script of local.d on OpenRC', () => {
    expect(bootScript({ ...options, facts: alpine }).map((one) => one.id)).toEqual([
      'file /etc/lvsctl/director.sh',
      'file /etc/local.d/lvsctl-director.start',
      'service local',
    ]);
  });

  it('is a block of rc.local on sysv', () => {
    const [, block] = bootScript({ ...options, facts: redhat9 });
    expect(block?.id).toBe('block /etc/rc.d/rc.local director');
    expect(block?.plan(said('present - -\nx\n#!/bin/sh\n'), nothingChanging)?.diff).toContain(
      '+# BEGIN lvsctl director\n+# LVS director of x\n+/bin/sh /etc/lvsctl/director.sh\n+# END lvsctl director\n',
    );
  });

  it('can keep what the present script has', () => {
    const [script] = bootScript({ ...options, text: (present) => `${present ?? ''}more\n`, facts: debian });
    expect(script?.plan(said('present -rwxr-xr-x root:root\nold\n'), nothingChanging)?.diff).toContain(
      ' old\n+more\n',
    );
  });
});

describe('modulesAtBoot', () => {
  it.each([
    [debian, 'file /etc/modules-load.d/lvsctl-ipvsadm.conf'],
    [alpine, 'block /etc/modules ipvsadm'],
    [redhat9, 'block /etc/rc.d/rc.local modules ipvsadm'],
  ])('goes where the host looks', (facts, id) => {
    expect(modulesAtBoot('ipvsadm', ['ip_vs'], facts).id).toBe(id);
  });
});
