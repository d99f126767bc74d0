import fc from 'fast-check';

/** Name of the program that only the sandbox has: whatever runs it leaves {@link trace} behind. */
export const canary = 'canary';
/** File that no script of ours makes: it is there only when a value was executed, or opened as a redirection. */
export const trace = '/CANARY';

/** How a value comes into a script that was put together by plain concatenation, so that its payload runs there. */
export type Careless = (value: string) => string;

const bare: Careless = (value) => `echo ${value}`;
const doubleQuoted: Careless = (value) => `echo "${value}"`;
const singleQuoted: Careless = (value) => `echo '${value}'`;
const comment: Careless = (value) => `: # ${value}\n:`;
const hereDocument: Careless = (value) => `cat <<EOF\n${value}\nEOF\n`;
const subshell: Careless = (value) => `( ${value} )`;
const branch: Careless = (value) => `if true; then ${value}; fi`;
const pattern: Careless = (value) => `case x in ${value}) ;; esac`;
const handlebars: Careless = (value) => value.replaceAll('{{', '').replaceAll('}}', '');

/** Payloads that run in the shell, each with a careless script in which it does, in every shell. */
export const live: readonly (readonly [payload: string, careless: Careless])[] = [
  ['$(canary)', bare],
  ['$(canary)', doubleQuoted],
  ['$(canary)', hereDocument],
  ['`canary`', bare],
  ['`canary`', doubleQuoted],
  ['$(touch /CANARY)', doubleQuoted],
  ['`touch /CANARY`', hereDocument],
  ["'; touch /CANARY; '", singleQuoted],
  ["';canary;'", singleQuoted],
  ["'$(canary)'", singleQuoted],
  ['";canary;"', doubleQuoted],
  ['"; touch /CANARY #', doubleQuoted],
  [';canary;', bare],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  [';touch${IFS}/CANARY;', bare],
  ['|canary', bare],
  ['||canary||canary', (value) => `false ${value}`],
  ['& canary', bare],
  ['&&canary', bare],
  ['>/CANARY', bare],
  ['>CANARY', bare],
  ['\ncanary\n', bare],
  ['\ncanary\n', comment],
  ['x\ncanary #', comment],
  ['\nEOF\ncanary\n: <<EOF\n', hereDocument],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  ['${x:=$(canary)}', bare],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  ['${x:-`canary`}', doubleQuoted],
  ['$((0$(canary)))', bare],
  [':)\ncanary\n(:', subshell],
  [':;fi;canary;if :; then :', branch],
  ['*) canary ;; x', pattern],
  ['{{canary}}', handlebars],
  ['}};canary;{{', (value) => `echo ${handlebars(value)}`],
  ['canary', (value) => value],
  ['--help;canary', bare],
  ['-rf;canary', (value) => `rm -rf /nothing ${value}`],
  ['%n$(canary)', (value) => `printf ${value}`],
  ["';canary #", (value) => `echo '${value.replaceAll("'", "\\'")}'`],
];

/** A subscript, which bash alone evaluates, wherever it does arithmetic with a value. */
export const subscript = 'a[$(canary)]';

/** Payloads that break quoting, words, options, patterns, formats and encodings rather than run something themselves. */
const awkward: readonly string[] = [
  '',
  "'",
  '"',
  '\\',
  "\\'",
  '-rf',
  '--',
  '-n',
  '-e',
  '-f/CANARY',
  '%n',
  '%s%s%s',
  '*',
  '?',
  '[a-z]',
  '~',
  '~root',
  '!',
  '&canary&',
  '!!',
  '#',
  '$',
  '$x',
  '$$',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  '${IFS}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  '${x?}',
  '$(',
  '`',
  '<<EOF',
  'EOF',
  'END-',
  '@',
  '@@ save',
  '== table',
  '{a,b}',
  '{{',
  '{{sh x}}',
  '}}',
  '{{{x}}}',
  '{{!--',
  '() { :;}; canary',
  "$'\\ncanary'",
  '\r\n',
  '\rcanary\r',
  '\t',
  ' ',
  '  two  words  ',
  '\x01',
  '\x1b[2J',
  '\x7f',
  '\x85canary',
  '\u2028canary\u2029',
  '\u{1f4a5}',
  '\ud800',
  '\0',
  'x\0;canary',
  subscript,
  '=canary',
  'PATH=/',
  'if',
  'esac',
  'done',
  '1>&2',
  '0',
  '-1',
];

/** Every payload once. */
export const payloads: readonly string[] = [...new Set([...live.map(([payload]) => payload), ...awkward])];

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...payloads) },
  { weight: 1, arbitrary: fc.constantFrom("'", '"', '\\', '\n', '$', '`', ' ', ';', '#', '(', ')', '\0') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

/** One hostile string: a payload, or several joined with quotes, blanks and any Unicode at all. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...payloads) },
  {
    weight: 3,
    arbitrary: fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join('')),
  },
);

/** Hostile strings to be dealt out in turn: what one field gets first, another gets later. */
export class Deck {
  #next = 0;
  #payload: number;

  /** @param start place in {@link payloads} of the first that is dealt */
  constructor(
    readonly texts: readonly string[],
    start: number,
  ) {
    this.#payload = start;
  }

  /** A drawn text and a payload by turns. */
  draw(): string {
    const turn = this.#next++;
    if (turn % 2 === 0) return this.texts[(turn / 2) % this.texts.length] as string;
    return this.hand(1)[0] as string;
  }

  /** The next payloads in their order. */
  hand(size: number): string[] {
    return Array.from({ length: size }, () => payloads[this.#payload++ % payloads.length] as string);
  }

  /** Without what would end a line of a host's answer. */
  line(): string {
    return this.draw().replaceAll('\n', ' ');
  }

  /** Without what would end a word of a host's answer. */
  word(): string {
    return this.draw().replace(/[\s\0]+/g, '') || '$(canary)';
  }

  /** Fit for the name of a file: neither a slash nor a NUL, at most 200 bytes. */
  fileName(): string {
    return fileName(this.draw());
  }
}

/** What is left of a text when it names a file: neither a slash nor a NUL, at most 200 bytes, never a folder's dots. */
export function fileName(text: string): string {
  let name = text.replace(/[/\0]/g, '');
  while (Buffer.byteLength(name) > 200) name = name.slice(0, -1);
  return /^\.*$/.test(name) ? `x${name}` : name;
}
