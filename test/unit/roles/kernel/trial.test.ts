import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { guardScript } from '../../../../roles/kernel/guard.js';
import { kernelPaths } from '../../../../roles/kernel/paths.js';
import { runningTrial, trial } from '../../../../roles/kernel/trial.js';
import { trialProbe } from '../../../../roles/kernel/trial-mark.js';
import type { Facts } from '../../../../src/engine/facts.js';
import { LvsctlError } from '../../../../src/errors.js';
import { PROFILES } from '../../../../src/kernel/index.js';
import { redhat9 } from '../../resources/facts.js';
import { nothingChanging, said, shells } from '../../resources/shells.js';
import { host } from '../cluster.js';

const release = '2.4.20-lvs3f2a1c9d';
const rs1 = host('rs1', '10.83.33.76', { kernel: { rebuild: true, rebootWithinSeconds: 300 } });
const conf = '/proc/sys/net/ipv4/conf/all';
const grubConf =
  'default=0\ntitle Red Hat\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-2.4.20-8 ro root=LABEL=/\n';

function facts(running: string, { bootId = 'b2', shown = ['hidden'], ipvs = true } = {}): Facts {
  return {
    ...redhat9,
    bootId,
    kernel: { ...redhat9.kernel, release: running },
    ipvs: { loaded: false, available: ipvs, version: undefined },
    commands: new Set([...redhat9.commands, 'grub']),
    paths: new Set(['/boot/grub/grub.conf', ...shown.map((flag) => `${conf}/${flag}`)]),
  };
}

const mark = (...more: string[]) =>
  [
    `release ${release}`,
    'from 2.4.20-8',
    'boot b1',
    'armed 1700000000',
    'seconds 300',
    'expects ip_vs',
    'expects hidden',
    ...more,
  ]
    .map((line) => `mark ${line}\n`)
    .join('');
const boot = `mounted no wanted no\n@@ lvsctl /boot/grub/grub.conf\n${grubConf}\n@@ lvsctl end\n`;

const plan = (of: Facts, output: string) =>
  trial(kernelPaths(release, of), PROFILES.tutorial, rs1, of).plan(said(output), nothingChanging);

function refusal(work: () => unknown): LvsctlError {
  try {
    work();
  } catch (error) {
    if (error instanceof LvsctlError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a kernel on trial', () => {
  it('is booted once where no trial was, with the reboot that the inventory allows', () => {
    const change = plan(facts('2.4.20-8'), boot);
    expect(change?.summary).toBe(
      `boot ${release} once, and see that it is sound (rs1 goes down, for 300 s at most)`,
    );
    expect(change?.reboot).toEqual({ withinSeconds: 300 });
  });

  it('is armed anew while the host is in the boot in which it was armed', () => {
    expect(plan(facts('2.4.20-8', { bootId: 'b1' }), mark() + boot)?.reboot).toEqual({ withinSeconds: 300 });
  });

  it('is another one than that of a mark for another release', () => {
    expect(
      plan(facts('2.4.20-8'), mark().replace(release, '2.4.20-lvs00000000') + boot)?.reboot,
    ).toBeDefined();
  });

  it('is over, and said to be, when the host is back on another kernel in another boot', () => {
    expect(refusal(() => plan(facts('2.4.20-8'), mark() + boot)).message).toBe(
      `rs1 was told at 2023-11-14 22:13:20 UTC to boot ${release} once, and is back on 2.4.20-8; ` +
        'the new kernel left no word in /var/log: it died or hung before anything was written',
    );
    expect(refusal(() => plan(facts('2.4.20-8'), `${mark()}log a\nlog b \udce9\n${boot}`)).message).toContain(
      'the new kernel wrote to the log, last:\n  a\n  b \\xe9',
    );
    expect(
      refusal(() => plan(facts('2.4.20-8'), `${mark()}returned ${release} 1700000300\n${boot}`)).message,
    ).toContain(
      'the new kernel came up, but was not confirmed in time, so the host went back by itself at 2023-11-14 22:18:20 UTC',
    );
  });

  it('is proven when it shows all that it was made for, and what the host had', () => {
    const before = ['address yes', 'route eth0 0153210A'];
    const output = `${mark(...before)}address yes\nroute eth0 0153210A\n${boot}`;
    expect(plan(facts(release), output)).toBeUndefined();
    expect(plan(facts(release), boot)).toBeUndefined();
    expect(runningTrial(rs1, facts(release)).plan(said(output), nothingChanging)).toBeUndefined();
  });

  it.each([
    ['ip_vs', { ipvs: false }, 'address yes\nroute eth0 0153210A\n', 'there is no module ip_vs for it'],
    [
      'hidden',
      { shown: ['arp_ignore', 'arp_announce'] },
      'address yes\nroute eth0 0153210A\n',
      'it shows no hidden in /proc/sys/net/ipv4/conf',
    ],
    ['the address', {}, 'route eth0 0153210A\n', '10.83.33.76 is not on eth0'],
    ['the route', {}, 'address yes\nroute eth1 0153210A\n', 'the default route by eth0 is gone'],
  ])('is not sound without %s', (_, shown, output, missing) => {
    const of = facts(release, shown);
    const whole = `${mark('address yes', 'route eth0 0153210A')}${output}`;
    const error = refusal(() => plan(of, whole + boot));
    expect(error.message).toBe(`rs1 runs ${release}, and it is not sound: ${missing}`);
    expect(error.hint).toContain('a reboot brings 2.4.20-8 back');
    expect(refusal(() => runningTrial(rs1, of).plan(said(whole), nothingChanging)).message).toBe(
      error.message,
    );
  });
});

it('a release that is no name for files goes nowhere', () => {
  expect(() => kernelPaths('2.4.20;reboot', redhat9)).toThrow('is no release of a kernel');
  expect(() => kernelPaths('../x', redhat9)).toThrow('is no release of a kernel');
});

it('where menus are made from what lies in /boot, the image lies elsewhere', () => {
  expect(kernelPaths(release, redhat9).image).toBe(`/boot/vmlinuz-${release}`);
  const debian = { ...redhat9, commands: new Set(['update-grub']) };
  expect(kernelPaths(release, debian)).toMatchObject({
    image: `/boot/lvsctl/vmlinuz-${release}`,
    initrd: `/boot/lvsctl/initrd-${release}.img`,
    systemMap: `/boot/System.map-${release}`,
  });
});

describe.each(shells)('scripts under %s', (_, [program = '', ...args]) => {
  it.each([
    ['guard', guardScript()],
    ['probe', trialProbe(rs1, redhat9).text],
    ['arming', plan(facts('2.4.20-8'), boot)?.apply.text ?? ''],
  ])('%s is a script', (_name, text) => {
    const { status, stderr } = spawnSync(program, [...args, '-n'], { input: text });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});
