import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  liloLabel,
  type NewKernel,
  parseLiloMap,
  sectionOfToday,
  withLiloDefault,
  withLiloEntry,
} from '../../../../src/kernel/boot/index.js';

const conf = (name: string): string => readFileSync(new URL(`menus/${name}`, import.meta.url), 'latin1');
const path = '/etc/lilo.conf';
const release = '2.4.20-lvs3f2a1c9d';
const kernel: NewKernel = {
  release,
  image: `/boot/vmlinuz-${release}`,
  initrd: `/boot/initrd-${release}.img`,
  bootIsMount: true,
};

describe('our section in real files', () => {
  it('Red Hat 9: at the end, with the arguments of today’s', () => {
    const before = conf('redhat9-lilo.conf');
    expect(withLiloEntry(before, kernel, path)).toBe(`${before}image=/boot/vmlinuz-${release}
\tlabel=lvs3f2a1c9d
\tinitrd=/boot/initrd-${release}.img
\tread-only
\tappend="hdc=ide-scsi root=LABEL=/ panic=30"
`);
  });

  it('takes what is said for all, since an append of its own would hide it; without default, the first section boots', () => {
    const before = conf('global-lilo.conf');
    const after = withLiloEntry(before, kernel, path);
    expect(after).toBe(`${before}image=/boot/vmlinuz-${release}
\tlabel=lvs3f2a1c9d
\troot=/dev/sda1
\tread-only
\tappend="console=ttyS0 panic=30"
`);
    expect(sectionOfToday(after, path).label).toBe('Linux');
    expect(withLiloDefault(after, 'lvs3f2a1c9d', path)).toBe(
      after.replace('image = /boot/vmlinuz\n', 'default=lvs3f2a1c9d\nimage = /boot/vmlinuz\n'),
    );
  });

  it('is replaced in its place where it differs', () => {
    const once = withLiloEntry(conf('redhat9-lilo.conf'), kernel, path);
    const other = `${once}# a note\nimage=/boot/more\n\tlabel=more\n`;
    const changed = other.replace(`/boot/initrd-${release}.img`, '/boot/initrd-other.img');
    expect(changed).not.toBe(other);
    expect(withLiloEntry(changed, kernel, path)).toBe(other);
    expect(withLiloEntry(other, kernel, path)).toBe(other);
  });

  it('becomes the default by its label alone', () => {
    const before = withLiloEntry(conf('redhat9-lilo.conf'), kernel, path);
    const after = withLiloDefault(before, 'lvs3f2a1c9d', path);
    expect(after).toBe(before.replace('default=linux\n', 'default=lvs3f2a1c9d\n'));
    expect(sectionOfToday(after, path).label).toBe('lvs3f2a1c9d');
  });
});

it.each([
  ['no section', 'boot=/dev/hda\n', /has no section/],
  ['Windows', 'other=/dev/hda1\nlabel=DOS\nimage=/boot/k\nlabel=l\n', /"DOS"\) boots no Linux/],
  ['a default that is not there', 'default=old\nimage=/boot/k\nlabel=l\n', /default=old, and no section/],
  [
    'a line that is none',
    'image=/boot/k\n  label="l\n',
    /lilo\.conf:2: this line is not understood: label="l/,
  ],
])('a file in which a trial would not be safe is refused: %s', (_, text, message) => {
  expect(() => withLiloEntry(text, kernel, path)).toThrow(message);
});

it('labels are at most 15 characters', () => {
  expect(liloLabel(release)).toBe('lvs3f2a1c9d');
  expect(liloLabel('2.4.37.11-lvs00000001')).toBe('lvs00000001');
  expect(liloLabel('6.1.0-18-something-long')).toBe('something-long');
});

it('the map that boots: its labels, and the default', () => {
  expect(parseLiloMap('linux                *\nDOS\nlvs3f2a1c9d\n')).toEqual({
    labels: ['linux', 'DOS', 'lvs3f2a1c9d'],
    default: 'linux',
  });
  expect(parseLiloMap('')).toEqual({ labels: [] });
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const setting = fc.oneof(
  fc.constantFrom(
    'read-only',
    'vga=normal',
    'root = /dev/hda1',
    'append="a \\"b\\" panic=1"',
    '# é note',
    '',
    'optional',
  ),
  fc.constantFrom('initrd=/boot/i', 'restricted', 'lock', 'root=/dev/hda2 read-write # both'),
);
const files = fc
  .tuple(
    fc.array(
      fc.constantFrom('boot=/dev/hda', 'prompt', 'timeout=50', '# default=x', 'append=quiet', 'lba32'),
      { maxLength: 4 },
    ),
    fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    fc.infiniteStream(fc.array(setting, { maxLength: 4 })),
    fc.option(fc.nat(3)),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
  )
  .map(([global, labels, settings, chosen, lineBreak, ended]) => {
    const wanted = chosen === null ? undefined : labels[chosen % labels.length];
    const lines = [
      ...global,
      ...(wanted === undefined ? [] : [`default=${wanted}`]),
      ...labels.flatMap((label) => [
        `image=/boot/${label}`,
        `\tlabel=${label}`,
        ...(settings.next().value as string[]),
      ]),
    ];
    return { text: lines.join(lineBreak) + (ended ? lineBreak : ''), labels, wanted: wanted ?? labels[0] };
  });

it('any file keeps every byte of others, and what boots today; our section is the last', () => {
  fc.assert(
    fc.property(files, ({ text, wanted }) => {
      const after = withLiloEntry(text, kernel, path);
      expect(after.startsWith(text)).toBe(true);
      expect(after.slice(text.length)).toMatch(/^(\r?\n)?image=/);
      expect(sectionOfToday(after, path).label).toBe(wanted);
      expect(withLiloEntry(after, kernel, path)).toBe(after);
      const chosen = withLiloDefault(after, 'lvs3f2a1c9d', path);
      expect(sectionOfToday(chosen, path).label).toBe('lvs3f2a1c9d');
      const lines = (one: string) => one.split('\n').filter((line) => !line.startsWith('default='));
      expect(lines(chosen)).toEqual(lines(after));
    }),
    { numRuns: 1000 },
  );
});
