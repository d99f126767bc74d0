import { Writable } from 'node:stream';
import { width } from '../../../src/report/index.js';

/**
 * A terminal of so many columns and rows that understands what a live report may use, and nothing else:
 * any other sequence, a line as wide as the terminal, or a cursor above the first row throws.
 */
export class VirtualTerminal extends Writable {
  columns: number;
  rows: number;
  /** Rows that have left the screen at the top. */
  readonly scrolled: string[] = [];
  cursorVisible = true;
  #screen: string[] = [''];
  #row = 0;
  #line = '';
  /** Called after each write, with what the screen shows then. */
  onFrame: (screen: readonly string[]) => void = () => undefined;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  /** As most terminals do: lines that have become too long are wrapped, and the cursor moves with its line. */
  resize(columns: number, rows: number): void {
    const wrapped = this.#screen.map((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    this.#row = wrapped.slice(0, this.#row).flat().length;
    this.#screen = wrapped.flat();
    while (this.#screen.length > rows) {
      this.scrolled.push(this.#screen.shift() ?? '');
      this.#row -= 1;
    }
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  get screen(): readonly string[] {
    return this.#screen;
  }

  /** All that was ever shown and not taken back. */
  get transcript(): string {
    return [...this.scrolled, ...this.#screen].join('\n').trimEnd();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const ESC = String.fromCharCode(27);
    const token = new RegExp(`${ESC}\\[([?0-9;]*)([A-Za-z])|\\n|\\r|[^${ESC}\\n\\r]+`, 'gy');
    const text = chunk.toString();
    let at = 0;
    for (let match = token.exec(text); match !== null; match = token.exec(text)) {
      at = token.lastIndex;
      this.#take(match);
    }
    if (at !== text.length) throw new Error(`not understood: ${JSON.stringify(text.slice(at, at + 20))}`);
    this.onFrame(this.#screen);
    done();
  }

  #take([token, parameter, command]: RegExpExecArray): void {
    if (token === '\n') this.#newLine();
    else if (token === '\r') this.#line = '';
    else if (command === undefined) this.#print(token);
    else if (command === 'A') this.#up(Number(parameter || 1));
    else if (command === 'K') this.#screen[this.#row] = this.#line;
    else if (command === 'J') this.#clearBelow();
    else if (parameter === '?25') this.cursorVisible = command === 'h';
    else if (command !== 'm') throw new Error(`not understood: ${JSON.stringify(token)}`);
  }

  /** The cursor is always at a line's begin or end here: only the text before it is kept. */
  #print(text: string): void {
    this.#line += text;
    if (width(this.#line) >= this.columns) throw new Error(`as wide as the terminal: ${this.#line}`);
    this.#screen[this.#row] = this.#line;
  }

  #newLine(): void {
    this.#line = '';
    this.#row += 1;
    if (this.#row < this.rows) this.#screen[this.#row] ??= '';
    else {
      this.scrolled.push(this.#screen.shift() ?? '');
      this.#row = this.rows - 1;
      this.#screen[this.#row] = '';
    }
  }

  #up(rows: number): void {
    this.#row -= rows;
    this.#line = '';
    if (this.#row < 0)
      throw new Error('the cursor is above the screen: what scrolled off would be painted again');
  }

  #clearBelow(): void {
    this.#screen.length = this.#row + 1;
    this.#screen[this.#row] = this.#line;
  }
}
