import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LvsctlError } from '../../../../src/errors.js';
import {
  grubEntryIndex,
  type NewKernel,
  withGrubDefault,
  withGrubEntry,
} from '../../../../src/kernel/boot/index.js';
import { fakeGrub } from './fake-grub.js';

const menu = (name: string): string => readFileSync(new URL(`menus/${name}`, import.meta.url), 'latin1');
const release = '2.4.20-lvs3f2a1c9d';
const path = '/boot/grub/grub.conf';
const kernel = (bootIsMount: boolean, of = release): NewKernel => ({
  release: of,
  image: `/boot/vmlinuz-${of}`,
  initrd: `/boot/initrd-${of}.img`,
  bootIsMount,
});

describe('our entry in real menus', () => {
  it.each([
    [
      'redhat9-boot-partition.conf',
      true,
      `title lvsctl ${release}
\troot (hd0,0)
\tkernel /vmlinuz-${release} ro root=LABEL=/ hdc=ide-scsi panic=30
\tinitrd /initrd-${release}.img
`,
    ],
    [
      'redhat9-windows.conf',
      false,
      `title lvsctl ${release}
\troot (hd0,1)
\tkernel /boot/vmlinuz-${release} ro root=/dev/hda2  console=ttyS0,9600 panic=30
\tinitrd /boot/initrd-${release}.img
`,
    ],
    [
      'debian-sarge.lst',
      false,
      `title lvsctl ${release}
root (hd0,0)
kernel /boot/vmlinuz-${release} root=/dev/hda1 ro panic=30
initrd /boot/initrd-${release}.img
boot
`,
    ],
  ])('%s: at the end, and nothing else', (name, bootIsMount, expected) => {
    const before = menu(name);
    expect(withGrubEntry(before, kernel(bootIsMount), path)).toBe(before + expected);
  });

  it('breaks lines as the file does, joins what a backslash continues, and gives it the default that it has anyway', () => {
    const before = menu('dos-breaks.conf');
    expect(withGrubEntry(before, kernel(true), path)).toBe(
      before
        .replace('timeout 5', 'default=0\r\ntimeout 5')
        .concat(
          `title lvsctl ${release}\r\n`,
          `  kernel (hd0,0)/vmlinuz-${release} root=/dev/sda1      ro panic=30\r\n`,
          `  initrd (hd0,0)/initrd-${release}.img\r\n`,
        ),
    );
  });

  it('is without an initrd where today’s has none, and not named by a link beside /boot', () => {
    const before = 'default 0\ntitle Linux\nkernel /vmlinuz root=/dev/hda1 ro\n';
    expect(withGrubEntry(before, kernel(false), path)).toBe(
      `${before}title lvsctl ${release}\nkernel /boot/vmlinuz-${release} root=/dev/hda1 ro panic=30\n`,
    );
  });

  it('has no line that goes on into its next by a backslash', () => {
    const before = 'default=0\ntitle Linux\nroot \\\\\n\nkernel /vmlinuz\n';
    const after = withGrubEntry(before, kernel(true), path);
    expect(fakeGrub(after).entries[1]?.lines).toEqual(['root \\', `kernel /vmlinuz-${release} panic=30`]);
  });

  it('is replaced where it differs, in its place, and left alone where it does not', () => {
    const once = withGrubEntry(menu('redhat9-windows.conf'), kernel(false), path);
    const other = `${once}# a note\ntitle more\n\tkernel /boot/more\n`;
    const changed = other.replace(`/boot/vmlinuz-${release} ro`, `/boot/vmlinuz-${release} rw`);
    expect(changed).not.toBe(other);
    expect(withGrubEntry(changed, kernel(false), path)).toBe(other);
    expect(withGrubEntry(other, kernel(false), path)).toBe(other);
  });

  it('is made from an own one that is the default by now', () => {
    const first = withGrubEntry(menu('redhat9-boot-partition.conf'), kernel(true), path);
    const next = withGrubEntry(withGrubDefault(first, 1), kernel(true, '2.4.37.11-lvs00000001'), path);
    expect(fakeGrub(next).entries.at(-1)).toEqual({
      title: 'lvsctl 2.4.37.11-lvs00000001',
      lines: [
        'root (hd0,0)',
        'kernel /vmlinuz-2.4.37.11-lvs00000001 ro root=LABEL=/ hdc=ide-scsi panic=30',
        'initrd /initrd-2.4.37.11-lvs00000001.img',
      ],
    });
  });
});

describe('menus in which a trial would not be safe', () => {
  it.each([
    ['no entry', 'timeout=5\n', /has no entry/],
    ['saved', 'default=saved\ntitle a\nkernel /a\n', /default=saved: GRUB 0\.9x boots once only/],
    ['a default beyond the last entry', 'default=1\ntitle a\nkernel /a\n', /its last entry is 0/],
    ['Windows', menu('redhat9-windows.conf').replace('default=1', 'default=0'), /boots no Linux/],
    ['Xen', 'default=0\ntitle a\nkernel /xen.gz\nmodule /vmlinuz\n', /boots no Linux/],
  ])('%s', (_, text, message) => {
    expect(() => withGrubEntry(text, kernel(true), path)).toThrow(LvsctlError);
    expect(() => withGrubEntry(text, kernel(true), path)).toThrow(message);
  });
});

describe('another default', () => {
  it('changes its number alone', () => {
    const before = menu('redhat9-windows.conf');
    expect(withGrubDefault(before, 3)).toBe(before.replace('default=1', 'default=3'));
    const sarge = menu('debian-sarge.lst');
    expect(withGrubDefault(sarge, 2)).toBe(sarge.replace('default\t\t0', 'default\t\t2'));
  });
  it('comes before the first command where there is none', () => {
    expect(withGrubDefault('# a\n\ntimeout 3\ntitle a\n', 0)).toBe('# a\n\ndefault=0\ntimeout 3\ntitle a\n');
  });
});

const word = fc.stringMatching(/^[a-z0-9(),./\\#=é-]{1,12}$/);
const blank = fc.constantFrom(' ', '\t', '  ');
const lineBreak = fc.constantFrom('\n', '\n', '\n', '\r\n', '\\\n');
const noise = fc.oneof(
  fc.constantFrom('', '#boot=/dev/hda', '# a note', '  # default=7', '#\\', 'hiddenmenu', 'timeout=10'),
  fc
    .tuple(fc.constantFrom('root', 'lock', 'color', 'savedefault'), blank, word)
    .map((parts) => parts.join('')),
);
const title = fc
  .tuple(fc.constantFrom('title ', 'title\t', 'title='), fc.array(word, { minLength: 1, maxLength: 3 }))
  .map(([head, words]) => head + words.join(' '));
const kernelLine = fc
  .tuple(
    fc.constantFrom('', '\t', '  '),
    fc.constantFrom('/vmlinuz', '/boot/vmlinuz-1', '(hd0,0)/k'),
    fc.array(word),
  )
  .map(([indent, file, args]) => `${indent}kernel ${[file, ...args].join(' ')}`);
const menus = fc
  .tuple(
    fc.array(
      fc.oneof(
        noise,
        fc.nat(3).map((n) => `default=${n}`),
      ),
      { maxLength: 4 },
    ),
    fc.array(
      fc
        .tuple(title, fc.array(noise, { maxLength: 2 }), kernelLine, fc.array(noise, { maxLength: 2 }))
        .map(([head, before, line, after]) => [head, ...before, line, ...after]),
      { maxLength: 4 },
    ),
    fc.infiniteStream(lineBreak),
    fc.boolean(),
  )
  .map(([head, entries, breaks, ended]) => {
    const lines = [...head, ...entries.flat()];
    const text = lines.map((line) => line + breaks.next().value).join('');
    // A backslash that ends the file continues nothing.
    return ended ? text : text.replace(/\\*\r?\n$/, '');
  });

/** Undefined where the menu is one of those that are refused. */
function extended(text: string): string | undefined {
  try {
    return withGrubEntry(text, kernel(true), path);
  } catch (error) {
    if (error instanceof LvsctlError) return undefined;
    throw error;
  }
}

describe('any menu, as GRUB itself reads it', () => {
  it('keeps its entries and their numbers, and what boots today; ours is the last', () => {
    let taken = 0;
    fc.assert(
      fc.property(menus, (before) => {
        const after = extended(before);
        if (after === undefined) return;
        taken += 1;
        const [old, now] = [fakeGrub(before), fakeGrub(after)];
        expect(now.entries.slice(0, -1)).toEqual(old.entries);
        expect(now.entries.at(-1)?.title).toBe(`lvsctl ${release}`);
        expect(
          now.entries.at(-1)?.lines.filter((line) => /^kernel \S*vmlinuz-\S+ .*panic=30$/.test(line)),
        ).toHaveLength(1);
        expect(now.defaults).toEqual(old.defaults.length > 0 ? old.defaults : ['0']);
        expect(grubEntryIndex(after, release)).toBe(old.entries.length);
        expect(extended(after)).toBe(after);
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('keeps every byte of others', () => {
    fc.assert(
      fc.property(menus, (before) => {
        const after = extended(before);
        if (after === undefined) return;
        const ours = after.lastIndexOf(`title lvsctl ${release}`);
        const kept = after.slice(0, ours);
        // The line breaks that end what was the last line, and `default` where there was none, are all that may come in.
        const without = [...kept.matchAll(/default=0\r?\n/g)].map(
          ({ index, 0: line }) => kept.slice(0, index) + kept.slice(index + line.length),
        );
        const candidates = fakeGrub(before).defaults.length > 0 ? [kept] : without;
        const rest = candidates
          .filter((text) => text.startsWith(before))
          .map((text) => text.slice(before.length));
        expect(rest).toContainEqual(expect.stringMatching(/^(\r?\n)*$/));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any entry as its default, and nothing else changes', () => {
    fc.assert(
      fc.property(menus, fc.nat(5), (before, index) => {
        const after = extended(before);
        if (after === undefined) return;
        const chosen = withGrubDefault(after, index);
        expect(fakeGrub(chosen).entries).toEqual(fakeGrub(after).entries);
        expect(fakeGrub(chosen).defaults.at(-1)).toBe(String(index));
      }),
      { numRuns: 1000 },
    );
  });
});
