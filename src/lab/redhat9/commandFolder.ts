import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from './commands.js';
import { wrapperOf } from './wrapper.js';

export interface CommandFolderOptions {
  /** Absolute path of a program of today, or undefined where this machine has none: the command is left out. */
  readonly program: (name: string) => string | undefined;
  /** What runs the wrappers; /bin/sh unless given. */
  readonly shell?: string;
}

/**
 * Writes Red Hat 9's commands into one folder, which alone makes a PATH: links to the programs of today, and wrappers that refuse
 * what Red Hat 9 lacked. With it a script runs under Red Hat 9's limits on any host.
 * @returns names of the commands that are there
 */
export async function writeCommandFolder(
  folder: string,
  { program, shell = '/bin/sh' }: CommandFolderOptions,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const command of commands) {
    const path = program(command.program[0]);
    if (path === undefined) continue;
    await writeCommand(join(folder, command.name), path, wrapperOf(command, { program: path, shell }));
    written.push(command.name);
  }
  return written;
}

/** A wrapper, or a link where there is none to write. */
export async function writeCommand(at: string, program: string, wrapper: string | undefined): Promise<void> {
  await rm(at, { force: true });
  if (wrapper === undefined) return symlink(program, at);
  await writeFile(at, wrapper);
  await chmod(at, 0o755);
}
