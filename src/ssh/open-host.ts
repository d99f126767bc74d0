import type { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { LvsctlError } from '../errors.js';
import type { ClusterHost } from '../inventory/cluster.js';
import { type Sh, trusted } from '../shell/index.js';
import { type Connection, type ConnectOptions, connect } from './connection.js';
import { download } from './download.js';
import { FramedShell, type StartedCommand } from './framed-shell.js';
import type { CommandResult, Download, Host, RunOptions } from './host.js';
import { type RootAccess, startAsRoot } from './root-program.js';
import { upload } from './upload.js';

/** Channels of one connection, the shell's included: OpenSSH gives ten (MaxSessions, and a hard limit in 3.5p1). */
const channels = 8;

/** Bytes of a last script that fit into the buffer before the shell's stdin (64 KiB in Linux 2.4), with room to spare. */
const shortScript = 32 * 1024;

/**
 * Connects to a host and starts its root shell: one connection, used for all that follows.
 * When it is lost, the command that ran is reported as {@link OutcomeUnknownError}, and the next call opens another.
 * @throws LvsctlError that says where the way ended and what to do
 */
export async function openHost(host: ClusterHost, options: ConnectOptions): Promise<Host> {
  const opened = new SshHost(host, options);
  await opened.open();
  return opened;
}

class SshHost implements Host {
  readonly name: string;
  trips = 0;
  connections = 0;
  readonly #host: ClusterHost;
  readonly #options: ConnectOptions;
  readonly #access: RootAccess;
  readonly #files = pLimit(channels - 1);
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #shell: FramedShell | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(host: ClusterHost, options: ConnectOptions) {
    this.name = host.name;
    this.#host = host;
    this.#options = options;
    const { user, sudo, sudoPasswordEnv } = host.ssh;
    const { passwords } = options;
    this.#access = { host: host.name, user, sudo, sudoPasswordEnv, passwords };
  }

  async open(): Promise<void> {
    try {
      await this.#openShell();
    } catch (error) {
      this.#connection?.end();
      throw error;
    }
  }

  get closed(): Promise<Error | undefined> {
    return this.#connection?.closed ?? Promise.resolve(undefined);
  }

  run(script: Sh, options: RunOptions = {}): Promise<CommandResult> {
    const started = this.#queue.then(() => this.#start(script, options));
    this.#queue = started.then(
      (command) => command.idle,
      () => undefined,
    );
    return started.then((command) => command.result);
  }

  upload(path: string, content: Buffer | Readable, options: { mode?: number } = {}): Promise<void> {
    return this.#files(async () => {
      const { client } = await this.#connected();
      await upload(client, this.#access, path, content, options.mode);
    });
  }

  download(path: string): Promise<Download> {
    return new Promise((resolve, reject) => {
      // The channel is taken until the content has ended, one way or the other.
      void this.#files(async () => {
        try {
          const { client } = await this.#connected();
          const incoming = await download(client, this.#access, path);
          const over = new Promise((free) => incoming.content.once('close', free));
          resolve(incoming);
          await over;
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  async close(last?: Sh): Promise<void> {
    if (this.#closing) return;
    if (last && Buffer.byteLength(last.text) > shortScript) {
      // What does not fit would be lost with the connection, so this one is waited for; the end comes all the same.
      await this.run(last).catch(() => undefined);
      return this.close();
    }
    this.#closing = true;
    const connection = this.#connection;
    if (!connection || connection.lost) return;
    if (last && this.#shell && !this.#shell.ended) {
      await this.#shell.finish(last);
      await connection.drain();
    } else connection.end();
  }

  async #start(script: Sh, options: RunOptions): Promise<StartedCommand> {
    const shell = this.#shell && !this.#shell.ended ? this.#shell : await this.#openShell();
    if (options.signal?.aborted)
      throw new LvsctlError(`${this.name}: the command was cancelled before it was sent`, {
        host: this.name,
      });
    this.trips++;
    const command = shell.start(script, options);
    // The result has its own reader; here only its failure must not count as unhandled.
    command.result.catch(() => undefined);
    return command;
  }

  async #openShell(): Promise<FramedShell> {
    const { client } = await this.#connected();
    const channel = await startAsRoot(client, this.#access, trusted('sh'));
    this.#shell = new FramedShell(channel, this.name);
    return this.#shell;
  }

  #connected(): Promise<Connection> {
    if (this.#closing)
      return Promise.reject(new LvsctlError(`${this.name}: the connection was ended`, { host: this.name }));
    if (this.#connection && !this.#connection.lost) return Promise.resolve(this.#connection);
    // Uploads and commands that find the connection gone at the same time open one together.
    this.#connecting ??= connect(this.name, this.#host.ssh, this.#options)
      .then((connection) => {
        this.connections++;
        this.#connection = connection;
        return connection;
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }
}
