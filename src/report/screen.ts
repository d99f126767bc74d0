import type { Writable } from 'node:stream';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal: what tty.WriteStream offers of a stream, each part optional so that tests can give less. */
export type TerminalStream = Writable & { readonly columns?: number; readonly rows?: number };

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const up = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : '');

/**
 * A block of lines at the end of a terminal's output that is painted again in place.
 * The cursor rests below it. Lines must be narrower than the terminal: a full line would leave the cursor undecided.
 */
export class Screen {
  readonly #stream: TerminalStream;
  readonly #size: () => ScreenSize;
  #painted: readonly string[] = [];
  #widths: readonly number[] = [];
  #open = false;
  readonly #onExit = () => {
    if (this.#open) this.#stream.write(SHOW);
  };
  readonly #onResize = () => this.#forget();

  constructor(stream: TerminalStream, size: () => ScreenSize) {
    this.#stream = stream;
    this.#size = size;
  }

  get size(): ScreenSize {
    return this.#size();
  }

  /** Hides the cursor until {@link stop}, or the end of the process, whichever comes first. */
  start(): void {
    if (this.#open) return;
    this.#open = true;
    this.#stream.write(HIDE);
    this.#stream.on('resize', this.#onResize);
    process.once('exit', this.#onExit);
  }

  /** False: the terminal is slower than we are, and this frame had better be left out. */
  get ready(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  /** Shows these lines in place of those shown before. `widths`: the columns of each. */
  paint(lines: readonly string[], widths: readonly number[]): void {
    const before = this.#painted;
    const first = lines.findIndex((line, index) => line !== before[index]);
    if (first < 0 && lines.length >= before.length) return;
    const from = first < 0 ? lines.length : Math.min(first, before.length);
    let out = up(before.length - from);
    for (let index = from; index < lines.length; index++) {
      out += lines[index] === before[index] ? '\n' : `\r${lines[index]}${CLEAR_LINE}\n`;
    }
    if (lines.length < before.length) out += CLEAR_BELOW;
    this.#stream.write(out);
    this.#painted = [...lines];
    this.#widths = [...widths];
  }

  /** Writes lines that stay, above the block. */
  print(lines: readonly string[]): void {
    this.clear();
    this.#stream.write(lines.map((line) => `${line}\n`).join(''));
  }

  clear(): void {
    if (this.#painted.length > 0) this.#stream.write(`${up(this.#painted.length)}\r${CLEAR_BELOW}`);
    this.#painted = [];
    this.#widths = [];
  }

  /** Gives the place and the cursor to somebody else, until {@link resume}. */
  suspend(): void {
    if (!this.#open) return;
    this.clear();
    this.#stream.write(SHOW);
  }

  resume(): void {
    if (this.#open) this.#stream.write(HIDE);
  }

  stop(): void {
    if (!this.#open) return;
    this.clear();
    this.#stream.write(SHOW);
    this.#open = false;
    this.#stream.off('resize', this.#onResize);
    process.off('exit', this.#onExit);
  }

  /** After a resize the terminal has wrapped what was wider: the block is as many rows higher. */
  #forget(): void {
    const { columns, rows } = this.#size();
    const height = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    if (height > 0) this.#stream.write(`${up(Math.min(height, rows - 1))}\r${CLEAR_BELOW}`);
    this.#painted = [];
    this.#widths = [];
  }
}
