import { describe, expect, it } from 'vitest';
import { defaultKernel } from '../../../../roles/kernel/default.js';
import { bootEntry } from '../../../../roles/kernel/entry.js';
import { kernelPaths } from '../../../../roles/kernel/paths.js';
import { trialId } from '../../../../roles/kernel/trial.js';
import type { Facts } from '../../../../src/engine/facts.js';
import { redhat9 } from '../../resources/facts.js';
import { nothingChanging, said } from '../../resources/shells.js';

const release = '2.4.20-lvs3f2a1c9d';
const path = '/boot/grub/grub.conf';
const facts: Facts = {
  ...redhat9,
  kernel: { ...redhat9.kernel, release },
  commands: new Set([...redhat9.commands, 'grub']),
  paths: new Set([path]),
};
const old = 'title Red Hat\n\tkernel /boot/vmlinuz-2.4.20-8 ro root=LABEL=/\n';
const ours = `title lvsctl ${release}\n\tkernel /boot/vmlinuz-${release} ro root=LABEL=/ panic=30\n`;
const boot = (text: string, trial = '') =>
  `${trial}mounted no wanted no\n@@ lvsctl ${path}\n${text}\n@@ lvsctl end\n`;
const plan = (
  output: string,
  context: Parameters<ReturnType<typeof defaultKernel>['plan']>[1] = nothingChanging,
) => defaultKernel(release, facts).plan(said(output), context);

describe('the default of the boot menu', () => {
  it('becomes a kernel that runs and was proven', () => {
    const change = plan(boot(`default=0\n${old}${ours}`, 'trial open\n'));
    expect(change?.summary).toBe(`make "lvsctl ${release}" the default in ${path} (GRUB 0.9x)`);
    expect(change?.writes).toEqual({ [path]: `default=1\n${old}${ours}` });
    // The module itself, then the end of the trial, then what boots.
    expect(change?.apply.text).toMatch(
      /^modprobe ip_vs\nrm -f \/var\/lib\/lvsctl\/kernel\/trial\n.*default=1/s,
    );
  });

  it('is left alone where it is ours already, and where the menu has no entry of ours', () => {
    expect(plan(boot(`default=1\n${old}${ours}`))).toBeUndefined();
    expect(plan(boot(`default=0\n${old}`))).toBeUndefined();
  });

  it('with a trial that is still open, the trial is ended', () => {
    const change = plan(boot(`default=1\n${old}${ours}`, 'trial open\n'));
    expect(change).toMatchObject({ summary: `end the trial of ${release}` });
    expect(change?.writes).toBeUndefined();
  });

  it('waits for the reboot where one is planned', () => {
    const change = plan(boot(`default=0\n${old}`), { changing: new Set([trialId(release)]) });
    expect(change?.summary).toBe(`make ${release} the default, once it has shown that it is sound`);
  });

  it('goes on from a menu that the same plan rewrites', () => {
    const found = boot(`default=0\n${old}${ours.replace(' ro ', ' rw ')}`);
    const renewed = bootEntry(kernelPaths(release, facts), facts).plan(said(found), nothingChanging);
    expect(renewed?.summary).toBe(
      `renew the entry "lvsctl ${release}" in ${path} (GRUB 0.9x); entry 0 ("Red Hat") stays the default`,
    );
    const change = plan(found, {
      changing: new Set(),
      written: new Map(Object.entries(renewed?.writes ?? {})),
    });
    expect(change?.writes).toEqual({ [path]: `default=1\n${old}${ours}` });
  });
});
