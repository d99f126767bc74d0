import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { type LvsctlError, OutcomeUnknownError } from '../errors.js';
import { nested, type Sh, sh, shLines, trusted } from '../shell/index.js';
import { type Frame, FrameReader } from './frames.js';
import type { CommandResult, RunOptions } from './host.js';

/**
 * Linux takes at most 128 KiB for one argument, and Linux 2.4 for all arguments and the environment together; a
 * longer script goes in as a here-document.
 */
const longestArgument = 64 * 1024;
const defaultKeep = 16 * 1024 * 1024;

/**
 * The shell's own stderr is thrown away (it would tell there which of its children a signal ended, with the whole
 * script), the channel's is 8. Signals to its process group (`kill 0`) don't end it; its children get them as usual.
 */
const preamble = sh`exec 8>&2 2>/dev/null
trap : 1 2 3 13 15
umask 022; cd /; unset ENV BASH_ENV CDPATH; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; LVSCTL_SHELL=$$; export PATH LC_ALL LVSCTL_SHELL
m() { printf '\001%s %s\001' "$1" "$2"; printf '\001%s %s\001' "$1" "$2" >&8; }
`;

/** A command that was handed to the shell. */
export interface StartedCommand {
  readonly result: Promise<CommandResult>;
  /** Resolves when the shell is free again; later than `result` when that was aborted. */
  readonly idle: Promise<void>;
}

/** One persistent root shell on a channel; runs one script after the other, each in a child shell of its own. */
export class FramedShell {
  readonly #channel: ClientChannel;
  readonly #host: string;
  readonly #stdout = new FrameReader();
  readonly #stderr = new FrameReader();
  #ended: LvsctlError | undefined;
  #fail: ((error: LvsctlError) => void) | undefined;

  /** @param channel of a root shell that reads commands from its stdin */
  constructor(channel: ClientChannel, host: string) {
    this.#channel = channel;
    this.#host = host;
    channel.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    channel.on('error', () => undefined);
    let exit = '';
    channel.on('exit', (status: number | null, signal?: string) => {
      exit = signal ? `by signal ${signal}` : `with status ${status}`;
      // What its children still hold open keeps the channel; the shell itself will not answer any more.
      setTimeout(() => this.#end(`the root shell of ${host} ended ${exit}`), 500).unref();
    });
    channel.on('close', () =>
      this.#end(exit ? `the root shell of ${host} ended ${exit}` : `the connection to ${host} was lost`),
    );
    channel.write(preamble.text);
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Hands a script to the shell, which must be idle. */
  start(script: Sh, options: RunOptions = {}): StartedCommand {
    const id = randomBytes(12).toString('hex');
    const keep = options.keep ?? defaultKeep;
    let free: () => void = () => undefined;
    const idle = new Promise<void>((resolve) => {
      free = resolve;
    });
    const result = new Promise<CommandResult>((resolve, reject) => {
      const frames: { stdout?: Frame; stderr?: Frame } = {};
      const abort = () => reject(this.#unknown('the wait was cancelled; the command goes on'));
      const settle = () => {
        options.signal?.removeEventListener('abort', abort);
        this.#fail = undefined;
        free();
      };
      const framed = () => {
        const { stdout, stderr } = frames;
        if (!stdout || !stderr) return;
        settle();
        resolve({
          stdout: stdout.bytes,
          stderr: stderr.bytes,
          status: stdout.status,
          truncated: stdout.truncated || stderr.truncated,
        });
      };
      this.#fail = (error) => {
        settle();
        reject(error);
      };
      options.signal?.addEventListener('abort', abort);
      this.#stdout.expect(id, keep, options.onStdout, (frame) => {
        frames.stdout = frame;
        framed();
      });
      this.#stderr.expect(id, keep, options.onStderr, (frame) => {
        frames.stderr = frame;
        framed();
      });
      if (this.#ended) this.#fail(this.#ended);
      else this.#channel.write(`${shLines(sh`m ${id} b`, child(script), sh`m ${id} $?`).text}\n`);
    });
    return { result, idle };
  }

  /** Hands over a last script and the end of input, and returns when both are written; nobody reads an answer. */
  async finish(last: Sh): Promise<void> {
    if (this.#ended) return;
    const text = `${shLines(sh`exec >/dev/null 8>&1`, child(last)).text}\n`;
    await new Promise<void>((resolve) => {
      this.#channel.once('close', resolve);
      this.#channel.end(text, () => resolve());
    });
  }

  #end(reason: string): void {
    if (this.#ended) return;
    const said = `${this.#stdout.stray} ${this.#stderr.stray}`.trim().replace(/\s+/g, ' ').slice(-300);
    this.#ended = this.#unknown(said ? `${reason} (it said: ${said})` : reason);
    this.#fail?.(this.#ended);
  }

  #unknown(reason: string): OutcomeUnknownError {
    return new OutcomeUnknownError(`${this.#host}: ${reason}: outcome unknown`, {
      host: this.#host,
      hint: 'the command may have run, in part or whole; run lvsctl again, which looks first and goes on from there',
    });
  }
}

/** One command line (or more, with a here-document) that runs the script in a shell that can end, hang or kill itself alone. */
function child(script: Sh): Sh {
  if (script.text.includes('\0')) throw new RangeError('a script must not contain NUL bytes');
  if (Buffer.byteLength(script.text) <= longestArgument)
    return sh`sh -c ${nested(script)} </dev/null 2>&8 8>&-`;
  const delimiter = randomBytes(16).toString('hex');
  // The child closes its copy, or a daemon that the script starts would hold it; the shell reads from another descriptor.
  return trusted(
    `sh /proc/self/fd/3 </dev/null 2>&8 8>&- 3<<'${delimiter}'\nexec 3<&-; ${script.text}\n${delimiter}`,
  );
}
