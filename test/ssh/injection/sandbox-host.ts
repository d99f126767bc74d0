import type { ChildProcess } from 'node:child_process';
import { Duplex, type Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { type Sh, trusted } from '../../../src/shell/index.js';
import { download } from '../../../src/ssh/download.js';
import { FramedShell } from '../../../src/ssh/framed-shell.js';
import type { CommandResult, Download, Host, RunOptions } from '../../../src/ssh/index.js';
import { type RootAccess, startAsRoot } from '../../../src/ssh/root-program.js';
import { upload } from '../../../src/ssh/upload.js';
import type { Sandbox } from './sandbox.js';

/** A command in the sandbox as a channel of ssh2 shows it. */
class SandboxChannel extends Duplex {
  readonly stderr: Readable;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    super({ emitClose: false });
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout || !stderr) throw new Error('a sandbox command has no pipes');
    this.stderr = stderr;
    stdin.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.on('end', () => this.push(null));
    child.on('close', (status, signal) => {
      this.emit('exit', status, signal ?? undefined);
      this.emit('close', status);
    });
  }

  override _read(): void {
    this.#child.stdout?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin?.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin?.end(() => done());
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The sandbox in place of a connection: the product's own root shell, framing, sudo and upload, on a real sh. */
export class SandboxHost implements Host {
  trips = 0;
  readonly connections = 1;
  readonly closed: Promise<Error | undefined>;
  /** Every script that was sent, and every command line. */
  readonly sent: string[] = [];
  readonly #client: Client;
  #shell: FramedShell | undefined;
  #end: (error: Error | undefined) => void = () => undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly name: string,
    readonly sandbox: Sandbox,
    readonly access: RootAccess,
  ) {
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    const exec = (command: string, opened: (error: undefined, channel: ClientChannel) => void): void => {
      this.sent.push(command);
      opened(undefined, new SandboxChannel(sandbox.spawn(command)) as unknown as ClientChannel);
    };
    this.#client = { exec, on: () => undefined, off: () => undefined } as unknown as Client;
  }

  async open(): Promise<this> {
    const channel = await startAsRoot(this.#client, this.access, trusted('sh'));
    channel.once('close', () => this.#end(new Error('the root shell ended')));
    this.#shell = new FramedShell(channel, this.name);
    return this;
  }

  run(script: Sh, options: RunOptions = {}): Promise<CommandResult> {
    this.trips++;
    this.sent.push(script.text);
    const started = this.#queue.then(() => {
      if (!this.#shell) throw new Error('not open');
      return this.#shell.start(script, options);
    });
    this.#queue = started.then(
      (command) => command.idle,
      () => undefined,
    );
    return started.then((command) => command.result);
  }

  upload(path: string, content: Buffer | Readable, options: { mode?: number } = {}): Promise<void> {
    return upload(this.#client, this.access, path, content, options.mode);
  }

  download(path: string): Promise<Download> {
    return download(this.#client, this.access, path);
  }

  async close(last?: Sh): Promise<void> {
    if (last) this.sent.push(last.text);
    await this.#queue;
    await this.#shell?.finish(last ?? trusted(':'));
  }
}
