import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { structureRefusal } from '../../src/artifacts/inspect.js';
import { type Structure, structureOf } from '../../src/artifacts/structure.js';
import { artifactOf } from '../unit/artifacts/artifacts.js';
import { hiddenDiff } from '../unit/artifacts/hidden-diff.js';

const inside = (changes: Parameters<typeof artifactOf>[1]) =>
  structureOf(artifactOf(Buffer.of(), changes)) as Structure;
const ipvs = inside({ kind: 'ipvs', version: '1.0.9' });
const hidden = inside({ kind: 'hidden', version: '2.4.20pre10-1' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-inside-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The members of a tarball of the 1.0 series. */
const ipvsFiles: Readonly<Record<string, string>> = {
  'ipvs-1.0.9/Makefile': 'patchkernel:\ninstallsource:\n',
  'ipvs-1.0.9/linux_kernel_ksyms_c.diff': hiddenDiff(),
  'ipvs-1.0.9/ipvs/ip_vs.h': '#ifndef _IP_VS_H\n#define IP_VS_VERSION_CODE            0x010009\n#endif\n',
  'ipvs-1.0.9/ipvs/ip_vs_core.c': 'int ip_vs_in(void);\n',
  'ipvs-1.0.9/ipvs/linux_net_ipv4_ipvs_Makefile': 'obj-m :=\n',
};

/** A real tar archive of these files, and of what `more` makes in the folder. */
function archive(
  files: Readonly<Record<string, string>>,
  options: readonly string[] = [],
  more?: () => void,
): string {
  const tree = join(folder, 'tree');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
  more?.();
  const path = join(folder, 'archive');
  execFileSync('tar', ['-C', tree, ...options, '-cf', path, '.'], { stdio: 'ignore' });
  return path;
}

const without = (name: string) =>
  Object.fromEntries(Object.entries(ipvsFiles).filter(([key]) => key !== name));

describe('a tarball', () => {
  it.each([['-z'], ['-j'], ['-J'], ['--format=ustar']])(
    'that is what it should be is trusted (tar %s)',
    async (option) => {
      expect(await structureRefusal(ipvs, archive(ipvsFiles, [option]))).toBeUndefined();
    },
  );

  it('may be packed with ./ before its names, or without', async () => {
    archive(ipvsFiles);
    const path = join(folder, 'plain.tar.gz');
    execFileSync('tar', ['-C', join(folder, 'tree'), '-czf', path, 'ipvs-1.0.9']);
    expect(await structureRefusal(ipvs, path)).toBeUndefined();
  });

  it('without an expected member is refused', async () => {
    const path = archive(without('ipvs-1.0.9/ipvs/ip_vs_core.c'), ['-z']);
    expect(await structureRefusal(ipvs, path)).toBe('has no member */ipvs/ip_vs_core.c');
  });

  it('of another version is refused', async () => {
    const path = archive({
      ...ipvsFiles,
      'ipvs-1.0.9/ipvs/ip_vs.h': '#define IP_VS_VERSION_CODE 0x010008\n',
    });
    expect(await structureRefusal(ipvs, path)).toBe(
      'does not say IP_VS_VERSION_CODE 0x010009 in ./ipvs-1.0.9/ipvs/ip_vs.h',
    );
  });

  it('with a huge member is not read to its end', async () => {
    const path = archive({ ...ipvsFiles, 'ipvs-1.0.9/ipvs/ip_vs.h': '\n'.repeat(5 * 1024 * 1024) }, ['-z']);
    expect(await structureRefusal(ipvs, path)).toMatch(/unpacks to more than \d+ bytes/);
  });

  it.each([
    ['climbs out', ['--transform=s,^./ipvs-1.0.9/Makefile,../../etc/cron.d/x,', '-P'], 'climbs with ".."'],
    ['is absolute', ['--transform=s,^./ipvs-1.0.9/Makefile,/etc/cron.d/x,', '-P'], 'is an absolute path'],
  ])('with a member that %s is refused', async (_, options, reason) => {
    expect(await structureRefusal(ipvs, archive(ipvsFiles, options))).toContain(reason);
  });

  it.each(['/etc', '../../etc'])('with a link to %s is refused', async (target) => {
    const link = () => symlinkSync(target, join(folder, 'tree/ipvs-1.0.9/etc'));
    expect(await structureRefusal(ipvs, archive(ipvsFiles, [], link))).toContain(`has a link to "${target}"`);
  });

  it('with a link inside is trusted', async () => {
    const link = () => symlinkSync('ipvs/ip_vs.h', join(folder, 'tree/ipvs-1.0.9/ip_vs.h'));
    expect(await structureRefusal(ipvs, archive(ipvsFiles, [], link))).toBeUndefined();
  });

  it('with a pipe in it is refused', async () => {
    const pipe = () => void execFileSync('mkfifo', [join(folder, 'tree/ipvs-1.0.9/pipe')]);
    expect(await structureRefusal(ipvs, archive(ipvsFiles, [], pipe))).toContain('no file, folder or link');
  });

  it.each([
    ['a page of HTML', (path: string) => writeFileSync(path, '<html>404</html>')],
    ['cut off', (path: string) => execFileSync('truncate', ['-s', '-200', path])],
  ])('that is %s is none', async (_, spoil) => {
    const path = archive(ipvsFiles, ['-z']);
    spoil(path);
    expect(await structureRefusal(ipvs, path)).toContain('is no archive that tar can read');
  });
});

describe('the hidden patch', () => {
  const written = (text: string) => {
    const path = join(folder, 'hidden.diff');
    writeFileSync(path, text);
    return path;
  };
  const files = [
    'include/linux/inetdevice.h',
    'include/linux/sysctl.h',
    'net/ipv4/arp.c',
    'net/ipv4/devinet.c',
  ];

  it('is trusted when it changes what it should, and documentation', async () => {
    const path = written(hiddenDiff({ files: [...files, 'Documentation/networking/ip-sysctl.txt'] }));
    expect(await structureRefusal(hidden, path)).toBeUndefined();
  });

  it.each([['gzip'], ['bzip2'], ['xz']])('may be packed by %s', async (program) => {
    const path = written(hiddenDiff());
    execFileSync(program, [path]);
    const packed = `${path}.${{ gzip: 'gz', bzip2: 'bz2', xz: 'xz' }[program]}`;
    expect(await structureRefusal(hidden, packed)).toBeUndefined();
  });

  it.each([
    [
      'leaves a file out',
      hiddenDiff({ files: files.slice(1) }),
      'does not change include/linux/inetdevice.h',
    ],
    [
      'changes another',
      hiddenDiff({ files: [...files, 'kernel/sys.c'] }),
      'changes kernel/sys.c, which it has no business with',
    ],
    ['climbs out of the tree', hiddenDiff({ files: [...files, '../../etc/passwd'] }), 'climbs with ".."'],
    ['does another thing', hiddenDiff({ line: '+\tint\tvisible;' }), 'does not add the flag "hidden"'],
    ['is cut off', hiddenDiff().slice(0, -40), 'is no diff: the hunk'],
  ])('that %s is refused', async (_, text, reason) => {
    expect(await structureRefusal(hidden, written(text))).toContain(reason);
  });
});
