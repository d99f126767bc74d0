import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCommandFolder } from '../../src/lab/redhat9/commandFolder.js';
import { quote } from '../../src/shell/index.js';

const folders = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/usr/bin', '/sbin', '/bin');

/** Where this machine has a program; the awk of Red Hat 9's table is one of several. */
export function ofThisMachine(name: string): string | undefined {
  const names = name === 'mawk' ? ['mawk', 'gawk', 'original-awk'] : [name];
  return names.flatMap((one) => folders.map((folder) => join(folder, one))).find((path) => existsSync(path));
}

/**
 * A folder with the commands that Red Hat 9 had, each refusing what it lacked.
 * @param moved where a program of this machine is when the folder is used
 */
export async function redHat9Commands(
  folder: string,
  moved: (path: string) => string = (path) => path,
): Promise<void> {
  const at = (name: string): string | undefined => {
    const path = ofThisMachine(name);
    return path === undefined ? undefined : moved(path);
  };
  const shell = at('dash');
  if (shell === undefined) throw new Error('the wrappers of Red Hat 9’s commands need dash');
  await writeCommandFolder(folder, { program: at, shell });
  // The lab's hosts have this as a script of their own.
  const uname = at('uname');
  if (uname !== undefined) symlinkSync(uname, join(folder, 'uname'));
}

/**
 * A shell that finds Red Hat 9's commands alone, behind what a test has put before the PATH of this machine.
 * Undefined where there is no bash or dash.
 */
export async function redHat9Shell(): Promise<string | undefined> {
  if (!existsSync('/bin/bash') || !existsSync('/bin/dash')) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-redhat9-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await redHat9Commands(join(folder, 'bin'));
  const shell = join(folder, 'shell');
  writeFileSync(
    shell,
    `#!/bin/dash\nPATH=\${PATH%${quote(process.env.PATH ?? '')}}${quote(join(folder, 'bin'))}\nexport PATH\nexec bash --posix "$@"\n`,
  );
  chmodSync(shell, 0o755);
  return shell;
}
