/** Text as a terminal shows it: columns, not characters; and never a control character of a remote host. */

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
/** CSI, then OSC, then the other strings, then two-character sequences. */
const ESCAPES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?`,
    `${ESC}[PX^_][^${ESC}]*(?:${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-~]`,
  ].join('|'),
  'g',
);
/** Control characters, and the marks that reverse the direction of a line. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}]/gu;

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
const COMBINING = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u;

/** Columns of one code point: 0 (combining), 1 or 2 (East Asian wide, emoji). */
function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Columns that a text without control characters takes; colours count nothing. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text.replace(ESCAPES, '')) columns += columnsOf(character);
  return columns;
}

/** At most `columns` wide; what is cut off is shown as `…`. For text without colours. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (width(text) <= columns) return text;
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Exactly `columns` wide. */
export function pad(text: string, columns: number): string {
  const fitting = cut(text, columns);
  return fitting + ' '.repeat(Math.max(0, columns - width(fitting)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

/** Lines of at most `columns`, broken between words; a longer word stays whole, to be copied. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && width(last) + 1 + width(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** One line of a host's output, made harmless: no escapes, no control characters, what a carriage return overwrote left out. */
export function plainLine(line: string): string {
  const visible = line.replace(ESCAPES, '').replace(/[\r\n]+$/, '');
  return visible
    .slice(Math.max(visible.lastIndexOf('\r'), visible.lastIndexOf('\n')) + 1)
    .replaceAll('\t', '  ')
    .replace(CONTROLS, '');
}

/** The same for a text of several lines (stderr, a diff); empty lines at the end left out. */
export function plainLines(text: string): string[] {
  const lines = text
    .split('\n')
    .map(plainLine)
    .map((line) => line.trimEnd());
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines;
}

/** `0.1s`, `17.4s`, `3m 05s`, `2h 07m`. */
export function duration(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** `0.1 MiB`, `26.2 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** `1 host`, `3 hosts`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** Names for one line: `rs1, rs2, rs3 and 197 more`. */
export function names(list: readonly string[], most = 8): string {
  if (list.length <= most) return list.join(', ');
  return `${list.slice(0, most - 1).join(', ')} and ${list.length - most + 1} more`;
}

/** `██████░░░░`, `fraction` 0–1 of `columns`; anything above nothing shows, anything below all leaves a gap. */
export function bar(fraction: number, columns: number): string {
  const exact = Math.min(1, Math.max(0, fraction)) * columns;
  let filled = Math.round(exact);
  if (filled === 0 && exact > 0) filled = 1;
  if (filled === columns && fraction < 1) filled = columns - 1;
  return '█'.repeat(filled) + '░'.repeat(columns - filled);
}
