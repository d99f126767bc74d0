import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from './load/result.js';

export type * from './load/result.js';

/** A load that is on. */
export interface Load {
  readonly pid: number;
  /** Requests from here on count in a phase of their own. */
  phase(name: string): void;
  /** Begins one more download beside the others. */
  download(): void;
  /** The first result, of one a second, for which the condition holds. Rejects when the load ends before. */
  until(condition: (result: LoadResult) => boolean): Promise<LoadResult>;
  /** Ends it; comes when requests and downloads under way have ended. */
  stop(): Promise<LoadResult>;
  /** The result of a load that ends by itself (`seconds`). */
  readonly result: Promise<LoadResult>;
  /** Ends it at once, without a result. For clean-ups; may be repeated. */
  kill(): void;
}

/**
 * Puts load on a service from a Node process of this machine: natively, so the guests' slow forks don't count.
 * @param namespace network namespace that it runs in, e.g. the lab's `lvs-NAME`; without one, this machine's own (loopback)
 */
export function startLoad(options: LoadOptions, namespace?: string): Load {
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
  const source = fileURLToPath(new URL('./load/program.ts', import.meta.url));
  const words = [process.execPath, jiti, source, JSON.stringify(options)];
  const inside = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
  const [command = '', ...args] = [...inside, ...words];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  let last: LoadResult | undefined;
  const waiting = new Set<(result: LoadResult) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as LoadResult;
    for (const wait of waiting) wait(last);
  });
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0 && last !== undefined) resolve(last);
      else reject(new Error(`the load ended early: exit status ${status ?? signal}`));
    });
  });
  // Whoever asks for it hears of a failure.
  result.catch(() => {});
  return {
    pid: child.pid ?? -1,
    result,
    phase: (name) => void child.stdin.write(`phase ${name}\n`),
    download: () => void child.stdin.write('download\n'),
    until: (condition) =>
      new Promise((resolve, reject) => {
        const wait = (seen: LoadResult): void => {
          if (!condition(seen)) return;
          waiting.delete(wait);
          resolve(seen);
        };
        waiting.add(wait);
        result.then(
          (end) => reject(new Error(`the load ended before the condition held: ${JSON.stringify(end)}`)),
          reject,
        );
      }),
    stop: () => {
      child.stdin.write('stop\n');
      return result;
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
