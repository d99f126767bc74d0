import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kernelCheck, TOOLS } from '../../../../roles/kernel/checks.js';
import { kernelPaths } from '../../../../roles/kernel/paths.js';
import type { Facts } from '../../../../src/engine/facts.js';
import { redhat9 } from '../../resources/facts.js';
import { nothingChanging, said, shells } from '../../resources/shells.js';

const release = '2.4.20-lvs3f2a1c9d';
const facts: Facts = { ...redhat9, commands: new Set(TOOLS) };
const paths = kernelPaths(release, facts);
/** 10 MiB: unpacked about 40, and 7 for /boot. */
const stored = { name: 'b', path: '/b', size: 10 * 1024 * 1024, sha256: '', cksum: '' };
const check = (of: Facts = facts, bundle: typeof stored | undefined = stored) =>
  kernelCheck(paths, { name: 'b', stored: bundle, buildHost: 'rs1' }, of);
const plan = (output: string, of?: Facts) => check(of).plan(said(output), nothingChanging);
const room = (all: number, lib = all, boot = all) =>
  `room /var/lib/lvsctl ${all} /\nroom /lib ${lib} /\nroom /boot ${boot} /boot\n`;

describe('before the first change', () => {
  it('room is asked for by disk, what lies on one together', () => {
    expect(plan(room(92160, 92160, 7168))).toBeUndefined();
    expect(() => plan(room(92159, 92159, 7168))).toThrow(
      'the kernel needs about 92160 KiB on / (/var/lib/lvsctl, /lib), and 92159 KiB are free there',
    );
    expect(() => plan(room(92160, 92160, 7167))).toThrow(
      'the kernel needs about 7168 KiB on /boot (/boot), and 7167 KiB are free there',
    );
  });

  it('what is there already needs no room', () => {
    const there = [paths.bundle, paths.modules, paths.image].map((path) => `there ${path}\n`).join('');
    expect(plan(there + room(0))).toBeUndefined();
    expect(() => plan(`there ${paths.bundle}\n${room(0)}`)).toThrow('40960 KiB on / (/lib)');
  });

  it('a bundle that is not built yet has no size yet', () => {
    expect(
      kernelCheck(paths, { name: 'b', stored: undefined, buildHost: 'rs1' }, facts).plan(
        said(room(0)),
        nothingChanging,
      ),
    ).toBeUndefined();
  });

  it('tools and a clock are asked for', () => {
    const without = {
      ...facts,
      commands: new Set(TOOLS.filter((tool) => tool !== 'depmod' && tool !== 'cmp')),
    };
    expect(() => plan(room(1e9), without)).toThrow('to install a kernel, depmod, cmp must be there');
    expect(() => plan(room(1e9), { ...facts, epochSeconds: 86400 })).toThrow('the clock says 1970-01-02');
  });
});

describe.each(shells)('the probe under %s', (_, [program = '', ...args]) => {
  it('tells the room of each folder that is there', () => {
    const { stdout, stderr, status } = spawnSync(
      program,
      [...args, '-c', `(\n${check().probe.text}\n) </dev/null`],
      {
        encoding: 'utf8',
      },
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^room \/lib \d+ \/\S*$/m);
    expect(stdout.split('\n').every((line) => line === '' || /^room \/\S+ \d+ \/\S*$/.test(line))).toBe(true);
  });
});
