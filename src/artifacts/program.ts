import { spawn } from 'node:child_process';
import { LvsctlError } from '../errors.js';

/** The program says that the file is not what it should be. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

/**
 * What a program of this machine says about a file, at most `limit` bytes of it: a file that nobody vouches for may unpack to anything.
 * @throws ProgramFailed when it says more, or ends badly
 * @throws LvsctlError when it is not there
 */
export function outputOf(
  command: string,
  args: readonly string[],
  limit: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', TAR_OPTIONS: '' },
      ...(signal && { signal }),
    });
    const chunks: Buffer[] = [];
    let [size, complaint] = [0, ''];
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 2000) complaint += chunk.toString();
    });
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new LvsctlError(`there is no ${command} on this machine`, {
              hint: `install ${command}: files are looked into before they are trusted`,
              cause,
            })
          : cause,
      ),
    );
    child.once('close', (status) => {
      if (size > limit) return reject(new ProgramFailed(`unpacks to more than ${limit} bytes`));
      if (status === 0) return resolve(Buffer.concat(chunks));
      const [first = `ended with ${status}`] = complaint.trim().split('\n');
      reject(new ProgramFailed(`${command}: ${first.replace(/^\S*?: /, '')}`));
    });
  });
}
