/** A piece of POSIX shell that is safe to run: every value in it was quoted by {@link sh}. */
export class Sh {
  /** Only {@link sh}, {@link shLines} and {@link trusted} make one. */
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** What the {@link sh} tag takes: strings and numbers are quoted, fragments go in as they are, lists are joined by a blank. */
export type ShValue = string | number | Sh | readonly (string | number | Sh)[];

/**
 * One word for any POSIX shell, from any string: `it's` gives `'it'\''s'`.
 * @throws RangeError on a NUL byte, which no shell word can hold.
 */
export function quote(value: string | number): string {
  const text = String(value);
  if (text.includes('\0')) throw new RangeError('a NUL byte cannot be passed to a shell');
  if (/^[A-Za-z0-9_./:,@%+-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function render(value: ShValue): string {
  if (value instanceof Sh) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return quote(value);
  return value.map(render).join(' ');
}

/**
 * The only way from a value to a shell (rule 6): a tagged template that quotes every interpolation.
 * An empty string becomes `''`; another {@link Sh} is inserted unquoted; a list becomes words.
 * The text is raw, so `'\n'` reaches the shell as it stands; `\${name}` and a backslashed backtick are the shell's own.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShValue[]): Sh {
  const own = strings.raw.map((part) => part.replaceAll('\\${', '${').replaceAll('\\`', '`'));
  return new Sh(own.reduce((text, part, i) => text + render(values[i - 1] as ShValue) + part));
}

/** Fragments one below the other; `undefined` and `false` are left out, so that conditions read well. */
export function shLines(...parts: readonly (Sh | undefined | false)[]): Sh {
  return new Sh(
    parts
      .filter((part): part is Sh => part instanceof Sh)
      .map((part) => part.text)
      .join('\n'),
  );
}

/** A whole script as one argument of another command: `sh -c ${nested(script)}`. */
export function nested(script: Sh): Sh {
  return new Sh(quote(script.text));
}

/** Shell text of our own that no outside value has touched: a literal, or the output of a template with `{{sh …}}`. */
export function trusted(text: string): Sh {
  return new Sh(text);
}
