import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootStateProbe, candidates, parseBootState } from '../../../../roles/kernel/boot-state.js';
import { bootMenu } from '../../../../roles/kernel/menu.js';
import type { Facts } from '../../../../src/engine/facts.js';
import { redhat9 } from '../../resources/facts.js';
import { fakeCommands, said, shells } from '../../resources/shells.js';

const facts = (commands: readonly string[], paths: readonly string[]): Facts => ({
  ...redhat9,
  commands: new Set([...redhat9.commands, ...commands]),
  paths: new Set([...redhat9.paths, ...paths]),
});
const file = (path: string, text: string) => `@@ lvsctl ${path}\n${text}\n@@ lvsctl end\n`;
const own = 'mounted yes wanted yes\n';
const grubConf = '/boot/grub/grub.conf';
const liloConf = '/etc/lilo.conf';
const both = facts(['grub', 'lilo'], [grubConf, liloConf]);
const state = (output: string, of: Facts) => parseBootState('r', said(output), of);

describe('which boot loader', () => {
  it.each([
    ['Red Hat 9', ['grub'], [grubConf, '/boot/grub/menu.lst'], [{ kind: 'grub', path: grubConf }]],
    ['Debian sarge', ['grub'], ['/boot/grub/menu.lst'], [{ kind: 'grub', path: '/boot/grub/menu.lst' }]],
    [
      'Debian today, with a menu of old times',
      ['grub-reboot'],
      ['/boot/grub/grub.cfg', '/boot/grub/menu.lst'],
      [{ kind: 'grub2', path: '/boot/grub/grub.cfg' }],
    ],
    [
      'CentOS 7',
      ['grub2-reboot'],
      ['/boot/grub2/grub.cfg'],
      [{ kind: 'grub2', path: '/boot/grub2/grub.cfg' }],
    ],
    ['LILO', ['lilo'], [liloConf], [{ kind: 'lilo', path: liloConf }]],
    ['a program without its file', ['lilo', 'grub'], [], []],
  ])('%s', (_, commands, paths, expected) => {
    expect(candidates(facts(commands, paths))).toEqual(expected);
  });

  it('none is an error that says which are known', () => {
    expect(() => state(own, redhat9)).toThrow('no boot loader that lvsctl knows was found');
  });

  it('of two, the one that grubby names; else GRUB where anaconda set it up; else nobody guesses', () => {
    const texts = (mark: string) => file(grubConf, `${mark}default=0\n`) + file(liloConf, 'boot=/dev/hda\n');
    expect(state(`${own}probe lilo\n${texts('#boot=/dev/hda\n')}`, both).loader.kind).toBe('lilo');
    expect(state(`${own}probe grub\n${texts('')}`, both).loader.kind).toBe('grub');
    expect(state(own + texts('#boot=/dev/hda\n'), both).loader.kind).toBe('grub');
    expect(() => state(own + texts(''), both)).toThrow(
      'which boot loader boots this host? There are /boot/grub/grub.conf, /etc/lilo.conf',
    );
  });
});

describe('what a trial would not be safe with', () => {
  it('a /boot that should be mounted', () => {
    const of = facts(['grub'], [grubConf]);
    expect(() => state(`mounted no wanted yes\n${file(grubConf, '')}`, of)).toThrow(
      '/boot is in /etc/fstab, and not mounted',
    );
    expect(state(`mounted no wanted no\n${file(grubConf, '')}`, of).bootIsMount).toBe(false);
  });

  it.each(['lvm', 'diskfilter', 'btrfs', 'zfs'])('an environment of GRUB 2 on %s', (storage) => {
    const of = facts(['grub-reboot'], ['/boot/grub/grub.cfg']);
    const output = (word: string) => `${own}storage \nstorage ${word}\n${file('/boot/grub/grub.cfg', '')}`;
    expect(() => state(output(storage), of)).toThrow(`GRUB can't write to its environment on ${storage}`);
    expect(state(output('ext2'), of).loader.kind).toBe('grub2');
  });
});

it('texts are taken as they are, whatever their last line looks like', () => {
  for (const text of ['', 'a', 'a\n', 'a\n\n', '\n', 'a\\\n']) {
    const of = facts(['grub'], [grubConf]);
    expect(state(own + file(grubConf, text), of).texts.get(grubConf)).toBe(text);
  }
});

describe.each(shells)('the probe under %s', (_, [program = '', ...args]) => {
  it('prints what is read, and nothing on stderr', () => {
    const lilo = fakeCommands({ lilo: 'printf "linux                *\\nDOS\\n"' });
    const of = facts(['lilo'], [liloConf, '/nowhere']);
    const { stdout, stderr, status } = spawnSync(
      program,
      [...args, '-c', `(\n${bootStateProbe(of).text}\n) </dev/null`],
      {
        env: { ...process.env, PATH: `${lilo}:${process.env.PATH}` },
        encoding: 'utf8',
      },
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(state(stdout, of)).toMatchObject({
      loader: { kind: 'lilo' },
      liloMap: 'linux                *\nDOS\n',
    });
  });
});

it('LILO boots by its map: what is only in the file is not known to it yet', () => {
  const text = readFileSync(new URL('../../kernel/boot/menus/redhat9-lilo.conf', import.meta.url), 'latin1');
  const of = facts(['lilo'], [liloConf]);
  const menu = (map: string) =>
    bootMenu(state(own + file(liloConf, text) + file('lilo -q', map), of), '2.4.20-8', of);
  const release = '2.4.20-lvs3f2a1c9d';
  expect(menu('linux   *\nlvs3f2a1c9d\n').stale(release)).toBe(false);
  expect(menu('linux   *\nDOS\n').stale(release)).toBe(true);
  expect(menu('linux\nlvs3f2a1c9d *\n').stale(release)).toBe(true);
});

it('LILO: a section that is commented out is no entry, and one of a longer label neither', () => {
  const text = readFileSync(new URL('../../kernel/boot/menus/redhat9-lilo.conf', import.meta.url), 'latin1');
  const of = facts(['lilo'], [liloConf]);
  const has = (more: string) =>
    bootMenu(state(own + file(liloConf, text + more), of), '2.4.20-8', of).hasEntry('2.4.20-lvs3f2a1c9d');
  expect(has('image=/boot/ours\n\tlabel = "lvs3f2a1c9d"\n')).toBe(true);
  expect(has('#image=/boot/ours\n#\tlabel=lvs3f2a1c9d\n')).toBe(false);
  expect(has('image=/boot/ours\n\tlabel=lvs3f2a1c9d0\n')).toBe(false);
});

it('GRUB 2: an entry that is commented out is none', () => {
  const release = '6.1.0-lvs3f2a1c9d';
  const of = facts(['grub-reboot'], ['/boot/grub/grub.cfg']);
  const has = (text: string) =>
    bootMenu(
      state(own + file('/boot/grub/grub.cfg', '') + file('/boot/grub/custom.cfg', text), of),
      '6.1.0-18-amd64',
      of,
    ).hasEntry(release);
  expect(has(`menuentry 'lvsctl ${release}' {\n}\n`)).toBe(true);
  expect(has(`#menuentry 'lvsctl ${release}' {\n#}\n`)).toBe(false);
});
