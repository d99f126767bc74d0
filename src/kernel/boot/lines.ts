/** One line as the file has it. */
export interface Line {
  /** Offset in the text, in UTF-16 units. */
  readonly start: number;
  /** Behind its line break. */
  readonly end: number;
  /** Without its line break; lines that are continued by a backslash are one, joined by a blank. */
  readonly text: string;
}

/** @param continued whether a backslash at its end joins a line with the next, as GRUB has it, in comments too */
export function linesOf(text: string, continued = false): readonly Line[] {
  const lines: Line[] = [];
  let from = 0;
  let joined = '';
  for (const found of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const end = found.index + found[0].length;
    const own = found[0].replace(/\r?\n$/, '');
    const goesOn = continued && own.endsWith('\\') && found[0].endsWith('\n');
    joined += goesOn ? `${own.slice(0, -1)} ` : own;
    if (goesOn && end < text.length) continue;
    lines.push({ start: from, end, text: joined });
    from = end;
    joined = '';
  }
  return lines;
}

/** How the file breaks its lines. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

/** The text with lines put at its end: they begin a line of their own, whatever the last one looks like. */
export function withLinesAtEnd(text: string, lines: string): string {
  const lineBreak = lineBreakOf(text);
  const ended = text === '' || text.endsWith('\n') ? text : `${text}${lineBreak}`;
  // A last line that goes on by a backslash would swallow the first of ours.
  return ended + (/\\\r?\n$/.test(ended) ? lineBreak : '') + lines;
}
