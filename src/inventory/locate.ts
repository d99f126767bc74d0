import type { SourcePlace } from './code-frame.js';

/**
 * Finds where an inventory file writes the key or list element at a path (`services`, `ftp`, `port`), by reading the object literal
 * that `defineInventory(…)` or `export default` is given (or the whole of a JSON file). What isn't there, or isn't written as a
 * literal, gives the nearest thing around it. Undefined when the file has no such literal.
 */
export function locate(source: string, path: readonly (string | number)[]): SourcePlace | undefined {
  const start = startOfLiteral(source);
  if (start === undefined) return undefined;
  let found: Member = { name: '', key: start, value: start };
  for (const part of path) {
    const member = membersOf(source, found.value).find(({ name }) => name === String(part));
    if (member === undefined) break;
    found = member;
  }
  const before = source.slice(0, found.key).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function startOfLiteral(source: string): number | undefined {
  let at = skipBlank(source, 0);
  if (source[at] === '{') return at;
  for (; at < source.length; at = skipBlank(source, skipToken(source, at))) {
    const begin = /^(?:defineInventory\s*\(|export\s+default\b(?!\s*defineInventory))/.exec(
      source.slice(at, at + 200),
    );
    const literal = begin && skipBlank(source, at + begin[0].length);
    if (literal && source[literal] === '{') return literal;
  }
  return undefined;
}

interface Member {
  readonly name: string;
  readonly key: number;
  readonly value: number;
}

/** Members of the object or list literal at `open`; spreads, methods and computed keys are passed over. */
function membersOf(source: string, open: number): Member[] {
  const isList = source[open] === '[';
  if (!isList && source[open] !== '{') return [];
  const members: Member[] = [];
  let at = skipBlank(source, open + 1);
  for (let index = 0; at < source.length && !/[\]}]/.test(source[at] ?? ''); index++) {
    const key = at;
    if (isList) members.push({ name: String(index), key, value: at });
    const word = isList ? undefined : /^(?:[\w$]+|'[^'\n]*'|"[^"\n]*")/.exec(source.slice(at, at + 300))?.[0];
    if (word !== undefined) {
      const after = skipBlank(source, at + word.length);
      const value = source[after] === ':' ? skipBlank(source, after + 1) : key;
      members.push({ name: word.replace(/^['"]|['"]$/g, ''), key, value });
      at = value;
    }
    while (at < source.length && !/[,\]}]/.test(source[at] ?? ''))
      at = skipBlank(source, skipToken(source, at));
    if (source[at] === ',') at = skipBlank(source, at + 1);
  }
  return members;
}

/** Past blanks and comments. */
function skipBlank(source: string, at: number): number {
  const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = at;
  blank.exec(source);
  return Math.max(at, blank.lastIndex);
}

/** Past one word, string, template or bracketed group, or one character; blanks and comments before it included. */
function skipToken(source: string, from: number): number {
  const at = skipBlank(source, from);
  const token = /[\w$]+|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/y;
  token.lastIndex = at;
  if (token.exec(source)) return token.lastIndex;
  if (!/[([{]/.test(source[at] ?? '')) return at + 1;
  let inside = skipBlank(source, at + 1);
  while (inside < source.length && !/[)\]}]/.test(source[inside] ?? ''))
    inside = skipBlank(source, skipToken(source, inside));
  return inside + 1;
}
