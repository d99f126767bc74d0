/** One statement of keepalived.conf: its words, and what stands in braces after them. */
export interface Statement {
  /** Without quotes and backslashes. */
  readonly words: readonly string[];
  /** Of its first word, from 1. */
  readonly line: number;
  /** All lines from its first word to its last, or to the closing brace. */
  readonly lines: readonly number[];
  /** Lines of its words and braces alone. */
  readonly ownLines: readonly number[];
  readonly block?: readonly Statement[];
}

/** Why a statement can't be taken as it stands: what it says depends on more than this file. */
export function notPlain({ words }: Statement): string | undefined {
  const [keyword = ''] = words;
  if (/^include/.test(keyword))
    return 'the files that it names are not read: put their text in its place, or import them by themselves';
  if (keyword.startsWith('@')) return 'holds on some hosts only: import a file without conditions';
  if (words.some((word) => /\$[A-Za-z_{]|^~(SEQ|LST)\(/.test(word)))
    return 'has a variable: write its value in its place';
  return undefined;
}

interface Token {
  readonly kind: 'word' | '{' | '}' | 'end';
  readonly text: string;
  readonly line: number;
}

/** True for a line that says something. */
export function isKeepalivedContent(line: string): boolean {
  return !/^\s*([!#].*)?$/.test(line);
}

/**
 * Words, braces and ends of lines. Comments begin with `!` or `#`, in a word too; quotes keep blanks; a backslash keeps the next
 * character, and at the end of a line joins the next one to it (keepalived 2.2, lib/parser.c).
 */
function tokens(text: string): Token[] {
  const found: Token[] = [];
  let line = 1;
  let word: { text: string; line: number } | undefined;
  const add = (more: string) => {
    word = { text: (word?.text ?? '') + more, line: word?.line ?? line };
  };
  const close = () => {
    if (word !== undefined) found.push({ kind: 'word', ...word });
    word = undefined;
  };
  for (let at = 0; at < text.length; at++) {
    const each = text.charAt(at);
    if (each === '\n') {
      close();
      found.push({ kind: 'end', text: '', line });
      line++;
    } else if (each === '!' || each === '#') {
      close();
      while (at + 1 < text.length && text.charAt(at + 1) !== '\n') at++;
    } else if (each === '\\') {
      const next = text.charAt(++at);
      if (next === '\n') line++;
      else add(next);
    } else if (each === '"' || each === "'") {
      // An unclosed quote ends with its line.
      add('');
      while (at + 1 < text.length && !['\n', each].includes(text.charAt(at + 1))) {
        at++;
        if (text.charAt(at) === '\\' && text.charAt(at + 1) !== '\n') at++;
        add(text.charAt(at));
      }
      if (text.charAt(at + 1) === each) at++;
    } else if (each === '$' && text.charAt(at + 1) === '{') {
      const end = text.slice(at).search(/[}\n]/);
      const length = end > 0 && text.charAt(at + end) === '}' ? end : 1;
      add(text.slice(at, at + length + 1));
      at += length;
    } else if (each === '{' || each === '}') {
      close();
      found.push({ kind: each, text: each, line });
    } else if (/\s/.test(each)) close();
    else add(each);
  }
  close();
  return [...found, { kind: 'end', text: '', line }];
}

export interface KeepalivedText {
  readonly statements: readonly Statement[];
  readonly problems: readonly { readonly line: number; readonly reason: string }[];
}

/** Blocks in blocks; keepalived has no more than five. What is deeper is of the statement around it. */
const DEEPEST = 20;

/** Lines of braces and words from `first` to `last`. */
function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Reads any keepalived.conf, whatever its words mean. Total: braces that don't match are problems, and all else is read. */
export function parseKeepalivedText(text: string): KeepalivedText {
  const all = tokens(text);
  const problems: { line: number; reason: string }[] = [];
  let at = 0;

  const statements = (opened: Token | undefined, depth: number): { inner: Statement[]; end: number } => {
    const inner: Statement[] = [];
    if (depth > DEEPEST) skipBlocks();
    for (;;) {
      const token = all[at];
      if (token === undefined) {
        const line = all.at(-1)?.line ?? 1;
        if (opened !== undefined)
          problems.push({ line: opened.line, reason: 'its closing brace is missing' });
        return { inner, end: line };
      }
      if (token.kind === '}') {
        at++;
        if (opened !== undefined) return { inner, end: token.line };
        problems.push({ line: token.line, reason: 'closes nothing' });
      } else if (token.kind === 'end') at++;
      else inner.push(statement(token, depth));
    }
  };

  const statement = (first: Token, depth: number): Statement => {
    const words: string[] = [];
    let last = first.line;
    for (let token = all[at]; token?.kind === 'word'; token = all[++at]) {
      words.push(token.text);
      last = token.line;
    }
    const brace = braceAhead();
    if (brace === undefined) {
      const lines = span(first.line, last);
      return { words, line: first.line, lines, ownLines: lines };
    }
    const { inner, end } = statements(brace, depth + 1);
    const lines = span(first.line, end);
    return {
      words,
      line: first.line,
      lines,
      ownLines: [...new Set([...span(first.line, brace.line), end])],
      block: inner,
    };
  };

  /** Up to the brace that closes the block we are in. */
  const skipBlocks = (): void => {
    let open = 0;
    for (let token = all[at]; token !== undefined; token = all[++at]) {
      if (token.kind === '{') open++;
      if (token.kind === '}' && open-- === 0) return;
    }
  };

  /** The brace that opens a block after what was just read, on its line or after blank ones; it is taken. */
  const braceAhead = (): Token | undefined => {
    let ahead = at;
    while (all[ahead]?.kind === 'end') ahead++;
    const token = all[ahead];
    if (token?.kind !== '{') return undefined;
    at = ahead + 1;
    return token;
  };

  return { statements: statements(undefined, 0).inner, problems };
}
