import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCommandFolder } from '../../src/lab/redhat9/commandFolder.js';
import { commands } from '../../src/lab/redhat9/commands.js';
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

/** Outlives the run, since a worker that vitest ends can't tidy up; one for each table of commands, and gone with node_modules. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/lvsctl-test', import.meta.url));

/**
 * A shell that finds Red Hat 9's commands alone, behind what a test has put before the PATH of this machine.
 * Undefined where there is no bash or dash.
 */
export async function redHat9Shell(): Promise<string | undefined> {
  if (!existsSync('/bin/bash') || !existsSync('/bin/dash')) return undefined;
  const path = process.env.PATH ?? '';
  const makers = [
    'red-hat-9.ts',
    '../../src/lab/redhat9/wrapper.ts',
    '../../src/lab/redhat9/commandFolder.ts',
  ];
  const texts = makers.map((name) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8'));
  const about = JSON.stringify([path, commands, texts]);
  const folder = join(cache, `redhat9-${createHash('sha256').update(about).digest('hex').slice(0, 16)}`);
  const shell = join(folder, 'shell');
  if (existsSync(shell)) return shell;
  mkdirSync(cache, { recursive: true });
  // Several workers may make it at once: the first that is done has it.
  const own = mkdtempSync(join(cache, 'making-'));
  await redHat9Commands(join(own, 'bin'));
  writeFileSync(
    join(own, 'shell'),
    `#!/bin/dash\nPATH=\${PATH%${quote(path)}}${quote(join(folder, 'bin'))}\nexport PATH\nexec bash --posix "$@"\n`,
  );
  chmodSync(join(own, 'shell'), 0o755);
  try {
    renameSync(own, folder);
  } catch {
    rmSync(own, { recursive: true, force: true });
  }
  return shell;
}
