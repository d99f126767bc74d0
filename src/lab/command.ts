import { execFile, spawn } from 'node:child_process';
import { LvsctlError } from '../errors.js';

/**
 * Runs a program of this machine, without a shell and with `input` as its stdin, and gives its stdout.
 * @throws LvsctlError with the program's own words when it fails
 */
export function run(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failed(command, args, stderr.trim() || error.message, error));
    });
    // A program that doesn't read its stdin closes it before we have written.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** {@link run}, for a step of a clean-up that may find nothing to do. */
export async function attempt(command: string, args: readonly string[]): Promise<string> {
  return run(command, args).catch(() => '');
}

/** Runs a program and hands out each line of its stdout and stderr as it comes; the last lines go into the error. */
export function follow(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          tail.push(line);
          if (tail.length > 20) tail.shift();
          onLine(line);
        }
      });
    }
    child.on('error', (error) => reject(failed(command, args, error.message, error)));
    child.on('close', (status) => {
      if (status === 0) resolve();
      else reject(failed(command, args, tail.join('\n'), undefined));
    });
  });
}

function failed(command: string, args: readonly string[], words: string, cause: unknown): LvsctlError {
  const shown = [command, ...args].join(' ');
  return new LvsctlError(`${shown.length > 200 ? `${shown.slice(0, 200)} …` : shown} failed: ${words}`, {
    cause,
  });
}
