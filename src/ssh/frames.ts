/** Head of a stream, up to a limit, in one growing buffer: linear in time, bounded in memory. */
class Head {
  #buffer = Buffer.alloc(0);
  #length = 0;
  truncated = false;

  constructor(readonly limit: number) {}

  add(chunk: Buffer): void {
    const part = chunk.subarray(0, this.limit - this.#length);
    if (part.length < chunk.length) this.truncated = true;
    if (this.#length + part.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(
        Math.min(this.limit, Math.max(4096, 2 * this.#buffer.length, this.#length + part.length)),
      );
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    part.copy(this.#buffer, this.#length);
    this.#length += part.length;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** What stood between the begin and the end mark on one stream. */
export interface Frame {
  readonly bytes: Buffer;
  readonly truncated: boolean;
  readonly status: number;
}

interface Expected {
  readonly needle: Buffer;
  readonly head: Head;
  readonly onChunk: ((chunk: Buffer) => void) | undefined;
  readonly onFrame: (frame: Frame) => void;
  begun: boolean;
}

/** Longest word in a mark, `b` or a status, with the closing byte. */
const markTail = 4;

/**
 * Cuts one output stream of the framed shell into frames. A mark is `\x01ID b\x01` (begin) or `\x01ID STATUS\x01` (end) with
 * a random id for each command, so that any bytes may stand between, and what a background process of an earlier
 * command prints between two commands is left out. Only a chunk's last bytes are ever looked at again.
 */
export class FrameReader {
  #expected: Expected | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #stray: Buffer = Buffer.alloc(0);

  /** Waits for the marks with `id`; bytes beyond `keep` are only handed to `onChunk`. */
  expect(
    id: string,
    keep: number,
    onChunk: ((chunk: Buffer) => void) | undefined,
    onFrame: (frame: Frame) => void,
  ): void {
    const needle = Buffer.from(`\x01${id} `, 'latin1');
    this.#expected = { needle, head: new Head(keep), onChunk, onFrame, begun: false };
  }

  /** End of what was printed outside of any frame, e.g. by a login shell that refuses. */
  get stray(): string {
    return this.#stray.toString('utf8');
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = Buffer.alloc(0);
    for (;;) {
      const expected = this.#expected;
      const at = expected ? bytes.indexOf(expected.needle) : -1;
      if (!expected || at < 0) {
        const held = expected ? possibleBegin(bytes, expected.needle) : 0;
        this.#emit(bytes.subarray(0, bytes.length - held));
        this.#hold(bytes.subarray(bytes.length - held));
        return;
      }
      this.#emit(bytes.subarray(0, at));
      const word = at + expected.needle.length;
      const end = bytes.indexOf(1, word);
      if (end < 0) {
        this.#hold(bytes.subarray(at, word + markTail));
        return;
      }
      this.#mark(expected, bytes.toString('latin1', word, end));
      bytes = bytes.subarray(end + 1);
    }
  }

  #mark(expected: Expected, word: string): void {
    if (word === 'b') {
      expected.begun = true;
      return;
    }
    this.#expected = undefined;
    expected.onFrame({
      bytes: expected.head.bytes(),
      truncated: expected.head.truncated,
      status: Number(word),
    });
  }

  #emit(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#expected?.begun) {
      this.#stray = Buffer.concat([this.#stray, bytes.subarray(-1000)]).subarray(-1000);
      return;
    }
    this.#expected.head.add(bytes);
    this.#expected.onChunk?.(bytes);
  }

  /** A copy, so that a few bytes don't keep a whole packet alive. */
  #hold(bytes: Buffer): void {
    this.#rest = Buffer.from(bytes);
  }
}

/** How many of the last bytes may be the beginning of the needle, whose first byte stands in it only once. */
function possibleBegin(bytes: Buffer, needle: Buffer): number {
  const tail = bytes.subarray(-(needle.length - 1));
  const at = tail.lastIndexOf(1);
  if (at < 0) return 0;
  const candidate = tail.subarray(at);
  return needle.subarray(0, candidate.length).equals(candidate) ? candidate.length : 0;
}
