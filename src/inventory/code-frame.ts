/** A place in a source file; line and column count from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/** Three lines of source around a place, with line numbers, a mark at the line and a caret under the column. */
export function codeFrame(source: string, { line, column }: SourcePlace): string {
  const lines = source.split(/\r?\n/);
  const first = Math.max(1, Math.min(line - 1, lines.length - 2));
  const width = String(first + 2).length;
  const frame: string[] = [];
  for (let number = first; number < first + 3 && number <= lines.length; number++) {
    const text = lines[number - 1] ?? '';
    frame.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line) {
      const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
      frame.push(`  ${' '.repeat(width)} | ${indent.padEnd(Math.min(column - 1, text.length))}^`);
    }
  }
  return frame.join('\n');
}
