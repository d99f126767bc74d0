import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';

/** What of this machine the resolving of SSH settings looks at; tests bring their own. */
export interface Surroundings {
  /** Home folder, absolute. */
  readonly home: string;
  /** Login name of who runs lvsctl. */
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file, or undefined where there is none that can be read. */
  readFile(path: string): string | undefined;
  exists(path: string): boolean;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(folder: string): readonly string[];
}

export function thisMachine(): Surroundings {
  return {
    home: process.env.HOME || homedir(),
    user: process.env.USER || userInfo().username,
    env: process.env,
    readFile: (path) => attempt(() => readFileSync(path, 'utf8')),
    exists: existsSync,
    list: (folder) => attempt(() => readdirSync(folder).sort()) ?? [],
  };
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** `~` and `~/…` become the home folder. */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path;
}
