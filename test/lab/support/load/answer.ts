import { createHash, type Hash } from 'node:crypto';
import type { Failure, FailureKind, Target } from './result.js';

const kinds: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

export function failureOf(error: NodeJS.ErrnoException): Failure {
  return { kind: kinds[error.code ?? ''] ?? 'local', detail: error.message };
}

/** The longest head of an answer that is read. */
const HEAD = 16 << 10;

/** Reads one HTTP/1.1 answer with a Content-Length, chunk by chunk. */
export class Answer {
  server: string | undefined;
  bytes = 0;
  #head: Buffer | undefined = Buffer.alloc(0);
  #length = 0;
  #hash: Hash | undefined;
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
    if (target.body !== undefined) this.#hash = createHash('sha256');
  }

  /** Nothing while more is to come, `true` when it is whole and right, or what is wrong with it. */
  take(chunk: Buffer): true | Failure | undefined {
    if (this.#head === undefined) return this.#takeBody(chunk);
    const head = Buffer.concat([this.#head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      this.#head = head;
      return head.length > HEAD ? wrong(`a head of ${head.length} bytes`) : undefined;
    }
    this.#head = undefined;
    return this.#readHead(head.toString('latin1', 0, end)) ?? this.#takeBody(head.subarray(end + 4));
  }

  /** What an end of the connection means that came before the answer was whole. */
  early(): Failure {
    const where = this.#head === undefined ? `${this.bytes} of ${this.#length} bytes` : 'no whole head';
    return { kind: 'short', detail: `ended after ${where}` };
  }

  #readHead(text: string): Failure | undefined {
    const [status = ''] = text.split('\r\n');
    this.server = /^x-server: *(.+?) *$/im.exec(text)?.[1];
    const length = /^content-length: *(\d+) *$/im.exec(text)?.[1];
    if (!/^HTTP\/1\.1 200 /.test(status)) return wrong(status);
    if (this.server === undefined || length === undefined) return wrong('no X-Server or Content-Length');
    this.#length = Number(length);
    const { body } = this.#target;
    if (body !== undefined && body.bytes !== this.#length) return wrong(`${length} bytes of ${body.bytes}`);
    return undefined;
  }

  #takeBody(chunk: Buffer): true | Failure | undefined {
    this.bytes += chunk.length;
    this.#hash?.update(chunk);
    if (this.bytes < this.#length) return undefined;
    if (this.bytes > this.#length) return wrong(`${this.bytes} bytes of ${this.#length}`);
    if (this.#hash !== undefined && this.#hash.digest('hex') !== this.#target.body?.sha256)
      return wrong('other bytes than expected');
    return true;
  }
}

function wrong(detail: string): Failure {
  return { kind: 'wrong', detail };
}

export function requestText({ path }: Target, address: string, connection: 'close' | 'keep-alive'): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: ${connection}\r\n\r\n`;
}
