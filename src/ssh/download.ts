import { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { LvsctlError, OutcomeUnknownError } from '../errors.js';
import { nested, type Sh, sh } from '../shell/index.js';
import type { Download } from './host.js';
import { type RootAccess, startAsRoot } from './root-program.js';

/** The size goes first, so that a file that was cut short, or grew, shows. Not sftp: it would not be root after sudo. */
function send(path: string): Sh {
  return sh`if [ ! -f ${path} ]; then echo 'there is no such file' >&2; exit 1; fi
set -- $(wc -c < ${path})
[ -n "$1" ] || exit 1
echo "$1" && exec cat ${path}`;
}

/** Longer than any size of a file, as digits. */
const longestSize = 20;

/**
 * Streams a file of a host here, as root, on a channel of its own. The content ends only when all of it came.
 * @throws LvsctlError when the host can't read it; OutcomeUnknownError when the connection is lost
 */
export async function download(client: Client, access: RootAccess, path: string): Promise<Download> {
  const channel = await startAsRoot(client, access, sh`sh -c ${nested(send(path))}`);
  return new Promise((resolve, reject) => {
    const incoming = new Incoming(channel, access.host, path);
    incoming.once('size', (size: number) => resolve({ size, content: incoming }));
    incoming.once('error', reject);
  });
}

/** The file's bytes; emits `size` once, before the first of them. */
class Incoming extends Readable {
  #size: number | undefined;
  #came = 0;
  #head = '';

  constructor(
    readonly channel: ClientChannel,
    readonly host: string,
    readonly path: string,
  ) {
    super();
    let stderr = '';
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-1000);
    });
    channel.on('data', (chunk: Buffer) => this.#take(chunk));
    channel.on('error', () => undefined);
    channel.on('close', (status?: number | null) => {
      if (this.destroyed) return;
      const error = this.#verdict(status ?? undefined, stderr.trim().replace(/\s+/g, ' '));
      if (error) this.destroy(error);
      else this.push(null);
    });
  }

  override _read(): void {
    this.channel.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // What is not read would keep the channel from ending.
    this.channel.resume();
    this.channel.close();
    done(error);
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    const rest = this.#size === undefined ? this.#afterHead(chunk) : chunk;
    if (rest) this.#pass(rest);
  }

  /** The first line is the size. Returns what follows it, once it has come. */
  #afterHead(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf(0x0a);
    this.#head += chunk.toString('latin1', 0, end < 0 ? chunk.length : end);
    if (end < 0 && this.#head.length <= longestSize) return undefined;
    if (end < 0 || !/^\d{1,15}$/.test(this.#head)) {
      this.destroy(this.#failure(`the host sent ${JSON.stringify(this.#head.slice(0, 60))} for its size`));
      return undefined;
    }
    this.#size = Number(this.#head);
    this.emit('size', this.#size);
    return chunk.subarray(end + 1);
  }

  #pass(chunk: Buffer): void {
    this.#came += chunk.length;
    if (chunk.length > 0 && !this.push(chunk)) this.channel.pause();
  }

  #verdict(status: number | undefined, stderr: string): Error | undefined {
    if (status === undefined)
      return new OutcomeUnknownError(`${this.host}: the connection was lost while ${this.path} was fetched`, {
        host: this.host,
        hint: 'nothing was kept of it; run lvsctl again',
      });
    if (status !== 0 || this.#size === undefined) return this.#failure(stderr || `status ${status}`);
    if (this.#came !== this.#size)
      return this.#failure(`${this.#came} bytes came of the ${this.#size} that the host had counted`);
    return undefined;
  }

  #failure(what: string): LvsctlError {
    return new LvsctlError(`${this.host}: ${this.path} was not fetched: ${what}`, {
      host: this.host,
      hint: 'look at the file there, and whether something still writes to it; then run lvsctl again',
    });
  }
}
