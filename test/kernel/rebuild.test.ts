import { afterAll, beforeAll, expect, it } from 'vitest';
import { labReboot } from '../../src/lab/index.js';
import { sh } from '../../src/shell/index.js';
import { type KernelBed, type KernelRun, startBed } from './support/bed.js';
import { answersArp, consoleBefore, defaultEntry, onLab, setHidden } from './support/on-lab.js';
import { profiles } from './support/profiles.js';
import { timesOf } from './support/times.js';

/**
 * From source to a proven default by lvsctl's own roles: built in a container, booted by a host of the lab. The tests follow
 * each other. The kernel that doesn't boot comes first, while the host has its stock kernel to come back on.
 */

const STOCK = '2.4.20-8';
const OURS = /^6\.1\.\d+-lvs[0-9a-f]{8}$/;

let bed: KernelBed;

const release = () => onLab(bed.lab, 'node', sh`uname -r`);
const answered = (address: string) => answersArp(bed.lab, 'director', address);
const tell = (title: string, { events }: KernelRun) =>
  process.stderr.write(`\n${title}:\n${timesOf(events)}\n`);

/** @throws what is pending or failed */
async function nothingToDo(): Promise<void> {
  const { outcome, events } = await bed.run('plan', 'real');
  const told = events.filter(({ type }) => type === 'change.planned' || type === 'failure');
  expect(told).toEqual([]);
  expect(outcome).toMatchObject({ pending: 0, failed: 0 });
}

beforeAll(async () => {
  bed = await startBed(await profiles());
  const install = sh`{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y iputils-arping; } >&2`;
  await onLab(bed.lab, 'director', install);
});
afterAll(() => bed?.stop());

it('a kernel that panics leaves the host on its old one, whose entry stays the default', async () => {
  const before = await defaultEntry(bed.lab, 'node');
  expect(await release()).toBe(STOCK);
  const run = await bed.run('provision', 'panics');
  tell('a kernel that panics', run);
  expect(run.failures).toEqual([
    expect.objectContaining({
      host: 'node',
      message: expect.stringMatching(
        /^node was told at .* to boot 6\.1\.\d+-lvs\w{8} once, and is back on 2\.4\.20-8;/,
      ),
      hint: expect.stringMatching(/^the default was left alone;/),
    }),
  ]);
  expect(consoleBefore(bed.lab, 'node')).toMatch(
    /Linux version 6\.1\.\d+-lvs.*Kernel panic - not syncing: lvsctl: this kernel is made to panic/s,
  );
  expect(await release()).toBe(STOCK);
  expect(await defaultEntry(bed.lab, 'node')).toBe(before);
});

it('a kernel with IPVS and hidden is built, booted once, proven, and becomes the default', async () => {
  const run = await bed.run('provision', 'real');
  tell('a kernel that boots', run);
  expect(run.failures).toEqual([]);
  expect(await release()).toMatch(OURS);
  expect(await defaultEntry(bed.lab, 'node')).toContain(await release());
  const table = sh`modprobe ip_vs && head -n 1 /proc/net/ip_vs`;
  expect(await onLab(bed.lab, 'node', table)).toMatch(/^IP Virtual Server version 1\.2\.1 /);
});

it('the flag is real: the VIP is answered unless all and lo have it, the own address always', async () => {
  // As the roles have left it.
  expect(await answered(bed.vip)).toBe(false);
  expect(await answered(bed.nodeAddress)).toBe(true);
  for (const [all = 0, lo = 0] of [[], [1], [0, 1]]) {
    await setHidden(bed.lab, 'node', all, lo);
    expect(await answered(bed.vip), `all ${all}, lo ${lo}`).toBe(true);
  }
  await setHidden(bed.lab, 'node', 1, 1);
  expect(await answered(bed.vip)).toBe(false);
  expect(await answered(bed.nodeAddress)).toBe(true);
});

it('a second plan is empty, and one after a reboot, which the host comes out of with the new kernel', async () => {
  await nothingToDo();
  await labReboot(bed.lab, ['node'], () => {});
  expect(await release()).toMatch(OURS);
  await nothingToDo();
  expect(await answered(bed.vip)).toBe(false);
});
