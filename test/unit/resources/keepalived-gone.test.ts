import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import { keepalivedGone } from '../../../src/resources/index.js';
import { trusted } from '../../../src/shell/index.js';
import { alpine, debian } from './facts.js';
import { apply, nothingChanging, probe, shells, temporaryFolder } from './shells.js';

describe.each(shells)('keepalived of a former director (%s)', (name, shell) => {
  /** A host whose files are in a folder, and whose commands write down what they are asked. */
  const hostWith = (conf: string, facts: Facts = debian) => {
    const root = temporaryFolder();
    const bin = join(root, 'bin');
    mkdirSync(bin);
    for (const command of ['systemctl', 'ip', 'rc-update', 'rc-service', 'sleep'])
      writeFileSync(
        join(bin, command),
        `#!/bin/sh\necho "\${0##*/} $*" >> ${join(root, 'log')}\n[ "$1" != cat ] || [ ! -e ${join(root, 'purged')} ]\n`,
        { mode: 0o755 },
      );
    const resource = keepalivedGone({ vips: ['10.0.0.9'], interface: 'none0', facts });
    const path = '/etc/keepalived/keepalived.conf';
    const dropIn = '/etc/systemd/system/keepalived.service.d/lvsctl.conf';
    const put = (file: string, text: string) => {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    };
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
});
