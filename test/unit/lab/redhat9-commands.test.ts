import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCommandFolder } from '../../../src/lab/redhat9/commandFolder.js';
import { commands, lackedCommands } from '../../../src/lab/redhat9/commands.js';
import { wrapperOf } from '../../../src/lab/redhat9/wrapper.js';
import { sh } from '../../../src/shell/index.js';
import { runIn, shells, type TestShell } from '../../support/shells.js';

const root = mkdtempSync(join(tmpdir(), 'lvsctl-redhat9-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the table', () => {
  test('has each command once', () => {
    const names = commands.map(({ name }) => name);
    expect(names.length).toBe(new Set(names).size);
    expect(names.length).toBeGreaterThan(150);
  });

  test('has nothing that came later', () => {
    expect(commands.filter(({ name }) => name in lackedCommands)).toEqual([]);
  });

  test('needs no wrapper for most', () => {
    const wrapped = commands.filter((each) => wrapperOf(each, { program: '/bin/true', shell: '/bin/sh' }));
    expect(wrapped.length).toBeLessThan(commands.length / 2);
  });
});

/** A shell as the first line of a script names it: one word, and an argument at most. */
const interpreter = ({ name, argv }: TestShell) => (name === 'bash' ? (argv[0] ?? '') : argv.join(' '));

describe.each(shells.map((shell) => [shell.name, shell] as const))('wrappers run by %s', (_name, shell) => {
  const accepting = join(root, `accepting-${shell.name.replaceAll(' ', '-')}`);
  const real = join(root, `real-${shell.name.replaceAll(' ', '-')}`);

  beforeAll(async () => {
    // In the first folder every program does nothing and succeeds, so that a status says what the wrapper thought.
    await writeCommandFolder(accepting, { program: () => '/bin/true', shell: interpreter(shell) });
    await writeCommandFolder(real, { program: ofThisMachine, shell: interpreter(shell) });
  });

  /** Lines `STATUS WORDS` for each command line. */
  const statuses = (lines: readonly string[]): string[] => {
    const script = join(root, 'script');
    writeFileSync(script, lines.map((line) => `(${line}) >/dev/null 2>&1; echo $?\n`).join(''));
    const told = execFileSync('/bin/sh', [script], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line, n) => `${told[n]} ${line.replaceAll(`${accepting}/`, '')}`);
  };

  test('every option of the table that came later is refused, in clusters and behind values too', () => {
    const lines = commands.flatMap(({ name, lack }) => {
      const at = `${accepting}/${name}`;
      const value = lack?.valued?.[0];
      return [
        ...[...(lack?.short ?? '')].flatMap((letter) => [
          `${at} -${letter}`,
          ...(value ? [`${at} -${value} value -${letter} x`, `${at} -${value}value -${letter} x`] : []),
        ]),
        ...(lack?.long ?? []).map((long) => `${at} --${long.replace('*', 'anything')}`),
        ...(lack?.long ?? []).map((long) => `${at} --${long.replace('*', 'anything')}=x`),
      ];
    });
    expect(lines.length).toBeGreaterThan(400);
    expect(statuses(lines).filter((line) => !line.startsWith('1 '))).toEqual([]);
  });

  test('what an option takes as its value is not looked at, nor what stands behind --', () => {
    const allowed = [
      'sed -e -E',
      'sed -n -e s/E/i/p file',
      'sed -fE file',
      'cp -S n a b',
      'cp -- -n b',
      'cp -a a b',
      'grep -e -T file',
      'grep -eT file',
      'sort -k 2 -t V file',
      'install -m 644 -o n a b',
      'env -u C ls -C',
      'env A=B ls -S',
      'xargs -n 1 cp -n',
      'nohup sed -E',
      'setsid cp -n a b',
      'ssh -o BatchMode=yes host cp -n -G',
      'ssh -p 22 host find / -delete',
      'tar xzf a.tgz',
      'tar -xzf a.tar.gz',
      'tar xjf a.tar.bz2',
      'tar czf a.tar.gz b',
      'tar -c -z -f a.tar.gz b',
      'tar xf a.tar',
      'head -n 5 file',
      'head -c 5 file',
      'head -5 file',
      'date -d 2003-03-15 +%s',
      'date +%N',
      'find / -name a -print0',
      'mktemp /tmp/a.XXXXXX',
      'mktemp -d /tmp/a.XXXXXX',
      'sysctl -w net.ipv4.ip_forward=1',
      'sysctl -p',
      'sysctl -n kernel.osrelease',
      'dd if=a of=b bs=1',
      'ps ax -o pid,comm',
      'iptables -A INPUT -p tcp -j DROP',
      'useradd -r -s /sbin/nologin a',
      'make -j2 -C /usr/src bzImage',
    ];
    expect(
      statuses(allowed.map((line) => `${accepting}/${line}`)).filter((line) => !line.startsWith('0 ')),
    ).toEqual([]);
  });

  test.each([
    ['cp -an a b'],
    ["sed -ne 's/x/E/p' -E"],
    ['sed -i s/a/b/ file'],
    ['tar xJf a'],
    ['tar --strip-components=1 -xzf a.tgz'],
    ['tar xf a.tar.gz'],
    ['tar -x -f a.tgz'],
    ['head -n -1 file'],
    ['head --lines=-1 file'],
    ['head -n-1 file'],
    ['mktemp'],
    ['mktemp -d'],
    ['mktemp -p /tmp a.XXXXXX'],
    ['date -d @0'],
    ['sysctl net.ipv4.ip_forward=1'],
    ['sysctl --system'],
    ['find a -delete'],
    ['find a -exec ls {} +'],
    ['find a -perm /111'],
    ['find a -newermt yesterday'],
    ['dd if=a of=b status=none'],
    ['dd if=a of=b conv=notrunc,fsync'],
    ['iptables -C INPUT -j DROP'],
    ['iptables -w -L'],
    ['ssh -o ConnectTimeout=5 host'],
    ['ssh-keygen -t ed25519'],
    ['setsid -w true'],
    ['env -S a'],
    ['ln -sfT a b'],
    ['sort -V a'],
    ['cksum -a sha256 a'],
    ['sync /etc'],
  ])('%s', (line) => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `${accepting}/${line}`], { encoding: 'utf8' });
    const name = line.split(' ')[0];
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(`^${name}: invalid option: .*Red Hat 9's ${name} lacked it`),
    ]);
  });

  test('the programs of this machine run as they are, with nothing else in the PATH', () => {
    const script = sh`set -e; printf '3 c\n1 a\n2 b\n' >in; sort -k 2 in | sed -ne 's/^[0-9] //p' | tr -d '\n'; cut -c1 in | head -n 1
      cp -p in out; tar czf in.tar.gz in; tar tzf in.tar.gz; expr 1 + 1`;
    const { stdout, status } = runIn({ name: shell.name, argv: shell.argv }, sh`cd ${root}; ${script}`, {
      PATH: real,
    });
    expect([status, stdout]).toEqual([0, 'abc3\nin\n2\n']);
    const found = runIn(
      shell,
      sh`for c in ${Object.keys(lackedCommands)}; do [ -x ${real}/"$c" ] && echo "$c"; done; :`,
    );
    expect(found.stdout).toBe('');
    expect(readdirSync(real)).toContain('sed');
  });
});

function ofThisMachine(name: string): string | undefined {
  return ['/bin', '/usr/bin', '/sbin', '/usr/sbin'].map((at) => join(at, name)).find((at) => existsSync(at));
}
