import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/engine/facts.js';
import { type PackageManager, packages } from '../../../src/resources/index.js';
import { debian } from './facts.js';
import { apply, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

const names = [{ default: 'rsync' }, { apt: 'iputils-arping', default: 'iputils' }];

function wanted(packageManager: Facts['packageManager']) {
  return packages({ name: 'probe', packages: names, facts: { ...debian, packageManager } });
}

describe('packages', () => {
  it.each<[PackageManager, string, string | undefined]>([
    ['apt', 'install ok installed rsync\ninstall ok installed iputils-arping\n', undefined],
    [
      'apt',
      'deinstall ok config-files rsync\ninstall ok installed iputils-arping\n',
      'install rsync with apt',
    ],
    [
      'apt',
      'install ok half-configured rsync\ninstall ok installed iputils-arping\n',
      'install rsync with apt',
    ],
    ['apt', '', 'install rsync, iputils-arping with apt'],
    ['dnf', 'rsync\npackage iputils is not installed\n', 'install iputils with dnf'],
    ['yum', 'rsync\niputils\n', undefined],
    ['zypper', 'package rsync is not installed\niputils\n', 'install rsync with zypper'],
    ['apk', 'rsync\niputils\n', undefined],
    ['apk', 'iputils\n', 'install rsync with apk'],
    ['pacman', 'rsync 3.3.0-1\n', 'install iputils with pacman'],
  ])('%s: %j', (manager, stdout, summary) => {
    expect(wanted(manager).plan(said(stdout), nothingChanging)?.summary).toBe(summary);
  });

  it('says what to install by hand where no package manager is known', () => {
    expect(() => wanted(undefined)).toThrow(/no package manager that lvsctl knows \(apt, dnf/);
  });

  const served = (packageManager: Facts['packageManager'], commands: Facts['commands'] = debian.commands) =>
    packages({
      name: 'ftp',
      packages: [{ default: 'vsftpd' }],
      commands: ['vsftpd'],
      facts: { ...debian, packageManager, commands },
    });

  it.each<[PackageManager, string, string | undefined]>([
    ['apt', 'missing: \n', undefined],
    ['apt', 'missing: vsftpd\n', 'install vsftpd with apt'],
    ['apt', 'missing: \ndeinstall ok config-files vsftpd\n', undefined],
    ['apt', 'missing: \ninstall ok half-configured vsftpd\n', 'install vsftpd with apt'],
    ['apt', 'missing: \ninstall ok unpacked vsftpd\n', 'install vsftpd with apt'],
    ['apt', 'missing: \ninstall ok installed vsftpd\n', undefined],
    ['yum', 'missing: \npackage vsftpd is not installed\n', undefined],
    ['yum', 'missing: vsftpd\npackage vsftpd is not installed\n', 'install vsftpd with yum'],
  ])('%s: a command that somebody else installed will do: %j', (manager, stdout, summary) => {
    expect(served(manager).plan(said(stdout), nothingChanging)?.summary).toBe(summary);
  });

  it.each(shells)('without a package manager the command must be there, by %s', (_, shell) => {
    const resource = served(undefined, new Set(['rpm']));
    const commands = fakeCommands({ vsftpd: 'exit 1' });
    const there = probe(shell, resource, { PATH: `${commands}:${process.env.PATH}` });
    expect(resource.plan(there, nothingChanging)).toBeUndefined();
    const absent = packages({
      name: 'x',
      packages: [{ default: 'vsftpd' }],
      commands: ['no-such-command', 'sh'],
      facts: { ...debian, packageManager: undefined, commands: new Set(['rpm']) },
    });
    let error: unknown;
    try {
      absent.plan(probe(shell, absent), nothingChanging);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({
      message:
        'the command no-such-command is missing, and no package manager that lvsctl knows (apt, dnf, yum, zypper, apk, pacman) is there',
      hint: 'install by hand: vsftpd (by rpm -i, from the CDs of the system)',
    });
  });

  it.each(shells)('asks dpkg for names and states in one call by %s', (_, shell) => {
    const log = join(temporaryFolder(), 'log');
    const path = fakeCommands({ 'dpkg-query': `printf '%s\\n' "$@" > ${log}; exit 1` });
    const output = probe(shell, wanted('apt'), { PATH: `${path}:${process.env.PATH}` });
    expect(output).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(log, 'utf8')).toBe(`-W\n-f\n\${Status} \${Package}\\n\nrsync\niputils-arping\n`);
  });

  /** The calls of apt-get and dpkg, with an apt-get that ends as the script says; `$log` is a path to keep notes beside. */
  function install(shell: readonly string[], apt: string): string {
    const log = join(temporaryFolder(), 'log');
    const change = wanted('apt').plan(said(''), nothingChanging);
    if (!change) throw new Error('nothing planned');
    const commands = fakeCommands({
      'apt-get': `log=${log}
[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 9
case "$*" in *update*) echo update >> $log ;; *) echo install >> $log ;; esac
${apt}`,
      dpkg: `echo dpkg >> ${log}`,
      fuser: 'exit 1',
      sleep: 'exit 0',
    });
    const done = apply(shell, change, { PATH: `${commands}:${process.env.PATH}` });
    // busybox ash takes its own dpkg, whatever the PATH.
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .filter((call) => call !== '' && call !== 'dpkg');
    return `${calls.join(' ')} -> ${done.status === 0 ? 'done' : 'failed'}`;
  }

  it.each(shells)('fetches lists only when the present ones do not do, by %s', (_, shell) => {
    expect(install(shell, 'exit 0')).toBe('install -> done');
    const knowsAfterUpdate = 'case "$*" in *update*) : > $log.fresh ;; *) [ -e $log.fresh ] ;; esac';
    expect(install(shell, knowsAfterUpdate)).toBe('install update install -> done');
  });

  it('gives up fetching lists after five attempts', () => {
    expect(install(['/bin/dash'], 'exit 100')).toBe('install update update update update update -> failed');
  });
});
