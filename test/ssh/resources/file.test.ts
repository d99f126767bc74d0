import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cksum } from '../../../src/resources/cksum.js';
import { absent, block, directory, file } from '../../../src/resources/index.js';
import { sh } from '../../../src/shell/index.js';
import {
  apply,
  converge,
  nothingChanging,
  probe,
  said,
  shells,
  temporaryFolder,
} from '../../unit/resources/shells.js';

const nasty = `it's "quoted" $HOME \`id\` \\n %s ; rm -rf /tmp/x\n\ttab\nend without newline ä`;

describe.each(shells)('file under %s', (_, shell) => {
  it('creates, with parents and mode, and is converged then', () => {
    const path = join(temporaryFolder(), 'a b/c', "it's.conf");
    const { change, left } = converge(shell, file({ path, content: nasty, mode: '0640' }));
    expect(change?.summary).toBe(`create ${path}`);
    expect(left).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(nasty);
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(existsSync(`${path}.lvsctl-new`)).toBe(false);
  });

  it.each([
    ['a missing last newline', 'one\ntwo'],
    ['an added last newline', 'one\ntwo\n\n'],
    ['a blank at the end', 'one\ntwo \n'],
    ['nothing', ''],
  ])('sees %s as drift', (_name, found) => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, found);
    const { change, left } = converge(shell, file({ path, content: 'one\ntwo\n' }));
    expect(change?.summary).toBe(`change ${path} (content)`);
    expect(change?.diff).toContain(`--- ${path}`);
    expect(left).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  it('leaves mode and owner of a present file when none are wanted', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, 'old\n');
    chmodSync(path, 0o604);
    expect(converge(shell, file({ path, content: 'new\n' })).left).toBeUndefined();
    expect(statSync(path).mode & 0o7777).toBe(0o604);
  });

  it('mends the mode alone, without a content diff', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, 'x\n');
    chmodSync(path, 0o4777);
    const { change, left } = converge(shell, file({ path, content: 'x\n', mode: '0755' }));
    expect(change?.summary).toBe(`change ${path} (mode 4777 to 0755)`);
    expect(change?.diff).toBeUndefined();
    expect(left).toBeUndefined();
  });

  it('follows symbolic links instead of replacing them', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'rc.d'));
    writeFileSync(join(folder, 'rc.d/rc.local'), 'old\n');
    symlinkSync('rc.d/rc.local', join(folder, 'rc.local'));
    symlinkSync(join(folder, 'rc.local'), join(folder, 'again'));
    expect(converge(shell, file({ path: join(folder, 'again'), content: 'new\n' })).left).toBeUndefined();
    expect(readFileSync(join(folder, 'rc.d/rc.local'), 'utf8')).toBe('new\n');
    expect(statSync(join(folder, 'rc.local')).isFile()).toBe(true);
    expect(execFileSync('readlink', [join(folder, 'rc.local')]).toString()).toBe('rc.d/rc.local\n');
  });

  it('keeps the first version found as a backup, and only that', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, 'original\n');
    converge(shell, file({ path, content: 'one\n', backup: true }));
    converge(shell, file({ path, content: 'two\n', backup: true }));
    expect(readFileSync(`${path}.lvsctl-orig`, 'utf8')).toBe('original\n');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
  });

  it('sends what is large or binary beside the script, and tells drift by cksum', () => {
    const path = join(temporaryFolder(), 'f');
    const content = Buffer.from(Array.from({ length: 70_000 }, (_v, i) => (i * 7) & 255));
    const { change, left } = converge(shell, file({ path, content }));
    expect(change?.files?.content).toEqual(content);
    expect(left).toBeUndefined();
    expect(readFileSync(path)).toEqual(content);
    const flipped = Buffer.from(content);
    flipped[69_999] = 1;
    writeFileSync(path, flipped);
    expect(converge(shell, file({ path, content })).change?.summary).toBe(`change ${path} (content)`);
    expect(readFileSync(path)).toEqual(content);
  });

  it('refuses a folder of that name', () => {
    const path = temporaryFolder();
    expect(() => converge(shell, file({ path, content: '' }))).toThrow(`${path} is not a regular file`);
  });

  it('leaves the old file whole when writing fails', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, 'old\n');
    mkdirSync(`${path}.lvsctl-new`);
    const resource = file({ path, content: 'new\n' });
    const change = resource.plan(probe(shell, resource), nothingChanging);
    expect(change && apply(shell, change).status).not.toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('old\n');
  });

  it('runs what follows a change', () => {
    const path = join(temporaryFolder(), 'f');
    converge(shell, file({ path, content: 'x', after: sh`cp ${path} ${`${path}.seen`}` }));
    expect(readFileSync(`${path}.seen`, 'utf8')).toBe('x');
  });
});

describe.each(shells)('absent and directory under %s', (_, shell) => {
  it('removes a file and a dangling link, and never a folder', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'f');
    expect(converge(shell, absent(path)).change).toBeUndefined();
    writeFileSync(path, 'x');
    expect(converge(shell, absent(path))).toMatchObject({
      change: { summary: `remove ${path}` },
      left: undefined,
    });
    symlinkSync('/nowhere/at/all', path);
    expect(converge(shell, absent(path)).left).toBeUndefined();
    expect(() => converge(shell, absent(folder))).toThrow('is a folder');
  });

  it('makes a folder with its mode, and mends the mode', () => {
    const path = join(temporaryFolder(), 'a/b');
    expect(converge(shell, directory({ path, mode: '0700' })).left).toBeUndefined();
    expect(statSync(path).mode & 0o7777).toBe(0o700);
    const mended = converge(shell, directory({ path, mode: '0755' }));
    expect(mended.change?.summary).toBe(`change folder ${path} (mode 0700 to 0755)`);
    expect(mended.left).toBeUndefined();
    expect(converge(shell, directory({ path })).change).toBeUndefined();
  });
});

describe.each(shells)('block under %s', (_, shell) => {
  const body = "/bin/sh /etc/lvsctl/it's.sh\n";
  const marked = `# BEGIN lvsctl director\n${body}# END lvsctl director\n`;

  it.each([
    ['at the end', '#!/bin/sh\ntouch /x\n', `#!/bin/sh\ntouch /x\n${marked}`],
    ['at the end of a file without a last newline', '#!/bin/sh\ntouch /x', `#!/bin/sh\ntouch /x\n${marked}`],
    ['before a last exit 0', '#!/bin/sh -e\nfoo\n\nexit 0\n', `#!/bin/sh -e\nfoo\n\n${marked}exit 0\n`],
    [
      'in its old place',
      '#!/bin/sh\n# BEGIN lvsctl director\nold\n# END lvsctl director\nexit 1\n',
      `#!/bin/sh\n${marked}exit 1\n`,
    ],
  ])('comes %s, and leaves the rest as it is', (_name, before, after) => {
    const path = join(temporaryFolder(), 'rc.local');
    writeFileSync(path, before);
    const { left } = converge(shell, block({ path, name: 'director', body, executable: true }));
    expect(left).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(after);
    expect(statSync(path).mode & 0o111).toBe(0o111);
  });

  it('makes a missing file, with its heading', () => {
    const path = join(temporaryFolder(), 'rc.local');
    const resource = block({ path, name: 'director', body, heading: '#!/bin/sh\n', executable: true });
    expect(converge(shell, resource).left).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(`#!/bin/sh\n${marked}`);
    chmodSync(path, 0o644);
    const again = converge(shell, resource);
    expect(again.change?.summary).toBe(`make ${path} executable`);
    expect(again.left).toBeUndefined();
  });

  it('refuses a block without an end', () => {
    const path = join(temporaryFolder(), 'rc.local');
    writeFileSync(path, '# BEGIN lvsctl director\nmine?\n');
    expect(() => converge(shell, block({ path, name: 'director', body }))).toThrow(
      'has no "# END lvsctl director"',
    );
  });
});

/** Every byte that a file may hold, NUL last: alone in its line, before and after another, and in what would be UTF-8 with the next. */
const allBytes = Buffer.concat(
  [...Array(255).keys()]
    .map((index) => index + 1)
    .concat(0)
    .map((byte) => Buffer.from([0x61, byte, byte, 0x0a, 0xc3, byte, 0x0a, 0xe2, 0x82, byte, 0x62, 0x0a])),
);
const latin1 = Buffer.from('#!/bin/sh\n# D\xe9marrage: caf\xe9, \xfcber\n', 'latin1');
const utf8 = Buffer.from('# ä € \u{1f600} \ufffd \ufeff\n');
const strange = Buffer.from([0xed, 0xa0, 0x80, 0xf5, 0x80, 0xc0, 0xaf, 0xf0, 0x80, 0x80, 0x80, 0x0d, 0x0a]);

describe.each(shells)('bytes of a file that belongs to somebody else, under %s', (_, shell) => {
  const marked = (body: string): string => `# BEGIN lvsctl x\n${body}# END lvsctl x\n`;
  const around = Buffer.concat([latin1, allBytes, utf8, strange]);

  it.each([
    ['with a last newline', Buffer.alloc(0)],
    ['without one', Buffer.from('\xe9nd', 'latin1')],
  ])('stay around a block %s', (_name, end) => {
    const path = join(temporaryFolder(), 'rc.local');
    writeFileSync(path, around);
    expect(converge(shell, block({ path, name: 'x', body: 'one\n' })).left).toBeUndefined();
    expect(readFileSync(path)).toEqual(Buffer.concat([around, Buffer.from(marked('one\n'))]));

    writeFileSync(path, Buffer.concat([readFileSync(path), around, end]));
    const { change, left } = converge(shell, block({ path, name: 'x', body: 'two\n' }));
    expect(left).toBeUndefined();
    expect(readFileSync(path)).toEqual(Buffer.concat([around, Buffer.from(marked('two\n')), around, end]));
    expect(change?.diff).toContain('-one\n+two\n');
  });

  it('are readable in a diff', () => {
    const path = join(temporaryFolder(), 'rc.local');
    writeFileSync(path, Buffer.concat([latin1, Buffer.from('ä\n')]));
    const { change } = converge(shell, block({ path, name: 'x', body: 'one\n' }));
    expect(change?.diff).toContain(' # D\\xe9marrage: caf\\xe9, \\xfcber\n ä\n+# BEGIN lvsctl x\n');
  });

  it('stay in a file that is made from the present one', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, around);
    const resource = file({ path, content: (present) => `${present?.replace(/^(one\n)?/, 'one\n')}` });
    expect(converge(shell, resource).left).toBeUndefined();
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from('one\n'), around]));
  });

  it('end where the file ends, without a newline of ours', () => {
    const path = join(temporaryFolder(), 'f');
    writeFileSync(path, `${marked('one\n').slice(0, -1)}`);
    expect(converge(shell, block({ path, name: 'x', body: 'two\n' })).left).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(marked('two\n'));
  });
});

describe('cksum', () => {
  it.each([0, 1, 255, 256, 65536, 100_003])('is what cksum(1) says of %i bytes', (size) => {
    const content = Buffer.alloc(size, 'lvs\xff\0');
    expect(cksum(content)).toBe(execFileSync('cksum', { input: content }).toString().trim());
  });
});

describe('a probe that fails', () => {
  it('is an error, not drift', () => {
    const resource = file({ path: '/etc/x', content: '' });
    expect(() =>
      resource.plan(said('present - -\n', 1, 'cat: /etc/x: Input/output error'), nothingChanging),
    ).toThrow("file /etc/x: its state can't be read (exit 1): cat: /etc/x: Input/output error");
  });
});
