/**
 * Why a value can't be a word of a Windows command line, or undefined when it can: `cmd` replaces `%NAME%` and, with delayed
 * expansion, `!NAME!` even inside quotes, and there is no way to quote `"` that both it and the program understand.
 */
export function cmdProblem(value: string): string | undefined {
  const found = /["%!]/.exec(value)?.[0];
  if (found !== undefined) return `Windows can't be given ${found} in a name`;
  return /[\p{C}\u2028\u2029]/u.test(value) ? 'it has a character that can’t be seen' : undefined;
}

/**
 * One word for `cmd` and for a program that splits its command line as Microsoft's C library does: `Local Area Connection`
 * gives `"Local Area Connection"`. Inside quotes `& | < > ^ ( )` are plain; backslashes count only before the closing quote.
 * @throws RangeError on what can't be quoted (see {@link cmdProblem})
 */
export function quoteForCmd(value: string | number): string {
  const text = String(value);
  const problem = cmdProblem(text);
  if (problem !== undefined) throw new RangeError(problem);
  if (/^[A-Za-z0-9_.:-]+$/.test(text)) return text;
  return `"${text.replace(/\\+$/, '$&$&')}"`;
}

/** The only way from a value to a Windows command line: a tagged template that quotes every interpolation. The text is raw. */
export function cmd(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return strings.raw.reduce((text, part, i) => text + quoteForCmd(values[i - 1] ?? '') + part);
}
