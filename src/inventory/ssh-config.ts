import { dirname, isAbsolute, join } from 'node:path';
import SSHConfig from 'ssh-config';
import { expandHome, type Surroundings } from './surroundings.js';

/** What an OpenSSH client configuration says about one host, as written there: tokens and `~` not yet expanded. */
export interface SshConfigValues {
  readonly [keyword: string]: readonly string[] | undefined;
}

type Line = SSHConfig[number];

/**
 * What `file` says for a host: the first value of each keyword wins, `IdentityFile` adds up. Keywords in lower case.
 * `names` are all names that the host goes by (in the inventory, and what is dialled): a `Host` block is for it when a
 * pattern fits one of them and no negated pattern does. `Match` knows all, host, originalhost, user and localuser;
 * a block with `exec` or another criterion is passed over. `Include` is followed, 16 files deep.
 */
export function readSshConfig(
  file: string,
  names: readonly string[],
  user: string | undefined,
  surroundings: Surroundings,
): SshConfigValues {
  const values: Record<string, string[]> = {};
  const readFile = (path: string, depth: number): void => {
    const text = surroundings.readFile(path);
    if (text !== undefined) collect(SSHConfig.parse(text), dirname(path), depth);
  };
  const collect = (lines: readonly Line[], folder: string, depth: number): void => {
    for (const line of lines) {
      if (!('param' in line)) continue;
      const keyword = line.param.toLowerCase();
      const words = wordsOf(line);
      if (keyword === 'host' || keyword === 'match') {
        const current = { names, user: user ?? values.user?.[0] ?? 'root', localUser: surroundings.user };
        const fits = keyword === 'host' ? matches(words, names) : matchFits(words, current);
        if (fits && 'config' in line) collect(line.config, folder, depth);
      } else if (keyword === 'include') {
        for (const pattern of words)
          for (const path of included(pattern, folder, surroundings))
            if (depth < 16) readFile(path, depth + 1);
      } else if (keyword === 'identityfile') values[keyword] = [...(values[keyword] ?? []), ...words];
      else values[keyword] ??= words;
    }
  };
  readFile(file, 0);
  return values;
}

function wordsOf(line: Extract<Line, { param: string }>): string[] {
  const { value } = line;
  if (typeof value !== 'string') return value.map(({ val }) => val);
  return line.quoted || /^(identityfile|identityagent|proxycommand)$/i.test(line.param)
    ? [value]
    : value.split(/\s+/).filter(Boolean);
}

function matchFits(
  words: readonly string[],
  current: { names: readonly string[]; user: string; localUser: string },
): boolean {
  for (let index = 0; index < words.length; index++) {
    const criterion = words[index]?.toLowerCase();
    if (criterion === 'all') continue;
    const patterns = (words[++index] ?? '').split(',');
    const subjects =
      criterion === 'host' || criterion === 'originalhost'
        ? current.names
        : criterion === 'user'
          ? [current.user]
          : criterion === 'localuser'
            ? [current.localUser]
            : [];
    if (!matches(patterns, subjects)) return false;
  }
  return true;
}

/** ssh_config(5), PATTERNS: one fits, and no negated one does. */
function matches(patterns: readonly string[], names: readonly string[]): boolean {
  const fits = (pattern: string): boolean => names.some((name) => wildcard(pattern).test(name));
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))
  );
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 'i');
}

/** Files of an Include: relative to the folder of the configuration, wildcards in each part of the path. */
function included(pattern: string, folder: string, surroundings: Surroundings): string[] {
  const expanded = expandHome(pattern, surroundings.home);
  const parts = (isAbsolute(expanded) ? expanded : join(folder, expanded)).split('/').filter(Boolean);
  let paths = ['/'];
  for (const part of parts) {
    paths = paths.flatMap((path) => {
      if (!/[*?]/.test(part)) return [join(path, part)];
      const visible = (name: string) => part.startsWith('.') || !name.startsWith('.');
      return surroundings
        .list(path)
        .filter((name) => visible(name) && wildcard(part).test(name))
        .map((name) => join(path, name));
    });
  }
  return paths;
}

/** Expands `%h %n %p %r %u %d %i %%` and `${NAME}`, as ssh_config(5) does; an unknown token stays as it is. */
export function expandTokens(
  text: string,
  tokens: Readonly<Record<string, string>>,
  env: Surroundings['env'],
): string {
  return text
    .replace(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : (tokens[token] ?? whole)))
    .replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '');
}
