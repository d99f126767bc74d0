import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import { keepalivedGone } from '../../../src/resources/index.js';
import { trusted } from '../../../src/shell/index.js';
import { alpine, debian, redhat9 } from './facts.js';
import { apply, nothingChanging, probe, shells, temporaryFolder } from './shells.js';

describe.each(shells)('keepalived of a former director (%s)', (name, shell) => {
  /** A host whose files are in a folder, and whose commands write down what they are asked. */
  const hostWith = (conf: string, facts: Facts = debian) => {
    const root = temporaryFolder();
    const bin = join(root, 'bin');
    mkdirSync(bin);
    const script = `#!/bin/sh
echo "\${0##*/} $*" >> ${join(root, 'log')}
while read -r beginning; do
  case "\${0##*/} $*" in "$beginning"*) echo 'read-only file system' >&2; exit 1 ;; esac
done < ${join(root, 'refused')}
[ "$1" != cat ] || [ ! -e ${join(root, 'purged')} ]
`;
    for (const command of ['systemctl', 'ip', 'rc-update', 'rc-service', 'chkconfig', 'sleep'])
      writeFileSync(join(bin, command), script, { mode: 0o755 });
    const resource = keepalivedGone({ addresses: ['10.0.0.9'], interface: 'none0', facts });
    const path = '/etc/keepalived/keepalived.conf';
    const dropIn = '/etc/systemd/system/keepalived.service.d/lvsctl.conf';
    const put = (file: string, text: string) => {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    };
    put('refused', '');
    put(path, conf);
    put(dropIn, '# Written by lvsctl.\n');
    put('/run/keepalived.pid', '');
    const inside = (text: string) =>
      trusted(text.replace(/(?<![\w/])\/(etc|run|var)\//g, (whole) => `${root}${whole}`));
    const local = { ...resource, probe: inside(resource.probe.text) };
    const environment = { PATH: `${bin}:${process.env.PATH}` };
    const change = () => local.plan(probe(shell, local), nothingChanging);
    return {
      change,
      pid: (text: string) => put('/run/keepalived.pid', text),
      apply: () => {
        const found = change();
        return found && apply(shell, { ...found, apply: inside(found.apply.text) }, environment);
      },
      has: (file: 'conf' | 'drop-in') => existsSync(join(root, file === 'conf' ? path : dropIn)),
      purge: () => put('purged', ''),
      /** Beginnings of commands that fail. */
      refuse: (...commands: string[]) => put('refused', `${commands.join('\n')}\n`),
      put: (file: string, mode?: number) => {
        put(file, script);
        if (mode !== undefined) chmodSync(join(root, file), mode);
      },
      link: (file: string) => {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        symlinkSync('/etc/init.d/keepalived', join(root, file));
      },
      log: () => readFileSync(join(root, 'log'), 'utf8').trim().split('\n'),
    };
  };
  const ours = '# Written by lvsctl, for lvs1\n';

  it('is stopped, not started at boot, and its file goes', () => {
    const host = hostWith(ours);
    expect(host.change()?.summary).toMatch(/^stop keepalived/);
    expect(host.apply()).toMatchObject({ status: 0, stderr: '' });
    expect([host.has('conf'), host.has('drop-in')]).toEqual([false, false]);
    expect(host.log()).toEqual([
      'systemctl cat keepalived.service',
      'systemctl disable keepalived.service',
      'systemctl stop keepalived.service',
      // busybox has an ip of its own, and goes by no PATH.
      ...(name === 'busybox ash'
        ? []
        : ['32', '128'].map((prefix) => `ip addr del 10.0.0.9/${prefix} dev none0`)),
      'systemctl daemon-reload',
    ]);
    expect(host.change()).toBeUndefined();
  });

  it('has its file taken away where the package is gone', () => {
    const host = hostWith(ours, { ...debian, commands: new Set() });
    host.purge();
    expect(host.apply()).toMatchObject({ status: 0 });
    expect(host.log()).toEqual(['systemctl cat keepalived.service', 'systemctl daemon-reload']);
    expect(host.has('conf')).toBe(false);
  });

  it('is left alone when the file is another’s', () => {
    expect(hostWith('! mine\n').change()).toBeUndefined();
  });

  it('is stopped by OpenRC too', () => {
    const host = hostWith(ours, alpine);
    expect(host.apply()).toMatchObject({ status: 0 });
    expect(host.log().slice(0, 2)).toEqual([
      'rc-update del keepalived default',
      'rc-service keepalived stop',
    ]);
    expect(host.has('conf')).toBe(false);
  });

  const told =
    'keepalived is stopped and its file gone, but it is still started at boot: read-only file system\n';

  it('is stopped, and its file goes, where it can’t be taken out of the boot, which is told', () => {
    const host = hostWith(ours);
    host.refuse('systemctl disable');
    expect(host.apply()).toMatchObject({ status: 1, stderr: told });
    expect(host.log()).toContain('systemctl stop keepalived.service');
    expect([host.has('conf'), host.has('drop-in')]).toEqual([false, false]);
  });

  it('is not told to start at boot where it was not to: disabled by hand, or masked', () => {
    const host = hostWith(ours);
    host.refuse('systemctl disable', 'systemctl is-enabled');
    expect(host.apply()).toMatchObject({ status: 0, stderr: '' });
    expect(host.log()).toContain('systemctl stop keepalived.service');
  });

  it('is stopped by OpenRC and SysV too where it can’t be taken out of the boot', () => {
    const openrc = hostWith(ours, alpine);
    openrc.refuse('rc-update del');
    openrc.link('/etc/runlevels/default/keepalived');
    expect(openrc.apply()).toMatchObject({ status: 1, stderr: told });
    expect(openrc.log()).toContain('rc-service keepalived stop');
    expect(openrc.has('conf')).toBe(false);

    const sysv = hostWith(ours, redhat9);
    sysv.refuse('chkconfig keepalived');
    sysv.put('/etc/init.d/keepalived', 0o755);
    sysv.link('/etc/rc.d/rc3.d/S85keepalived');
    expect(sysv.apply()).toMatchObject({ status: 1, stderr: told });
    expect(sysv.log()).toContain('keepalived stop');
    expect(sysv.has('conf')).toBe(false);
  });

  it('is no failure of OpenRC or SysV where it was not started at boot', () => {
    const openrc = hostWith(ours, alpine);
    openrc.refuse('rc-update del');
    expect(openrc.apply()).toMatchObject({ status: 0, stderr: '' });
    const sysv = hostWith(ours, redhat9);
    sysv.refuse('chkconfig keepalived');
    sysv.put('/etc/init.d/keepalived', 0o755);
    expect(sysv.apply()).toMatchObject({ status: 0, stderr: '' });
  });
});
