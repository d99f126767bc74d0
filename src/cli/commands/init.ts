import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { UsageError } from '../../errors.js';
import { type Context, EXIT, type OutputOptions } from '../context.js';

/** Writes the commented inventory. @throws UsageError rather than overwrite a file */
export async function init(context: Context, file: string, options: OutputOptions): Promise<number> {
  const { inventoryTemplate } = await import('../../inventory/index.js');
  const path = resolve(context.cwd, file);
  const template = inventoryTemplate();
  try {
    await writeFile(path, template, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new UsageError(`${path} is there already, and is left as it is`, {
        hint: 'give another name, as in `lvsctl init lab.ts`, or remove it first',
      });
    }
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EROFS') {
      throw new UsageError(`${path} can't be written: ${(error as Error).message}`, {
        hint: 'name a file in a folder that exists and is yours',
        cause: error,
      });
    }
    throw error;
  }
  if (!options.json) context.stdout.write(nextSteps(relative(context.cwd, path) || path));
  return EXIT.converged;
}

const nextSteps = (
  file: string,
) => `✓ ${file} written: a director, two real servers and a client, with a comment on each field.

What to do next:
  1. Put your hosts, addresses and services into it; an editor completes every field.
  2. lvsctl validate ${file}          check it; nothing is contacted
  3. lvsctl lab up ${file}            boot a virtual twin of it on this machine
     lvsctl provision ${file} --lab   build the cluster there, and see its traffic proven
  4. lvsctl plan ${file}              see what would change on the real hosts
     lvsctl provision ${file}         make it so
`;
