import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Sh } from '../../src/shell/index.js';

/** One POSIX shell that our scripts must run in. */
export interface TestShell {
  readonly name: string;
  readonly argv: readonly string[];
}

/** Every shell that is on this machine; bash runs as `sh` does on Red Hat 9: in POSIX mode. */
export const shells: readonly TestShell[] = [
  { name: 'dash', argv: ['/bin/dash'] },
  { name: 'bash', argv: ['/bin/bash', '--posix'] },
  { name: 'busybox ash', argv: ['/bin/busybox', 'ash'] },
].filter(({ argv }) => existsSync(argv[0] as string));

/** Runs a script without stdin and waits. */
export function runIn(
  shell: TestShell,
  script: Sh,
  env: NodeJS.ProcessEnv = process.env,
): { stdout: string; stderr: string; status: number } {
  const [command = 'sh', ...args] = shell.argv;
  const result = spawnSync(command, [...args, '-s'], { input: script.text, env, encoding: 'utf8' });
  return { stdout: result.stdout, stderr: result.stderr, status: result.status ?? 255 };
}
