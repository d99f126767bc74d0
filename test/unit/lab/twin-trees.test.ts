import { describe, expect, it } from 'vitest';
import { arpFlagEdits, hiddenEdits } from '../../../src/lab/twin-sources/arp-edits.js';
import { faulty, linux2420 } from '../../../src/lab/twin-sources/linux-tree.js';
import { tar } from '../../../src/lab/twin-sources/tar.js';
import { edited } from '../../../src/lab/twin-sources/tree.js';
import { unified } from '../../../src/lab/twin-sources/unified.js';

const tree = new Map([
  ['a.c', 'one\ntwo\nthree\nfour\nfive\nsix\n'],
  ['b.c', 'twice twice\n'],
]);

describe('an edit', () => {
  it.each([
    ['a.c', 'seven'],
    ['b.c', 'twice'],
    ['c.c', 'one'],
  ])('of %s is refused where %s does not stand once', (file, find) => {
    expect(() => edited(tree, [{ file, find, put: '' }])).toThrow(`"${find}" does not stand once in ${file}`);
  });

  it('leaves the tree alone that it is made of', () => {
    expect(edited(tree, [{ file: 'a.c', find: 'two', put: 'zwei' }]).get('a.c')).toMatch(/^one\nzwei\n/);
    expect(tree.get('a.c')).toMatch(/^one\ntwo\n/);
  });

  it('of hidden and one of ARP flags do not go together', async () => {
    const linux = await linux2420();
    expect(() => edited(linux, [...arpFlagEdits, ...hiddenEdits])).toThrow('does not stand once');
  });
});

describe('a diff', () => {
  it('has the files that differ, with three lines around a change', () => {
    const after = edited(tree, [{ file: 'a.c', find: 'five\n', put: 'fünf\n' }]);
    expect(unified(tree, after, { before: 'old', after: 'new', dates: ['then', 'now'] })).toBe(
      'diff -u -r old/a.c new/a.c\n--- old/a.c\tthen\n+++ new/a.c\tnow\n' +
        '@@ -2,5 +2,5 @@\n two\n three\n four\n-five\n+fünf\n six\n',
    );
  });
});

describe('an archive', () => {
  it('does not cut a path that is too long for it', () => {
    expect(() => tar(new Map([['x'.repeat(97), '']]), 'top', 0)).toThrow('too long for a tar archive');
  });
});

describe('a fault', () => {
  it('in a file that is not there is refused', async () => {
    const linux = await linux2420();
    expect(() => faulty(linux, { compileError: 'net/ipv5/arp.c' })).toThrow('the twin has no net/ipv5/arp.c');
  });
});
